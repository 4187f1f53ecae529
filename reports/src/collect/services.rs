//! Whether services have the replicas that they should, and whether disruption budgets are kept.

use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::disruption::{PodDisruptionBudget, Reckoning, scaled_by};
use towtank_sim::model::{ClassId, ObjectId, PodId};
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::time::SimTime;

/// Follows every object that has replicas and no owner of its own (a Deployment, a ReplicaSet by itself) and every PodDisruptionBudget.
/// A run without such objects costs nothing.
#[derive(Debug, Default)]
pub struct ServiceCollector {
    services: BTreeMap<ObjectId, Service>,
    budgets: BTreeMap<ObjectId, Budget>,
    /// Of every object that has replicas: how many.
    replicas: FxHashMap<ObjectId, u32>,
    /// By class: the budgets that select its pods, as far as that has been asked.
    of_class: BTreeMap<ClassId, Vec<ObjectId>>,
    /// The pods of budgets that are somebody's replicas.
    owned: FxHashMap<PodId, Membership>,
    /// The ready pods, and the service of each that has one.
    ready: FxHashMap<PodId, Option<ObjectId>>,
    gone: Vec<(String, ServiceTime)>,
    gone_budgets: Vec<(String, BudgetTime)>,
}

#[derive(Clone, Debug, Default)]
struct Service {
    name: String,
    desired: u32,
    ready: u32,
    /// Until when its time is entered.
    since: SimTime,
    time: ServiceTime,
}

#[derive(Clone, Debug, Default)]
struct Budget {
    name: String,
    /// Its pods that are healthy, and whose replicas its pods are.
    pods: Reckoning,
    /// How many of its pods each of these has.
    members: BTreeMap<ObjectId, u64>,
    desired: u64,
    /// Whether it was met before: until then its pods are only being started.
    was_met: bool,
    below: bool,
    since: SimTime,
    time: BudgetTime,
}

/// Where a pod is counted.
#[derive(Clone, Debug)]
struct Membership {
    /// Whose replica it is.
    owner: ObjectId,
    /// In these budgets.
    budgets: Vec<ObjectId>,
}

/// What a service had over its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceTime {
    /// How long it existed, in nanoseconds.
    pub nanoseconds: i128,
    /// Replicas that it should have, times nanoseconds.
    pub desired: i128,
    /// Of them, those that were ready.
    pub ready: i128,
    /// For how long all of them were.
    pub full: i128,
}

/// How a budget was kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BudgetTime {
    /// For how long fewer pods were healthy than it asks for, after it was met first; in nanoseconds.
    pub below: i128,
    /// How often that began.
    pub times: u64,
}

/// Services and budgets of a run, by namespace and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Services {
    /// Services.
    pub services: Vec<(String, ServiceTime)>,
    /// Budgets.
    pub budgets: Vec<(String, BudgetTime)>,
}

impl ServiceCollector {
    /// What was found until now, the end of the run.
    pub fn finish(mut self, cluster: &Cluster) -> Services {
        self.services.values_mut().for_each(|service| service.settle(cluster.now));
        self.budgets.values_mut().for_each(|budget| budget.settle(cluster.now));
        let services = self.services.into_values().map(|service| (service.name, service.time));
        let budgets = self.budgets.into_values().map(|budget| (budget.name, budget.time));
        let mut all = Services {
            services: self.gone.into_iter().chain(services).collect(),
            budgets: self.gone_budgets.into_iter().chain(budgets).collect(),
        };
        all.services.sort();
        all.budgets.sort();
        all
    }

    fn object(&mut self, id: ObjectId, cluster: &Cluster) {
        let Some(entry) = cluster.objects().entry(id) else { return };
        let is_budget = entry.meta.kind == PodDisruptionBudget::KIND;
        let replicas = entry.body.replicas();
        if !is_budget && (replicas.is_none() || self.replicas.get(&id) == replicas.as_ref()) {
            return;
        }
        if self.replicas.is_empty() && self.budgets.is_empty() {
            for (id, _) in cluster.pods().iter() {
                self.pod(id, cluster);
            }
        }
        let name = || format!("{}/{}", entry.meta.namespace, entry.meta.name);
        if let Some(desired) = replicas.filter(|_| entry.meta.owner.is_none()) {
            let ready = &self.ready;
            let count = || ready.values().filter(|service| **service == Some(id)).count() as u32;
            let new = || Service { name: name(), ready: count(), since: cluster.now, ..Service::default() };
            let service = self.services.entry(id).or_insert_with(new);
            service.settle(cluster.now);
            service.desired = desired;
        }
        if is_budget {
            let new = || Budget { name: name(), since: cluster.now, ..Budget::default() };
            let budget = self.budgets.entry(id).or_insert_with(new);
            budget.settle(cluster.now);
            self.follow(id, cluster);
        }
        if let Some(replicas) = replicas {
            self.replicas.insert(id, replicas);
            self.rescaled(id, cluster);
        }
    }

