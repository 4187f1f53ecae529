//! What the controllers do with claims and volumes that are there.

use super::*;
use crate::cluster::{Cause, Cluster, Object};
use crate::controller::{Context, Controller};
use crate::engine::{Simulation, Until};
use crate::model::labels::Labels;
use crate::model::node::NodeSpec;
use crate::model::pod::{NewPod, PodSpec};
use crate::model::volume::{AccessMode, ClaimSpec, Volume, VolumeMode, VolumeSource};
use crate::model::{ObjectId, Quantity};
use crate::node::kubelet::Latency;
use crate::time::{SimTime, Span};
use std::sync::Arc;

fn gib(n: i64) -> Quantity {
    Quantity::from_units(n << 30)
}

fn claim_spec(class: Option<&str>, request: i64) -> ClaimSpec {
    ClaimSpec {
        access_modes: vec![AccessMode::ReadWriteOnce],
        request: Some(gib(request)),
        storage_class: class.map(Into::into),
        selector: None,
        volume_mode: VolumeMode::Filesystem,
        volume_name: None,
        attributes_class: None,
    }
}

fn volume(class: &str, capacity: i64, reclaim_policy: ReclaimPolicy) -> PersistentVolume {
    PersistentVolume {
        labels: Labels::new(),
        capacity: gib(capacity),
        access_modes: vec![AccessMode::ReadWriteOnce],
        storage_class: class.into(),
        volume_mode: VolumeMode::Filesystem,
        attributes_class: None,
        source: PersistentVolumeSource::Other,
        claim_ref: None,
        node_affinity: None,
        reclaim_policy,
        phase: VolumePhase::Pending,
        deleting: false,
    }
}

fn class(provisioner: &str, binding_mode: VolumeBindingMode) -> StorageClass {
    StorageClass {
        provisioner: provisioner.into(),
        binding_mode,
        allowed_topologies: Vec::new(),
        reclaim_policy: ReclaimPolicy::Delete,
        is_default: false,
    }
}

/// A cluster with the controllers, in which things are done one after the other.
struct World {
    simulation: Simulation,
}

impl World {
    fn new(settings: VolumeSettings) -> Self {
        let mut simulation = Simulation::new(1);
        simulation.add_controller(Box::new(EphemeralVolumeController));
        simulation.add_controller(Box::new(VolumeController::new(settings)));
        Self { simulation }
    }

    fn create(&mut self, name: &str, body: impl Object) -> ObjectId {
        self.cluster().create_object("", name, None, Box::new(body)).expect("the name is free")
    }

    fn claim(&mut self, name: &str, spec: ClaimSpec) -> ObjectId {
        let body = Box::new(PersistentVolumeClaim::new(spec));
        self.cluster().create_object("default", name, None, body).expect("the name is free")
    }

    fn node(&mut self, name: &str, zone: &str) {
        let labels = [("zone".to_owned(), zone.to_owned())].into();
        self.cluster()
            .add_node(NodeSpec { name: name.into(), labels, ..NodeSpec::default() })
            .expect("the name is free");
    }

    fn cluster(&mut self) -> &mut Cluster {
        &mut self.simulation.cluster
    }

    fn run(&mut self) -> &Cluster {
        self.simulation.run(Until::Idle, &mut []).expect("nothing can fail");
        &self.simulation.cluster
    }

    fn volume_of(&self, claim: ObjectId) -> Option<(Arc<str>, &PersistentVolume)> {
        let objects = self.simulation.cluster.objects();
        let claim = objects.get::<PersistentVolumeClaim>(claim).filter(|claim| claim.is_fully_bound())?;
        assert_eq!(claim.phase, ClaimPhase::Bound);
        let (meta, volume) =
            objects.named::<PersistentVolume>("PersistentVolume", "", claim.spec.volume_name.as_deref()?)?;
        assert_eq!(volume.phase, VolumePhase::Bound);
        Some((meta.name.clone(), volume))
    }

    fn volume_name(&self, claim: ObjectId) -> Option<Arc<str>> {
        self.volume_of(claim).map(|(name, _)| name)
    }
}

#[test]
fn a_claim_gets_the_smallest_volume_that_fits() {
    let mut world = World::new(VolumeSettings::default());
    for (name, size) in [("large", 100), ("small", 1), ("right", 10)] {
        world.create(name, volume("", size, ReclaimPolicy::Retain));
    }
    let (first, second, third) = (
        world.claim("a", claim_spec(Some(""), 5)),
        world.claim("b", claim_spec(Some(""), 5)),
        world.claim("c", claim_spec(Some(""), 5)),
    );
    world.run();
    let names = [first, second, third].map(|claim| world.volume_name(claim));
    assert_eq!(names, [Some("right".into()), Some("large".into()), None], "none left for the third");
}

