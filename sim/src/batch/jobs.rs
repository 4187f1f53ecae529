//! Which jobs there are: how pods become jobs, and which of their pods still run.

use super::ground::KindId;
use super::job::{Job, JobId, Part};
use super::site::Site;
use crate::cluster::Cluster;
use crate::gang::PodGroup;
use crate::model::pod::Pod;
use crate::model::{NodeId, ObjectId, PodId};
use crate::time::{SimTime, Span};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::collections::{BTreeMap, BTreeSet};

/// The jobs that form, wait and run.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    all: BTreeMap<JobId, Entry>,
    of_pod: FxHashMap<PodId, JobId>,
    groups: FxHashMap<ObjectId, Group>,
    /// Pods whose group does not exist yet.
    stray: Vec<PodId>,
    /// The jobs that run.
    pub(super) running: BTreeSet<JobId>,
    /// The jobs that have become complete since the last pass, or have grown.
    pub(super) news: BTreeSet<JobId>,
    next: u64,
}

/// A job and its pods.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) job: Job,
    /// Its pods that have not ended, in order of creation, each with its part.
    pub(super) pods: Vec<(u32, PodId)>,
    pub(super) state: State,
    /// Where its pods are, once it runs.
    pub(super) on: BTreeMap<(NodeId, u32), u32>,
    group: Option<ObjectId>,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Pods are missing.
    Forming,
    /// It waits for its turn. Whether its pods say so already.
    Queued { told: bool },
    /// It can never start on the machines that there are.
    SetAside,
    /// It runs, and is expected to end then.
    Running { end: SimTime },
}

/// What is known of a group.
#[derive(Debug, Default)]
struct Group {
    min_count: u32,
    /// The job that its next pods belong to.
    forming: Option<JobId>,
    /// How many of its pods run.
    placed: u32,
}

impl Jobs {
    /// A pod without a node exists. It joins the job of its group, if that has not started, or is a job of its own.
    pub(super) fn add(&mut self, id: PodId, site: &mut Site, cluster: &Cluster) {
        let Some(pod) = cluster.pod(id) else { return };
        let group = PodGroup::of(pod, cluster);
        if group.is_none() && cluster.class_of(pod).spec.scheduling_group.is_some() {
            self.stray.push(id);
            return;
        }
        let group = group.filter(|(_, group)| group.min_count > 1);
        let forming = group.and_then(|(meta, _)| self.groups.get(&meta.id)?.forming);
        let number = forming.unwrap_or(JobId(self.next));
        self.next += u64::from(forming.is_none());
        let entry = self.all.entry(number).or_insert_with(|| Entry {
            job: Job { id: number, submitted: cluster.now, estimate: Span(1), parts: SmallVec::new() },
            pods: Vec::new(),
            state: State::Forming,
            on: BTreeMap::new(),
            group: group.map(|(meta, _)| meta.id),
        });
        // Where nobody announces anything, it is the longest of its pods that counts.
        entry.job.estimate = entry.job.estimate.max(PodGroup::estimate_of(pod, cluster));
        let kind = site.kind(pod.class, cluster);
        let part = entry.job.parts.iter().position(|part| part.kind == kind).unwrap_or_else(|| {
            entry.job.parts.push(Part { kind, pods: 0 });
            entry.job.parts.len() - 1
        });
        entry.job.parts[part].pods += 1;
        entry.pods.push((part as u32, id));
        self.of_pod.insert(id, number);
        if let Some((meta, group)) = group {
            let known = self.groups.entry(meta.id).or_default();
            (known.min_count, known.forming) = (group.min_count, Some(number));
        }
        if self.is_complete(number) {
            self.news.insert(number);
        }
    }

    /// A group has come: the pods that waited for it.
    pub(super) fn take_stray(&mut self) -> Vec<PodId> {
        std::mem::take(&mut self.stray)
    }

