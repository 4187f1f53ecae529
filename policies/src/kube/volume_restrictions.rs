//! VolumeRestrictions: what cannot be used twice is not: disks on one node, and claims that are for one pod.

use crate::claims;
use crate::lasting::filters;
use std::collections::BTreeSet;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::{PodClass, PodSpec};
use towtank_sim::model::volume::{InTreeVolume, Volume, VolumeSource};
use towtank_sim::scheduler::{
    ClusterEvent, Cycle, Events, Filter, Hint, Lasting, LastingFilter, Plugin, PodOnNode, Points, PreFilter, Supposed,
    Verdict,
};

/// The plugin.
///
/// Source: `volumerestrictions/volume_restrictions.go`.
#[derive(Clone, Copy, Debug)]
pub struct VolumeRestrictions;

#[derive(Clone)]
struct Restrictions<'c> {
    cluster: &'c Cluster,
    /// The pod's disks.
    disks: Vec<&'c Volume>,
    /// The pod's claims that are for one pod.
    for_one_pod: BTreeSet<&'c str>,
    /// How often pods on nodes use those.
    uses: i64,
}

impl Plugin for VolumeRestrictions {
    fn name(&self) -> &'static str {
        "VolumeRestrictions"
    }

    fn points(&self) -> Points {
        Points::PRE_FILTER.and(Points::FILTER)
    }

    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        let spec = &cycle.class.spec;
        let mut for_one_pod = BTreeSet::new();
        for name in claims::named_claims(spec) {
            match claims::claim(cycle.cluster, &spec.namespace, name) {
                Err(why) => return PreFilter::Reject(Verdict::unresolvable_because(why)),
                Ok((_, claim)) if claim.is_for_one_pod() => {
                    for_one_pod.insert(name);
                }
                Ok(_) => {}
            }
        }
        // A claim that is for one pod has at most one.
        let used = for_one_pod.iter().filter(|name| is_used(&spec.namespace, name, cycle.cluster));
        let uses = used.count() as i64;
        let disks: Vec<&Volume> = spec.volumes.iter().filter(|volume| is_disk(volume)).collect();
        if disks.is_empty() && uses == 0 {
            return PreFilter::Skip;
        }
        PreFilter::Ask(Box::new(Restrictions { cluster: cycle.cluster, disks, for_one_pod, uses }))
    }

    fn lasting(&self, class: &PodClass, _cluster: &Cluster) -> Lasting {
        let asks = claims::named_claims(&class.spec).next().is_some() || class.spec.volumes.iter().any(is_disk);
        let filter = if asks { LastingFilter::InCycle } else { LastingFilter::Skip };
        filters(filter)
    }

    fn events(&self) -> Events {
        Events::ASSIGNED_POD_DELETE.and(Events::NODE_ADD).and(Events::PVC_ADD)
    }

    fn hint(&self, cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
        let helps = match event {
            ClusterEvent::ObjectAdd(id, _) => claims::is_claim_of(cycle, id, false),
            ClusterEvent::AssignedPodDelete { class, .. } => {
                let (pod, gone) = (&cycle.class.spec, &cycle.cluster.classes.get(class).spec);
                // Upstream does not ask whether the claim is for one pod.
                let shares_claim =
                    || claims::named_claims(gone).any(|name| claims::named_claims(pod).any(|own| own == name));
                let conflicts =
                    || pod.volumes.iter().filter(|volume| is_disk(volume)).any(|disk| conflicts(disk, gone));
                gone.namespace == pod.namespace && (conflicts() || shares_claim())
            }
            _ => true,
        };
        if helps { Hint::Queue } else { Hint::Skip }
    }
}

impl Filter for Restrictions<'_> {
    fn filter(&self, node: &Node) -> Verdict {
        let specs =
            || node.pods.iter().filter_map(|id| self.cluster.pod(*id)).map(|pod| &self.cluster.class_of(pod).spec);
        if self.disks.iter().any(|disk| specs().any(|spec| conflicts(disk, spec))) {
            return Verdict::unschedulable("node(s) had no available disk");
        }
        if self.uses > 0 {
            return Verdict::unschedulable(
                "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by \
                 another pod",
            );
        }
        Verdict::Fits
    }

    fn fork(&self) -> Option<Box<dyn Filter + '_>> {
        Some(Box::new(self.clone()))
    }

    fn add_pod(&mut self, pod: PodOnNode<'_>, _node: &Node) {
        self.uses += self.uses_of(pod);
    }

    fn remove_pod(&mut self, pod: PodOnNode<'_>, _node: &Node) {
        self.uses -= self.uses_of(pod);
    }

    fn heeds_suppositions(&self) -> bool {
        true
    }

    fn suppose(&mut self, supposed: &Supposed<'_>) {
        self.uses += supposed.pods.iter().map(|(pod, _, step)| step.pods() * self.uses_of(*pod)).sum::<i64>();
    }
}

impl Restrictions<'_> {
    /// How often a pod uses the claims that are for one pod. Upstream does not look at its namespace.
    fn uses_of(&self, pod: PodOnNode<'_>) -> i64 {
        claims::named_claims(&pod.class.spec).filter(|name| self.for_one_pod.contains(name)).count() as i64
    }
}

/// Whether a pod on some node uses the claim.
fn is_used(namespace: &str, claim: &str, cluster: &Cluster) -> bool {
    cluster.placements().classes().any(|class| {
        let spec = &cluster.classes.get(class).spec;
        &*spec.namespace == namespace && claims::named_claims(spec).any(|name| name == claim)
    })
}

/// Whether a volume is a disk that a node cannot have twice.
const fn is_disk(volume: &Volume) -> bool {
    matches!(
        volume.source,
        VolumeSource::InTree { volume: InTreeVolume::GcePersistentDisk(_) | InTreeVolume::AwsElasticBlockStore(_), .. }
            | VolumeSource::Iscsi { .. }
            | VolumeSource::Rbd { .. }
    )
}

/// Whether the disk cannot be used beside the volumes of another pod. Most may be where both only read.
fn conflicts(disk: &Volume, other: &PodSpec) -> bool {
    other.volumes.iter().any(|volume| match (&disk.source, &volume.source) {
        (VolumeSource::InTree { volume: a, read_only: ra }, VolumeSource::InTree { volume: b, read_only: rb }) => {
            match (a, b) {
                (InTreeVolume::GcePersistentDisk(a), InTreeVolume::GcePersistentDisk(b)) => a == b && !(*ra && *rb),
                (InTreeVolume::AwsElasticBlockStore(a), InTreeVolume::AwsElasticBlockStore(b)) => a == b,
                _ => false,
            }
        }
        (VolumeSource::Iscsi { iqn: a, read_only: ra }, VolumeSource::Iscsi { iqn: b, read_only: rb }) => {
            a == b && !(*ra && *rb)
        }
        (
            VolumeSource::Rbd { monitors: ma, pool: pa, image: ia, read_only: ra },
            VolumeSource::Rbd { monitors: mb, pool: pb, image: ib, read_only: rb },
        ) => ma.iter().any(|monitor| mb.contains(monitor)) && pa == pb && ia == ib && !(*ra && *rb),
        _ => false,
    })
}
