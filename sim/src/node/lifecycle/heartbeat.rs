//! When the silence of a machine is noticed.

use crate::time::{SimTime, Span};

/// The times of heartbeats. A kubelet renews its lease just after every multiple of `renewal`, and the controller looks at
/// every multiple of `look`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeats {
    /// How often a kubelet renews its lease: 10 s, a quarter of its 40 s.
    pub renewal: Span,
    /// `--node-monitor-period`: 5 s.
    pub look: Span,
    /// `--node-monitor-grace-period`: 50 s.
    pub grace: Span,
}

impl Default for Heartbeats {
    fn default() -> Self {
        Self { renewal: Span::from_secs(10), look: Span::from_secs(5), grace: Span::from_secs(50) }
    }
}

impl Heartbeats {
    /// When the controller saw the last renewal of a machine that fell silent at `silent`.
    pub(super) fn last_seen(&self, silent: SimTime) -> SimTime {
        // The renewal of the very instant is lost: it would have come just after.
        let renewals = (silent.0 - 1).div_euclid(self.renewal.0.max(1));
        SimTime((renewals * self.renewal.0).max(0)).next_multiple(self.look)
    }

    /// When the controller gives up a machine that it last saw at `seen`.
    pub(super) fn noticed(&self, seen: SimTime) -> SimTime {
        (seen + self.grace).next_multiple(self.look)
    }

    /// The first look at or after `now`.
    pub(super) fn next_look(&self, now: SimTime) -> SimTime {
        SimTime(now.0 - 1).next_multiple(self.look)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_noticed_when_upstream_notices_it() {
        // The first four as recorded in conformance/controllers/node-*.yaml.
        for (silent, noticed) in [(20, 70), (23, 80), (33, 90), (43, 100), (0, 60), (1, 60), (29, 80), (30, 80)] {
            let heartbeats = Heartbeats::default();
            let seen = heartbeats.last_seen(SimTime::from_secs(silent));
            assert_eq!(heartbeats.noticed(seen), SimTime::from_secs(noticed), "silent at {silent}");
        }
    }
}
