//! What pods took of nodes, zones and namespaces: exact sums over their lives.
//!
//! A pod is entered once, when it ends, with the time that it was there; those that are left are entered at the end of the run. So a sum
//! over time costs one addition a pod, and not one for each change of the cluster.

use super::work_times::{WorkTimes, usage};
use std::collections::BTreeMap;
use std::sync::Arc;
use towtank_sim::cluster::{Change, Cluster, Interest, NodeChange};
use towtank_sim::model::node::INSTANCE_TYPE_LABEL;
use towtank_sim::model::pod::{Pod, PodClass};
use towtank_sim::model::resources::{ResourceId, Resources};
use towtank_sim::model::{ClassId, NodeId, PodId};
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::time::SimTime;

/// Enters pods and nodes as they end.
#[derive(Debug, Default)]
pub struct LedgerCollector {
    zones: Vec<Zone>,
    zone_numbers: BTreeMap<Box<str>, usize>,
    /// By slot.
    nodes: Vec<Option<NodeEntry>>,
    /// By slot: the zone of the node. It stands apart, because it is all that the end of a pod needs to know.
    zone_of_nodes: Vec<Option<ZoneNumber>>,
    /// By slot: what CPU the pods of the node have used. What is kept of a node is in no cache when one of its pods ends; of many that are
    /// entered together, none waits for the one before.
    used_of_nodes: Vec<i128>,
    unadded: Vec<Stay>,
    /// The names of groups and instance types, which few share.
    names: Names,
    machines: Vec<MachineLife>,
    /// By class: for how long its pods existed, in nanoseconds.
    existed: Vec<i128>,
    /// By class: what its pods used, in milli-CPU and byte nanoseconds.
    used: Vec<[i128; 2]>,
    /// Corrections for pods that were resized while they lived: of a class, by resource.
    resized: BTreeMap<ClassId, Resized>,
    /// What classes that are closed come to.
    namespaces: BTreeMap<Arc<str>, NamespaceSums>,
    work: WorkTimes,
}

/// What is added to the sums of a class because its pods had other requests before.
#[derive(Clone, Debug, Default)]
struct Resized {
    allocated: BTreeMap<(usize, ResourceId), i128>,
    requested: BTreeMap<ResourceId, i128>,
}

#[derive(Debug, Default)]
struct Zone {
    name: Box<str>,
    /// Allocatable of its nodes, by resource, in unit nanoseconds.
    capacity: Vec<i128>,
    /// By class: for how long its pods were bound to nodes of the zone.
    bound: Vec<i128>,
    /// What pods of closed classes took, by resource, in unit nanoseconds.
    allocated: Vec<i128>,
    used: [i128; 2],
}

/// Integrals over time of the pods of a namespace, by resource, in unit nanoseconds.
#[derive(Debug, Default)]
struct NamespaceSums {
    allocated: Vec<i128>,
    requested: Vec<i128>,
    used: [i128; 2],
}

/// What a pod took of its node.
#[derive(Clone, Copy, Debug)]
struct Stay {
    node: u32,
    class: ClassId,
    /// For how long it was bound, in nanoseconds.
    bound: i64,
    /// CPU and memory that it used.
    used: [i128; 2],
}

/// The number of a zone, kept as one more.
type ZoneNumber = std::num::NonZeroU32;

/// So many stays are entered together.
const TOGETHER: usize = 256;

/// A node that is there, or has left. There may be very many.
#[derive(Debug)]
struct NodeEntry {
    /// Its node group, if it has one, as a number of [`Names`].
    group: Option<NameNumber>,
    /// Its instance type, likewise.
    instance: NameNumber,
    created: SimTime,
    removed: Option<SimTime>,
    /// Since when it has what it can allocate now.
    since: SimTime,
    /// What it can allocate; nothing once it has left.
    allocatable: Option<Arc<Resources>>,
    cpu_capacity: i128,
}

/// Names and their numbers.
#[derive(Debug, Default)]
struct Names {
    numbers: BTreeMap<Arc<str>, NameNumber>,
    names: Vec<Arc<str>>,
}

/// The number of a name, kept as one more.
type NameNumber = std::num::NonZeroU32;

impl Names {
    fn number(&mut self, name: &str) -> NameNumber {
        if let Some(known) = self.numbers.get(name) {
            return *known;
        }
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        let number = NameNumber::new(self.names.len() as u32).expect("there is one name now");
        self.numbers.insert(name, number);
        number
    }

    fn name(&self, number: NameNumber) -> Arc<str> {
        Arc::clone(&self.names[number.get() as usize - 1])
    }
}

/// How long a node was there and how busy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineLife {
    /// Its node group, if it has one.
    pub group: Option<Arc<str>>,
    /// Its instance type; empty where it has none.
    pub instance: Arc<str>,
    /// How long it existed, in nanoseconds.
    pub nanoseconds: i128,
    /// Allocatable CPU over that time, in milli-CPU nanoseconds.
    pub cpu_capacity: i128,
    /// What its pods used of it.
    pub cpu_used: i128,
}

