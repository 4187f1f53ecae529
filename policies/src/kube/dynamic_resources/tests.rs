//! What the allocator gives to claims.

use super::*;
use std::collections::BTreeMap;
use towtank_sim::dra::{
    AllocationMode, AllocationResult, AttributeValue, ClaimSpec, ClaimStatus, ConstraintKind, CounterConsumption,
    CounterSet, Device, DeviceCapacity, DeviceClass, DeviceConstraint, DeviceRequest, DeviceSubRequest, DeviceTaint,
    DeviceTaintEffect, DeviceToleration, NodeScope, RequestForm, RequestedDevices, ResourceClaim, ResourcePool,
    ResourceSlice,
};
use towtank_sim::model::affinity::{NodeSelector, NodeSelectorTerm};
use towtank_sim::model::labels::{Operator, Requirement};
use towtank_sim::model::node::NodeSpec;

const DRIVER: &str = "gpu.example.com";

/// A cluster of slices by name, in which claims ask for devices.
#[derive(Default)]
struct World {
    classes: BTreeMap<String, DeviceClass>,
    slices: BTreeMap<String, ResourceSlice>,
    allocated: Vec<ResourceClaim>,
    features: Features,
    cache: SelectorCache,
}

impl World {
    fn new() -> Self {
        let class = DeviceClass { selectors: vec![format!("device.driver == '{DRIVER}'")], ..DeviceClass::default() };
        Self { classes: BTreeMap::from([("gpu".to_owned(), class)]), ..Self::default() }
    }

    /// Adds a slice of a pool with as many slices as `of`.
    fn slice(
        &mut self,
        name: &str,
        pool: &str,
        of: i64,
        nodes: Option<NodeScope>,
        devices: Vec<Device>,
    ) -> &mut ResourceSlice {
        let pool = ResourcePool { name: pool.to_owned(), generation: 1, slice_count: of };
        let slice = ResourceSlice { driver: DRIVER.to_owned(), pool, nodes, devices, shared_counters: Vec::new() };
        self.slices.insert(name.to_owned(), slice);
        self.slices.get_mut(name).unwrap()
    }

    fn local(&mut self, node: &str, devices: Vec<Device>) -> &mut ResourceSlice {
        self.slice(node, node, 1, Some(NodeScope::Node(node.to_owned())), devices)
    }

    fn allocate(&self, node: &str, claims: &[ClaimSpec]) -> Result<Option<Vec<AllocationResult>>, AllocationError> {
        let allocated = AllocatedState::of(&self.allocated, self.features.consumable_capacity);
        let classes = self.classes.iter().map(|(name, class)| (name.as_str(), class));
        let slices = self.slices.iter().map(|(name, slice)| (name.as_str(), slice));
        let allocator = Allocator::new(self.features, allocated, classes, slices, &self.cache);
        let zone = node.chars().last().unwrap().to_string();
        let node = NodeSpec { name: node.into(), labels: [("zone", zone)].into(), ..NodeSpec::default() };
        let claims: Vec<_> =
            claims.iter().map(|spec| ClaimToAllocate { namespace: "default", name: "c", spec }).collect();
        allocator.allocate(&node, &claims)
    }

    /// The devices, as `REQUEST=DEVICE`.
    fn devices(&self, node: &str, claims: &[ClaimSpec]) -> Option<Vec<String>> {
        let found = self.allocate(node, claims).unwrap_or_else(|error| panic!("{error:?}"))?;
        Some(found.iter().flat_map(|c| &c.devices).map(|d| format!("{}={}", d.request, d.id.device)).collect())
    }

    fn error(&self, node: &str, claims: &[ClaimSpec]) -> String {
        match self.allocate(node, claims) {
            Err(AllocationError::Fatal(error) | AllocationError::Node(error)) => error,
            Ok(found) => panic!("{found:?}"),
        }
    }