    /// Whether there is nobody whose pods would be followed.
    #[inline]
    fn is_idle(&self) -> bool {
        self.replicas.is_empty() && self.budgets.is_empty()
    }

    /// A pod is new.
    #[inline]
    pub(super) fn pod_created(&mut self, id: PodId, cluster: &Cluster) {
        if !self.budgets.is_empty() {
            self.created(id, cluster);
        }
    }

    /// A pod has started, is to go, or its readiness is another one.
    #[inline]
    pub(super) fn pod_changed(&mut self, id: PodId, cluster: &Cluster) {
        if !self.is_idle() {
            self.pod(id, cluster);
        }
    }

    /// A pod has ended.
    #[inline]
    pub(super) fn pod_ended(&mut self, id: PodId, cluster: &Cluster) {
        if !self.is_idle() {
            self.pod(id, cluster);
            self.ended(id, cluster);
        }
    }

    /// An object wants other replicas than before, which is what budgets reckon with.
    fn rescaled(&mut self, id: ObjectId, cluster: &Cluster) {
        for (budget_id, budget) in self.budgets.iter_mut().filter(|(_, budget)| budget.pods.owners.contains(&id)) {
            budget.settle(cluster.now);
            budget.want(*budget_id, cluster);
        }
    }

    /// A budget is new, or selects other pods than before.
    fn follow(&mut self, id: ObjectId, cluster: &Cluster) {
        for (class, budgets) in &mut self.of_class {
            budgets.retain(|known| *known != id);
            if selects(id, *class, cluster) {
                budgets.push(id);
            }
        }
        // What is told of pods later is counted then, although they are in the store already.
        let mut healthy = 0;
        for pod in self.ready.keys().filter_map(|pod| cluster.pod(*pod)) {
            let budgets = Self::budgets_of(&mut self.of_class, &self.budgets, pod.class, cluster);
            healthy += u64::from(budgets.contains(&id));
        }
        let Some(budget) = self.budgets.get_mut(&id) else { return };
        (budget.pods, budget.members) = (Reckoning { healthy, ..Reckoning::default() }, BTreeMap::new());
        self.owned.values_mut().for_each(|member| member.budgets.retain(|known| *known != id));
        for (pod, _) in cluster.pods().iter() {
            self.created(pod, cluster);
        }
        if let Some(budget) = self.budgets.get_mut(&id) {
            budget.want(id, cluster);
        }
    }

    /// A pod that is new, to the store or to one of its budgets: whose it is may be new to them.
    fn created(&mut self, id: PodId, cluster: &Cluster) {
        let Some(pod) = cluster.pod(id).filter(|pod| !pod.is_finished()) else { return };
        let Some(owner) = pod.owner else { return };
        let budgets = Self::budgets_of(&mut self.of_class, &self.budgets, pod.class, cluster);
        if budgets.is_empty() {
            return;
        }
        let new = || Membership { owner: scaled_by(owner, cluster), budgets: Vec::new() };
        let member = self.owned.entry(id).or_insert_with(new);
        for budget_id in budgets {
            let Some(budget) = self.budgets.get_mut(budget_id).filter(|_| !member.budgets.contains(budget_id)) else {
                continue;
            };
            member.budgets.push(*budget_id);
            if budget.join(member.owner) {
                budget.settle(cluster.now);
                budget.want(*budget_id, cluster);
            }
        }
    }

    /// A pod has ended: it may have been the last one of its owner.
    fn ended(&mut self, id: PodId, cluster: &Cluster) {
        let Some(member) = self.owned.remove(&id) else { return };
        for budget_id in member.budgets {
            let Some(budget) = self.budgets.get_mut(&budget_id) else { continue };
            if budget.leave(member.owner) {
                budget.settle(cluster.now);
                budget.want(budget_id, cluster);
            }
        }
    }

    /// A pod may have become ready, or have ceased to be.
    fn pod(&mut self, id: PodId, cluster: &Cluster) {
        let Some(pod) = cluster.pod(id) else { return };
        let ready = pod.ready && pod.deleting.is_none() && !pod.is_finished();
        if ready == self.ready.contains_key(&id) {
            return;
        }
        if ready {
            let service =
                pod.owner.map(|owner| cluster.objects().meta(owner).and_then(|meta| meta.owner).unwrap_or(owner));
            self.ready.insert(id, service);
            if let Some(service) = service.and_then(|service| self.services.get_mut(&service)) {
                service.settle(cluster.now);
                service.ready += 1;
            }
        } else if let Some(Some(service)) = self.ready.remove(&id)
            && let Some(service) = self.services.get_mut(&service)
        {
            service.settle(cluster.now);
            service.ready -= 1;
        }
        for budget_id in Self::budgets_of(&mut self.of_class, &self.budgets, pod.class, cluster) {
            if let Some(budget) = self.budgets.get_mut(budget_id) {
                budget.settle(cluster.now);
                let healthy = &mut budget.pods.healthy;
                *healthy = if ready { *healthy + 1 } else { healthy.saturating_sub(1) };
                budget.want(*budget_id, cluster);
            }
        }
    }

