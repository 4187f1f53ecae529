//! The domains of the nodes by label key, read once per change of a node instead of once per question.

use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use towtank_sim::cluster::{Cluster, Nodes};
use towtank_sim::model::NodeId;
use towtank_sim::model::node::{Node, NodeSpec};

/// The nodes that share one value of a label: a small number, in no particular order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Domain(u32);

impl Domain {
    /// The domain whose value is the empty text.
    pub(crate) const EMPTY: Self = Self(0);

    /// As an index into tables of [`Domains::len`] entries; past their end for a domain without a node in the store.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The tables of all label keys that were asked for.
#[derive(Debug, Default)]
pub(crate) struct Topology(RefCell<FxHashMap<Arc<str>, Rc<Domains>>>);

/// The domains that one label key makes.
#[derive(Clone, Debug)]
pub(crate) struct Domains {
    key: Arc<str>,
    ids: FxHashMap<Box<str>, Domain>,
    nodes: Vec<Entry>,
    /// The values that only nodes outside of the store have, since the last look at it. Their domains come after all others.
    strange: RefCell<Vec<Box<str>>>,
    as_of: Option<u64>,
}

/// The domain of the node in one slot, and the specification that said so.
#[derive(Clone, Debug, Default)]
struct Entry {
    spec: Option<Arc<NodeSpec>>,
    domain: Option<Domain>,
}

impl Topology {
    /// The domains by this key, of the nodes as they are now.
    pub(crate) fn domains(&self, key: &Arc<str>, cluster: &Cluster) -> Rc<Domains> {
        let mut tables = self.0.borrow_mut();
        if !tables.contains_key(key) {
            tables.insert(key.clone(), Rc::new(Domains::new(key.clone())));
        }
        let table = tables.get_mut(key).expect("inserted above");
        if table.as_of != Some(cluster.nodes().spec_changes()) {
            Rc::make_mut(table).refresh(cluster.nodes());
        }
        table.clone()
    }
}

impl Domains {
    fn new(key: Arc<str>) -> Self {
        let ids = std::iter::once(("".into(), Domain::EMPTY)).collect();
        Self { key, ids, nodes: Vec::new(), strange: RefCell::default(), as_of: None }
    }

    /// How many entries a table by domain needs.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The domain of the node in this slot of the store; `None` without the label, or without a node.
    #[inline]
    pub(crate) fn at(&self, node: NodeId) -> Option<Domain> {
        self.nodes.get(node.index())?.domain
    }

    /// The domain of a node, which may be one that is not in the store.
    #[inline]
    pub(crate) fn of(&self, node: &Node) -> Option<Domain> {
        if self.knows(node) { self.at(node.id) } else { self.find(&node.spec) }
    }

    /// Whether this is a node of the store, or a copy of one, as this table has it.
    #[inline]
    pub(crate) fn knows(&self, node: &Node) -> bool {
        let known = self.nodes.get(node.id.index()).and_then(|entry| entry.spec.as_ref());
        known.is_some_and(|spec| Arc::ptr_eq(spec, &node.spec))
    }

    fn find(&self, spec: &NodeSpec) -> Option<Domain> {
        let value = spec.labels.get(&self.key)?;
        Some(self.ids.get(value.as_str()).copied().unwrap_or_else(|| self.strange_domain(value)))
    }

    fn strange_domain(&self, value: &str) -> Domain {
        let mut strange = self.strange.borrow_mut();
        let place = strange.iter().position(|known| **known == *value).unwrap_or_else(|| {
            strange.push(value.into());
            strange.len() - 1
        });
        Domain(u32::try_from(self.ids.len() + place).expect("fewer than 2^32 values"))
    }

    /// Reads the nodes whose specification is another one than last time.
    fn refresh(&mut self, nodes: &Nodes) {
        // Values that no node has any more are forgotten now and then.
        if self.ids.len() > 2 * nodes.len() + 64 {
            *self = Self::new(self.key.clone());
        }
        self.strange.borrow_mut().clear();
        self.as_of = Some(nodes.spec_changes());
        self.nodes.resize_with(nodes.slots(), Entry::default);
        let Self { key, ids, nodes: entries, .. } = self;
        for (slot, entry) in (0..).zip(entries) {
            let Some(node) = nodes.find(NodeId::new(slot)) else {
                *entry = Entry::default();
                continue;
            };
            if entry.spec.as_ref().is_some_and(|spec| Arc::ptr_eq(spec, &node.spec)) {
                continue;
            }
            let domain = node.spec.labels.get(key).map(|value| domain(ids, value));
            *entry = Entry { spec: Some(node.spec.clone()), domain };
        }
    }
}

fn domain(ids: &mut FxHashMap<Box<str>, Domain>, value: &str) -> Domain {
    if let Some(known) = ids.get(value) {
        return *known;
    }
    let next = Domain(u32::try_from(ids.len()).expect("fewer than 2^32 values"));
    ids.insert(value.into(), next);
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, zone: Option<&str>) -> NodeSpec {
        let labels = zone.map(|zone| ("zone".to_owned(), zone.to_owned()));
        NodeSpec { name: name.into(), labels: labels.into_iter().collect(), ..NodeSpec::default() }
    }

    #[test]
    fn the_table_follows_nodes_that_come_change_and_go() {
        let mut cluster = Cluster::default();
        let topology = Topology::default();
        let key: Arc<str> = "zone".into();
        let a = cluster.add_node(node("a", Some("x"))).expect("a new name");
        let b = cluster.add_node(node("b", None)).expect("a new name");
        let before = topology.domains(&key, &cluster);
        assert_eq!(before.at(b), None);

        let c = cluster.add_node(node("c", Some("x"))).expect("a new name");
        cluster.update_node(b, |spec| spec.labels = node("b", Some("")).labels);
        let now = topology.domains(&key, &cluster);
        assert_eq!((now.at(b), now.at(c)), (Some(Domain::EMPTY), now.at(a)));
        assert_eq!(before.at(b), None, "an answer that somebody holds stays as it was");

        let stranger = Node::hypothetical(node("new", Some("y")), &mut cluster.resources);
        let strange = now.of(&stranger);
        assert!(strange.is_some_and(|domain| domain.index() >= now.len()), "{strange:?}");
        let other = Node::hypothetical(node("newer", Some("z")), &mut cluster.resources);
        assert_ne!(now.of(&other), strange);
        assert_eq!(now.of(&stranger), strange);
        let alike = Node::hypothetical(node("new", Some("x")), &mut cluster.resources);
        assert_eq!(now.of(&alike), now.at(a));
    }
}
