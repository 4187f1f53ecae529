//! The machines of a cluster as a batch scheduler keeps them: their order, what is free on them, who may go where.

use super::ground::{Ground, Kind, KindId};
use super::job::{Job, Part};
use super::pass::{Machines, Release, pooled};
use super::policy::Counting;
use super::space::{Placement, Space, multiple};
use crate::cluster::{ClassWatch, Cluster};
use crate::model::gpu::{Devices, WHOLE};
use crate::model::node::Node;
use crate::model::pod::PodClass;
use crate::model::resources::Resources;
use crate::model::volume::VolumeSource;
use crate::model::{ClassId, NodeId, PodList};
use crate::scheduler::{Cycle, Profile};
use rustc_hash::FxHashMap;
use std::rc::Rc;
use std::sync::Arc;

/// The machines.
#[derive(Debug, Default)]
pub(super) struct Site {
    /// The nodes by age: machine 0 is the oldest one.
    nodes: Vec<NodeId>,
    machine_of: FxHashMap<NodeId, u32>,
    ground: Rc<Ground>,
    kind_of: FxHashMap<ClassId, KindId>,
    classes: ClassWatch,
    /// Which kinds are judged on the present nodes.
    judged: Vec<bool>,
    /// By machine: its pool, and the pools with what they are judged by.
    pool_of: Vec<u32>,
    pools: Rc<Ground>,
    /// The changes of nodes that have been seen.
    seen: Option<u64>,
}

impl Site {
    /// The kind of a class of pods.
    pub(super) fn kind(&mut self, class: ClassId, cluster: &Cluster) -> KindId {
        if let Some(stayed) = self.classes.look(&cluster.classes) {
            // The kinds stay: the pools of machines are what all kinds so far have made of them.
            self.kind_of.retain(|class, _| stayed.has(*class));
        }
        if let Some(kind) = self.kind_of.get(&class) {
            return *kind;
        }
        let id = KindId(self.ground.kinds.len() as u32);
        let requests = cluster.classes.get(class).requests.clone();
        Rc::make_mut(&mut self.ground).kinds.push(Kind { class, requests, eligible: Vec::new() });
        self.judged.push(false);
        self.kind_of.insert(class, id);
        id
    }

    /// The class of a kind.
    pub(super) fn class(&self, kind: KindId) -> ClassId {
        self.ground.kinds[kind.index()].class
    }

    /// Looks whether nodes have come, gone or changed; whether they have.
    pub(super) fn refresh(&mut self, cluster: &Cluster) -> bool {
        let changes = Some(cluster.nodes().spec_changes());
        if self.seen == changes {
            return false;
        }
        self.seen = changes;
        self.nodes = cluster.nodes().iter().map(|node| node.id).collect();
        self.nodes.sort_by_key(|id| cluster.node(*id).uid);
        self.machine_of = self.nodes.iter().enumerate().map(|(number, id)| (*id, number as u32)).collect();
        self.judged.fill(false);
        self.pool_of.clear();
        true
    }

