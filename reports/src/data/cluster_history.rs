//! The nodes of a cluster over time, each by itself.

use super::NANOS_PER_SECOND;
use std::sync::Arc;

/// Nodes and how full they were at a bounded number of instants.
///
/// Snapshots are a second apart at first; when there are too many, every other one goes and the distance doubles, so a month costs
/// what an hour costs. How many are too many depends on the number of nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterHistory {
    /// Every node that ever was, in order of creation.
    pub nodes: Vec<NodeHistory>,
    /// Kubernetes' names of the resources whose shares are kept, at most [`RESOURCES`].
    pub resources: Vec<String>,
    /// When the snapshots were taken, in nanoseconds since the scenario's start.
    pub times_ns: Vec<i64>,
    /// One for each time; a snapshot may be shorter than `nodes`, and the rest was not there yet.
    pub snapshots: Vec<Vec<NodeState>>,
    interval_ns: i64,
}

/// Resources whose shares are kept of each node.
pub const RESOURCES: usize = 4;

/// Snapshots at most, of a small cluster. One more than a power of two, so that the last one stays when every other one goes.
const MOST_SNAPSHOTS: usize = 193;
/// Snapshots that are kept of a cluster of any size.
const LEAST_SNAPSHOTS: usize = 25;
/// Snapshots times nodes, at most, in between.
const MOST_STATES: usize = 1 << 21;

/// A node, from its beginning to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeHistory {
    /// Unique in the run, in order of creation.
    pub uid: u64,
    /// Its name.
    pub name: Arc<str>,
    /// Its zone, or empty.
    pub zone: String,
    /// The node group that it belongs to, or empty.
    pub group: String,
    /// Allocatable CPU, in milli-CPU.
    pub cpu_milli: i64,
    /// Allocatable memory, in bytes.
    pub memory_bytes: i64,
    /// What else it offers, as `NAME=AMOUNT;…`.
    pub other_resources: String,
    /// When it came, in nanoseconds since the scenario's start.
    pub added_ns: i64,
    /// When it left.
    pub removed_ns: Option<i64>,
}

/// A node at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeState {
    /// What is allocated, in half percents of what is allocatable (0 to 200), by resource; [`NodeState::NONE`] where it has none.
    pub shares: [u8; RESOURCES],
    /// How many pods are bound to it, at most 65,535.
    pub pods: u16,
    /// Whether it is there, and ready.
    pub condition: Condition,
}

/// Whether a node can be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Condition {
    /// It is not there.
    #[default]
    Absent = 0,
    /// It is there.
    Ready = 1,
    /// It is there, and not ready.
    NotReady = 2,
    /// It is ready, and takes no new pods.
    Cordoned = 3,
}

impl ClusterHistory {
    /// Begins a snapshot; one at the time of the last replaces it.
    pub fn push(&mut self, time_ns: i64, states: &[NodeState]) {
        if self.times_ns.last() == Some(&time_ns) {
            self.times_ns.pop();
            self.snapshots.pop();
        }
        self.times_ns.push(time_ns);
        self.snapshots.push(states.to_vec());
        // The odd number next to what fits, for the same reason as above.
        let fits = (MOST_STATES / states.len().max(1)).clamp(LEAST_SNAPSHOTS, MOST_SNAPSHOTS) | 1;
        if self.snapshots.len() >= fits {
            let mut keep = [true, false].into_iter().cycle();
            self.times_ns.retain(|_| keep.next() == Some(true));
            let mut keep = [true, false].into_iter().cycle();
            self.snapshots.retain(|_| keep.next() == Some(true));
            self.interval_ns *= 2;
        }
    }

    /// How far snapshots are apart now.
    pub fn interval_ns(&self) -> i64 {
        self.interval_ns
    }
}

impl Default for ClusterHistory {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            resources: Vec::new(),
            times_ns: Vec::new(),
            snapshots: Vec::new(),
            interval_ns: NANOS_PER_SECOND,
        }
    }
}

impl NodeState {
    /// The share of a resource that a node does not offer.
    pub const NONE: u8 = u8::MAX;
    /// A node that is not there.
    pub const ABSENT: Self = Self { shares: [Self::NONE; RESOURCES], pods: 0, condition: Condition::Absent };

    /// An allocated amount as a share of what is allocatable, in the same unit.
    pub fn share(allocated: i64, allocatable: i64) -> u8 {
        if allocatable <= 0 {
            return Self::NONE;
        }
        let share = match allocated.max(0).checked_mul(200) {
            Some(product) => product / allocatable,
            None => (i128::from(allocated) * 200 / i128::from(allocatable)) as i64,
        };
        share.min(200) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_stay_bounded_and_even() {
        let mut history = ClusterHistory::default();
        let states = vec![NodeState::ABSENT; 100_000];
        let mut at = 0;
        for _ in 0..100 {
            history.push(at, &states);
            at += history.interval_ns();
        }
        assert!((LEAST_SNAPSHOTS / 2..=LEAST_SNAPSHOTS).contains(&history.snapshots.len()));
        let distances: Vec<i64> = history.times_ns.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(distances.iter().all(|distance| *distance == history.interval_ns()), "{distances:?}");
        assert_eq!(history.times_ns[0], 0);
        let last = *history.times_ns.last().unwrap();
        history.push(last, &states[..1]);
        assert_eq!((history.times_ns.last(), history.snapshots.last().unwrap().len()), (Some(&last), 1));
    }

    #[test]
    fn shares_are_half_percents() {
        assert_eq!(NodeState::share(1, 4), 50);
        assert_eq!(NodeState::share(i64::MAX, i64::MAX - 1), 200);
        assert_eq!(NodeState::share(-1, 4), 0);
        assert_eq!(NodeState::share(1, 0), NodeState::NONE);
    }
}
