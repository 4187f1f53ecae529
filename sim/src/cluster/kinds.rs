//! Nodes of one kind, which share what they have in common.

use crate::model::node::NodeSpec;
use crate::model::resources::Resources;
use std::sync::Arc;

/// How many kinds are remembered. Pools come one after another, and traces have a few machine types.
const REMEMBERED: usize = 16;

/// The kinds of the nodes that came last: by what can be allocated of them, one node each.
#[derive(Debug, Default)]
pub(super) struct Kinds(Vec<(Arc<NodeSpec>, Arc<Resources>)>);

impl Kinds {
    /// A node comes, with what can be allocated of it as a vector.
    pub(super) fn share(&mut self, mut spec: NodeSpec, allocatable: Resources) -> (Arc<NodeSpec>, Arc<Resources>) {
        let known = self.0.iter().find(|(known, _)| known.allocatable == spec.allocatable);
        if let Some((known, vector)) = known.filter(|(_, vector)| **vector == allocatable) {
            spec.share(known);
            return (Arc::new(spec), Arc::clone(vector));
        }
        let kind = (Arc::new(spec), Arc::new(allocatable));
        self.0.truncate(REMEMBERED - 1);
        self.0.insert(0, kind.clone());
        kind
    }
}

#[cfg(test)]
mod tests {
    use crate::cluster::Cluster;
    use crate::model::Quantity;
    use crate::model::node::NodeSpec;
    use crate::model::resources::ResourceList;
    use std::sync::Arc;

    fn list(cpu: i64) -> ResourceList {
        [("cpu", Quantity::from_units(cpu)), ("pods", Quantity::from_units(110))].into()
    }

    #[test]
    fn nodes_of_one_kind_share_until_one_of_them_changes() {
        let mut cluster = Cluster::default();
        cluster.expect_nodes(40);
        let add = |number: usize| {
            let kind = NodeSpec { allocatable: list(1 + number as i64 % 20).into(), ..NodeSpec::default() };
            cluster.add_node(NodeSpec { name: format!("n{number}").into(), ..kind }).expect("a new name")
        };
        let nodes: Vec<_> = (0..40).chain([59]).map(add).collect();
        let share = |cluster: &Cluster, one: usize, other: usize| {
            let [one, other] = [one, other].map(|index| cluster.node(nodes[index]));
            let lists = std::ptr::eq(&raw const *one.spec.allocatable, &raw const *other.spec.allocatable);
            assert_eq!(Arc::ptr_eq(&one.allocatable, &other.allocatable), lists);
            lists
        };
        assert!(share(&cluster, 39, 40) && !share(&cluster, 38, 39));
        cluster.update_node(nodes[39], |spec| _ = spec.labels.insert("zone", "a".to_owned()));
        assert!(share(&cluster, 39, 40), "of what has not changed there is one still");
        cluster.update_node(nodes[39], |spec| spec.allocatable = list(7).into());
        assert!(!share(&cluster, 39, 40));
        assert_eq!(cluster.node(nodes[40]).allocatable.as_slice()[0], 20_000);
    }
}
