//! Whether services have the replicas that they should, and whether disruption budgets are kept.

use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::disruption::PodDisruptionBudget;
use towtank_sim::model::{ClassId, ObjectId, PodId};
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::time::SimTime;

/// Follows every object that has replicas and no owner of its own (a Deployment, a ReplicaSet by itself) and every PodDisruptionBudget.
/// A run without such objects costs nothing.
#[derive(Debug, Default)]
pub struct ServiceCollector {
    services: BTreeMap<ObjectId, Service>,
    budgets: BTreeMap<ObjectId, Budget>,
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
    /// By class: whether it selects its pods, as far as that has been asked.
    selects: Vec<Option<bool>>,
    /// The owners of its pods that it has reckoned with.
    owners: BTreeSet<Option<ObjectId>>,
    healthy: u64,
    desired: u64,
    /// Whether it was met before: until then its pods are only being started.
    was_met: bool,
    below: bool,
    since: SimTime,
    time: BudgetTime,
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
        let name = || format!("{}/{}", entry.meta.namespace, entry.meta.name);
        let replicas = entry.body.replicas();
        if entry.meta.kind != PodDisruptionBudget::KIND && replicas.is_none() {
            return;
        }
        if self.services.is_empty() && self.budgets.is_empty() {
            for (id, _) in cluster.pods().iter() {
                self.pod(id, cluster);
            }
        }
        if let Some(desired) = replicas.filter(|_| entry.meta.owner.is_none()) {
            let ready = &self.ready;
            let count = || ready.values().filter(|service| **service == Some(id)).count() as u32;
            let new = || Service { name: name(), ready: count(), since: cluster.now, ..Service::default() };
            let service = self.services.entry(id).or_insert_with(new);
            service.settle(cluster.now);
            service.desired = desired;
        }
        if entry.meta.kind == PodDisruptionBudget::KIND {
            self.budgets.entry(id).or_insert_with(|| Budget { name: name(), since: cluster.now, ..Budget::default() });
        }
        // Replicas are what budgets reckon with.
        for (id, budget) in &mut self.budgets {
            budget.reckon(*id, cluster);
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
        for (id, budget) in &mut self.budgets {
            if !budget.selects(*id, pod.class, cluster) {
                continue;
            }
            budget.settle(cluster.now);
            if ready && !budget.owners.contains(&pod.owner) {
                budget.owners.insert(pod.owner);
                budget.reckon(*id, cluster);
            } else if ready {
                budget.healthy += 1;
            } else {
                budget.healthy = budget.healthy.saturating_sub(1);
            }
        }
    }
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
        let below = self.was_met && self.healthy < self.desired;
        self.was_met |= self.healthy >= self.desired && self.healthy > 0;
        self.time.times += u64::from(below && !self.below);
        self.below = below;
        self.time.below += if below { span } else { 0 };
        self.since = now;
    }

    /// Asks the budget what it wants, and how many healthy pods there are. It looks at every pod.
    fn reckon(&mut self, id: ObjectId, cluster: &Cluster) {
        let objects = cluster.objects();
        let Some((meta, body)) = objects.meta(id).zip(objects.get::<PodDisruptionBudget>(id)) else { return };
        self.settle(cluster.now);
        let status = body.status(&meta.namespace, cluster);
        (self.healthy, self.desired) = (status.current_healthy, status.desired_healthy);
    }

    fn forget(&mut self, class: ClassId) {
        if let Some(selects) = self.selects.get_mut(class.index()) {
            *selects = None;
        }
    }

    fn selects(&mut self, id: ObjectId, class: ClassId, cluster: &Cluster) -> bool {
        if self.selects.len() <= class.index() {
            self.selects.resize(cluster.classes.slots(), None);
        }
        *self.selects[class.index()].get_or_insert_with(|| {
            let (objects, spec) = (cluster.objects(), &cluster.classes.get(class).spec);
            let Some((meta, body)) = objects.meta(id).zip(objects.get::<PodDisruptionBudget>(id)) else { return false };
            meta.namespace == spec.namespace
                && body.selector.as_ref().is_some_and(|selector| selector.matches(&spec.labels))
        })
    }
}

impl Observer for ServiceCollector {
    fn interest(&self) -> NoteKinds {
        let starts = Interest::POD_STARTED.and(Interest::POD_READINESS).and(Interest::POD_DELETING);
        let ends = Interest::POD_FINISHED.and(Interest::POD_REMOVED);
        NoteKinds::changes(starts.and(ends).and(Interest::OBJECTS)).and(NoteKinds::CLASSES_FORGOTTEN)
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        if let Note::ClassesForgotten(classes) = note {
            for budget in self.budgets.values_mut() {
                classes.iter().for_each(|class| budget.forget(*class));
            }
        }
        let Note::Change(change) = note else { return };
        let nothing = self.services.is_empty() && self.budgets.is_empty();
        match *change {
            Change::ObjectCreated(id) | Change::ObjectChanged(id) => self.object(id, cluster),
            Change::ObjectRemoved(id) => {
                if let Some(mut service) = self.services.remove(&id) {
                    service.settle(cluster.now);
                    self.gone.push((service.name, service.time));
                }
                if let Some(mut budget) = self.budgets.remove(&id) {
                    budget.settle(cluster.now);
                    self.gone_budgets.push((budget.name, budget.time));
                }
            }
            Change::PodStarted(id)
            | Change::PodReadiness(id)
            | Change::PodDeleting(id, _)
            | Change::PodFinished(id)
            | Change::PodRemoved(id)
                if !nothing =>
            {
                self.pod(id, cluster);
            }
            _ => {}
        }
    }
}
