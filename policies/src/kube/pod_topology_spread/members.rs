//! Which classes a selector matches: asked once for every class, however often its pods are counted.

use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::sync::Arc;
use towtank_sim::cluster::{ClassWatch, Cluster};
use towtank_sim::model::labels::LabelSelector;
use towtank_sim::model::{ClassId, NodeId};

/// More selectors than this are not remembered: those of owners that are gone would stay for ever.
const MOST_SELECTORS: usize = 4096;

/// The classes that selectors match, by namespace and selector.
#[derive(Debug, Default)]
pub(super) struct Members(RefCell<Known>);

#[derive(Debug, Default)]
struct Known {
    by_namespace: FxHashMap<Arc<str>, FxHashMap<LabelSelector, Matching>>,
    selectors: usize,
    classes: ClassWatch,
}

/// The classes among the first so many by age that are matched.
#[derive(Debug, Default)]
struct Matching {
    seen: usize,
    classes: Vec<ClassId>,
}

impl Members {
    /// Calls `count` with every node that has pods of the namespace that the selector matches, and how many; those that
    /// have been asked to go are left out.
    pub(super) fn each(
        &self,
        cluster: &Cluster,
        namespace: &Arc<str>,
        selector: &LabelSelector,
        mut count: impl FnMut(NodeId, i64),
    ) {
        let mut known = self.0.borrow_mut();
        for class in known.matching(cluster, namespace, selector) {
            for (node, placed) in cluster.placements().of(*class) {
                if placed.pods > placed.terminating {
                    count(node, i64::from(placed.pods - placed.terminating));
                }
            }
        }
    }
}

impl Known {
    fn matching(&mut self, cluster: &Cluster, namespace: &Arc<str>, selector: &LabelSelector) -> &[ClassId] {
        if self.classes.look(&cluster.classes).is_some() || self.selectors > MOST_SELECTORS {
            *self = Self { classes: self.classes, ..Self::default() };
        }
        if !self.by_namespace.contains_key(namespace) {
            self.by_namespace.insert(namespace.clone(), FxHashMap::default());
        }
        let selectors = self.by_namespace.get_mut(namespace).expect("inserted above");
        if !selectors.contains_key(selector) {
            selectors.insert(selector.clone(), Matching::default());
            self.selectors += 1;
        }
        let matching = selectors.get_mut(selector).expect("inserted above");
        for &id in &cluster.classes.by_age()[matching.seen..] {
            let class = cluster.classes.get(id);
            if class.spec.namespace == *namespace && selector.matches(&class.spec.labels) {
                matching.classes.push(id);
            }
        }
        matching.seen = cluster.classes.len();
        &matching.classes
    }
}