    /// A pod has ended or is gone, or somebody else has bound it: its job, and how far that was.
    pub(super) fn remove(&mut self, id: PodId, node: Option<NodeId>) -> Option<(JobId, State)> {
        self.stray.retain(|stray| *stray != id);
        let number = self.of_pod.remove(&id)?;
        let entry = self.all.get_mut(&number)?;
        let (state, group) = (entry.state, entry.group);
        let place = entry.pods.iter().position(|(_, pod)| *pod == id)?;
        let (part, _) = entry.pods.remove(place);
        let known = group.and_then(|group| self.groups.get_mut(&group));
        if entry.runs() {
            if let Some(count) = node.and_then(|node| entry.on.get_mut(&(node, part))) {
                *count -= 1;
            }
            if let Some(group) = known {
                group.placed -= 1;
            }
        } else {
            entry.job.parts[part as usize].pods -= 1;
        }
        if entry.pods.is_empty() {
            self.all.remove(&number);
            self.running.remove(&number);
            self.news.remove(&number);
            self.leave_group(group, number);
        } else if !self.is_complete(number)
            && let Some(entry) = self.all.get_mut(&number).filter(|entry| !entry.runs())
        {
            entry.state = State::Forming;
            self.news.remove(&number);
        }
        Some((number, state))
    }

    /// A job starts, and is expected to end then.
    pub(super) fn start(&mut self, id: JobId, on: BTreeMap<(NodeId, u32), u32>, end: SimTime) {
        let Some(entry) = self.all.get_mut(&id) else { return };
        (entry.state, entry.on) = (State::Running { end }, on);
        self.running.insert(id);
        if let Some(group) = entry.group.and_then(|group| self.groups.get_mut(&group)) {
            group.forming = None;
            group.placed += entry.pods.len() as u32;
        }
    }

    pub(super) fn get(&self, id: JobId) -> Option<&Entry> {
        self.all.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: JobId) -> Option<&mut Entry> {
        self.all.get_mut(&id)
    }

    /// The kinds of the pods of all jobs.
    pub(super) fn kinds(&self) -> impl Iterator<Item = KindId> + '_ {
        self.all.values().flat_map(|entry| &entry.job.parts).map(|part| part.kind)
    }

    /// The job of a pod.
    pub(super) fn of(&self, pod: PodId) -> Option<&Entry> {
        self.all.get(self.of_pod.get(&pod)?)
    }

    /// The jobs that can never start on the machines that there are.
    pub(super) fn set_aside(&self) -> Vec<JobId> {
        self.all.iter().filter(|(_, entry)| entry.state == State::SetAside).map(|(id, _)| *id).collect()
    }

    /// Whether as many pods are there as have to start together.
    fn is_complete(&self, id: JobId) -> bool {
        let Some(entry) = self.all.get(&id) else { return false };
        let required = entry
            .group
            .and_then(|group| self.groups.get(&group))
            .map_or(1, |group| group.min_count.saturating_sub(group.placed).max(1));
        entry.pods.len() >= required as usize
    }

    fn leave_group(&mut self, id: Option<ObjectId>, job: JobId) {
        let Some((id, group)) = id.and_then(|id| Some((id, self.groups.get_mut(&id)?))) else { return };
        if group.forming == Some(job) {
            group.forming = None;
        }
        if group.forming.is_none() && group.placed == 0 {
            self.groups.remove(&id);
        }
    }
}

impl Entry {
    /// Whether it has been started.
    pub(super) fn runs(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    /// The pods of a part, in order of creation.
    pub(super) fn pods_of(&self, part: u32) -> impl Iterator<Item = PodId> {
        self.pods.iter().filter(move |(of, _)| *of == part).map(|(_, pod)| *pod)
    }
}

/// The node whose resources a pod takes or took.
pub(super) fn node_of(id: PodId, cluster: &Cluster) -> Option<NodeId> {
    cluster.pod(id).and_then(Pod::placed_on)
}
