//! Pods of one shape: a specification is built once for all rows that say the same.

use crate::error::TraceError;
use rustc_hash::FxHashMap;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::ClassId;
use towtank_sim::model::pod::PodSpec;

/// The shapes met so far, by the bytes of the fields that make them. The classes belong to one cluster: a source serves
/// one run.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    key: Vec<u8>,
    index: FxHashMap<Box<[u8]>, Shape>,
    classes: Vec<Interned>,
}

/// A shape's place among its file's shapes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape(u32);

#[derive(Debug)]
enum Interned {
    Not(Box<PodSpec>),
    As(ClassId),
}

impl Shapes {
    /// The shape made of these fields; `build` is called for the first row that has it.
    pub(crate) fn of<'a>(
        &mut self,
        fields: impl Iterator<Item = &'a [u8]>,
        build: impl FnOnce() -> Result<PodSpec, TraceError>,
    ) -> Result<Shape, TraceError> {
        self.key.clear();
        for field in fields {
            // The length first, so that no two lists of fields have one key.
            self.key.extend_from_slice(&(field.len() as u32).to_le_bytes());
            self.key.extend_from_slice(field);
        }
        if let Some(shape) = self.index.get(self.key.as_slice()) {
            return Ok(*shape);
        }
        let shape = Shape(self.classes.len() as u32);
        self.classes.push(Interned::Not(Box::new(build()?)));
        self.index.insert(self.key.as_slice().into(), shape);
        Ok(shape)
    }

    /// The shape's class in the cluster.
    pub(crate) fn class(&mut self, shape: Shape, cluster: &mut Cluster) -> ClassId {
        let slot = &mut self.classes[shape.0 as usize];
        match slot {
            Interned::As(id) => *id,
            Interned::Not(spec) => {
                let id = cluster.intern(std::mem::take(&mut **spec));
                *slot = Interned::As(id);
                id
            }
        }
    }
}