    /// The budgets that select the pods of a class.
    fn budgets_of<'a>(
        of_class: &'a mut BTreeMap<ClassId, Vec<ObjectId>>,
        budgets: &BTreeMap<ObjectId, Budget>,
        class: ClassId,
        cluster: &Cluster,
    ) -> &'a [ObjectId] {
        let selecting = || budgets.keys().copied().filter(|id| selects(*id, class, cluster)).collect();
        of_class.entry(class).or_insert_with(selecting)
    }
}

/// Whether a budget selects the pods of a class.
fn selects(id: ObjectId, class: ClassId, cluster: &Cluster) -> bool {
    let (objects, spec) = (cluster.objects(), &cluster.classes.get(class).spec);
    let Some((meta, body)) = objects.meta(id).zip(objects.get::<PodDisruptionBudget>(id)) else { return false };
    meta.namespace == spec.namespace && body.selector.as_ref().is_some_and(|selector| selector.matches(&spec.labels))
}

impl Service {
    /// The time until now has passed with everything as it is.
    fn settle(&mut self, now: SimTime) {
        let span = i128::from(now.since(self.since).0);
        let Self { desired, ready, time, .. } = self;
        time.nanoseconds += span;
        time.desired += i128::from(*desired) * span;
        time.ready += i128::from(*ready.min(desired)) * span;
        time.full += if ready >= desired { span } else { 0 };
        self.since = now;
    }
}

impl Budget {
    /// The time until now has passed with everything as it is. What lasts no time is no breach.
    fn settle(&mut self, now: SimTime) {
        let span = i128::from(now.since(self.since).0);
        if span == 0 {
            return;
        }
        let below = self.was_met && self.pods.healthy < self.desired;
        self.was_met |= self.pods.healthy >= self.desired && self.pods.healthy > 0;
        self.time.times += u64::from(below && !self.below);
        self.below = below;
        self.time.below += if below { span } else { 0 };
        self.since = now;
    }

    /// One more pod is this one's replica. Whether it is the first.
    fn join(&mut self, owner: ObjectId) -> bool {
        *self.members.entry(owner).or_default() += 1;
        self.pods.owners.insert(owner)
    }

    /// One pod less is this one's replica. Whether it was the last.
    fn leave(&mut self, owner: ObjectId) -> bool {
        let Some(pods) = self.members.get_mut(&owner) else { return false };
        *pods -= 1;
        if *pods > 0 {
            return false;
        }
        self.members.remove(&owner);
        self.pods.owners.remove(&owner)
    }

    /// Asks the budget how many healthy pods it wants of those it has.
    fn want(&mut self, id: ObjectId, cluster: &Cluster) {
        if let Some(body) = cluster.objects().get::<PodDisruptionBudget>(id) {
            self.desired = body.judge(&self.pods, cluster).desired_healthy;
        }
    }
}

