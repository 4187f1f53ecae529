//! Other names for resources, or none: a resource that the run shall not know.

use crate::options::ReplayOptions;
use crate::shapes::{Shape, ShapeId, Shapes};
use std::collections::BTreeMap;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::resources::ResourceList;

/// Resources that are called otherwise in the run, and the shapes in which they are.
#[derive(Debug)]
pub(super) struct Renamed {
    names: BTreeMap<String, String>,
    shapes: Vec<Shape>,
}

impl Renamed {
    pub(super) fn new(options: &ReplayOptions) -> Self {
        Self { names: options.rename.clone(), shapes: Vec::new() }
    }

    pub(super) fn shape<'s>(&'s mut self, id: ShapeId, shapes: &'s Shapes) -> &'s Shape {
        if self.names.is_empty() {
            return shapes.get(id);
        }
        for i in self.shapes.len()..=id.0 as usize {
            let mut shape = shapes.get(ShapeId(i as u32)).clone();
            let spec = &mut shape.spec;
            let init = spec.init_containers.iter_mut().map(|init| &mut init.container);
            for container in spec.containers.iter_mut().chain(init) {
                self.list(&mut container.requests);
                self.list(&mut container.limits);
            }
            for list in [&mut spec.requests, &mut spec.limits, &mut spec.overhead] {
                self.list(list);
            }
            self.shapes.push(shape);
        }
        &self.shapes[id.0 as usize]
    }

    pub(super) fn node(&self, spec: &mut NodeSpec) {
        for list in [&mut spec.allocatable, &mut spec.capacity] {
            // What is changed is not shared with other nodes any more.
            if self.concerns(list) {
                self.list(list);
            }
        }
    }

    /// Whether a name in the list is another one in the run.
    fn concerns(&self, list: &ResourceList) -> bool {
        self.names.keys().any(|from| list.contains_key(from))
    }

    /// Renames all at once, so that two names can change places. What is there under the new name already is added to; what gets an empty
    /// name is left out.
    fn list(&self, list: &mut ResourceList) {
        if !self.concerns(list) {
            return;
        }
        for (name, quantity) in std::mem::take(list) {
            let name = self.names.get(&*name).map_or(name, Into::into);
            if name.is_empty() {
                continue;
            }
            let sum = list.entry(name).or_default();
            *sum = sum.plus(quantity);
        }
    }
}
