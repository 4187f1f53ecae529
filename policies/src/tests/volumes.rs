//! The volume plugins beyond what the recorded decisions show: what is assumed, what is bound, what wakes whom.

use crate::config::ParsedConfig;
use crate::factory::BuildContext;
use towtank_sim::cluster::{Action, Cluster};
use towtank_sim::model::labels::{LabelSelector, Labels};
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::{NewPod, PodSpec};
use towtank_sim::model::volume::{AccessMode, ClaimSpec, InTreeVolume, Volume, VolumeMode, VolumeSource};
use towtank_sim::model::{ObjectId, PodId, Quantity};
use towtank_sim::random::Streams;
use towtank_sim::scheduler::{
    ClusterEvent, Cycle, FeatureGates, Hint, Plugin, PodOnNode, PreBound, PreFilter, Profile, Verdict,
};
use towtank_sim::storage::{
    CsiDriver, CsiNode, CsiNodeDriver, CsiStorageCapacity, NO_PROVISIONER, PersistentVolume, PersistentVolumeClaim,
    PersistentVolumeSource, ReclaimPolicy, StorageClass, VolumeAttachment, VolumeBindingMode, VolumePhase,
};
use towtank_sim::time::Span;

struct World {
    cluster: Cluster,
    profile: Profile,
}

impl World {
    /// Three nodes, each in a zone of its own, and the classes `made` and `there`, which wait for pods.
    fn new() -> Self {
        let context = BuildContext::new(Streams::new(1), FeatureGates::default());
        let profile = crate::build(&ParsedConfig::default(), &context).profiles.remove(0);
        let mut world = Self { cluster: Cluster::default(), profile };
        for name in ["n1", "n2", "n3"] {
            let labels = [("zone".to_owned(), name.to_owned())].into();
            let spec = NodeSpec { name: name.into(), labels, ..NodeSpec::default() };
            world.cluster.add_node(spec).expect("the name is free");
        }
        world.class("made", "d");
        world.class("there", NO_PROVISIONER);
        world
    }

    fn class(&mut self, name: &str, provisioner: &str) -> ObjectId {
        let body = StorageClass {
            provisioner: provisioner.into(),
            binding_mode: VolumeBindingMode::WaitForFirstConsumer,
            allowed_topologies: Vec::new(),
            reclaim_policy: ReclaimPolicy::Delete,
            is_default: false,
        };
        self.cluster.create_object("", name, None, Box::new(body)).expect("the name is free")
    }

    fn claim(&mut self, name: &str, class: &str, mode: AccessMode) -> ObjectId {
        let spec = ClaimSpec {
            access_modes: vec![mode],
            request: Some(Quantity::from_units(1)),
            storage_class: Some(class.into()),
            selector: None,
            volume_mode: VolumeMode::Filesystem,
            volume_name: None,
            attributes_class: None,
        };
        let body = Box::new(PersistentVolumeClaim::new(spec));
        self.cluster.create_object("default", name, None, body).expect("the name is free")
    }

    fn volume(&mut self, name: &str, source: PersistentVolumeSource) -> ObjectId {
        let body = PersistentVolume {
            labels: Labels::new(),
            capacity: Quantity::from_units(1),
            access_modes: vec![AccessMode::ReadWriteOnce],
            storage_class: "there".into(),
            volume_mode: VolumeMode::Filesystem,
            attributes_class: None,
            source,
            claim_ref: None,
            node_affinity: None,
            reclaim_policy: ReclaimPolicy::Retain,
            phase: VolumePhase::Available,
            deleting: false,
        };
        self.cluster.create_object("", name, None, Box::new(body)).expect("the name is free")
    }

    fn pod(&mut self, name: &str, volumes: &[VolumeSource]) -> PodId {
        let volume = |(i, source): (usize, &VolumeSource)| Volume { name: format!("v{i}"), source: source.clone() };
        let volumes = volumes.iter().enumerate().map(volume).collect();
        let class = self.cluster.intern(PodSpec { volumes, ..PodSpec::default() });
        self.cluster.create_pod(NewPod::new(name, class)).expect("no quota")
    }

    fn bind(&mut self, pod: PodId, node: &str) {
        let node = self.cluster.nodes().by_name(node).expect("exists");
        self.cluster.bind(pod, node);
    }

