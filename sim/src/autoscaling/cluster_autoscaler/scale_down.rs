//! Shrinking: which nodes are not needed, since when, and which of them could go now.
//!
//! Source: `cluster-autoscaler/core/scaledown/{eligibility,planner,unneeded,unremovable}`.

use super::budgets::Remaining;
use super::drainability::{Blocking, Rules};
use super::findings::{Reason, ScaleDownFindings, Unremovable};
use super::group::Group;
use super::hints::Hints;
use super::removal::{Memory, Removals};
use super::settings::ClusterAutoscalerSettings;
use super::snapshot::{Circular, Filters, Snapshot};
use super::totals::Left;
use super::utilization::Utilization;
use crate::cluster::Cluster;
use crate::model::{NodeId, PodId};
use crate::time::{SimTime, Span};
use std::collections::{BTreeMap, BTreeSet};

/// What is remembered of nodes between two looks, by their uids.
#[derive(Debug, Default)]
pub(super) struct ScaleDown {
    /// What the last look found to be unneeded, in the order in which it was found.
    unneeded: Vec<Unneeded>,
    /// The nodes that were unneeded when they were last looked at.
    previous: BTreeSet<u64>,
    /// Until when nodes are left alone whose pods cannot move, and the cluster's version when that was found.
    unremovable: BTreeMap<u64, (SimTime, u64)>,
    /// Whether a node is left alone for what may no longer be so.
    recheck: bool,
    /// The last look, and the shortest time between two of them.
    last: Option<SimTime>,
    shortest: Option<Span>,
    hints: Hints,
    /// What the last look found, for whoever wants to know.
    pub(super) findings: ScaleDownFindings,
}

/// A node that could go.
#[derive(Clone, Debug)]
pub(super) struct Unneeded {
    pub(super) node: NodeId,
    pub(super) uid: u64,
    /// The index of its group.
    pub(super) group: usize,
    pub(super) since: SimTime,
    pub(super) utilization: f64,
    /// The pods that must move.
    pub(super) pods: Vec<PodId>,
    /// Whether some pods must be waited for.
    waits: bool,
    /// Whether the budgets would not let all its pods go at once.
    risky: bool,
}

/// The nodes that could go now, as far as each for itself is concerned.
#[derive(Debug, Default)]
pub(super) struct Removable {
    pub(super) empty: Vec<Unneeded>,
    pub(super) drain: Vec<Unneeded>,
    /// Whether others will be in time.
    pub(super) waiting: bool,
}

/// What a look is made from.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a, 'c> {
    pub(super) snapshot: &'a Snapshot<'c>,
    pub(super) groups: &'a [Group],
    /// The sizes of the groups as they are asked for.
    pub(super) targets: &'a [u32],
    pub(super) filters: Filters<'c>,
    pub(super) settings: &'a ClusterAutoscalerSettings,
}

struct Candidate {
    place: usize,
    group: usize,
    utilization: f64,
    /// Empty nodes first, those whose pods need not be waited for, those that were unneeded before; then by name, which is the order of
    /// places.
    order: (bool, bool, bool, usize),
}

impl ScaleDown {
    /// Looks at all nodes of groups above their minimum: which of them are hardly used and could be emptied onto the
    /// others, counting every move that an earlier one of them needs. Whether there was any candidate.
    pub(super) fn update(&mut self, scene: Scene<'_, '_>, search: &mut Circular) -> bool {
        let Scene { snapshot, filters, settings, .. } = scene;
        let cluster = filters.cluster;
        let now = cluster.now;
        self.note_interval(now, settings);
        self.findings.clear();
        self.unremovable.retain(|_, (until, _)| *until > now);
        let rules = Rules { cluster, settings };
        let (mut candidates, any) = self.candidates(scene, rules);
        candidates.sort_by_key(|candidate| candidate.order);

        let limit = self.limit(settings);
        let mut removals = Removals::new(snapshot, filters);
        let mut memory = Memory { hints: &mut self.hints, search };
        let mut budgets = Remaining::new(cluster);
        let before: BTreeMap<u64, SimTime> = self.unneeded.iter().map(|node| (node.uid, node.since)).collect();
        let mut found: Vec<Unneeded> = Vec::new();
        let mut of_all_or_none = 0;
        for candidate in candidates {
            if found.len() - of_all_or_none >= limit {
                break;
            }
            let Candidate { place, group, utilization, .. } = candidate;
            let node = &*snapshot.places[place].node;
            let pods = removals.pods_of(place, settings);
            let outcome =
                rules.leaving(pods.into_iter(), &budgets).map_err(|blocked| (Reason::BlockedByPod, Some(blocked)));
            let outcome = outcome.and_then(|leaving| match removals.empty(place, &leaving.pods, &mut memory) {
                Some(moves) => Ok((leaving, moves)),
                None => Err((Reason::NoPlaceToMovePods, None)),
            });
            let (leaving, moves) = match outcome {
                Ok(outcome) => outcome,
                Err((reason, pod)) => {
                    self.findings.unremovable.push(Unremovable { node: node.id, reason, pod });
                    // A pod of the system no longer blocks when it is older.
                    self.recheck |= pod.is_some_and(|(_, reason)| reason == Blocking::UnmovableKubeSystemPod);
                    let until = now + settings.unremovable_node_recheck_timeout;
                    self.unremovable.insert(node.uid, (until, cluster.version()));
                    continue;
                }
            };
            let risky = !budgets.allow_all(&leaving.pods, cluster);
            budgets.take(&leaving.pods, cluster);
            let since = before.get(&node.uid).copied().unwrap_or(now);
            self.findings.moves.extend((!moves.is_empty()).then(|| {
                let to = |(pod, place): (PodId, usize)| (pod, snapshot.places[place].node.id);
                (node.id, moves.into_iter().map(to).collect())
            }));
            of_all_or_none += usize::from(scene.groups[group].spec.zero_or_max);
            let (pods, waits) = (leaving.pods, leaving.waits);
            found.push(Unneeded { node: node.id, uid: node.uid, group, since, utilization, pods, waits, risky });
        }
        self.hints.drop_old();
        self.previous = found.iter().map(|node| node.uid).collect();
        self.findings.unneeded.extend(found.iter().map(|node| node.node));
        self.unneeded = found;
        any
    }

