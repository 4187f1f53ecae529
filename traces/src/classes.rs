//! From the shapes of a trace to the classes of a cluster.

use crate::shapes::ShapeId;
use crate::stream::Stream;
use towtank_sim::cluster::{ClassWatch, Cluster};
use towtank_sim::model::ClassId;

/// The classes that are known so far and have not been forgotten. They belong to one cluster: a source serves one run.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    of_shape: Vec<Option<ClassId>>,
    watch: ClassWatch,
}

impl Classes {
    /// The shape's class in the cluster.
    pub(crate) fn of(&mut self, shape: ShapeId, stream: &mut Stream, cluster: &mut Cluster) -> ClassId {
        if let Some(stayed) = self.watch.look(&cluster.classes) {
            for class in &mut self.of_shape {
                *class = class.filter(|id| stayed.has(*id));
            }
        }
        let place = shape.0 as usize;
        if self.of_shape.len() <= place {
            self.of_shape.resize(place + 1, None);
        }
        *self.of_shape[place].get_or_insert_with(|| cluster.intern_for_now(stream.shape(shape).spec.clone()))
    }
}