#[test]
fn a_claim_that_waits_for_a_pod_is_bound_when_the_scheduler_has_chosen() {
    let mut world = World::new(VolumeSettings::default());
    world.create("local", class(NO_PROVISIONER, VolumeBindingMode::WaitForFirstConsumer));
    let kept = PersistentVolume {
        claim_ref: Some(ClaimRef { namespace: "default".into(), name: "kept".into(), uid: None }),
        ..volume("local", 10, ReclaimPolicy::Retain)
    };
    let free = world.create("free", volume("local", 10, ReclaimPolicy::Retain));
    world.create("mine", kept);
    let claim = world.claim("c", claim_spec(Some("local"), 1));
    let kept = world.claim("kept", claim_spec(Some("local"), 1));
    let cluster = world.run();
    let phase = cluster.objects().get::<PersistentVolume>(free).map(|volume| volume.phase);
    assert_eq!(phase, Some(VolumePhase::Available));
    assert_eq!(world.volume_name(claim), None, "it waits");
    assert_eq!(world.volume_name(kept), Some("mine".into()), "a user has chosen already");

    let (meta, body) = live(claim, world.cluster());
    let claim_ref = ClaimRef::to(&meta, &body);
    world.cluster().update_object(free, |volume: &mut PersistentVolume| volume.claim_ref = Some(claim_ref));
    world.run();
    assert_eq!(world.volume_name(claim), Some("free".into()));
}

fn live(claim: ObjectId, cluster: &Cluster) -> (crate::cluster::ObjectMeta, PersistentVolumeClaim) {
    let objects = cluster.objects();
    (objects.meta(claim).expect("exists").clone(), objects.get::<PersistentVolumeClaim>(claim).expect("exists").clone())
}

#[test]
fn volumes_are_made_where_they_are_needed_and_take_their_time() {
    let latency = Span::from_secs(7);
    let mut world = World::new(VolumeSettings { provisioning: Latency::Constant(latency) });
    world.node("n1", "a");
    world.node("n2", "b");
    let driver = |key: &str| CsiNodeDriver { name: "d".into(), topology_keys: vec![key.into()], allocatable: None };
    world.create("n2", CsiNode { drivers: vec![driver("zone")], migrated_plugins: String::new() });
    world.create("now", class("d", VolumeBindingMode::Immediate));
    world.create("later", class("d", VolumeBindingMode::WaitForFirstConsumer));
    world.create("never", class(NO_PROVISIONER, VolumeBindingMode::Immediate));
    let [now, later, never] = ["now", "later", "never"].map(|class| world.claim(class, claim_spec(Some(class), 3)));
    world.cluster().update_object(later, |claim: &mut PersistentVolumeClaim| claim.selected_node = Some("n2".into()));
    assert_eq!(world.run().now, SimTime::ZERO + latency);
    assert_eq!(world.volume_name(never), None);
    let (_, made) = world.volume_of(now).expect("made");
    assert_eq!((made.capacity, made.reclaim_policy), (gib(3), ReclaimPolicy::Delete));
    let (_, made) = world.volume_of(later).expect("made");
    let zone = |zone: &str| [("zone".to_owned(), zone.to_owned())].into();
    assert!(made.is_reachable_from(&zone("b")) && !made.is_reachable_from(&zone("a")));
}

#[test]
fn the_volume_of_a_claim_that_is_gone_is_reclaimed() {
    let mut world = World::new(VolumeSettings::default());
    world.create("retain", volume("x", 1, ReclaimPolicy::Retain));
    world.create("delete", volume("y", 1, ReclaimPolicy::Delete));
    world.create("recycle", volume("z", 1, ReclaimPolicy::Recycle));
    let claims = ["x", "y", "z"].map(|class| world.claim(class, claim_spec(Some(class), 1)));
    world.run();
    for claim in claims {
        assert!(world.volume_name(claim).is_some());
        world.cluster().remove_object(claim);
    }
    let objects = world.run().objects();
    let phase = |name: &str| objects.named::<PersistentVolume>("PersistentVolume", "", name).map(|(_, v)| v.phase);
    let phases = ["retain", "delete", "recycle"].map(phase);
    assert_eq!(phases, [Some(VolumePhase::Released), None, Some(VolumePhase::Available)]);
}