    fn cycle(&self, pod: PodId) -> Cycle<'_> {
        Cycle::new(&self.cluster, self.cluster.pod(pod).expect("exists").class, Some(pod))
    }

    fn plugin(&self, name: &str) -> &dyn Plugin {
        &**self.profile.plugins.iter().find(|plugin| plugin.name() == name).expect("in the default profile")
    }

    /// The nodes that a plugin admits, without separators.
    fn admitted(&self, name: &str, pod: PodId) -> String {
        let cycle = self.cycle(pod);
        let nodes = self.cluster.nodes();
        match self.plugin(name).pre_filter(&cycle) {
            PreFilter::Reject(_) => String::new(),
            PreFilter::Ask(filter) | PreFilter::AskOnly(_, filter) => {
                let fits = nodes.iter().filter(|node| filter.filter(node) == Verdict::Fits);
                fits.map(|node| node.name().to_owned()).collect()
            }
            PreFilter::Skip => nodes.iter().map(|node| node.name().to_owned()).collect(),
        }
    }

    fn reserve(&self, pod: PodId, node: &str) {
        let node = self.cluster.node(self.cluster.nodes().by_name(node).expect("exists"));
        assert_eq!(self.plugin("VolumeBinding").reserve(&self.cycle(pod), node), Verdict::Fits);
    }

    fn hint(&self, plugin: &str, pod: PodId, event: ClusterEvent) -> bool {
        self.plugin(plugin).hint(&self.cycle(pod), event) == Hint::Queue
    }
}

fn of_claim(name: &str) -> VolumeSource {
    VolumeSource::PersistentVolumeClaim { claim_name: name.into(), read_only: false }
}

fn ebs(id: &str) -> VolumeSource {
    VolumeSource::InTree { volume: InTreeVolume::AwsElasticBlockStore(id.into()), read_only: false }
}

fn csi_node(driver: &str, limit: i32, migrated: &str) -> CsiNode {
    let driver = CsiNodeDriver { name: driver.into(), topology_keys: Vec::new(), allocatable: Some(limit) };
    CsiNode { drivers: vec![driver], migrated_plugins: migrated.to_owned() }
}

#[test]
fn a_decision_holds_until_the_claim_says_something_else() {
    let mut world = World::new();
    let claim = world.claim("c", "made", AccessMode::ReadWriteMany);
    let (first, second) = (world.pod("a", &[of_claim("c")]), world.pod("b", &[of_claim("c")]));
    assert_eq!(world.admitted("VolumeBinding", second), "n1n2n3");
    world.reserve(first, "n2");
    assert_eq!(world.admitted("VolumeBinding", second), "n2", "the volume will be made there");
    world.plugin("VolumeBinding").unreserve(&world.cycle(first), world.cluster.nodes().iter().next().expect("a node"));
    assert_eq!(world.admitted("VolumeBinding", second), "n1n2n3", "taken back");
    world.reserve(first, "n2");
    world.bind(first, "n2");
    assert_eq!(world.admitted("VolumeBinding", second), "n2", "the pod is bound, the claim is not");
    world.cluster.update_object(claim, |claim: &mut PersistentVolumeClaim| claim.selected_node = Some("n3".into()));
    assert_eq!(world.admitted("VolumeBinding", second), "n3", "the store knows better");
}

#[test]
fn a_volume_that_one_pod_will_have_is_not_given_to_another() {
    let mut world = World::new();
    world.volume("v", PersistentVolumeSource::Other);
    let claims = ["c", "d"].map(|name| world.claim(name, "there", AccessMode::ReadWriteOnce));
    let (first, second) = (world.pod("a", &[of_claim("c")]), world.pod("b", &[of_claim("d")]));
    let again = world.pod("c", &[of_claim("c")]);
    world.reserve(first, "n1");
    assert_eq!(world.admitted("VolumeBinding", second), "");
    assert_eq!(world.admitted("VolumeBinding", again), "n1n2n3", "the same claim keeps it");
    let wanted = {
        let node = world.cluster.nodes().iter().next().expect("n1");
        world.plugin("VolumeBinding").pre_bind(&world.cycle(first), node).expect("all is there")
    };
    let [wanted] = <[Action; 1]>::try_from(wanted).expect("one volume to bind");
    world.cluster.perform(wanted);
    let bound = |world: &World| {
        let node = world.cluster.nodes().iter().next().expect("n1");
        world.plugin("VolumeBinding").pre_bound(&world.cycle(first), node)
    };
    let until = world.cluster.now + Span::from_secs(600);
    assert_eq!(bound(&world), PreBound::Wait(Some(until)), "the volume controller has to finish it");
    world.cluster.update_object(claims[0], |claim: &mut PersistentVolumeClaim| {
        (claim.spec.volume_name, claim.bind_completed) = (Some("v".into()), true);
    });
    assert_eq!(bound(&world), PreBound::Ready);
}

