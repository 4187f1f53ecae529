//! kube-scheduler: the framework, the queue, the scheduling cycle.

mod fit_error;
mod framework;
mod profile;

pub use fit_error::FitError;
pub use framework::{
    ClusterEvent, Cycle, Dependence, Events, Filter, Hint, MAX_NODE_SCORE, Permit, Plugin, Points, PostFilter,
    PreFilter, PreScore, Reason, Reasons, Score, Verdict, default_normalize,
};
pub use profile::{FilterChain, Profile};
