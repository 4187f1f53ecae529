//! From the shapes of a trace to the classes of a cluster.

use crate::shapes::ShapeId;
use crate::stream::Stream;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::ClassId;

/// The classes that are known so far. They belong to one cluster: a source serves one run.
#[derive(Debug, Default)]
pub(crate) struct Classes(Vec<Option<ClassId>>);

impl Classes {
    /// The shape's class in the cluster.
    pub(crate) fn of(&mut self, shape: ShapeId, stream: &mut Stream, cluster: &mut Cluster) -> ClassId {
        let place = shape.0 as usize;
        if self.0.len() <= place {
            self.0.resize(place + 1, None);
        }
        *self.0[place].get_or_insert_with(|| cluster.intern(stream.shape(shape).spec.clone()))
    }
}