#[test]
fn a_claim_whose_provisioning_fails_sends_its_pod_back() {
    let mut world = World::new();
    let claim = world.claim("c", "made", AccessMode::ReadWriteOnce);
    let pod = world.pod("a", &[of_claim("c")]);
    world.reserve(pod, "n1");
    let actions = {
        let node = world.cluster.nodes().iter().next().expect("n1");
        world.plugin("VolumeBinding").pre_bind(&world.cycle(pod), node).expect("all is there")
    };
    for action in actions {
        world.cluster.perform(action);
    }
    let node = world.cluster.nodes().iter().next().expect("n1");
    let until = world.cluster.now + Span::from_secs(600);
    assert_eq!(world.plugin("VolumeBinding").pre_bound(&world.cycle(pod), node), PreBound::WaitFor(claim, until));
    world.cluster.update_object(claim, |claim: &mut PersistentVolumeClaim| claim.selected_node = None);
    let node = world.cluster.nodes().iter().next().expect("n1");
    let why = "binding volumes: provisioning failed for PVC \"c\"".to_owned();
    assert_eq!(world.plugin("VolumeBinding").pre_bound(&world.cycle(pod), node), PreBound::Failed(why));
}

#[test]
fn in_tree_disks_count_as_their_driver_s_where_the_node_has_drivers() {
    let mut world = World::new();
    for (node, limit) in [("n1", 1), ("n2", 2)] {
        let body = csi_node("ebs.csi.aws.com", limit, "");
        world.cluster.create_object("", node, None, Box::new(body)).expect("the name is free");
    }
    let there = world.pod("there", &[ebs("aws://zone/vol-1")]);
    world.bind(there, "n1");
    let (other, same) = (world.pod("other", &[ebs("vol-2")]), world.pod("same", &[ebs("vol-1")]));
    assert_eq!(world.admitted("NodeVolumeLimits", other), "n2n3", "n1 is full, and n3 has no drivers");
    assert_eq!(world.admitted("NodeVolumeLimits", same), "n1n2n3", "n1 has it already");

    let driver = "ebs.csi.aws.com";
    let source = PersistentVolumeSource::Csi { driver: driver.into(), handle: "vol-9".into() };
    world.volume("v", source);
    let attached = |node: &str| VolumeAttachment {
        attacher: driver.into(),
        node_name: node.into(),
        volume_name: Some("v".into()),
    };
    let first = world.cluster.create_object("", "a1", None, Box::new(attached("n2"))).expect("the name is free");
    world.cluster.create_object("", "a2", None, Box::new(attached("n2"))).expect("the name is free");
    assert_eq!(world.admitted("NodeVolumeLimits", other), "n2n3", "one volume counts once");
    let two = world.pod("two", &[ebs("vol-3"), ebs("vol-4")]);
    assert_eq!(world.admitted("NodeVolumeLimits", two), "n3");
    assert!(world.hint("NodeVolumeLimits", two, ClusterEvent::ObjectDelete(first, VolumeAttachment::KIND)));
}

#[test]
fn a_volume_of_an_old_type_is_reached_by_its_driver_s_zones() {
    let mut world = World::new();
    let volume = PersistentVolumeSource::InTree(InTreeVolume::AwsElasticBlockStore("vol-1".into()));
    let volume = world.volume("v", volume);
    world.cluster.update_object(volume, |volume: &mut PersistentVolume| {
        volume.labels = [("topology.kubernetes.io/zone".to_owned(), "n2".to_owned())].into();
    });
    let claim = world.claim("c", "there", AccessMode::ReadWriteOnce);
    world.cluster.update_object(claim, |claim: &mut PersistentVolumeClaim| {
        (claim.spec.volume_name, claim.bind_completed) = (Some("v".into()), true);
    });
    let pod = world.pod("a", &[of_claim("c")]);
    assert_eq!(world.admitted("VolumeBinding", pod), "n1n2n3", "VolumeZone looks at the label");
    let body = csi_node("ebs.csi.aws.com", 9, "kubernetes.io/aws-ebs");
    let old = world.cluster.create_object("", "n1", None, Box::new(body)).expect("the name is free");
    assert_eq!(world.admitted("VolumeBinding", pod), "n2n3", "n1 goes by a label that it does not have");
    world.cluster.update_object(old, |csi_node: &mut CsiNode| csi_node.migrated_plugins.clear());
    assert!(world.hint("VolumeBinding", pod, ClusterEvent::ObjectUpdate(old, CsiNode::KIND)));
    assert_eq!(world.admitted("VolumeBinding", pod), "n1n2n3");
}

