//! Nodes that hold another number of pods than their trace's format gives them.

use towtank_sim::cluster::Cluster;
use towtank_sim::model::quantity::Quantity;
use towtank_sim::source::{Source, SourceError, Submission, Work};

/// The nodes of a source, each with room for so many pods.
pub fn pods_per_node(source: Box<dyn Source>, pods: u32) -> Box<dyn Source> {
    Box::new(WithPods { source, pods: Quantity::from_units(pods.into()) })
}

struct WithPods {
    source: Box<dyn Source>,
    pods: Quantity,
}

impl Source for WithPods {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn next(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, SourceError> {
        let mut submission = self.source.next(cluster)?;
        if let Some(Submission { work: Work::Node(node) | Work::UpdateNode(node), .. }) = &mut submission {
            node.allocatable.insert("pods".to_owned(), self.pods);
        }
        Ok(submission)
    }

    fn new_nodes(&self) -> usize {
        self.source.new_nodes()
    }

    fn is_endless(&self) -> bool {
        self.source.is_endless()
    }
}
