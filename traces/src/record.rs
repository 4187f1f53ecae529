//! What a trace tells: one stream of records for every format.
//!
//! Readers put rows into these words and judge nothing beyond a row; everything that holds for all formats (order, window,
//! scales, samples, filters, other names) happens to the records afterwards. So a replay, a conversion, an inspection and a fit
//! see the same trace.

use crate::shapes::{NameId, ShapeId};
use std::sync::Arc;
use towtank_sim::model::Name;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::{Run, Usage};
use towtank_sim::time::Span;

/// One thing that a trace tells, and when.
#[derive(Clone, Debug)]
pub struct Record {
    /// Nanoseconds of the trace's own time. It may be negative: some traces have a past.
    pub at: i64,
    /// Where it says so.
    pub place: Place,
    /// What happens.
    pub event: Event,
}

/// A place in the files of a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The line, from 1; for files without lines the number of the row or the object.
    pub line: u64,
}

impl Record {
    /// What the only file of a reader says on this line.
    pub(crate) fn on_line(line: u64, at: i64, event: Event) -> Self {
        Self { at, place: Place { file: FileId(0), line }, event }
    }
}

/// A file's number among those of its reader, from 0; see [`Reader::file`](crate::reader::Reader::file).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// What happens in a trace.
#[derive(Clone, Debug)]
pub enum Event {
    /// A node appears.
    NodeAdded(Box<NodeSpec>),
    /// The node of this name is another one from now on: more or less capacity, other labels.
    NodeChanged(Box<NodeSpec>),
    /// The node of this name leaves, and what ran on it ends.
    NodeRemoved(Arc<str>),
    /// A pod, or a job of several equal pods, is submitted.
    Submitted(Submitted),
    /// A pod is taken away, by its name: its user deleted it, or the cluster killed it. Traces that say at the submission how long a
    /// pod runs ([`Submitted::run`]) have none of these, and jobs of several pods are not killed so.
    Killed {
        /// The namespace.
        namespace: Arc<str>,
        /// The name under which it was submitted.
        name: Name,
    },
    /// A Kubernetes object as the API server got it: created, or replaced if it is there.
    Applied(Box<serde_json::Value>),
    /// A Kubernetes object is deleted.
    Deleted {
        /// Its kind.
        kind: Box<str>,
        /// Its namespace; empty for kinds that have none.
        namespace: Box<str>,
        /// Its name.
        name: Box<str>,
    },
}

/// A submission. The shape says what is asked for; here is what differs from one submission to the next.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// The pod's or job's name, unique in its namespace among those that live.
    pub name: Name,
    /// What each of its pods is.
    pub shape: ShapeId,
    /// The user who submits it, where the trace knows one.
    pub user: Option<NameId>,
    /// The queue, tenant or virtual cluster to which it is submitted, where the trace knows one.
    pub queue: Option<NameId>,
    /// What it is a part of, where the trace knows jobs beside their tasks: a sample takes all parts or none.
    pub group: Option<Name>,
    /// How many equal pods it is, at least 1. The pods of a job of several are called `NAME-0`, `NAME-1`, ...
    pub pods: u32,
    /// Whether the pods start together or not at all.
    pub gang: bool,
    /// How long each pod runs once it has started, and how it ends.
    pub run: Run,
    /// The run time that its user asked for or announced, where the trace knows it.
    pub estimate: Option<Span>,
    /// How long it waited in the recorded cluster, where the trace knows it.
    pub waited: Option<Span>,
    /// What each pod really uses.
    pub usage: Usage,
}

impl Submitted {
    /// One pod that runs like this and uses what it requests.
    #[inline]
    pub fn pod(name: impl Into<Name>, shape: ShapeId, run: Run) -> Self {
        let (name, usage) = (name.into(), Usage::default());
        Self {
            name,
            shape,
            user: None,
            queue: None,
            group: None,
            pods: 1,
            gang: false,
            run,
            estimate: None,
            waited: None,
            usage,
        }
    }
}
