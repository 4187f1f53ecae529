//! How many pods each PodGroup has.

use super::objects::{ObjectMeta, Objects};
use crate::gang::PodGroup;
use crate::model::ObjectId;
use crate::model::pod::{Pod, PodClass};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The pods of a group that exist and have not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupMembers {
    /// All of them.
    pub pods: u32,
    /// Those that are on a node, bound or assumed.
    pub placed: u32,
}

/// The pods of all groups.
#[derive(Debug, Default)]
pub(super) struct GroupIndex {
    /// By the group that owns them.
    owned: FxHashMap<ObjectId, GroupMembers>,
    /// By namespace and name of the group that they name.
    named: FxHashMap<(Arc<str>, Arc<str>), GroupMembers>,
}

impl GroupIndex {
    /// The pods of a group.
    pub(super) fn of(&self, group: &ObjectMeta) -> GroupMembers {
        let owned = self.owned.get(&group.id).copied().unwrap_or_default();
        let named = (!self.named.is_empty()).then(|| self.named.get(&(group.namespace.clone(), group.name.clone())));
        let named = named.flatten().copied().unwrap_or_default();
        GroupMembers { pods: owned.pods + named.pods, placed: owned.placed + named.placed }
    }

    /// A pod exists.
    pub(super) fn join(&mut self, pod: &Pod, class: &PodClass, objects: &Objects) {
        if let Some(owner) = pod.owner.filter(|owner| objects.get::<PodGroup>(*owner).is_some()) {
            self.owned.entry(owner).or_default();
        }
        self.change(pod, class, |members| members.pods += 1);
    }

    /// A pod has ended or is gone. What it holds of a node is given back after that.
    pub(super) fn leave(&mut self, pod: &Pod, class: &PodClass) {
        self.change(pod, class, |members| members.pods -= 1);
    }

    /// A pod takes what it needs of a node.
    pub(super) fn place(&mut self, pod: &Pod, class: &PodClass) {
        self.change(pod, class, |members| members.placed += 1);
    }

    /// A pod gives it back.
    pub(super) fn release(&mut self, pod: &Pod, class: &PodClass) {
        self.change(pod, class, |members| members.placed -= 1);
    }

    #[inline]
    fn change(&mut self, pod: &Pod, class: &PodClass, change: impl FnOnce(&mut GroupMembers)) {
        let is_empty = |members: &GroupMembers| *members == GroupMembers::default();
        if let Some(owner) = pod.owner.filter(|_| !self.owned.is_empty())
            && let Some(members) = self.owned.get_mut(&owner)
        {
            change(members);
            if is_empty(members) {
                self.owned.remove(&owner);
            }
        } else if let Some(name) = &class.spec.scheduling_group {
            let key = (class.spec.namespace.clone(), name.clone());
            let members = self.named.entry(key.clone()).or_default();
            change(members);
            if is_empty(members) {
                self.named.remove(&key);
            }
        }
    }
}
