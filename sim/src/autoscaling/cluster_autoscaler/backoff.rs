//! How long a node group is left alone after a failure.
//!
//! Source: `cluster-autoscaler/utils/backoff/exponential_backoff.go`.

use super::settings::ClusterAutoscalerSettings;
use crate::time::{SimTime, Span};

/// The backoff of one node group.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    last: Option<Failure>,
    /// Failures in a row without a node that came.
    pub(super) failures: u32,
}

#[derive(Clone, Copy, Debug)]
struct Failure {
    at: SimTime,
    length: Span,
}

impl Backoff {
    /// Nodes did not come.
    pub(super) fn fail(&mut self, now: SimTime, settings: &ClusterAutoscalerSettings) {
        self.failures += 1;
        self.last = match self.last.filter(|last| now.since(last.at) <= settings.backoff_reset) {
            None => Some(Failure { at: now, length: settings.initial_backoff }),
            // Failures of one burst count once.
            Some(last) if now < last.at + last.length => Some(last),
            Some(last) => {
                let length = (last.length + last.length).min(settings.max_backoff);
                Some(Failure { at: now, length })
            }
        };
    }

    /// A node came.
    pub(super) fn succeed(&mut self) {
        self.failures = 0;
    }

    /// Whether the group is left alone now.
    pub(super) fn is_on(&self, now: SimTime) -> bool {
        self.last.is_some_and(|last| now < last.at + last.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_its_maximum_and_is_forgotten() {
        let settings = ClusterAutoscalerSettings::default();
        let mut backoff = Backoff::default();
        let mut now = SimTime::from_secs(1000);
        for minutes in [5, 10, 20, 30, 30] {
            backoff.fail(now, &settings);
            backoff.fail(now + Span::from_secs(1), &settings);
            let end = now + Span::from_secs(60 * minutes);
            assert!(backoff.is_on(SimTime(end.0 - 1)), "{minutes} min");
            assert!(!backoff.is_on(end), "{minutes} min");
            now = end;
        }
        let later = now + Span::from_secs(4 * 3600);
        backoff.fail(later, &settings);
        assert!(!backoff.is_on(later + Span::from_secs(300)));
    }
}
