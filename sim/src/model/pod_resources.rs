//! What a pod asks for in all: from the requests and limits of its containers and of the pod as a whole.
//!
//! Sources: `component-helpers/resource/helpers.go`; `pkg/scheduler/framework/types.go` (`CalculateResource`);
//! `pkg/apis/core/v1/helper/qos/qos.go`.

use super::pod::{ActualResources, Container, PodSpec, QosClass};
use super::quantity::Quantity;
use super::resources::{ResourceList, ResourceName};

/// CPU that scoring assumes for a container that requests none: 100 milli-CPU.
///
/// Source: `pkg/scheduler/util/pod_resources.go`.
pub const DEFAULT_CPU_REQUEST: i64 = 100;

/// Memory that scoring assumes for a container that requests none: 200 MiB. Source as for [`DEFAULT_CPU_REQUEST`].
pub const DEFAULT_MEMORY_REQUEST: i64 = 200 * 1024 * 1024;

impl PodSpec {
    /// The effective requests by what `of` says of each container: of the containers together, or what the pod requests as a
    /// whole in their place; with overhead.
    pub fn effective(&self, of: impl Fn(&Container) -> ResourceList) -> ResourceList {
        let mut requests = self.of_containers(of);
        requests.extend(pod_level(&self.requests).map(|(name, quantity)| (name.clone(), *quantity)));
        add(&mut requests, &self.overhead);
        requests
    }

    /// The effective limits by the specification. Overhead is added where there is a limit other than 0.
    pub fn effective_limits(&self) -> ResourceList {
        self.limits_of(|container| container.limits.clone(), &self.limits)
    }

    /// What the pod holds on its node: the effective requests, and more while a resize goes on.
    pub fn held_requests(&self) -> ResourceList {
        self.held(|_| ())
    }

    /// The limits in force, likewise.
    pub fn held_limits(&self) -> ResourceList {
        let of = |limits: &ResourceList, actual: Option<&ActualResources>| match actual {
            Some(actual) if self.resize_infeasible => actual.limits.clone(),
            Some(actual) => larger(limits, &actual.limits),
            None => limits.clone(),
        };
        let of_pod = of(&self.limits, self.actual.as_deref());
        let named = self.limits.keys().filter_map(|name| Some((name.clone(), *of_pod.get(name)?))).collect();
        self.limits_of(|container| of(&container.limits, container.actual.as_deref()), &named)
    }

    /// What the pod counts for on its node where nodes are scored by allocation: containers without a request count with the
    /// defaults. A pod that requests something as a whole counts with defaults only for what nobody requests.
    pub fn nonzero_requests(&self) -> ResourceList {
        let held = self.held_requests();
        let of_pod = pod_level(&self.requests).next().is_some();
        let fill = |name: &str| !of_pod || !held.contains_key(name);
        let (cpu, memory) = (fill("cpu"), fill("memory"));
        self.held(|list| add_defaults(list, cpu, memory))
    }

    /// What the incoming pod counts for there: what it requests as a whole is passed over, as it is upstream.
    pub fn scored_requests(&self) -> ResourceList {
        let mut requests = self.of_containers(|container| {
            let mut list = container.requests.clone();
            add_defaults(&mut list, true, true);
            list
        });
        add(&mut requests, &self.overhead);
        requests
    }

    /// The quality-of-service class.
    pub fn qos(&self) -> QosClass {
        let whole =
            [Container { requests: self.requests.clone(), limits: self.limits.clone(), ..Container::default() }];
        let of_pod = !self.requests.is_empty() || !self.limits.is_empty();
        let (inits, mains) =
            if of_pod { (&[][..], &whole[..]) } else { (&self.init_containers[..], &self.containers[..]) };
        let containers = || inits.iter().map(|c| &c.container).chain(mains);
        let counts = |list: &ResourceList, name: &str| list.get(name).is_some_and(|q| *q > Quantity::default());
        let any = containers()
            .any(|c| ["cpu", "memory"].iter().any(|name| counts(&c.requests, name) || counts(&c.limits, name)));
        if !any {
            return QosClass::BestEffort;
        }
        let guaranteed = containers().all(|c| {
            ["cpu", "memory"].iter().all(|name| counts(&c.limits, name) && c.requests.get(name) == c.limits.get(name))
        });
        if guaranteed { QosClass::Guaranteed } else { QosClass::Burstable }
    }

    /// The larger of what runs at the end (containers and sidecars) and of what each init container needs beside the sidecars
    /// before it.
    pub fn of_containers(&self, of: impl Fn(&Container) -> ResourceList) -> ResourceList {
        let mut running = ResourceList::new();
        for container in &self.containers {
            add(&mut running, &of(container));
        }
        let mut sidecars = ResourceList::new();
        let mut starting = ResourceList::new();
        for init in &self.init_containers {
            let mut need = of(&init.container);
            add(&mut need, &sidecars);
            if init.sidecar {
                add(&mut running, &of(&init.container));
                sidecars.clone_from(&need);
            }
            raise(&mut starting, &need);
        }
        raise(&mut running, &starting);
        running
    }