impl MachineLife {
    /// What a table says of its node group, or else of its instance type.
    pub fn find<'t, T>(&self, table: &'t BTreeMap<String, T>) -> Option<&'t T> {
        let group = self.group.as_deref().and_then(|group| table.get(group));
        group.or_else(|| table.get(&*self.instance))
    }
}

/// All sums of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The resources by name, in the order of all lists by resource.
    pub resources: Vec<String>,
    /// How long the run was, in nanoseconds.
    pub nanoseconds: i128,
    /// Of all nodes.
    pub cluster: Sums,
    /// By zone; without names of nodes in none.
    pub zones: BTreeMap<String, Sums>,
    /// By namespace. What there is, is the cluster's.
    pub namespaces: BTreeMap<String, Sums>,
    /// Every node that there was.
    pub machines: Vec<MachineLife>,
}

/// Integrals over time, in units (milli-CPU, bytes, counts) times nanoseconds, by resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// What nodes could allocate.
    pub capacity: Vec<i128>,
    /// What pods with a node requested.
    pub allocated: Vec<i128>,
    /// What all pods requested, those without a node included; empty of zones.
    pub requested: Vec<i128>,
    /// CPU and memory that working pods used.
    pub used: [i128; 2],
}

impl LedgerCollector {
    /// The sums of a run that ends now.
    pub fn finish(mut self, cluster: &Cluster) -> Ledger {
        let now = cluster.now;
        for (id, pod) in cluster.pods().iter() {
            self.enter(id, pod, cluster);
        }
        self.add_up();
        self.machines.reserve_exact(self.nodes.len());
        for slot in 0..self.nodes.len() {
            self.close(slot, now);
        }
        for id in cluster.classes.by_age() {
            self.close_class(*id, cluster.classes.get(*id));
        }
        self.sum_up(cluster)
    }

    fn sum_up(self, cluster: &Cluster) -> Ledger {
        let columns = cluster.resources.len();
        let sums = || Sums {
            capacity: vec![0; columns],
            allocated: vec![0; columns],
            requested: vec![0; columns],
            used: [0; 2],
        };
        let mut all = Ledger {
            resources: cluster.resources.ids().map(|id| cluster.resources.name(id).to_owned()).collect(),
            nanoseconds: i128::from(cluster.now.since(SimTime::ZERO).0),
            cluster: sums(),
            machines: self.machines,
            ..Ledger::default()
        };
        for zone in &self.zones {
            let of_zone = all.zones.entry(zone.name.to_string()).or_insert_with(sums);
            add(&mut of_zone.capacity, &zone.capacity);
            add(&mut of_zone.allocated, &zone.allocated);
            of_zone.used = zone.used;
        }
        for (name, namespace) in &self.namespaces {
            let of_namespace = all.namespaces.entry(name.to_string()).or_insert_with(sums);
            add(&mut of_namespace.allocated, &namespace.allocated);
            add(&mut of_namespace.requested, &namespace.requested);
            of_namespace.used = namespace.used;
        }
        for zone in all.zones.values_mut() {
            add(&mut all.cluster.capacity, &zone.capacity);
            add(&mut all.cluster.allocated, &zone.allocated);
            all.cluster.used = [0, 1].map(|i| all.cluster.used[i] + zone.used[i]);
            zone.requested.clear();
        }
        for namespace in all.namespaces.values_mut() {
            add(&mut all.cluster.requested, &namespace.requested);
            namespace.capacity.clone_from(&all.cluster.capacity);
        }
        all
    }

    /// What the pods of a class took is entered where it belongs. No more of them will come, or others for which the id stands then.
    fn close_class(&mut self, id: ClassId, class: &PodClass) {
        let Self { zones, existed, used, resized, namespaces, .. } = self;
        let take = |sums: &mut Vec<i128>| sums.get_mut(id.index()).map_or(0, std::mem::take);
        let (existed, resized) = (take(existed), resized.remove(&id));
        let used = used.get_mut(id.index()).map_or([0; 2], std::mem::take);
        if existed == 0 && resized.is_none() {
            return;
        }
        let resized = resized.unwrap_or_default();
        let namespace = namespaces.entry(class.spec.namespace.clone()).or_default();
        add_times(&mut namespace.requested, &class.requests, existed);
        for (id, more) in resized.requested {
            *at(&mut namespace.requested, id) += more;
        }
        add(&mut namespace.used, &used);
        for zone in zones.iter_mut() {
            let bound = take(&mut zone.bound);
            add_times(&mut zone.allocated, &class.requests, bound);
            add_times(&mut namespace.allocated, &class.requests, bound);
        }
        for ((zone, id), more) in resized.allocated {
            *at(&mut zones[zone].allocated, id) += more;
            *at(&mut namespace.allocated, id) += more;
        }
    }

