//! `jobs.csv` and the jobs of a run: groups of pods that start together.

use super::written::{TableFiles, WrittenTable};
use crate::data::{JobSpan, Jobs};
use crate::output::{OutputDir, OutputError};
use crate::tables::JobRow;
use std::collections::BTreeMap;
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::gang::PodGroup;
use towtank_sim::model::pod::PodTraits;
use towtank_sim::model::{NodeId, ObjectId, PodId};
use towtank_sim::observe::{Note, NoteKinds, Observer};

/// Follows the pods of every PodGroup. The table is there from the first job on: most runs have none.
#[derive(Default)]
pub struct JobCollector {
    jobs: Jobs,
    running: BTreeMap<ObjectId, Running>,
    /// The numbers of the nodes by uid, in the order in which they came.
    numbers: BTreeMap<u64, u32>,
    files: Option<TableFiles>,
    table: Option<WrittenTable>,
    error: Option<OutputError>,
}

/// A job of which pods have been bound.
struct Running {
    started_ns: i64,
    pods: u32,
    left: u32,
    failed: bool,
    nodes: Vec<u32>,
}

impl JobCollector {
    /// A collector that writes its table into `out`, if it is given, as Parquet too if that is asked for.
    ///
    /// # Errors
    /// Parquet is asked for, and this program has none.
    pub fn new(out: Option<&OutputDir>, parquet: bool) -> Result<Self, OutputError> {
        let files = out.map(|out| TableFiles::new(out, "jobs", parquet)).transpose()?;
        Ok(Self { files, ..Self::default() })
    }

    /// Ends the table and gives the jobs.
    ///
    /// # Errors
    /// The first thing that could not be written.
    pub fn finish(mut self, cluster: &Cluster) -> Result<Jobs, OutputError> {
        let groups: Vec<ObjectId> =
            cluster.objects().of_kind::<PodGroup>(PodGroup::KIND).map(|(meta, _)| meta.id).collect();
        for group in groups {
            let running = self.running.remove(&group);
            let outcome = if running.is_some() { "running" } else { "pending" };
            self.row(group, running.as_ref(), (outcome, None), cluster);
        }
        if let Some(table) = self.table {
            table.finish()?;
        }
        self.error.map_or(Ok(self.jobs), Err)
    }

    fn bound(&mut self, id: PodId, node: NodeId, cluster: &Cluster) {
        let Some(group) = group_of(id, cluster) else { return };
        let number = self.number(node, cluster);
        let new = || Running { started_ns: cluster.now.0, pods: 0, left: 0, failed: false, nodes: Vec::new() };
        let job = self.running.entry(group).or_insert_with(new);
        job.pods += 1;
        job.left += 1;
        if let Err(place) = job.nodes.binary_search(&number) {
            job.nodes.insert(place, number);
        }
    }

    fn left(&mut self, id: PodId, failed: bool, cluster: &Cluster) {
        let Some(group) = group_of(id, cluster) else { return };
        let Some(job) = self.running.get_mut(&group) else { return };
        if cluster.pod(id).is_none_or(|pod| pod.node.is_none()) {
            return;
        }
        job.left -= 1;
        job.failed |= failed;
        if job.left > 0 {
            return;
        }
        let Some(job) = self.running.remove(&group) else { return };
        let outcome = if job.failed { "failed" } else { "succeeded" };
        self.row(group, Some(&job), (outcome, Some(cluster.now.0)), cluster);
        let Some(meta) = cluster.objects().meta(group) else { return };
        self.jobs.push(JobSpan {
            name: meta.name.to_string(),
            submitted_ns: meta.created.0,
            started_ns: job.started_ns,
            ended_ns: cluster.now.0,
            pods: job.pods,
            nodes: job.nodes,
        });
    }

    fn row(
        &mut self,
        group: ObjectId,
        job: Option<&Running>,
        (outcome, ended_ns): (&str, Option<i64>),
        cluster: &Cluster,
    ) {
        let (objects, nodes) = (cluster.objects(), &self.jobs.nodes);
        let Some((meta, group)) = objects.meta(group).zip(objects.get::<PodGroup>(group)) else { return };
        if let Some(files) = self.files.take() {
            match files.begin::<JobRow<'_>>() {
                Ok(table) => self.table = Some(table),
                Err(error) => self.error = Some(error),
            }
        }
        let Some(table) = &mut self.table else { return };
        let names: Vec<&str> =
            job.into_iter().flat_map(|job| &job.nodes).map(|n| nodes[*n as usize].as_str()).collect();
        table.write(&JobRow {
            namespace: &meta.namespace,
            name: &meta.name,
            outcome,
            pods: job.map_or(group.min_count, |job| job.pods),
            estimate_ns: group.estimate.map(|span| span.0),
            submitted_ns: meta.created.0,
            started_ns: job.map(|job| job.started_ns),
            ended_ns,
            nodes: &names.join(" "),
        });
    }

    fn number(&mut self, id: NodeId, cluster: &Cluster) -> u32 {
        let node = cluster.node(id);
        if !self.numbers.contains_key(&node.uid) {
            // All that are there and are not known yet, in the order in which they came.
            let mut new: Vec<_> = cluster.nodes().iter().filter(|n| !self.numbers.contains_key(&n.uid)).collect();
            new.sort_by_key(|node| node.uid);
            for node in new {
                self.numbers.insert(node.uid, self.jobs.nodes.len() as u32);
                self.jobs.nodes.push(node.name().to_owned());
            }
        }
        self.numbers.get(&node.uid).copied().unwrap_or_default()
    }
}

impl Observer for JobCollector {
    fn interest(&self) -> NoteKinds {
        NoteKinds::NONE
    }

    fn interest_in(&self, pods_with: PodTraits) -> Interest {
        let all = Interest::POD_BOUND.and(Interest::POD_FINISHED).and(Interest::POD_REMOVED);
        if pods_with.meets(PodTraits::OWNED.and(PodTraits::GROUP)) { all } else { Interest::NONE }
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        match note {
            Note::Change(Change::PodBound(pod, node)) => self.bound(*pod, *node, cluster),
            Note::Change(Change::PodFinished(pod)) => {
                let failed =
                    cluster.pod(*pod).is_some_and(|pod| pod.phase == towtank_sim::model::pod::PodPhase::Failed);
                self.left(*pod, failed, cluster);
            }
            Note::Change(Change::PodRemoved(pod)) => self.left(*pod, true, cluster),
            _ => {}
        }
    }
}

/// The group of a pod, if it has one.
fn group_of(id: PodId, cluster: &Cluster) -> Option<ObjectId> {
    let pod = cluster.pod(id)?;
    if pod.owner.is_none() && cluster.class_of(pod).spec.scheduling_group.is_none() {
        return None;
    }
    PodGroup::of(pod, cluster).map(|(meta, _)| meta.id)
}