    /// Records what a claim gets on a node.
    fn take(&mut self, node: &str, spec: ClaimSpec) {
        let allocation = self.allocate(node, std::slice::from_ref(&spec)).unwrap().unwrap().remove(0);
        let status = ClaimStatus { allocation: Some(allocation), ..ClaimStatus::default() };
        self.allocated.push(ResourceClaim { spec, status, ..ResourceClaim::default() });
    }
}

fn device(name: &str) -> Device {
    Device { name: name.to_owned(), ..Device::default() }
}

fn with(mut device: Device, attributes: &[(&str, &str)]) -> Device {
    let text = |(name, value): &(&str, &str)| ((*name).to_owned(), AttributeValue::String((*value).to_owned()));
    device.attributes = attributes.iter().map(text).collect();
    device
}

fn some(count: i64) -> RequestedDevices {
    RequestedDevices { class: "gpu".to_owned(), mode: AllocationMode::ExactCount(count), ..RequestedDevices::default() }
}

fn all() -> RequestedDevices {
    RequestedDevices { mode: AllocationMode::All, ..some(1) }
}

fn exactly(name: &str, devices: RequestedDevices) -> DeviceRequest {
    DeviceRequest { name: name.to_owned(), form: RequestForm::Exactly(devices) }
}

fn first_of(name: &str, alternatives: &[(&str, RequestedDevices)]) -> DeviceRequest {
    let alternative = |(name, devices): &(&str, RequestedDevices)| DeviceSubRequest {
        name: (*name).to_owned(),
        devices: devices.clone(),
    };
    DeviceRequest {
        name: name.to_owned(),
        form: RequestForm::FirstAvailable(alternatives.iter().map(alternative).collect()),
    }
}