    /// Enters a pod that ends now.
    fn enter(&mut self, id: PodId, pod: &Pod, cluster: &Cluster) {
        let now = cluster.now;
        let class = pod.class.index();
        if self.existed.len() <= class {
            self.existed.resize(cluster.classes.slots(), 0);
            self.used.resize(cluster.classes.slots(), [0; 2]);
        }
        self.existed[class] += i128::from(now.since(pod.created).0);
        let (Some(node), Some(bound)) = (pod.node, pod.bound.get()) else { return };
        let worked = i128::from(self.work.of(id, pod, now));
        let used = usage(pod, cluster.classes.get(pod.class)).map(|amount| i128::from(amount) * worked);
        self.unadded.push(Stay { node: node.slot(), class: pod.class, bound: now.since(bound).0, used });
        self.work.forget(id);
        if self.unadded.len() >= TOGETHER {
            self.add_up();
        }
    }

    /// A pod has ended.
    #[inline]
    pub(super) fn pod_ended(&mut self, id: PodId, cluster: &Cluster) {
        if let Some(pod) = cluster.pod(id) {
            self.enter(id, pod, cluster);
        }
    }

    /// A pod has started, or its readiness is another one.
    #[inline]
    pub(super) fn work_changed(&mut self, change: Change, cluster: &Cluster) {
        self.work.note(change, cluster);
    }

    /// Enters the stays of pods. It has to be done before nodes come or go, and classes.
    fn add_up(&mut self) {
        let Self { zones, zone_of_nodes, used_of_nodes, unadded, used: used_of_classes, .. } = self;
        for Stay { node, class, bound, used } in unadded.drain(..) {
            let (node, class) = (node as usize, class.index());
            let Some(Some(zone)) = zone_of_nodes.get(node) else { continue };
            let zone = &mut zones[zone.get() as usize - 1];
            if zone.bound.len() <= class {
                zone.bound.resize(used_of_classes.len(), 0);
            }
            zone.bound[class] += i128::from(bound);
            used_of_nodes[node] += used[0];
            for sums in [&mut zone.used, &mut used_of_classes[class]] {
                sums[0] += used[0];
                sums[1] += used[1];
            }
        }
    }

    /// A pod that lives has other requests than before: what it had until now is what its old class says.
    fn resized(&mut self, id: PodId, old: ClassId, cluster: &Cluster) {
        let Some(pod) = cluster.pod(id).filter(|pod| pod.class != old) else { return };
        let (before, after) = (&cluster.classes.get(old).requests, &cluster.classes.get(pod.class).requests);
        if before == after {
            return;
        }
        let now = cluster.now;
        let zone = pod.node.and_then(|node| self.zone_of(node.index()));
        let resized = self.resized.entry(pod.class).or_default();
        for column in 0..cluster.resources.len() as u16 {
            let id = ResourceId(column);
            let less = i128::from(before.get(id)) - i128::from(after.get(id));
            if less != 0 {
                *resized.requested.entry(id).or_default() += less * i128::from(now.since(pod.created).0);
                if let (Some(zone), Some(bound)) = (zone, pod.bound.get()) {
                    *resized.allocated.entry((zone, id)).or_default() += less * i128::from(now.since(bound).0);
                }
            }
        }
        let worked = i128::from(self.work.of(id, pod, now));
        let (old, new) = (usage(pod, cluster.classes.get(old)), usage(pod, cluster.classes.get(pod.class)));
        let more = [0, 1].map(|i| (i128::from(old[i]) - i128::from(new[i])) * worked);
        let class = pod.class.index();
        if self.existed.len() <= class {
            self.existed.resize(cluster.classes.slots(), 0);
            self.used.resize(cluster.classes.slots(), [0; 2]);
        }
        if let Some((node, zone)) = pod.node.zip(zone) {
            self.used_of_nodes[node.index()] += more[0];
            for used in [&mut self.zones[zone].used, &mut self.used[class]] {
                used[0] += more[0];
                used[1] += more[1];
            }
        }
    }

