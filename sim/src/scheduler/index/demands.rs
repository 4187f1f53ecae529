//! Which pods ask the same of the specifications of nodes, whatever they request and however they are called.

use crate::model::pod::{Container, InitContainer, PodSpec};
use hashbrown::HashTable;
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

/// What has been asked so far, by number.
#[derive(Debug, Default)]
pub(super) struct Demands {
    numbers: HashTable<usize>,
    /// The profile, the hash, and a pod that asks so.
    list: Vec<(u8, u64, PodSpec)>,
}

impl Demands {
    /// The number of what a pod asks under a profile: that of the list's length before, if it is new.
    pub(super) fn number(&mut self, profile: u8, spec: &PodSpec) -> usize {
        let hash = hash(profile, spec);
        let Self { numbers, list } = self;
        let is_it = |number: &usize| {
            let (other, code, known) = &list[*number];
            (*other, *code) == (profile, hash) && asks_the_same(known, spec)
        };
        if let Some(number) = numbers.find(hash, is_it) {
            return *number;
        }
        let number = list.len();
        list.push((profile, hash, spec.clone()));
        numbers.insert_unique(hash, number, |number| list[*number].1);
        number
    }

    pub(super) fn clear(&mut self) {
        self.numbers.clear();
        self.list.clear();
    }
}

fn hash(profile: u8, spec: &PodSpec) -> u64 {
    let mut hasher = FxHasher::default();
    (profile, asked(spec)).hash(&mut hasher);
    containers(spec).for_each(|container| container.hash(&mut hasher));
    hasher.finish()
}

fn asks_the_same(a: &PodSpec, b: &PodSpec) -> bool {
    asked(a) == asked(b) && containers(a).eq(containers(b))
}

/// What counts of a specification beside its containers. Nothing is left out by mistake: of a new field the compiler wants to know where
/// it belongs.
fn asked(spec: &PodSpec) -> impl Hash + PartialEq + '_ {
    let PodSpec {
        namespace: _,
        labels: _,
        requests: _,
        limits: _,
        overhead: _,
        actual: _,
        gpu: _,
        containers: _,
        init_containers: _,
        eviction_terms: _,
        scheduler_name,
        priority_class,
        priority,
        preemption_policy,
        resize_infeasible,
        host_network,
        host_users,
        resource_claims,
        node_name,
        node_selector,
        node_affinity,
        pod_affinity,
        pod_anti_affinity,
        topology_spread,
        tolerations,
        scheduling_gates,
        scheduling_group,
        volumes,
        restart_policy,
        termination_grace,
        active_deadline,
    } = spec;
    (
        (scheduler_name, priority_class, priority, preemption_policy, resize_infeasible, host_network, host_users),
        (node_name, node_selector, node_affinity, pod_affinity, pod_anti_affinity, topology_spread, tolerations),
        (resource_claims, volumes, scheduling_gates, scheduling_group, restart_policy, termination_grace),
        active_deadline,
    )
}

/// What counts of the containers, those that run first with whether they are sidecars.
fn containers(spec: &PodSpec) -> impl Iterator<Item = (Option<bool>, impl Hash + PartialEq + '_)> {
    let inits = spec.init_containers.iter().map(|InitContainer { container, sidecar }| (Some(*sidecar), container));
    inits.chain(spec.containers.iter().map(|container| (None, container))).map(|(sidecar, container)| {
        let Container { name, image, requests: _, limits: _, actual: _, host_ports, claims, restarts_all } = container;
        (sidecar, (name, image, host_ports, claims, restarts_all))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::resources::ResourceList;

    #[test]
    fn requests_and_names_make_no_difference_and_everything_else_does() {
        let mut demands = Demands::default();
        let plain = PodSpec::with_requests(ResourceList::new());
        let quantity = "3".parse().expect("a quantity");
        let larger = PodSpec::with_requests([("cpu".to_owned(), quantity)].into());
        let named =
            PodSpec { namespace: "other".into(), labels: [("a".to_owned(), "b".to_owned())].into(), ..plain.clone() };
        for spec in [&plain, &larger, &named] {
            assert_eq!(demands.number(0, spec), 0);
        }
        let pinned = PodSpec { node_name: Some("n".into()), ..plain.clone() };
        let mut with_image = plain.clone();
        with_image.containers[0].image = "image".to_owned();
        let mut with_init = plain.clone();
        let container = plain.containers[0].clone();
        with_init.init_containers.push(InitContainer { container, sidecar: false });
        let mut with_sidecar = with_init.clone();
        with_sidecar.init_containers[0].sidecar = true;
        for (number, spec) in [pinned, with_image, with_init, with_sidecar].iter().enumerate() {
            assert_eq!(demands.number(0, spec), number + 1);
            assert_eq!(demands.number(0, spec), number + 1, "it is known");
        }
        assert_eq!(demands.number(1, &plain), 5, "another profile has other plugins");
    }
}
