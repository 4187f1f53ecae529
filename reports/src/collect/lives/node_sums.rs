//! What pods took of a node over its life.

use super::clerk::Class;
use super::note::Stay;

/// Sums over the pods of a node. A pod is entered once, when it ends, with the time that it was on the node; those that are left when the
/// node goes are entered then.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NodeSums {
    /// CPU and memory that pods have been allocated, and have used, in unit nanoseconds.
    pub(super) allocated: [i128; 2],
    pub(super) used: [i128; 2],
    /// How many were bound to it.
    pub(super) bound: u64,
}

impl NodeSums {
    /// Enters a pod.
    pub(super) fn stayed(&mut self, stay: &Stay, class: &Class) {
        add_times(&mut self.allocated, requests(class), stay.held_ns);
        add_times(&mut self.used, stay.usage.of(requests(class)), stay.worked_ns);
        self.bound += 1;
    }

    /// A pod that will be entered as one of the class `after` was of the class `before` until now: this makes up for the difference.
    pub(super) fn reclassed(&mut self, stay: &Stay, before: &Class, after: &Class) {
        let (before, after) = (requests(before), requests(after));
        let less = |old: [i64; 2], new: [i64; 2]| [old[0] - new[0], old[1] - new[1]];
        add_times(&mut self.allocated, less(before, after), stay.held_ns);
        add_times(&mut self.used, less(stay.usage.of(before), stay.usage.of(after)), stay.worked_ns);
    }
}

/// CPU and memory that pods of a class request.
fn requests(class: &Class) -> [i64; 2] {
    [class.cpu_milli, class.memory_bytes]
}

fn add_times(sums: &mut [i128; 2], amounts: [i64; 2], times: i64) {
    for (sum, amount) in sums.iter_mut().zip(amounts) {
        *sum += i128::from(amount) * i128::from(times);
    }
}
