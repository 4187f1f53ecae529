//! What submissions ask for: a specification is built once for all rows that say the same.

use crate::error::TraceError;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::model::quantity::Quantity;
use towtank_sim::model::resources::ResourceList;

/// What the pods of a submission are.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// The specification.
    pub spec: PodSpec,
}

/// A name that many submissions share: of a user, of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(u32);

impl NameId {
    pub(crate) const fn new(index: u32) -> Self {
        Self(index)
    }

    /// Its place among the names of its reader, from 0 in order of their first appearance.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl Shape {
    /// Whether its pods say that they request nothing: CPU and memory of 0, and not merely none.
    pub fn asks_nothing(&self) -> bool {
        let containers = self.spec.containers.iter();
        let init = self.spec.init_containers.iter().map(|init| &init.container);
        let lists = containers.chain(init).map(|container| &container.requests).chain([&self.spec.requests]);
        let base = |list: &ResourceList| ["cpu", "memory"].map(|name| list.get(name).copied());
        let mut said = lists.flat_map(base).flatten().peekable();
        said.peek().is_some() && said.all(Quantity::is_zero)
    }
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
    names: Vec<Arc<str>>,
    names_index: FxHashMap<Arc<str>, NameId>,
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

    /// The name; `None` for an empty one.
    pub fn name(&mut self, text: &str) -> Option<NameId> {
        if text.is_empty() {
            return None;
        }
        if let Some(id) = self.names_index.get(text) {
            return Some(*id);
        }
        let (id, text): (_, Arc<str>) = (NameId(self.names.len() as u32), text.into());
        self.names.push(Arc::clone(&text));
        self.names_index.insert(text, id);
        Some(id)
    }

    /// The name's text.
    pub fn text(&self, id: NameId) -> &Arc<str> {
        &self.names[id.0 as usize]
    }

    /// All of them, in order of their first appearance.
    pub fn all(&self) -> &[Shape] {
        &self.list
    }
}