    fn added(&mut self, id: NodeId, cluster: &Cluster) {
        let (node, now) = (cluster.node(id), cluster.now);
        self.add_up();
        let slot = node.id.index();
        self.close(slot, now);
        if self.nodes.len() <= slot {
            // As much as the cluster takes, which may know how many nodes are to come.
            let more = cluster.nodes().capacity().max(slot + 1) - self.nodes.len();
            self.nodes.reserve_exact(more);
            self.used_of_nodes.reserve_exact(more);
            self.zone_of_nodes.reserve_exact(more);
            self.nodes.resize_with(slot + 1, || None);
            self.used_of_nodes.resize(slot + 1, 0);
            self.zone_of_nodes.resize(slot + 1, None);
        }
        let next = self.zones.len();
        let zone = *self.zone_numbers.entry(node.zone().into()).or_insert(next);
        if zone == next {
            self.zones.push(Zone { name: node.zone().into(), ..Zone::default() });
        }
        self.zone_of_nodes[slot] = ZoneNumber::new(zone as u32 + 1);
        self.nodes[slot] = Some(NodeEntry {
            group: node.spec.group.as_ref().map(|group| self.names.number(group)),
            instance: self.names.number(node.spec.labels.get(INSTANCE_TYPE_LABEL).map_or("", String::as_str)),
            created: now,
            removed: None,
            since: now,
            allocatable: Some(Arc::clone(&node.allocatable)),
            cpu_capacity: 0,
        });
    }

    /// The zone of the node in a slot.
    fn zone_of(&self, slot: usize) -> Option<usize> {
        self.zone_of_nodes.get(slot).copied().flatten().map(|zone| zone.get() as usize - 1)
    }

    /// What a node could allocate until now is entered.
    fn settle(&mut self, slot: usize, now: SimTime) {
        let Some(zone) = self.zone_of(slot) else { return };
        let Some(Some(node)) = self.nodes.get_mut(slot) else { return };
        let span = i128::from(now.since(node.since).0);
        if let Some(allocatable) = &node.allocatable {
            add_times(&mut self.zones[zone].capacity, allocatable, span);
            node.cpu_capacity += i128::from(allocatable.get(ResourceId::CPU)) * span;
        }
        node.since = now;
    }

    /// A node's last entries. It left before, or the run ends.
    fn close(&mut self, slot: usize, now: SimTime) {
        self.settle(slot, now);
        let Some(node) = self.nodes.get_mut(slot).and_then(Option::take) else { return };
        let cpu_used = std::mem::take(&mut self.used_of_nodes[slot]);
        self.zone_of_nodes[slot] = None;
        self.machines.push(MachineLife {
            group: node.group.map(|group| self.names.name(group)),
            instance: self.names.name(node.instance),
            nanoseconds: i128::from(node.removed.unwrap_or(now).since(node.created).0),
            cpu_capacity: node.cpu_capacity,
            cpu_used,
        });
    }

    fn changed(&mut self, id: NodeId, what: NodeChange, cluster: &Cluster) {
        if what.contains(NodeChange::ALLOCATABLE) {
            self.settle(id.index(), cluster.now);
            if let Some(Some(node)) = self.nodes.get_mut(id.index()) {
                node.allocatable = Some(Arc::clone(&cluster.node(id).allocatable));
            }
        }
    }

    fn removed(&mut self, id: NodeId, cluster: &Cluster) {
        self.settle(id.index(), cluster.now);
        // Pods that are on it are still to be entered; what it can allocate is nothing any more.
        if let Some(Some(node)) = self.nodes.get_mut(id.index()) {
            node.allocatable = None;
            node.removed = Some(cluster.now);
        }
    }
}

impl Observer for LedgerCollector {
    fn interest(&self) -> NoteKinds {
        let ends = Interest::POD_FINISHED.and(Interest::POD_REMOVED);
        let rest = Interest::POD_UPDATED.and(Interest::POD_READINESS).and(Interest::NODES);
        NoteKinds::changes(ends.and(rest).and(Interest::POD_STARTED)).and(NoteKinds::CLASSES_FORGOTTEN)
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        if let Note::ClassesForgotten(classes) = note {
            self.add_up();
            for id in *classes {
                self.close_class(*id, cluster.classes.get(*id));
            }
        }
        let Note::Change(change) = note else { return };
        match *change {
            Change::PodFinished(id) | Change::PodRemoved(id) => self.pod_ended(id, cluster),
            Change::PodUpdated(id, old) => self.resized(id, old, cluster),
            Change::PodStarted(_) | Change::PodReadiness(_) => self.work_changed(*change, cluster),
            Change::NodeAdded(id) => self.added(id, cluster),
            Change::NodeChanged(id, what) => self.changed(id, what, cluster),
            Change::NodeRemoved(id) => self.removed(id, cluster),
            _ => {}
        }
    }
}

fn add_times(sums: &mut Vec<i128>, amounts: &Resources, times: i128) {
    sums.resize(sums.len().max(amounts.as_slice().len()), 0);
    for (sum, amount) in sums.iter_mut().zip(amounts.as_slice()) {
        *sum += i128::from(*amount) * times;
    }
}

/// The sum of a resource.
fn at(sums: &mut Vec<i128>, id: ResourceId) -> &mut i128 {
    sums.resize(sums.len().max(id.index() + 1), 0);
    &mut sums[id.index()]
}

fn add(sums: &mut [i128], more: &[i128]) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum += more;
    }
}
