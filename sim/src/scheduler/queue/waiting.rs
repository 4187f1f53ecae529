//! Which cohorts have pods of each group that waits for an event or is held back.

use super::cohort::CohortId;
use super::pod::Group;
use crate::time::SimTime;
use std::collections::BTreeMap;

/// A cohort by its age: when its pods failed, the sequence number of its first one, and its number.
pub(super) type Aged = (SimTime, u64, CohortId);

/// So many groups without pods are kept in any case.
const SPARE: usize = 64;

/// The cohorts by group, each in order of age. Groups come and go with every attempt of their pods, so they keep their places for a
/// while when they have none.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    groups: BTreeMap<Group, Vec<Aged>>,
    /// How many groups have no pods.
    empty: usize,
}

impl Waiting {
    /// The groups that have pods, in order.
    pub(super) fn groups(&self) -> impl Iterator<Item = (Group, &[Aged])> {
        self.groups.iter().filter(|(_, cohorts)| !cohorts.is_empty()).map(|(group, cohorts)| (*group, &cohorts[..]))
    }

    /// Whether no group has pods.
    pub(super) fn is_empty(&self) -> bool {
        self.groups.len() == self.empty
    }

    /// The cohorts with pods of a group, by age.
    pub(super) fn of(&self, group: &Group) -> &[Aged] {
        self.groups.get(group).map_or(&[], |cohorts| cohorts)
    }

    /// A cohort has pods of a group.
    pub(super) fn insert(&mut self, group: Group, cohort: Aged) {
        let known = self.groups.len();
        let cohorts = self.groups.entry(group).or_default();
        if cohorts.is_empty() {
            cohorts.push(cohort);
            // A new group was not among those without pods.
            self.empty -= usize::from(self.groups.len() == known);
            return;
        }
        if let Err(place) = cohorts.binary_search(&cohort) {
            cohorts.insert(place, cohort);
        }
    }

    /// A cohort has no pods of a group any more.
    pub(super) fn remove(&mut self, group: &Group, cohort: Aged) {
        let Some(cohorts) = self.groups.get_mut(group) else { return };
        let Ok(place) = cohorts.binary_search(&cohort) else { return };
        cohorts.remove(place);
        if cohorts.is_empty() {
            self.empty += 1;
            if self.empty > SPARE.max(self.groups.len() / 2) {
                self.groups.retain(|_, cohorts| !cohorts.is_empty());
                self.empty = 0;
            }
        }
    }
}
