//! What submissions ask for: a specification is built once for all rows that say the same.

use crate::error::TraceError;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use towtank_sim::model::pod::PodSpec;

/// What the pods of a submission are, and whose they are.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// The specification.
    pub spec: PodSpec,
    /// The user who submits them, where the trace knows one.
    pub user: Option<Arc<str>>,
    /// The queue, tenant or virtual cluster to which they are submitted, where the trace knows one.
    pub queue: Option<Arc<str>>,
}

/// A shape's place among those of its reader, from 0 in order of their first appearance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShapeId(pub u32);

/// The shapes met so far, found by the bytes of the fields that make them.
#[derive(Debug, Default)]
pub struct Shapes {
    key: Vec<u8>,
    index: FxHashMap<Box<[u8]>, ShapeId>,
    list: Vec<Shape>,
}

impl Shapes {
    /// The shape made of these fields; `build` is called for the first row that has them.
    ///
    /// # Errors
    /// What `build` finds.
    pub fn of<'a>(
        &mut self,
        fields: impl IntoIterator<Item = &'a [u8]>,
        build: impl FnOnce() -> Result<Shape, TraceError>,
    ) -> Result<ShapeId, TraceError> {
        self.key.clear();
        for field in fields {
            // The length first, so that no two lists of fields have one key.
            self.key.extend_from_slice(&(field.len() as u32).to_le_bytes());
            self.key.extend_from_slice(field);
        }
        if let Some(shape) = self.index.get(self.key.as_slice()) {
            return Ok(*shape);
        }
        let shape = ShapeId(self.list.len() as u32);
        self.list.push(build()?);
        self.index.insert(self.key.as_slice().into(), shape);
        Ok(shape)
    }

    /// The shape.
    pub fn get(&self, id: ShapeId) -> &Shape {
        &self.list[id.0 as usize]
    }

    /// All of them, in order of their first appearance.
    pub fn all(&self) -> &[Shape] {
        &self.list
    }
}
