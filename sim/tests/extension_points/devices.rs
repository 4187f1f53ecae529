//! Which GPU devices a pod takes: what plugins at Reserve say, and what becomes of it.

use crate::lab::{Lab, pod_name};
use towtank_sim::engine::Until;
use towtank_sim::model::gpu::{DeviceSet, GpuRequest};
use towtank_sim::model::node::{Node, NodeSpec};
use towtank_sim::model::pod::{NewPod, PodSpec};
use towtank_sim::model::quantity::Quantity;
use towtank_sim::model::resources::ResourceList;
use towtank_sim::scheduler::{AttemptLatency, Cycle, Permit, Plugin, Points};
use towtank_sim::source::Work;
use towtank_sim::time::{SimTime, Span};

/// Names the same devices for every pod but those that are called otherwise.
struct Wants {
    name: &'static str,
    pod: &'static str,
    devices: u16,
}

impl Plugin for Wants {
    fn name(&self) -> &'static str {
        self.name
    }
    fn points(&self) -> Points {
        Points::RESERVE
    }
    fn devices(&self, cycle: &Cycle<'_>, _node: &Node) -> Option<DeviceSet> {
        (pod_name(cycle) == self.pod).then_some(DeviceSet(self.devices))
    }
}

/// Lets every binding wait for a second.
struct Slow;

impl Plugin for Slow {
    fn name(&self) -> &'static str {
        "Slow"
    }
    fn points(&self) -> Points {
        Points::PERMIT
    }
    fn permit(&self, _cycle: &Cycle<'_>, _node: &Node) -> Permit {
        Permit::Wait(Span::from_secs(1))
    }
    fn permit_again(&self, cycle: &Cycle<'_>, node: &Node) -> Permit {
        // Its place is held meanwhile, devices included.
        let free = node.devices.free().iter().filter(|free| **free == 1000).count();
        if cycle.live_pod().is_some_and(|pod| !pod.devices.is_empty()) && free < 4 {
            Permit::Allow
        } else {
            Permit::Wait(Span::ZERO)
        }
    }
}

/// A node of four devices, and two pods with half a device each.
fn lab() -> Lab {
    let mut lab = Lab::new();
    let amount = |units| Quantity::from_units(units);
    let allocatable = ResourceList::from(
        [("cpu", 8), ("pods", 110), ("towtank.dev/gpu-milli", 4000)].map(|(name, n)| (name.to_owned(), amount(n))),
    );
    let node = NodeSpec { name: "n1".into(), allocatable: allocatable.into(), devices: 4, ..NodeSpec::default() };
    lab.at(0, Work::Node(Box::new(node)));
    for (at, name) in [(1, "a"), (2, "b")] {
        let gpu = Some(GpuRequest { count: 1, milli: 500 });
        let requests = ResourceList::from([("cpu".to_owned(), amount(1))]);
        let spec = PodSpec { priority: Some(0), gpu, ..PodSpec::with_requests(requests) };
        let class = lab.simulation.cluster.intern(spec);
        lab.at(at, Work::Pod(NewPod::new(name, class)));
    }
    lab
}

/// The devices of each pod, as bits, at the end.
fn devices(lab: &Lab) -> Vec<u16> {
    let pod =
        |name| lab.simulation.cluster.pods().by_name("default", name).and_then(|id| lab.simulation.cluster.pod(id));
    ["a", "b"].map(|name| pod(name).map_or(0, |pod| pod.devices.0)).to_vec()
}

#[test]
fn without_a_say_it_is_best_fit() {
    let mut lab = lab();
    lab.run_until(Until::Idle);
    assert_eq!(devices(&lab), [0b0001, 0b0001]);
}

#[test]
fn the_first_plugin_that_names_devices_decides_and_they_are_taken() {
    let mut lab = lab();
    lab.plugin(Wants { name: "One", pod: "b", devices: 0b0100 });
    lab.plugin(Wants { name: "Other", pod: "b", devices: 0b1000 });
    lab.plugin(Wants { name: "Third", pod: "a", devices: 0b0010 });
    lab.run_until(Until::Idle);
    assert_eq!(devices(&lab), [0b0010, 0b0100]);
}

#[test]
fn a_pod_whose_binding_waits_keeps_the_devices_that_it_was_given() {
    let mut lab = lab();
    lab.plugin(Wants { name: "One", pod: "a", devices: 0b1000 });
    lab.plugin(Slow);
    lab.run_until(Until::Idle);
    assert_eq!(devices(&lab), [0b1000, 0b1000]);
}

#[test]
fn devices_without_room_are_an_error_of_the_plugin_and_the_pod_is_not_bound() {
    let mut lab = lab();
    lab.latency = AttemptLatency::Constant(Span::from_secs(1));
    lab.plugin(Wants { name: "Wrong", pod: "b", devices: 0b11 });
    let said = lab.run_until(Until::Time(SimTime::from_secs(5))).join("\n");
    assert_eq!(devices(&lab), [0b0001, 0]);
    assert!(said.contains("plugin Wrong chose GPU devices that have no room for the pod"), "{said}");
}