impl Observer for ServiceCollector {
    fn interest(&self) -> NoteKinds {
        let starts = Interest::POD_STARTED.and(Interest::POD_READINESS).and(Interest::POD_DELETING);
        let ends = Interest::POD_FINISHED.and(Interest::POD_REMOVED);
        NoteKinds::changes(Interest::POD_CREATED.and(starts).and(ends).and(Interest::OBJECTS))
            .and(NoteKinds::CLASSES_FORGOTTEN)
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        if let Note::ClassesForgotten(classes) = note {
            for class in *classes {
                self.of_class.remove(class);
            }
        }
        let Note::Change(change) = note else { return };
        match *change {
            Change::ObjectCreated(id) | Change::ObjectChanged(id) => self.object(id, cluster),
            Change::ObjectRemoved(id) => {
                if self.replicas.remove(&id).is_some() {
                    self.rescaled(id, cluster);
                }
                if let Some(mut service) = self.services.remove(&id) {
                    service.settle(cluster.now);
                    self.gone.push((service.name, service.time));
                }
                if let Some(mut budget) = self.budgets.remove(&id) {
                    budget.settle(cluster.now);
                    self.gone_budgets.push((budget.name, budget.time));
                    self.of_class.values_mut().for_each(|budgets| budgets.retain(|known| *known != id));
                }
            }
            Change::PodCreated(id) => self.pod_created(id, cluster),
            Change::PodStarted(id) | Change::PodReadiness(id) | Change::PodDeleting(id, _) => {
                self.pod_changed(id, cluster);
            }
            Change::PodFinished(id) | Change::PodRemoved(id) => self.pod_ended(id, cluster),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use towtank_sim::cluster::{Cause, Fingerprint, Object};
    use towtank_sim::disruption::IntOrPercent;
    use towtank_sim::model::labels::LabelSelector;
    use towtank_sim::model::node::NodeSpec;
    use towtank_sim::model::pod::{NewPod, PodPhase, PodSpec};
    use towtank_sim::random::{Streams, index};

    /// Something with a scale.
    #[derive(Debug)]
    struct Scaled(&'static str, Option<u32>);

    impl Object for Scaled {
        fn kind(&self) -> &'static str {
            self.0
        }
        fn replicas(&self) -> Option<u32> {
            self.1
        }
        fn fold(&self, _into: &mut Fingerprint) {}
    }

    /// What is followed is what every budget says of itself, when all has been told.
    #[test]
    fn budgets_are_followed_through_all_that_happens_to_their_pods() {
        let mut wanting = 0;
        for seed in 0..60 {
            let mut rng = Streams::new(seed).stream("services");
            let mut draw = |below: usize| index(&mut rng, below);
            let (mut cluster, mut collector) = (Cluster::default(), ServiceCollector::default());
            let node = cluster.add_node(NodeSpec { name: "node".into(), ..NodeSpec::default() }).unwrap();
            let (mut owners, mut pods) = (Vec::new(), Vec::new());
            for step in 0..120 {
                let labels = || [("app".to_owned(), (step % 3).to_string())];
                match draw(10) {
                    0 => {
                        let (kind, scale) = (["Deployment", "ReplicaSet", "Job"][draw(3)], Some(draw(9) as u32));
                        let scale = scale.filter(|_| kind != "Job");
                        let owner = (kind == "ReplicaSet" && draw(2) == 0).then(|| owners.first().copied()).flatten();
                        let body = Box::new(Scaled(kind, scale));
                        owners.push(cluster.create_object("a", &format!("o{step}"), owner, body).unwrap());
                    }
                    1 => {
                        let selector = LabelSelector { match_labels: labels().into(), ..LabelSelector::default() };
                        let selector = if draw(3) == 0 { LabelSelector::default() } else { selector };
                        let budget = match draw(3) {
                            0 => PodDisruptionBudget::min_available(selector, IntOrPercent::Int(draw(4) as u32)),
                            1 => PodDisruptionBudget::min_available(selector, IntOrPercent::Percent(draw(101) as u32)),
                            _ => PodDisruptionBudget::max_unavailable(selector, IntOrPercent::Int(draw(4) as u32)),
                        };
                        cluster.create_object("a", &format!("b{step}"), None, Box::new(budget)).unwrap();
                    }
                    2 if !owners.is_empty() => {
                        let replicas = draw(9) as u32;
                        let change = |scaled: &mut Scaled| scaled.1 = scaled.1.map(|_| replicas);
                        cluster.update_object(owners[draw(owners.len())], change);
                    }
                    3..6 => {
                        let spec = PodSpec { namespace: "a".into(), labels: labels().into(), ..PodSpec::default() };
                        let class = cluster.intern(spec);
                        let owner =
                            if owners.is_empty() || draw(4) == 0 { None } else { Some(owners[draw(owners.len())]) };
                        let pod = NewPod { owner, ..NewPod::new(format!("p{step}"), class) };
                        let pod = cluster.create_pod(pod).unwrap();
                        cluster.bind(pod, node);
                        cluster.start(pod);
                        pods.push(pod);
                    }
                    _ if !pods.is_empty() => {
                        let place = draw(pods.len());
                        match draw(3) {
                            0 => cluster.set_ready(pods[place], draw(2) == 0),
                            1 => cluster.finish(pods.swap_remove(place), PodPhase::Succeeded),
                            _ => cluster.delete_pod(pods.swap_remove(place), Cause::Deleted),
                        }
                    }
                    _ => {}
                }
                if draw(3) > 0 {
                    continue;
                }
                cluster.deliver(|change, cluster| collector.note(&Note::Change(change), cluster));
                for (id, budget) in &collector.budgets {
                    let (meta, body) = cluster.objects().meta(*id).zip(cluster.objects().get(*id)).unwrap();
                    let status = PodDisruptionBudget::status(body, &meta.namespace, &cluster);
                    let (healthy, desired) = (status.current_healthy, status.desired_healthy);
                    assert_eq!((budget.pods.healthy, budget.desired), (healthy, desired), "seed {seed}, step {step}");
                    wanting += usize::from(desired > 0 && healthy > 0);
                }
            }
        }
        assert!(wanting > 1000, "only {wanting} budgets want anything");
    }
}
