//! Invariants: what holds in every cluster at every moment, by name, one file each.
//!
//! A [`State`] invariant follows from the cluster alone, a [`History`] from what has happened. [`Audit`] is the observer that
//! checks them all. Nothing here changes anything.

mod allocated_time_is_requested_time;
mod audit;
mod bound_node_existed;
mod node_used_is_sum_of_pods;
mod pod_counts;
mod pod_in_one_state;
mod quota_used_is_sum;
mod quota_within_hard;
mod time_never_goes_back;
mod totals_match;
mod used_within_allocatable;

pub use audit::{Audit, Violation};

use crate::cluster::Cluster;
use crate::model::PodId;
use crate::model::pod::Pod;
use crate::observe::Note;

/// An invariant of the cluster as it is.
#[derive(Clone, Copy, Debug)]
pub struct State {
    /// The name, which is the file's.
    pub name: &'static str,
    /// Says what does not hold.
    pub check: fn(&Cluster) -> Result<(), String>,
}

/// An invariant of what happens.
#[derive(Clone, Copy, Debug)]
pub struct History {
    /// The name, which is the file's.
    pub name: &'static str,
    witness: fn() -> Box<dyn Witness>,
}

/// Remembers what an invariant of what happens is about.
trait Witness {
    /// Something happened; says what does not hold. It hears of every note from the start on.
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) -> Result<(), String>;

    /// What holds when every change has been told of; says what does not. It is asked less often, because it may look at
    /// the whole cluster.
    fn at_rest(&self, _cluster: &Cluster) -> Result<(), String> {
        Ok(())
    }
}

/// The invariants of the cluster as it is.
#[rustfmt::skip]
pub const STATES: &[State] = &[
    State { name: "node_used_is_sum_of_pods", check: node_used_is_sum_of_pods::check },
    State { name: "totals_match", check: totals_match::check },
    State { name: "pod_in_one_state", check: pod_in_one_state::check },
    State { name: "quota_used_is_sum", check: quota_used_is_sum::check },
];

/// The invariants of what happens.
#[rustfmt::skip]
pub const HISTORIES: &[History] = &[
    History { name: "time_never_goes_back", witness: || Box::<time_never_goes_back::Clock>::default() },
    History { name: "pod_counts", witness: || Box::<pod_counts::Counts>::default() },
    History { name: "bound_node_existed", witness: || Box::new(bound_node_existed::Bindings) },
    History { name: "used_within_allocatable", witness: || Box::new(used_within_allocatable::Placements) },
    History { name: "quota_within_hard", witness: || Box::new(quota_within_hard::Admissions) },
    History { name: "allocated_time_is_requested_time", witness: || Box::<allocated_time_is_requested_time::Integral>::default() },
];

/// Checks every invariant of the cluster as it is.
///
/// # Errors
/// The name of the first one that does not hold, and what does not.
pub fn check(cluster: &Cluster) -> Result<(), (&'static str, String)> {
    STATES.iter().try_for_each(|state| (state.check)(cluster).map_err(|why| (state.name, why)))
}

/// The pods that have neither ended nor left, though those that did may still be looked up.
fn live(cluster: &Cluster) -> impl Iterator<Item = (PodId, &Pod)> + '_ {
    let pods = cluster.pods();
    pods.iter().filter(|(id, pod)| !pod.is_finished() && !pods.is_leaving(*id))
}

/// `Ok` if both are the same, else what is not.
fn same<T: PartialEq + std::fmt::Debug>(what: impl Fn() -> String, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{} is {found:?}, expected {expected:?}", what())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_in_one_of_the_tables() {
        let mut listed: Vec<&str> = STATES.iter().map(|s| s.name).chain(HISTORIES.iter().map(|h| h.name)).collect();
        listed.sort_unstable();
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/invariants")).expect("the folder");
        let mut files: Vec<String> = folder
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().trim_end_matches(".rs").to_owned())
            .filter(|name| !matches!(&**name, "mod" | "audit"))
            .collect();
        files.sort_unstable();
        assert_eq!(listed, files);
    }
}
