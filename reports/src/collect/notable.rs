//! What a reader of the report should be told about: refusals, scaling, outages, evictions.

use crate::data::{AutoscalerCounts, Notable, NotableKind, Summary};
use std::collections::BTreeMap;
use towtank_sim::cluster::{Cause, Change, Cluster, Interest, NodeChange};
use towtank_sim::observe::{Note, NoteKinds, Observer, Regarding};
use towtank_sim::time::{SimTime, Span};

/// Events of one kind and subject that follow each other within this time are told as one.
const TOGETHER: Span = Span::from_secs(1800);

/// Collects notable events, told together where many follow each other.
#[derive(Debug, Default)]
pub struct NotableCollector {
    /// By kind and subject (a quota, a node group, a zone), the burst that may still go on.
    open: BTreeMap<(NotableKind, String), Burst>,
    told: Vec<Notable>,
    rejections: BTreeMap<String, u64>,
    quota_refusals: BTreeMap<String, u64>,
    disruptions: BTreeMap<String, u64>,
    autoscaler: AutoscalerCounts,
    autoscales: bool,
}

#[derive(Clone, Copy, Debug)]
struct Burst {
    first: SimTime,
    last: SimTime,
    count: u64,
}

impl NotableCollector {
    /// Puts the counts into a summary.
    pub fn fill(&self, summary: &mut Summary) {
        summary.rejections.clone_from(&self.rejections);
        summary.quota_refusals.clone_from(&self.quota_refusals);
        summary.disruptions.clone_from(&self.disruptions);
        summary.autoscaler = self.autoscales.then_some(self.autoscaler);
    }

    /// The events, in order of time.
    pub fn into_notable(mut self) -> Vec<Notable> {
        for ((kind, subject), burst) in std::mem::take(&mut self.open) {
            self.tell(kind, &subject, burst);
        }
        self.told.sort_by(|a, b| (a.time_ns, a.kind, &a.text).cmp(&(b.time_ns, b.kind, &b.text)));
        self.told
    }

    fn happened(&mut self, kind: NotableKind, subject: String, now: SimTime) {
        let key = (kind, subject);
        match self.open.get_mut(&key) {
            Some(burst) if now.since(burst.last) <= TOGETHER => {
                burst.last = now;
                burst.count += 1;
            }
            _ => {
                let burst = Burst { first: now, last: now, count: 1 };
                if let Some(over) = self.open.insert(key.clone(), burst) {
                    self.tell(kind, &key.1, over);
                }
            }
        }
    }

    fn tell(&mut self, kind: NotableKind, subject: &str, burst: Burst) {
        let n = burst.count;
        let text = match kind {
            NotableKind::QuotaRefusal => format!("{} refused by {subject}", counted(n, "pod")),
            NotableKind::ScaleUp => format!("node group {subject}: {} added", counted(n, "node")),
            NotableKind::ScaleDown => format!("node group {subject}: {} removed", counted(n, "node")),
            NotableKind::Outage => format!("{subject}: {} down", counted(n, "machine")),
            NotableKind::Eviction => format!("{} {subject}", counted(n, "pod")),
            _ => format!("{subject} ({n})"),
        };
        self.told.push(Notable { time_ns: burst.first.0, until_ns: burst.last.0, kind, text });
    }

    fn machine(&mut self, up: bool, zone: &str, now: SimTime) {
        let place = if zone.is_empty() { "cluster".to_owned() } else { format!("zone {zone}") };
        if up {
            if let Some(burst) = self.open.get_mut(&(NotableKind::Outage, place)) {
                burst.last = now;
            }
        } else {
            self.happened(NotableKind::Outage, place, now);
            *self.disruptions.entry("machine-failures".to_owned()).or_default() += 1;
        }
    }
}

impl Observer for NotableCollector {
    fn interest(&self) -> NoteKinds {
        let changes = Interest::POD_DELETING.and(Interest::NODES);
        NoteKinds::changes(changes).and(NoteKinds::REFUSED).and(NoteKinds::EVENTS)
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let now = cluster.now;
        let grouped = |id| cluster.node(id).spec.group.as_deref().map(str::to_owned);
        match note {
            Note::Refused { namespace, refusal, .. } => {
                let by = if refusal.by.is_empty() { refusal.reason } else { refusal.by };
                *self.rejections.entry(by.to_owned()).or_default() += 1;
                if refusal.by == "ResourceQuota" {
                    *self.quota_refusals.entry((*namespace).to_owned()).or_default() += 1;
                    let subject = format!("quota {} of namespace {namespace}", refusal.object);
                    self.happened(NotableKind::QuotaRefusal, subject, now);
                }
            }
            Note::Change(Change::PodDeleting(_, cause)) if *cause != Cause::Deleted => {
                *self.disruptions.entry(cause.as_str().to_owned()).or_default() += 1;
                let how = match cause {
                    Cause::Preempted => "preempted",
                    Cause::Evicted => "evicted through the API",
                    Cause::TaintEvicted => "evicted from nodes that were not ready",
                    Cause::NodeLost | Cause::Deleted => "lost with their node",
                };
                self.happened(NotableKind::Eviction, how.to_owned(), now);
            }
            Note::Change(Change::NodeAdded(id)) => {
                if let Some(group) = grouped(*id) {
                    self.autoscales = true;
                    if now > SimTime::ZERO {
                        self.autoscaler.nodes_added += 1;
                        self.happened(NotableKind::ScaleUp, group, now);
                    }
                }
            }
            Note::Change(Change::NodeRemoved(id)) => {
                if let Some(group) = grouped(*id) {
                    self.autoscaler.nodes_removed += 1;
                    self.happened(NotableKind::ScaleDown, group, now);
                }
            }
            Note::Change(Change::NodeChanged(id, what)) if what.contains(NodeChange::MACHINE) => {
                let node = cluster.node(*id);
                self.machine(node.machine_up, node.zone(), now);
            }
            Note::Event { reason: "ScaledUpGroup", .. } => {
                self.autoscales = true;
                self.autoscaler.scale_ups += 1;
            }
            // The autoscaler says the same of the node and of its pods: what it says of itself is counted.
            Note::Event { reason: "ScaleDown" | "ScaleDownEmpty", regarding: Regarding::Named(..), .. } => {
                self.autoscaler.scale_downs += 1;
            }
            _ => {}
        }
    }
}

/// `1 pod`, `2 pods`.
fn counted(n: u64, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}
