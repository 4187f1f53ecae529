//! The collectors that every run has and that hear of each of its pods, as one observer: what happens to every pod takes a short way to
//! those of them that want to hear of it.

use super::completion::CompletionCollector;
use super::ledger::LedgerCollector;
use super::occupancy::OccupancyCollector;
use super::services::ServiceCollector;
use super::{LatencyCollector, MetricsCollector, UtilizationCollector};
use towtank_sim::cluster::{Change, Cluster};
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::time::{SimTime, Span};

/// The collectors.
#[derive(Debug, Default)]
pub(super) struct EachPod {
    pub(super) utilization: UtilizationCollector,
    pub(super) latency: LatencyCollector,
    pub(super) metrics: MetricsCollector,
    pub(super) ledger: LedgerCollector,
    pub(super) occupancy: OccupancyCollector,
    pub(super) completion: CompletionCollector,
    pub(super) services: ServiceCollector,
}

impl EachPod {
    fn all(&self) -> [&dyn Observer; 7] {
        let Self { utilization, latency, metrics, ledger, occupancy, completion, services } = self;
        [utilization, latency, metrics, ledger, occupancy, completion, services]
    }

    /// Tells each of them that asked.
    fn tell(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let Self { utilization, latency, metrics, ledger, occupancy, completion, services } = self;
        let all: [&mut dyn Observer; 7] = [utilization, latency, metrics, ledger, occupancy, completion, services];
        all.into_iter().filter(|one| one.interest().covers(note)).for_each(|one| one.note(note, cluster));
    }

    /// Tells those that asked of what happens to nearly every pod; whether it is that.
    #[inline]
    fn tell_shortly(&mut self, note: &Note<'_>, cluster: &Cluster) -> bool {
        let Self { utilization, latency, metrics, ledger, occupancy, completion, services } = self;
        match *note {
            Note::Change(change @ Change::PodCreated(id)) => {
                metrics.changed(change, cluster);
                occupancy.count_pods(cluster);
                services.pod_created(id, cluster);
            }
            Note::Change(change @ Change::PodBound(_, node)) => {
                utilization.pod_changed(cluster);
                metrics.changed(change, cluster);
                occupancy.count_pods(cluster);
                occupancy.pods_changed(node, cluster);
            }
            Note::Change(change @ Change::PodStarted(id)) => {
                latency.started(id, cluster);
                metrics.changed(change, cluster);
                ledger.work_changed(change, cluster);
                services.pod_changed(id, cluster);
            }
            Note::Change(Change::PodFinished(id)) => {
                utilization.pod_changed(cluster);
                latency.pod_ended(id);
                ledger.pod_ended(id, cluster);
                occupancy.count_pods(cluster);
                occupancy.pod_ended(id, cluster);
                completion.pod_finished(id, cluster);
                services.pod_ended(id, cluster);
            }
            Note::Scheduled { pod: id, took, waits, .. } => {
                if let Some(pod) = cluster.pod(id) {
                    latency.scheduled(pod, cluster.now);
                    metrics.scheduled(id, pod, (took, waits), cluster);
                }
            }
            Note::SchedulingAttempt { .. } | Note::QueueMoves { .. } => metrics.note(note, cluster),
            _ => return false,
        }
        true
    }
}

impl Observer for EachPod {
    fn interest(&self) -> NoteKinds {
        self.all().iter().fold(NoteKinds::NONE, |all, one| all.and(one.interest()))
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        if !self.tell_shortly(note, cluster) {
            self.tell(note, cluster);
        }
    }

    fn sampling_interval(&self) -> Option<Span> {
        self.occupancy.sampling_interval()
    }

    fn sample(&mut self, at: SimTime, cluster: &Cluster) {
        self.occupancy.sample(at, cluster);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use towtank_sim::cluster::{Cause, NodeChange};
    use towtank_sim::model::node::NodeSpec;
    use towtank_sim::model::pod::{NewPod, PodPhase, PodSpec};
    use towtank_sim::model::resources::ResourceList;
    use towtank_sim::model::{NodeId, PodId, Quantity};
    use towtank_sim::random::{Streams, index};
    use towtank_sim::scheduler::Waits;

    /// What is to be told, and whom.
    struct Told {
        shortly: EachPod,
        each: EachPod,
    }

    impl Told {
        fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
            self.shortly.note(note, cluster);
            self.each.tell(note, cluster);
        }

        fn deliver(&mut self, cluster: &mut Cluster) {
            cluster.deliver(|change, cluster| self.note(&Note::Change(change), cluster));
        }
    }