#[test]
fn a_pool_that_is_full_sends_the_claim_elsewhere() {
    let mut world = World::new(VolumeSettings::default());
    world.node("n1", "a");
    world.create("d", CsiDriver { storage_capacity: true, ..CsiDriver::default() });
    world.create("s", class("d", VolumeBindingMode::WaitForFirstConsumer));
    let pool = world.create(
        "pool",
        CsiStorageCapacity {
            storage_class: "s".into(),
            capacity: Some(gib(5)),
            maximum_volume_size: None,
            node_topology: Some(crate::model::labels::LabelSelector::default()),
        },
    );
    let claims = ["a", "b"].map(|name| world.claim(name, claim_spec(Some("s"), 3)));
    for claim in claims {
        world
            .cluster()
            .update_object(claim, |claim: &mut PersistentVolumeClaim| claim.selected_node = Some("n1".into()));
    }
    world.run();
    let free = |world: &World| {
        let pool = world.simulation.cluster.objects().get::<CsiStorageCapacity>(pool);
        pool.and_then(|pool| pool.capacity).map(|capacity| capacity.value() >> 30)
    };
    assert!(world.volume_name(claims[0]).is_some());
    assert_eq!(free(&world), Some(2));
    let (_, second) = live(claims[1], &world.simulation.cluster);
    assert_eq!((second.phase, second.selected_node), (ClaimPhase::Pending, None), "the scheduler is asked again");
    world.cluster().remove_object(claims[0]);
    world.run();
    assert_eq!(free(&world), Some(5), "what was taken is given back");
}

#[test]
fn claims_without_a_class_get_the_newest_default() {
    let mut world = World::new(VolumeSettings::default());
    let default = |binding_mode| StorageClass { is_default: true, ..class("d", binding_mode) };
    let claim = world.claim("c", claim_spec(None, 1));
    let none = world.claim("none", claim_spec(Some(""), 1));
    world.run();
    assert_eq!(live(claim, world.cluster()).1.spec.storage_class, None, "there is no default yet");
    world.create("b", default(VolumeBindingMode::Immediate));
    world.create("a", default(VolumeBindingMode::Immediate));
    world.run();
    assert_eq!(live(claim, world.cluster()).1.spec.class(), "a", "of two from one instant the first by name");
    assert_eq!(live(none, world.cluster()).1.spec.class(), "", "a claim that wants none gets none");
    assert!(world.volume_name(claim).is_some());
}

#[test]
fn a_bound_claim_without_its_volume_is_lost() {
    let mut world = World::new(VolumeSettings::default());
    let spec = ClaimSpec { volume_name: Some("gone".into()), ..claim_spec(Some(""), 1) };
    let body =
        PersistentVolumeClaim { bind_completed: true, phase: ClaimPhase::Bound, ..PersistentVolumeClaim::new(spec) };
    let claim = world.cluster().create_object("default", "c", None, Box::new(body)).expect("the name is free");
    world.run();
    assert_eq!(live(claim, world.cluster()).1.phase, ClaimPhase::Lost);
}

/// Deletes every pod some time after it was created.
struct Reaper;

impl Controller for Reaper {
    fn name(&self) -> &'static str {
        "reaper"
    }
    fn interest(&self) -> crate::cluster::Interest {
        crate::cluster::Interest::POD_CREATED
    }
    fn on_change(&mut self, change: crate::cluster::Change, cx: &mut Context<'_>) {
        if let crate::cluster::Change::PodCreated(pod) = change {
            let about = crate::agenda::Subject::Pod(pod);
            let timer = crate::agenda::Timer { kind: 0, tag: 0, about };
            cx.remind(SimTime::ZERO + Span::from_secs(10), crate::agenda::Rank::Kubelet, timer);
        }
    }
    fn on_timer(&mut self, timer: crate::agenda::Timer, cx: &mut Context<'_>) {
        let name = cx.cluster.objects().by_name("PersistentVolumeClaim", "default", "p-scratch");
        assert!(name.is_some(), "the claim is there as long as the pod");
        if let crate::agenda::Subject::Pod(pod) = timer.about {
            cx.cluster.delete_pod(pod, Cause::Deleted);
        }
    }
}

#[test]
fn ephemeral_volumes_come_and_go_with_their_pod() {
    let mut world = World::new(VolumeSettings::default());
    world.simulation.add_controller(Box::new(Reaper));
    world.create("now", class("d", VolumeBindingMode::Immediate));
    let source = VolumeSource::Ephemeral(Arc::new(claim_spec(Some("now"), 1)));
    let spec = PodSpec { volumes: vec![Volume { name: "scratch".into(), source }], ..PodSpec::default() };
    let class = world.cluster().intern(spec);
    let pod = NewPod::new("p", class);
    world.cluster().create_pod(pod).expect("no quota");
    let cluster = world.run();
    assert_eq!(cluster.now, SimTime::ZERO + Span::from_secs(10));
    assert_eq!(cluster.objects().len(), 1, "only the class is left: neither claim nor volume");
}