    /// Judges where the pods of these jobs may go.
    pub(super) fn judge<'j>(
        &mut self,
        jobs: impl Iterator<Item = &'j Job>,
        (profile, counting): (&Profile, Counting),
        cluster: &Cluster,
    ) {
        let mut alike = self.pool_of.len() == self.nodes.len();
        for part in jobs.flat_map(|job| &job.parts) {
            let index = part.kind.index();
            if self.judged[index] {
                continue;
            }
            let eligible = eligible(self.ground.kinds[index].class, &self.nodes, profile, cluster);
            alike = alike && counting == Counting::Capacity && self.add_to_pools(index, &eligible);
            Rc::make_mut(&mut self.ground).kinds[index].eligible = eligible;
            self.judged[index] = true;
        }
        if counting == Counting::Capacity && !alike {
            self.make_pools(cluster);
        }
    }

    /// What is free now, as plans of this kind see it.
    pub(super) fn free(&self, counting: Counting, cluster: &Cluster) -> (Space, Machines<'_>) {
        let free = |id: &NodeId| left(&cluster.node(*id).allocatable, &cluster.node(*id).requested);
        let by_machine: Vec<Resources> = self.nodes.iter().map(free).collect();
        self.space(by_machine, counting)
    }

    /// Whether a job would have its places if nothing else ran.
    pub(super) fn holds(&self, job: &Job, cluster: &Cluster) -> bool {
        let all = self.nodes.iter().map(|id| (*cluster.node(*id).allocatable).clone()).collect();
        Space::new(self.ground.clone(), all).fits(job)
    }

    /// How many pods of a part would have a place if nothing else ran.
    pub(super) fn room(&self, part: &Part, cluster: &Cluster) -> u64 {
        let kind = &self.ground.kinds[part.kind.index()];
        let machines = self.nodes.iter().zip(&kind.eligible).filter(|(_, eligible)| **eligible);
        machines.map(|(id, _)| u64::from(super::job::times(&kind.requests, &cluster.node(*id).allocatable))).sum()
    }

    /// A release of places on machines as plans of this kind see it.
    pub(super) fn seen_as(&self, counting: Counting, release: Release) -> Release {
        match counting {
            Counting::Machines => release,
            Counting::Capacity => Release { placement: pooled(&release.placement.grants, &self.pool_of), ..release },
        }
    }

    /// What so many pods of a part take.
    pub(super) fn amount(&self, part: &Part, pods: u32) -> Resources {
        multiple(&self.ground.kinds[part.kind.index()].requests, pods)
    }

    /// The number of a node's machine.
    pub(super) fn machine(&self, node: NodeId) -> Option<u32> {
        self.machine_of.get(&node).copied()
    }

    /// The node of each place, in order.
    pub(super) fn nodes_of(&self, placement: &Placement) -> impl Iterator<Item = (u32, NodeId)> {
        placement.grants.iter().flat_map(|grant| {
            std::iter::repeat_n((grant.part, self.nodes[grant.machine as usize]), grant.pods as usize)
        })
    }

    /// How many machines there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    fn space(&self, by_machine: Vec<Resources>, counting: Counting) -> (Space, Machines<'_>) {
        if counting == Counting::Machines {
            return (Space::new(self.ground.clone(), by_machine), Machines::Planned);
        }
        let pools = self.pool_of.iter().max().map_or(0, |last| *last as usize + 1);
        let mut by_pool = vec![Resources::default(); pools];
        for (free, pool) in by_machine.iter().zip(&self.pool_of) {
            by_pool[*pool as usize].add(free);
        }
        let free = Space::new(self.ground.clone(), by_machine);
        (Space::new(self.pools.clone(), by_pool), Machines::Pooled { free, pool_of: &self.pool_of })
    }

    /// Adds a kind to the pools; whether the machines of each pool are still alike.
    fn add_to_pools(&mut self, kind: usize, eligible: &[bool]) -> bool {
        let pools = self.pool_of.iter().max().map_or(0, |last| *last as usize + 1);
        let mut takes: Vec<Option<bool>> = vec![None; pools];
        for (pool, eligible) in self.pool_of.iter().zip(eligible) {
            if *takes[*pool as usize].get_or_insert(*eligible) != *eligible {
                return false;
            }
        }
        let ground = Rc::make_mut(&mut self.pools);
        ground.kinds.extend_from_slice(&self.ground.kinds[ground.kinds.len()..]);
        ground.kinds[kind].eligible = takes.into_iter().flatten().collect();
        true
    }

    /// Machines are in one pool if they are of one size and take the same kinds of pods. Pools are in the order of their first machines.
    fn make_pools(&mut self, cluster: &Cluster) {
        let judged: Vec<usize> = (0..self.judged.len()).filter(|kind| self.judged[*kind]).collect();
        let mut pools: FxHashMap<(Arc<Resources>, Vec<bool>), u32> = FxHashMap::default();
        self.pool_of.clear();
        let mut first = Vec::new();
        for (machine, id) in self.nodes.iter().enumerate() {
            let takes = judged.iter().map(|kind| self.ground.kinds[*kind].eligible[machine]).collect();
            let next = pools.len() as u32;
            let pool = *pools.entry((cluster.node(*id).allocatable.clone(), takes)).or_insert(next);
            if pool == next {
                first.push(machine);
            }
            self.pool_of.push(pool);
        }
        let mut ground = (*self.ground).clone();
        for kind in judged {
            let eligible = &self.ground.kinds[kind].eligible;
            ground.kinds[kind].eligible = first.iter().map(|machine| eligible[*machine]).collect();
        }
        self.pools = Rc::new(ground);
    }
}

/// What is left of an amount; nothing where more is taken than there is.
fn left(all: &Resources, taken: &Resources) -> Resources {
    let mut left = Resources::default();
    for (id, amount) in all.iter() {
        left.set(id, (amount - taken.get(id)).max(0));
    }
    left
}

/// On which nodes the filters of the profile would let a pod of the class, if nothing ran there.
fn eligible(class: ClassId, nodes: &[NodeId], profile: &Profile, cluster: &Cluster) -> Vec<bool> {
    let cycle = Cycle::new(cluster, class, None);
    let Ok(chain) = profile.filters(&cycle) else { return vec![false; nodes.len()] };
    let empty = |node: &Node| Node {
        pods: PodList::default(),
        requested: Resources::default(),
        nonzero_cpu: 0,
        nonzero_memory: 0,
        ports: Vec::new(),
        devices: Devices::new(usize::from(node.spec.devices)),
        ..node.clone()
    };
    nodes.iter().map(|id| chain.leaves(*id) && chain.check(&empty(cluster.node(*id))).is_none()).collect()
}

/// What of a pod a plan over time does not know how to treat; nothing where it knows all.
pub(super) fn not_planned(class: &PodClass) -> Option<&'static str> {
    let spec = &class.spec;
    [
        (class.has_pod_affinity(), "affinity to other pods"),
        (!spec.topology_spread.is_empty(), "topology spread constraints"),
        (!class.host_ports.is_empty(), "host ports"),
        (!spec.resource_claims.is_empty(), "resource claims"),
        (!spec.volumes.iter().all(|volume| matters_not(&volume.source)), "volumes that bind to nodes"),
        (spec.gpu.is_some_and(|gpu| gpu.milli < WHOLE), "shares of GPU devices"),
    ]
    .into_iter()
    .find_map(|(asks, what)| asks.then_some(what))
}

fn matters_not(source: &VolumeSource) -> bool {
    matches!(source, VolumeSource::Image { .. } | VolumeSource::Other)
}