    fn amounts(list: &[(&str, i64)]) -> ResourceList {
        list.iter().map(|(name, units)| ((*name).to_owned(), Quantity::from_units(*units))).collect()
    }

    fn found(all: EachPod, cluster: &Cluster) -> [String; 6] {
        let EachPod { mut utilization, latency, mut metrics, ledger, occupancy, completion, services } = all;
        let waiting = metrics.waiting(cluster);
        let (pair, scheduling, startup) = latency.finish(metrics.parts());
        [
            format!("{:?}", utilization.summary(cluster)),
            format!("{waiting:?} {pair:?} {scheduling:?} {startup:?} {}", metrics.text(cluster, &pair)),
            format!("{:?}", ledger.finish(cluster)),
            format!("{:?}", occupancy.finish(cluster)),
            format!("{:?}", completion.finish()),
            format!("{:?}", services.finish(cluster)),
        ]
    }

    #[test]
    fn the_short_way_tells_each_of_them_what_it_would_be_told_by_itself() {
        let mut ends = 0;
        for seed in 0..50 {
            let mut rng = Streams::new(seed).stream("each-pod");
            let mut draw = |below: usize| index(&mut rng, below);
            let mut cluster = Cluster::default();
            let mut told = Told { shortly: EachPod::default(), each: EachPod::default() };
            let node = |cluster: &mut Cluster, number: usize| {
                let allocatable = amounts(&[("cpu", 8), ("memory", 64), ("pods", 9)]).into();
                cluster.add_node(NodeSpec { name: format!("n{number}").into(), allocatable, ..NodeSpec::default() })
            };
            let nodes: Vec<NodeId> = (0..3).map(|number| node(&mut cluster, number).unwrap()).collect();
            let mut pods: Vec<(PodId, bool)> = Vec::new();
            for step in 0..150 {
                told.deliver(&mut cluster);
                cluster.now += Span::from_secs(draw(3) as i64);
                match draw(6) {
                    0 | 1 => {
                        let requests = amounts(&[("cpu", 1 + draw(2) as i64), ("memory", draw(9) as i64)]);
                        let class = cluster.intern(PodSpec::with_requests(requests));
                        let pod = cluster.create_pod(NewPod::new(format!("p{step}"), class)).unwrap();
                        pods.push((pod, false));
                    }
                    2 | 3 if pods.iter().any(|(_, bound)| !bound) => {
                        let place = pods.iter().position(|(_, bound)| !bound).unwrap();
                        let (pod, took) = (pods[place].0, Span(draw(2) as i64));
                        (0..=draw(2)).for_each(|_| cluster.count_attempt(pod));
                        cluster.bind(pod, nodes[draw(nodes.len())]);
                        pods[place].1 = true;
                        let (node, waits) = (cluster.pod(pod).unwrap().node.unwrap(), &Waits::default());
                        let (examined, feasible, best, ties) = (3, 3, Some(1), 1);
                        told.note(
                            &Note::Scheduled { pod, node, examined, feasible, best, ties, took, waits },
                            &cluster,
                        );
                        told.deliver(&mut cluster);
                        cluster.start(pod);
                    }
                    4 if !pods.is_empty() => {
                        let (pod, bound) = pods.swap_remove(draw(pods.len()));
                        if bound {
                            cluster.finish(pod, [PodPhase::Succeeded, PodPhase::Failed][draw(2)]);
                            ends += 1;
                        } else {
                            cluster.delete_pod(pod, Cause::Deleted);
                        }
                    }
                    5 => {
                        let node = nodes[draw(nodes.len())];
                        cluster.update_node(node, |spec| spec.unschedulable = !spec.unschedulable);
                        told.note(&Note::Change(Change::NodeChanged(node, NodeChange::OTHER)), &cluster);
                    }
                    _ => {}
                }
            }
            told.deliver(&mut cluster);
            assert_eq!(found(told.shortly, &cluster), found(told.each, &cluster), "seed {seed}");
        }
        assert!(ends > 100, "only {ends} pods ended");
    }
}