    /// Forgets which nodes were unneeded: nothing of what was seen is to be trusted.
    pub(super) fn forget_unneeded(&mut self) {
        self.unneeded.clear();
        self.findings.unneeded.clear();
    }

    /// Whether a node is left alone for now, although what kept it may have changed since it was looked at.
    pub(super) fn awaits_recheck(&self) -> bool {
        self.recheck
    }

    /// Whether nodes are unneeded.
    pub(super) fn awaits_removal(&self, sizes: &[u32], groups: &[Group]) -> bool {
        self.unneeded.iter().any(|node| sizes[node.group] > groups[node.group].spec.min)
    }

    /// The unneeded nodes that have been so for long enough and whose groups, and the cluster, may do without them. `deleting` are the
    /// numbers of nodes that are being removed, by group.
    pub(super) fn removable(&mut self, scene: Scene<'_, '_>, deleting: &[u32]) -> Removable {
        let Scene { snapshot, groups, targets, filters, settings } = scene;
        let cluster = filters.cluster;
        let now = cluster.now;
        let mut result = Removable::default();
        let mut sizes: Vec<u32> = targets.iter().zip(deleting).map(|(size, gone)| size.saturating_sub(*gone)).collect();
        // Counted for the first node that could go, if anything must be left at all.
        let mut left: Option<Left> = None;
        let limited = settings.totals.must_leave_something();
        let mut unneeded: Vec<&Unneeded> = self.unneeded.iter().collect();
        unneeded.sort_by_key(|node| (!node.pods.is_empty(), &cluster.node(node.node).spec.name));
        for unneeded in unneeded {
            let node = cluster.node(unneeded.node);
            let group = &groups[unneeded.group].spec;
            let (needed, too_early) = if node.ready {
                let time = group.options.scale_down_unneeded_time.unwrap_or(settings.scale_down_unneeded_time);
                (time, Reason::NotUnneededLongEnough)
            } else {
                let time = group.options.scale_down_unready_time.unwrap_or(settings.scale_down_unready_time);
                (time, Reason::NotUnreadyLongEnough)
            };
            let is_early = needed > Span::ZERO && unneeded.since + needed >= now;
            let at_least = sizes[unneeded.group] <= group.min;
            let reason = if is_early {
                result.waiting |= !at_least;
                Some(too_early)
            } else if at_least {
                Some(Reason::NodeGroupMinSizeReached)
            } else {
                let nodes = || snapshot.places.iter().map(|place| &*place.node);
                if limited && left.is_none() {
                    left = Some(Left::until_least(&settings.totals, nodes(), cluster));
                }
                let too_much = left.as_ref().is_some_and(|left| left.check(node, 1, cluster).0 < 1);
                too_much.then_some(Reason::MinimalResourceLimitExceeded)
            };
            if let Some(reason) = reason {
                self.findings.unremovable.push(Unremovable { node: unneeded.node, reason, pod: None });
                continue;
            }
            if let Some(left) = &mut left {
                left.take(node, 1, cluster);
            }
            sizes[unneeded.group] -= 1;
            let list = if unneeded.pods.is_empty() { &mut result.empty } else { &mut result.drain };
            list.push(unneeded.clone());
        }
        // What may fail goes last.
        result.drain.sort_by_key(|node| node.risky);
        self.keep_whole(&mut result, scene);
        let waited_for = |node: &&Unneeded| node.waits;
        for node in result.empty.iter().chain(&result.drain).filter(waited_for) {
            let reason = Reason::BlockedByOnCompletionPod;
            self.findings.unremovable.push(Unremovable { node: node.node, reason, pod: None });
        }
        result.empty.retain(|node| !node.waits);
        result.drain.retain(|node| !node.waits);
        result
    }

