//! What the classes of pods are to each other: worked out once for a pair of classes, however many pods they have.

use super::terms::{all, of_existing, of_incoming, reads_namespaces};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use towtank_sim::cluster::{ClassWatch, Cluster, Namespace};
use towtank_sim::model::ClassId;
use towtank_sim::model::labels::Labels;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::model::pod_affinity::PodAffinityTerm;

/// More classes than this are not remembered: those whose pods have all been placed would stay for ever.
const MOST_CLASSES: usize = 4096;

/// What is known of all pairs that were asked for.
#[derive(Debug, Default)]
pub(super) struct Known {
    by_class: FxHashMap<ClassId, Relations>,
    /// The classes with wishes about pods near them, among the first `seen` by age.
    wishful: Vec<ClassId>,
    seen: usize,
    classes: ClassWatch,
    /// The labels of the namespaces, if some term reads them.
    namespaces: Option<Vec<(Arc<str>, Labels)>>,
}

/// What other classes are to an incoming one.
#[derive(Debug, Default)]
pub(super) struct Relations {
    seen: usize,
    seen_wishful: usize,
    /// Those whose pods all required terms of the incoming pod mean.
    pub(super) wanted: Vec<ClassId>,
    /// Those whose pods a required anti-affinity of the incoming pod means.
    pub(super) unwanted: Vec<Relation>,
    /// Those whose required anti-affinity means the incoming pod.
    pub(super) repelling: Vec<Relation>,
    /// What the wishes on either side weigh.
    pub(super) weights: Vec<Relation>,
}

/// A class, and in which domains each of its pods counts how much.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    pub(super) class: ClassId,
    pub(super) key: Arc<str>,
    pub(super) weight: i64,
}

impl Known {
    /// What other classes are to this one. `hard_weight` is what a required affinity of a pod on a node weighs.
    pub(super) fn of(&mut self, cluster: &Cluster, id: ClassId, hard_weight: i64) -> &Relations {
        self.notice_classes(cluster);
        self.notice_namespaces(cluster);
        if self.by_class.len() > MOST_CLASSES {
            self.by_class.clear();
        }
        let relations = self.by_class.entry(id).or_default();
        let incoming = &cluster.classes.get(id).spec;
        if !incoming.pod_affinity.is_empty() || !incoming.pod_anti_affinity.is_empty() {
            for class in &cluster.classes.by_age()[relations.seen..self.seen] {
                relations.add_own_wishes(cluster, incoming, *class);
            }
        }
        relations.seen = self.seen;
        for class in &self.wishful[relations.seen_wishful..] {
            relations.add_its_wishes(cluster, incoming, *class, hard_weight);
        }
        relations.seen_wishful = self.wishful.len();
        relations
    }

    fn notice_classes(&mut self, cluster: &Cluster) {
        if self.classes.look(&cluster.classes).is_some() {
            self.by_class.clear();
            self.wishful.clear();
            self.seen = 0;
        }
        for &id in &cluster.classes.by_age()[self.seen..] {
            let class = cluster.classes.get(id);
            if !class.has_pod_affinity() {
                continue;
            }
            self.wishful.push(id);
            if self.namespaces.is_none() && terms(&class.spec).any(reads_namespaces) {
                self.namespaces = Some(Vec::new());
            }
        }
        self.seen = cluster.classes.len();
    }

    /// Forgets everything if a namespace has other labels than before.
    fn notice_namespaces(&mut self, cluster: &Cluster) {
        let Some(before) = &self.namespaces else { return };
        let now = || cluster.objects().of_kind::<Namespace>(Namespace::KIND);
        let same =
            before.iter().map(|(name, labels)| (name, labels)).eq(now().map(|(meta, n)| (&meta.name, &n.labels)));
        if !same {
            self.namespaces =
                Some(now().map(|(meta, namespace)| (meta.name.clone(), namespace.labels.clone())).collect());
            self.by_class.clear();
        }
    }
}

impl Relations {
    /// What one class is to an incoming pod.
    pub(super) fn between(cluster: &Cluster, incoming: &PodSpec, class: ClassId, hard_weight: i64) -> Self {
        let mut relations = Self::of_wishes_about(cluster, incoming, class, hard_weight);
        relations.add_own_wishes(cluster, incoming, class);
        relations
    }

    /// What one class is to an incoming pod by its own wishes.
    pub(super) fn of_wishes_about(cluster: &Cluster, incoming: &PodSpec, class: ClassId, hard_weight: i64) -> Self {
        let mut relations = Self::default();
        relations.add_its_wishes(cluster, incoming, class, hard_weight);
        relations
    }

    fn add_own_wishes(&mut self, cluster: &Cluster, incoming: &PodSpec, class: ClassId) {
        let existing = &cluster.classes.get(class).spec;
        let means = |term: &PodAffinityTerm| of_incoming(term, incoming, existing, cluster);
        let relation = |term: &PodAffinityTerm, weight| Relation { class, key: term.topology_key.clone(), weight };
        let PodSpec { pod_affinity: near, pod_anti_affinity: apart, .. } = incoming;
        if all(&near.required, means) {
            self.wanted.push(class);
        }
        self.unwanted.extend(apart.required.iter().filter(|term| means(term)).map(|term| relation(term, 1)));
        for (wishes, sign) in [(near, 1), (apart, -1)] {
            let wishes = wishes.preferred.iter().filter(|wish| means(&wish.term));
            self.weights.extend(wishes.map(|wish| relation(&wish.term, sign * i64::from(wish.weight))));
        }
    }

    fn add_its_wishes(&mut self, cluster: &Cluster, incoming: &PodSpec, class: ClassId, hard_weight: i64) {
        let existing = &cluster.classes.get(class).spec;
        let means = |term: &PodAffinityTerm| of_existing(term, existing, incoming, cluster);
        let relation = |term: &PodAffinityTerm, weight| Relation { class, key: term.topology_key.clone(), weight };
        let PodSpec { pod_affinity: near, pod_anti_affinity: apart, .. } = existing;
        self.repelling.extend(apart.required.iter().filter(|term| means(term)).map(|term| relation(term, 1)));
        if hard_weight > 0 {
            let required = near.required.iter().filter(|term| means(term));
            self.weights.extend(required.map(|term| relation(term, hard_weight)));
        }
        for (wishes, sign) in [(near, 1), (apart, -1)] {
            let wishes = wishes.preferred.iter().filter(|wish| means(&wish.term));
            self.weights.extend(wishes.map(|wish| relation(&wish.term, sign * i64::from(wish.weight))));
        }
    }
}

/// All terms of a pod.
fn terms(pod: &PodSpec) -> impl Iterator<Item = &PodAffinityTerm> {
    [&pod.pod_affinity, &pod.pod_anti_affinity]
        .into_iter()
        .flat_map(|wishes| wishes.required.iter().chain(wishes.preferred.iter().map(|wish| &wish.term)))
}
