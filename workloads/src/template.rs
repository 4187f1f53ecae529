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
    /// One after another as listed, and from the start again when there are no more. The list is not empty.
    Listed(Arc<[Run]>),
    /// After a time drawn for each pod.
    Drawn {
        /// The distribution of the run time in seconds.
        seconds: Distribution,
        /// Whether they end with failure.
        fails: bool,
    },
}

impl RunTime {
    /// The end of one pod, before which its owner made so many. Only [`RunTime::Drawn`] draws.
    pub fn draw(&self, before: u64, rng: &mut Rng) -> Run {
        match self {
            Self::Forever => Run::Forever,
            Self::Fixed(run) => *run,
            Self::Listed(runs) => {
                let place = before.checked_rem(runs.len() as u64);
                place.map_or(Run::Forever, |place| runs[place as usize])
            }
            Self::Drawn { seconds, fails } => {
                // A sample beyond 292 years is as good as the longest span.
                let span = Span::try_from_secs_f64(seconds.sample(rng)).unwrap_or(Span::MAX);
                if *fails { Run::Fails(span) } else { Run::Succeeds(span) }
            }
        }
    }

    /// The same with other run times; those that are drawn stay what they are.
    #[must_use]
    pub fn scaled(self, scale: impl Fn(Span) -> Span) -> Self {
        let one = |run| match run {
            Run::Forever => Run::Forever,
            Run::Succeeds(span) => Run::Succeeds(scale(span)),
            Run::Fails(span) => Run::Fails(scale(span)),
        };
        match self {
            Self::Fixed(run) => Self::Fixed(one(run)),
            Self::Listed(runs) => Self::Listed(runs.iter().map(|run| one(*run)).collect()),
            other => other,
        }
    }

    /// Whether its pods never end by themselves.
    pub fn is_forever(&self) -> bool {
        match self {
            Self::Forever | Self::Fixed(Run::Forever) => true,
            Self::Listed(runs) => runs.iter().all(|run| *run == Run::Forever),
            _ => false,
        }
    }
}
