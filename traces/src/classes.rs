//! From the shapes of a trace to the classes of a cluster.

use crate::shapes::ShapeId;
use crate::stream::Stream;
use towtank_sim::cluster::{ClassWatch, Cluster};
use towtank_sim::model::ClassId;
use towtank_sim::model::pod::Submitted;

/// The classes that are known so far and have not been forgotten. They belong to one cluster: a source serves one run.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    of_shape: Vec<Known>,
    watch: ClassWatch,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Known {
    #[default]
    New,
    /// One pod of the shape has come.
    Once,
    Class(ClassId),
}

impl Classes {
    /// A pod of the shape, or as many as a group has.
    pub(crate) fn of(&mut self, shape: ShapeId, group: bool, stream: &mut Stream, cluster: &mut Cluster) -> Submitted {
        if let Some(stayed) = self.watch.look(&cluster.classes) {
            for known in &mut self.of_shape {
                if !matches!(known, Known::Class(id) if stayed.has(*id)) {
                    *known = Known::New;
                }
            }
        }
        let place = shape.0 as usize;
        if self.of_shape.len() <= place {
            self.of_shape.resize(place + 1, Known::New);
        }
        let known = &mut self.of_shape[place];
        if let Known::Class(id) = known {
            return (*id).into();
        }
        let spec = stream.shape(shape).spec.clone();
        if *known == Known::New && !group {
            *known = Known::Once;
            return cluster.submit_alone(spec);
        }
        let id = cluster.intern_for_now(spec);
        *known = Known::Class(id);
        id.into()
    }
}