fn claim(requests: Vec<DeviceRequest>) -> ClaimSpec {
    ClaimSpec { requests, constraints: Vec::new() }
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with what may be none")]
fn strings<const N: usize>(names: [&str; N]) -> Option<Vec<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn exact_counts_take_the_first_devices_that_are_free() {
    let mut world = World::new();
    world.local("n1", vec![device("a"), device("b"), device("c")]);
    world.local("n2", vec![device("a")]);
    assert_eq!(world.devices("n1", &[claim(vec![exactly("r", some(2))])]), strings(["r=a", "r=b"]));
    assert_eq!(world.devices("n2", &[claim(vec![exactly("r", some(2))])]), None);
    assert_eq!(world.devices("n3", &[claim(vec![exactly("r", some(1))])]), None);
    world.take("n1", claim(vec![exactly("r", some(1))]));
    assert_eq!(
        world.devices("n1", &[claim(vec![exactly("r", some(1))]), claim(vec![exactly("s", some(1))])]),
        strings(["r=b", "s=c"])
    );
    assert_eq!(world.devices("n1", &[claim(vec![exactly("r", some(3))])]), None);
}

#[test]
fn the_search_goes_back_where_the_first_choice_leaves_nothing_for_others() {
    let mut world = World::new();
    world.local("n1", vec![with(device("a"), &[("model", "x")]), with(device("b"), &[("model", "y")])]);
    let only_x = RequestedDevices { selectors: vec![format!("device.attributes['{DRIVER}'].model == 'x'")], ..some(1) };
    let spec = claim(vec![exactly("any", some(1)), exactly("x", only_x)]);
    assert_eq!(world.devices("n1", &[spec]), strings(["any=b", "x=a"]));
}

#[test]
fn all_means_all_that_match_and_at_least_one() {
    let mut world = World::new();
    world.local("n1", vec![device("a"), device("b")]);
    assert_eq!(world.devices("n1", &[claim(vec![exactly("r", all())])]), strings(["r=a", "r=b"]));
    assert_eq!(world.devices("n2", &[claim(vec![exactly("r", all())])]), None);
    world.take("n1", claim(vec![exactly("r", some(1))]));
    assert_eq!(world.devices("n1", &[claim(vec![exactly("r", all())])]), None, "one is taken");
    let admin = RequestedDevices { admin_access: true, ..all() };
    assert_eq!(world.devices("n1", &[claim(vec![exactly("r", admin)])]), strings(["r=a", "r=b"]));
    world.slice("n3", "n3", 2, Some(NodeScope::Node("n3".into())), vec![device("a")]);
    let error = world.error("n3", &[claim(vec![exactly("r", all())])]);
    assert_eq!(
        error,
        "claim default/c, request r: asks for all devices, but resource pool gpu.example.com/n3 is currently being updated"
    );
}

#[test]
fn the_first_alternative_that_can_be_had_is_taken() {
    let mut world = World::new();
    world.local("n1", vec![device("a"), device("b"), device("c")]);
    world.local("n2", vec![device("a")]);
    let spec = claim(vec![first_of("r", &[("big", some(3)), ("small", some(1))])]);
    assert_eq!(world.devices("n1", std::slice::from_ref(&spec)), strings(["r/big=a", "r/big=b", "r/big=c"]));
    assert_eq!(world.devices("n2", std::slice::from_ref(&spec)), strings(["r/small=a"]));
    // Of two claims the second gets what the first leaves, and the first gives way where nothing would be left.
    assert_eq!(world.devices("n1", &[spec.clone(), spec]), strings(["r/small=a", "r/small=b"]));
}

#[test]
fn constraints_compare_attributes() {
    let mut world = World::new();
    let devices = [("a", "0"), ("b", "1"), ("c", "1"), ("d", "0")];
    world.local("n1", devices.map(|(name, numa)| with(device(name), &[("numa", numa)])).to_vec());
    let constrain = |kind, requests: &[&str], spec: ClaimSpec| ClaimSpec {
        constraints: vec![DeviceConstraint {
            requests: requests.iter().map(|r| (*r).to_owned()).collect(),
            attribute: format!("{DRIVER}/numa"),
            kind,
        }],
        ..spec
    };
    let two = claim(vec![exactly("r", some(2))]);
    let same = constrain(ConstraintKind::Match, &[], two.clone());
    assert_eq!(world.devices("n1", &[same]), strings(["r=a", "r=d"]));
    let different = constrain(ConstraintKind::Distinct, &["r"], two);
    assert_eq!(world.devices("n1", &[different]), strings(["r=a", "r=b"]));
    let three = constrain(ConstraintKind::Match, &[], claim(vec![exactly("r", some(3))]));
    assert_eq!(world.devices("n1", &[three]), None);
    let unrelated = constrain(ConstraintKind::Match, &["s"], claim(vec![exactly("r", some(2)), exactly("s", some(2))]));
    assert_eq!(world.devices("n1", &[unrelated]), strings(["r=a", "r=d", "s=b", "s=c"]));
    let every = constrain(ConstraintKind::Match, &[], claim(vec![exactly("r", all())]));
    assert!(world.error("n1", &[every]).contains("cannot add device gpu.example.com/n1/b because a claim constraint"));
}

#[test]
fn tainted_devices_need_a_toleration() {
    let mut world = World::new();
    let taint = |effect| DeviceTaint { key: "broken".into(), value: String::new(), effect };
    let tainted = Device { taints: vec![taint(DeviceTaintEffect::NoSchedule)], ..device("a") };
    let noted = Device { taints: vec![taint(DeviceTaintEffect::None)], ..device("b") };
    world.local("n1", vec![tainted, noted]);
    assert_eq!(world.devices("n1", &[claim(vec![exactly("r", some(1))])]), strings(["r=b"]));
    let toleration = DeviceToleration { key: "broken".into(), value: None, effect: None };
    let tolerant = RequestedDevices { tolerations: vec![toleration], ..some(2) };
    assert_eq!(world.devices("n1", &[claim(vec![exactly("r", tolerant)])]), strings(["r=a", "r=b"]));
    world.features.device_taints = false;
    assert_eq!(world.devices("n1", &[claim(vec![exactly("r", some(1))])]), strings(["r=a"]));
}

#[test]
fn devices_share_counters() {
    let mut world = World::new();
    let gib = |n: i64| format!("{n}Gi").parse().unwrap();
    let part = |name: &str, n| Device {
        consumes_counters: vec![CounterConsumption {
            counter_set: "gpu".into(),
            counters: BTreeMap::from([("memory".to_owned(), gib(n))]),
        }],
        ..device(name)
    };
    let node = || Some(NodeScope::Node("n1".into()));
    world.slice("n1-devices", "n1", 2, node(), vec![part("whole", 40), part("half-1", 20), part("half-2", 20)]);
    let counters = BTreeMap::from([("memory".to_owned(), gib(40))]);
    world.slice("n1-counters", "n1", 2, node(), vec![]).shared_counters =
        vec![CounterSet { name: "gpu".into(), counters }];
    assert_eq!(world.devices("n1", &[claim(vec![exactly("r", some(1))])]), strings(["r=whole"]));
    assert_eq!(world.devices("n1", &[claim(vec![exactly("r", some(2))])]), strings(["r=half-1", "r=half-2"]));
    assert_eq!(world.devices("n1", &[claim(vec![exactly("r", some(3))])]), None);
    world.take("n1", claim(vec![exactly("r", some(1))]));
    assert_eq!(world.devices("n1", &[claim(vec![exactly("r", some(1))])]), None);
    world.slices.get_mut("n1-counters").unwrap().shared_counters[0].name = "other".into();
    assert_eq!(world.error("n1", &[claim(vec![exactly("r", some(1))])]), "invalid resource pools were encountered");
}

#[test]
fn several_claims_share_a_device_by_its_capacity() {
    let mut world = World::new();
    let capacity = DeviceCapacity { value: "40Gi".parse().unwrap(), request_policy: None };
    let capacity = BTreeMap::from([("memory".to_owned(), capacity)]);
    let shared = |name: &str| Device { allow_multiple_allocations: true, capacity: capacity.clone(), ..device(name) };
    world.local("n1", vec![shared("a"), shared("b")]);
    let part = |text: &str| {
        let capacity = BTreeMap::from([("memory".to_owned(), text.parse().unwrap())]);
        claim(vec![exactly("r", RequestedDevices { capacity, ..some(1) })])
    };
    assert_eq!(world.devices("n1", &[part("30Gi"), part("10Gi"), part("10Gi")]), strings(["r=a", "r=a", "r=b"]));
    world.take("n1", part("30Gi"));
    assert_eq!(world.devices("n1", &[part("20Gi")]), strings(["r=b"]));
    assert_eq!(world.devices("n1", &[part("10Gi")]), strings(["r=a"]));
    assert_eq!(world.devices("n1", &[part("41Gi")]), None);
    assert_eq!(world.devices("n1", &[claim(vec![exactly("r", some(1))])]), strings(["r=b"]), "all of it");
}

#[test]
fn devices_beyond_one_node_have_a_node_selector() {
    let mut world = World::new();
    let zone = Requirement { key: "zone".into(), operator: Operator::In, values: vec!["1".into()] };
    let term = NodeSelectorTerm { expressions: vec![zone], ..NodeSelectorTerm::default() };
    let selector = NodeSelector { terms: vec![term] };
    world.slice("net", "net", 1, Some(NodeScope::Selector(selector.clone())), vec![device("a")]);
    let spec = claim(vec![exactly("r", some(1))]);
    let found = world.allocate("n1", std::slice::from_ref(&spec)).unwrap().unwrap();
    assert_eq!(found[0].node_selector.as_ref(), Some(&selector));
    assert_eq!(world.devices("n2", std::slice::from_ref(&spec)), None);

    let each = |name: &str, node: &str| Device { nodes: Some(NodeScope::Node(node.into())), ..device(name) };
    world.slice("each", "each", 1, None, vec![each("b", "n2"), each("c", "n3")]);
    assert_eq!(world.devices("n2", std::slice::from_ref(&spec)), strings(["r=b"]));
    let found = world.allocate("n3", std::slice::from_ref(&spec)).unwrap().unwrap();
    assert_eq!(found[0].devices[0].id.device, "c");
    assert_eq!(found[0].node_selector.as_ref().unwrap().terms[0].fields[0].values, ["n3"]);

    world.slice("all", "0", 1, Some(NodeScope::All), vec![device("d")]);
    let found = world.allocate("n9", &[spec]).unwrap().unwrap();
    assert_eq!((found[0].devices[0].id.device.as_str(), &found[0].node_selector), ("d", &None));
}

#[test]
fn old_generations_and_incomplete_pools_do_not_count() {
    let mut world = World::new();
    let node = || Some(NodeScope::Node("n1".into()));
    let spec = claim(vec![exactly("r", some(1))]);
    world.slice("old", "n1", 1, node(), vec![device("old")]);
    world.slice("new", "n1", 1, node(), vec![device("new")]).pool.generation = 2;
    assert_eq!(world.devices("n1", std::slice::from_ref(&spec)), strings(["r=new"]));
    world.slices.get_mut("new").unwrap().pool.slice_count = 2;
    assert_eq!(world.devices("n1", std::slice::from_ref(&spec)), None);
    // The missing slice has devices for another node.
    world.slice("newer", "n1", 2, Some(NodeScope::Node("n2".into())), vec![device("x")]).pool.generation = 2;
    assert_eq!(world.devices("n1", std::slice::from_ref(&spec)), strings(["r=new"]));
    world.slice("twice", "n3", 1, Some(NodeScope::Node("n3".into())), vec![device("x"), device("x")]);
    assert_eq!(world.error("n3", &[spec]), "invalid resource pools were encountered");
}

#[test]
fn pools_are_tried_by_name_and_those_with_binding_conditions_last() {
    let mut world = World::new();
    let node = || Some(NodeScope::Node("n1".into()));
    let slow = Device { binding_conditions: vec!["attached".into()], ..device("slow") };
    world.slice("1", "a", 1, node(), vec![slow]);
    world.slice("2", "c", 1, node(), vec![device("c")]);
    world.slice("3", "b", 1, node(), vec![device("b")]);
    let three = claim(vec![exactly("r", some(3))]);
    assert_eq!(world.devices("n1", &[three]), strings(["r=b", "r=c", "r=slow"]));
}

#[test]
fn what_is_wrong_with_a_claim_ends_the_search_everywhere() {
    let mut world = World::new();
    world.local("n1", vec![device("a")]);
    let missing = RequestedDevices { class: "none".into(), ..some(1) };
    assert_eq!(
        world.error("n1", &[claim(vec![exactly("r", missing)])]),
        "claim default/c, request r: could not retrieve device class none: deviceclass.resource.k8s.io \"none\" not found"
    );
    let selector = |text: &str| RequestedDevices { selectors: vec!["true".into(), text.into()], ..some(1) };
    assert_eq!(
        world.error("n1", &[claim(vec![exactly("r", selector("device.attributes['a'].b > 1"))])]),
        "claim default/c: selector #1: CEL runtime error: no such key: b"
    );
    assert!(
        world
            .error("n1", &[claim(vec![exactly("r", selector("device.x"))])])
            .starts_with("claim default/c: selector #1: CEL compile error: ")
    );
    let many = claim((0..33).map(|i| exactly(&format!("r{i}"), some(1))).collect());
    assert_eq!(
        world.error("n1", &[many]),
        "claim default/c: number of requested devices 33 exceeds the claim limit of 32"
    );
}

#[test]
fn a_search_without_end_is_given_up() {
    let mut world = World::new();
    world.local("n1", (0..60).map(|i| device(&format!("d{i}"))).collect());
    let none = RequestedDevices { selectors: vec!["false".into()], ..some(1) };
    let spec = claim(vec![exactly("r", some(20)), exactly("s", none)]);
    assert_eq!(world.error("n1", &[spec]), "node n1: timed out trying to allocate devices");
}