    /// The held requests; `fill` may add to each container's list.
    fn held(&self, fill: impl Fn(&mut ResourceList)) -> ResourceList {
        let of = |requests: &ResourceList, actual: Option<&ActualResources>| match actual {
            Some(actual) if self.resize_infeasible => larger(&actual.requests, &actual.allocated),
            Some(actual) => larger(&larger(requests, &actual.requests), &actual.allocated),
            None => requests.clone(),
        };
        let mut requests = self.of_containers(|container| {
            let mut list = of(&container.requests, container.actual.as_deref());
            fill(&mut list);
            list
        });
        let of_pod = of(&self.requests, self.actual.as_deref());
        for (name, _) in pod_level(&self.requests) {
            requests.insert(name.clone(), of_pod.get(name).copied().unwrap_or_default());
        }
        add(&mut requests, &self.overhead);
        requests
    }

    fn limits_of(&self, of: impl Fn(&Container) -> ResourceList, of_pod: &ResourceList) -> ResourceList {
        let mut limits = self.of_containers(of);
        limits.extend(pod_level(of_pod).map(|(name, quantity)| (name.clone(), *quantity)));
        for (name, quantity) in &self.overhead {
            if let Some(limit) = limits.get_mut(name).filter(|limit| **limit != Quantity::default()) {
                *limit = limit.plus(*quantity);
            }
        }
        limits
    }
}

/// Whether a pod as a whole can request the resource.
pub fn is_pod_level(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || name.starts_with("hugepages-")
}

/// What of a pod-level list counts.
fn pod_level(list: &ResourceList) -> impl Iterator<Item = (&ResourceName, &Quantity)> {
    list.iter().filter(|(name, _)| is_pod_level(name))
}

fn add_defaults(list: &mut ResourceList, cpu: bool, memory: bool) {
    if cpu {
        list.entry("cpu").or_insert(Quantity::from_milli(DEFAULT_CPU_REQUEST));
    }
    if memory {
        list.entry("memory").or_insert(Quantity::from_units(DEFAULT_MEMORY_REQUEST));
    }
}

fn larger(list: &ResourceList, other: &ResourceList) -> ResourceList {
    let mut most = list.clone();
    raise(&mut most, other);
    most
}

/// Raises every resource to at least the other's.
fn raise(list: &mut ResourceList, other: &ResourceList) {
    for (name, quantity) in other {
        let most = list.entry(name.clone()).or_insert(*quantity);
        *most = (*most).max(*quantity);
    }
}

fn add(sum: &mut ResourceList, list: &ResourceList) {
    for (name, quantity) in list {
        let entry = sum.entry(name.clone()).or_default();
        *entry = entry.plus(*quantity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(cpu: &str, memory: &str) -> ResourceList {
        let pairs = [("cpu", cpu), ("memory", memory)].into_iter().filter(|(_, text)| !text.is_empty());
        pairs.map(|(name, text)| (name.to_owned(), text.parse().unwrap())).collect()
    }

    fn container(requests: ResourceList) -> Container {
        Container { requests, ..Container::default() }
    }

    #[test]
    fn a_resize_holds_the_most_and_an_infeasible_one_what_is_there() {
        let mut running = container(list("1", "1Gi"));
        let actual = ActualResources { requests: list("3", "1Gi"), limits: list("3", ""), allocated: list("2", "2Gi") };
        running.limits = list("1", "");
        running.actual = Some(Box::new(actual));
        let mut pod = PodSpec { containers: vec![running], ..PodSpec::default() };
        assert_eq!(pod.held_requests(), list("3", "2Gi"));
        assert_eq!(pod.held_limits(), list("3", ""));
        assert_eq!(pod.effective(|c| c.requests.clone()), list("1", "1Gi"), "by the specification");
        pod.containers[0].requests = list("8", "8Gi");
        assert_eq!(pod.held_requests(), list("8", "8Gi"));
        pod.resize_infeasible = true;
        assert_eq!(pod.held_requests(), list("3", "2Gi"));
    }

    #[test]
    fn a_pod_under_resize_as_a_whole_holds_the_most() {
        let actual = ActualResources { requests: list("3", "9Gi"), limits: list("4", ""), allocated: list("2", "") };
        let pod = PodSpec {
            containers: vec![container(list("1", "1Gi"))],
            requests: list("2", ""),
            limits: list("2", ""),
            actual: Some(Box::new(actual)),
            ..PodSpec::default()
        };
        // Memory is not requested as a whole, so the status has no say about it.
        assert_eq!(pod.held_requests(), list("3", "1Gi"));
        assert_eq!(pod.held_limits(), list("4", ""));
    }

    #[test]
    fn defaults_fill_what_nobody_requests() {
        let two = |first: ResourceList, of_pod: ResourceList| PodSpec {
            containers: vec![container(first), container(ResourceList::new())],
            requests: of_pod,
            ..PodSpec::default()
        };
        let plain = two(list("100m", "1Gi"), ResourceList::new());
        assert_eq!(plain.nonzero_requests(), list("200m", "1224Mi"));
        assert_eq!(plain.scored_requests(), list("200m", "1224Mi"));
        // The pod requests CPU as a whole, and one container memory: nothing is missing on the node.
        let whole = two(list("", "1Gi"), list("2", ""));
        assert_eq!(whole.nonzero_requests(), list("2", "1Gi"));
        assert_eq!(whole.scored_requests(), list("200m", "1224Mi"));
        // Memory is requested by nobody.
        let cpu_only = two(list("1", ""), list("2", ""));
        assert_eq!(cpu_only.nonzero_requests(), list("2", "400Mi"));
    }
}