#[test]
fn a_claim_for_one_pod_is_free_when_that_pod_is_tried_away() {
    let mut world = World::new();
    world.claim("c", "made", AccessMode::ReadWriteOncePod);
    let (holder, pod) = (world.pod("a", &[of_claim("c")]), world.pod("b", &[of_claim("c")]));
    assert_eq!(world.admitted("VolumeRestrictions", pod), "n1n2n3");
    world.bind(holder, "n1");
    assert_eq!(world.admitted("VolumeRestrictions", pod), "");
    let cycle = world.cycle(pod);
    let PreFilter::Ask(filter) = world.plugin("VolumeRestrictions").pre_filter(&cycle) else { panic!("asks") };
    let mut fork = filter.fork().expect("it keeps a count");
    let node = world.cluster.nodes().iter().next().expect("n1");
    let body = world.cluster.pod(holder).expect("exists");
    let gone = PodOnNode { id: holder, pod: body, class_id: body.class, class: world.cluster.class_of(body) };
    fork.remove_pod(gone, node);
    assert_eq!(fork.filter(node), Verdict::Fits);
    fork.add_pod(gone, node);
    assert_ne!(fork.filter(node), Verdict::Fits);
    assert_ne!(filter.filter(node), Verdict::Fits, "the original does not know of the trial");
}

#[test]
fn only_what_may_help_wakes_a_pod() {
    let mut world = World::new();
    let ours = world.claim("c", "made", AccessMode::ReadWriteOnce);
    let other = world.claim("d", "made", AccessMode::ReadWriteOnce);
    let own = world.claim("a-v1", "made", AccessMode::ReadWriteOnce);
    let ephemeral = VolumeSource::Ephemeral(
        world.cluster.objects().get::<PersistentVolumeClaim>(ours).expect("exists").spec.clone().into(),
    );
    let pod = world.pod("a", &[of_claim("c"), ephemeral]);
    let added = |id| ClusterEvent::ObjectAdd(id, PersistentVolumeClaim::KIND);
    for (plugin, expected) in [
        ("VolumeBinding", [true, false, true]),
        ("NodeVolumeLimits", [true, false, true]),
        ("VolumeZone", [true, false, false]),
    ] {
        assert_eq!([ours, other, own].map(|id| world.hint(plugin, pod, added(id))), expected, "{plugin}");
    }

    let pool = CsiStorageCapacity {
        storage_class: "made".into(),
        capacity: Some(Quantity::from_units(5)),
        maximum_volume_size: None,
        node_topology: Some(LabelSelector::default()),
    };
    let pool = world.cluster.create_object("", "pool", None, Box::new(pool)).expect("the name is free");
    let changed = ClusterEvent::ObjectUpdate(pool, CsiStorageCapacity::KIND);
    for (bytes, expected) in [(Some(6), true), (Some(6), false), (Some(4), false), (None, false), (Some(1), true)] {
        world
            .cluster
            .update_object(pool, |pool: &mut CsiStorageCapacity| pool.capacity = bytes.map(Quantity::from_units));
        assert_eq!(world.hint("VolumeBinding", pod, changed), expected, "{bytes:?}");
    }

    let class = world.class("new", "d");
    let changed = ClusterEvent::ObjectUpdate(class, StorageClass::KIND);
    world.cluster.update_object(class, |class: &mut StorageClass| class.reclaim_policy = ReclaimPolicy::Retain);
    assert!(!world.hint("VolumeBinding", pod, changed), "the topologies are the same");

    let driver = CsiDriver { storage_capacity: true, ..CsiDriver::default() };
    let driver = world.cluster.create_object("", "d", None, Box::new(driver)).expect("the name is free");
    world.cluster.update_object(driver, |driver: &mut CsiDriver| driver.storage_capacity = false);
    let changed = ClusterEvent::ObjectUpdate(driver, CsiDriver::KIND);
    assert!(!world.hint("VolumeBinding", pod, changed), "upstream looks at volumes without a claim only");
    let inline = world.pod("b", &[VolumeSource::Csi { driver: "d".into() }]);
    assert!(world.hint("VolumeBinding", inline, changed));

    let limits = world.cluster.create_object("", "n1", None, Box::new(csi_node("d", 1, ""))).expect("the name is free");
    let changed = ClusterEvent::ObjectUpdate(limits, CsiNode::KIND);
    for (limit, expected) in [(2, true), (1, false), (1, false)] {
        world.cluster.update_object(limits, |node: &mut CsiNode| *node = csi_node("d", limit, ""));
        assert_eq!(world.hint("NodeVolumeLimits", pod, changed), expected, "{limit}");
    }
}
