//! One loop's look at shrinking: which nodes may go, and which of them begin to go now.
//!
//! Source: `cluster-autoscaler/core/static_autoscaler.go`, `scaleDown`.

use super::crop::{Bucket, crop};
use super::deletion::{Deletion, is_evicted};
use super::findings::ScaleDownResult;
use super::scale_down::{ScaleDown, Scene, Unneeded};
use super::snapshot::Circular;
use crate::model::PodId;

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Shrinking {
    pub(super) result: ScaleDownResult,
    /// The empty nodes that begin to go.
    pub(super) empty: Vec<Bucket>,
    /// Those that must be emptied first.
    pub(super) drain: Vec<Bucket>,
    /// Whether other nodes may go later.
    pub(super) later: bool,
}

impl Shrinking {
    /// The nodes that begin to go, with whether they must be emptied.
    fn nodes(&self) -> impl Iterator<Item = (&Unneeded, bool)> {
        let of = |buckets, drains| {
            <[Bucket]>::iter(buckets).flat_map(move |bucket| bucket.nodes.iter().map(move |node| (node, drains)))
        };
        of(&self.empty, false).chain(of(&self.drain, true))
    }
}

/// Looks at all nodes. `cooling` says that no node goes now.
pub(super) fn look<'d>(
    scale_down: &mut ScaleDown,
    scene: Scene<'_, '_>,
    deletions: impl Iterator<Item = &'d Deletion>,
    cooling: bool,
    search: &mut Circular,
) -> Shrinking {
    let Scene { snapshot, groups, targets, filters, settings } = scene;
    let cluster = filters.cluster;
    let any = scale_down.update(scene, search);
    let mut deleting = vec![0; groups.len()];
    let mut going = (0, 0);
    for deletion in deletions {
        deleting[deletion.group] += 1;
        *(if deletion.drains { &mut going.1 } else { &mut going.0 }) += 1;
    }
    let mut shrinking = Shrinking::default();
    if cooling {
        shrinking.result = ScaleDownResult::InCooldown;
        let sizes: Vec<u32> = targets.iter().zip(&deleting).map(|(size, gone)| size.saturating_sub(*gone)).collect();
        shrinking.later = scale_down.awaits_removal(&sizes, groups);
        return shrinking;
    }
    if !any {
        shrinking.result = ScaleDownResult::NoCandidates;
        return shrinking;
    }
    let removable = scale_down.removable(scene, &deleting);
    let (all, waiting) = (removable.empty.len() + removable.drain.len(), removable.waiting);
    (shrinking.empty, shrinking.drain) = crop(removable, groups, targets, going, settings);
    let begin = shrinking.nodes().count();
    shrinking.later = waiting || begin < all;
    let started = begin > 0;
    shrinking.result = if started { ScaleDownResult::NodeDeleteStarted } else { ScaleDownResult::NoNodeDeleted };
    for (node, drains) in shrinking.nodes() {
        let place = snapshot.place(&cluster.node(node.node).spec.name).filter(|_| drains);
        let mut pods: Vec<PodId> = place.into_iter().flat_map(|at| snapshot.pods_of(at)).collect();
        pods.retain(|id| cluster.pod(*id).is_some_and(|pod| is_evicted(pod, cluster)));
        scale_down.findings.deletes.push((node.node, pods));
    }
    shrinking
}
