//! What becomes of pods.

use towtank_sim::cluster::Cause;
use towtank_sim::model::pod::{Pod, PodPhase};

/// What became of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Succeeded,
    Failed,
    /// It was asked to go, and has gone.
    Gone(Cause),
    /// Admission refused it.
    Rejected,
    /// At the end of the run it was on its way out,
    Terminating,
    /// had no node,
    Pending,
    /// had not been started,
    Starting,
    /// or ran.
    Running,
}

/// All of them, by [`Outcome::number`].
const ALL: [Outcome; 12] = [
    Outcome::Succeeded,
    Outcome::Failed,
    Outcome::Rejected,
    Outcome::Terminating,
    Outcome::Pending,
    Outcome::Starting,
    Outcome::Running,
    Outcome::Gone(Cause::Deleted),
    Outcome::Gone(Cause::Preempted),
    Outcome::Gone(Cause::Evicted),
    Outcome::Gone(Cause::TaintEvicted),
    Outcome::Gone(Cause::NodeLost),
];

impl Outcome {
    /// What has become of a pod that still exists.
    pub(super) fn so_far(pod: &Pod) -> Self {
        match (pod.deleting.get(), pod.node, pod.phase) {
            (Some(_), ..) => Self::Terminating,
            (None, None, _) => Self::Pending,
            (None, Some(_), PodPhase::Pending) => Self::Starting,
            (None, Some(_), _) => Self::Running,
        }
    }

    /// The word for it in tables.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Gone(cause) => cause.as_str(),
            Self::Rejected => "rejected",
            Self::Terminating => "terminating",
            Self::Pending => "pending",
            Self::Starting => "starting",
            Self::Running => "running",
        }
    }

    /// A number below 16.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Succeeded => 0,
            Self::Failed => 1,
            Self::Rejected => 2,
            Self::Terminating => 3,
            Self::Pending => 4,
            Self::Starting => 5,
            Self::Running => 6,
            Self::Gone(cause) => 7 + cause as u8,
        }
    }

    /// The one that has this number; not asked of others.
    pub(super) fn of_number(number: u8) -> Self {
        ALL[usize::from(number)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for (number, outcome) in (0..).zip(ALL) {
            assert_eq!(outcome.number(), number, "{outcome:?}");
            assert_eq!(Outcome::of_number(number), outcome);
        }
    }
}
