//! What controllers and manifests make pods from.

use std::sync::Arc;
use towtank_sim::model::pod::{PodSpec, Run, Usage};
use towtank_sim::random::{Distribution, Rng};
use towtank_sim::time::Span;

/// A pod template: the specification that all its pods share, and how long each of them runs.
#[derive(Clone, Debug, PartialEq)]
pub struct PodTemplate {
    /// The specification, its namespace included.
    pub spec: Arc<PodSpec>,
    /// How its pods end.
    pub run: RunTime,
    /// What its pods use while they run.
    pub usage: Usage,
}

/// How the pods of a template end by themselves.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RunTime {
    /// Never.
    #[default]
    Forever,
    /// All in the same way.
    Fixed(Run),
    /// After a time drawn for each pod.
    Drawn {
        /// The distribution of the run time in seconds.
        seconds: Distribution,
        /// Whether they end with failure.
        fails: bool,
    },
}

impl RunTime {
    /// The end of one pod. Only [`RunTime::Drawn`] draws.
    pub fn draw(&self, rng: &mut Rng) -> Run {
        match self {
            Self::Forever => Run::Forever,
            Self::Fixed(run) => *run,
            Self::Drawn { seconds, fails } => {
                // A sample beyond 292 years is as good as the longest span.
                let span = Span::try_from_secs_f64(seconds.sample(rng)).unwrap_or(Span::MAX);
                if *fails { Run::Fails(span) } else { Run::Succeeds(span) }
            }
        }
    }

    /// Whether its pods never end by themselves.
    pub const fn is_forever(&self) -> bool {
        matches!(self, Self::Forever | Self::Fixed(Run::Forever))
    }
}