    /// Leaves alone those groups that have all of their nodes or none, unless all would go; theirs come last.
    ///
    /// Source: `processors/nodes/scale_down_set_processor.go`, `AtomicResizeFilteringProcessor`.
    fn keep_whole(&mut self, removable: &mut Removable, scene: Scene<'_, '_>) {
        let Scene { groups, targets, .. } = scene;
        let of = |group: usize, list: &[Unneeded]| list.iter().filter(|node| node.group == group).count();
        for (index, group) in groups.iter().enumerate().filter(|(_, group)| group.spec.zero_or_max) {
            let considered = of(index, &removable.empty) + of(index, &removable.drain);
            let whole = considered == targets[index] as usize || considered == group.nodes.len();
            for list in [&mut removable.empty, &mut removable.drain] {
                let (its, others): (Vec<Unneeded>, Vec<Unneeded>) =
                    std::mem::take(list).into_iter().partition(|node| node.group == index);
                *list = others;
                if whole {
                    list.extend(its);
                } else {
                    let reason = Reason::AtomicScaleDownFailed;
                    let failed = its.iter().map(|node| Unremovable { node: node.node, reason, pod: None });
                    self.findings.unremovable.extend(failed);
                }
            }
        }
    }

    fn candidates(&mut self, scene: Scene<'_, '_>, rules: Rules<'_>) -> (Vec<Candidate>, bool) {
        let Scene { snapshot, groups, targets, filters, settings } = scene;
        let cluster: &Cluster = filters.cluster;
        let by_name: BTreeMap<&str, usize> = groups.iter().enumerate().map(|(i, g)| (&*g.spec.name, i)).collect();
        let mut candidates = Vec::new();
        let mut any = false;
        self.recheck = false;
        for (place, it) in snapshot.places.iter().enumerate().filter(|(_, it)| it.exists) {
            let node = &*it.node;
            let Some(&group) = node.spec.group.as_deref().and_then(|name| by_name.get(name)) else { continue };
            if targets[group] <= groups[group].spec.min || groups[group].cools_down(cluster.now, settings) {
                continue;
            }
            any = true;
            if it.leaves {
                continue;
            }
            let mut refuse = |reason| {
                self.findings.unremovable.push(Unremovable { node: node.id, reason, pod: None });
            };
            if let Some((_, version)) = self.unremovable.get(&node.uid) {
                self.recheck |= *version != cluster.version();
                refuse(Reason::RecentlyUnremovable);
            } else if node.spec.scale_down_disabled {
                refuse(Reason::ScaleDownDisabledAnnotation);
            } else if let Some((utilization, threshold)) =
                Utilization::of(place, &groups[group], snapshot, cluster, settings)
            {
                if !node.ready && !settings.scale_down_unready_enabled {
                    refuse(Reason::ScaleDownUnreadyDisabled);
                    continue;
                }
                self.findings.utilization.push((node.id, utilization));
                if utilization.fraction > threshold {
                    refuse(Reason::NotUnderutilized);
                    continue;
                }
                let (empty, waits) = rules.emptiness(snapshot.pods_of(place));
                let order = (!empty, waits, !self.previous.contains(&node.uid), place);
                candidates.push(Candidate { place, group, utilization: utilization.fraction, order });
            } else {
                refuse(Reason::UnexpectedError);
            }
        }
        (candidates, any)
    }

    fn note_interval(&mut self, now: SimTime, settings: &ClusterAutoscalerSettings) {
        let longest = settings.scale_down_unneeded_time.max(Span(1));
        let since_last = self.last.map_or(longest, |last| now.since(last).max(Span(1)));
        self.shortest = Some(self.shortest.unwrap_or(longest).min(since_last));
        self.last = Some(now);
    }

    /// How many unneeded nodes are looked for: as many as could be removed soon.
    ///
    /// Source: `core/scaledown/planner/planner.go`, `unneededNodesLimit`.
    fn limit(&self, settings: &ClusterAutoscalerSettings) -> usize {
        let at_once = settings.max_scale_down_parallelism as usize;
        let interval = self.shortest.unwrap_or(settings.scale_down_unneeded_time).0.max(1);
        let looks = settings.scale_down_unneeded_time.0.max(interval) / interval;
        let looks = usize::try_from(looks).unwrap_or(usize::MAX);
        (self.unneeded.len() + 2 * at_once).min(at_once.saturating_mul(looks) + at_once)
    }
}
