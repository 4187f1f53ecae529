//! The classes of pods: one entry for all pods that look alike.

use crate::model::ClassId;
use crate::model::pod::{PodClass, PodSpec};
use crate::model::resources::ResourceTable;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// All classes seen in a run. They are never forgotten.
#[derive(Debug, Default)]
pub struct Classes {
    classes: Vec<PodClass>,
    ids: FxHashMap<Arc<PodSpec>, ClassId>,
}

impl Classes {
    /// The class of a specification, made if it is new.
    pub fn intern(&mut self, spec: PodSpec, resources: &mut ResourceTable) -> ClassId {
        if let Some(&id) = self.ids.get(&spec) {
            return id;
        }
        let id = ClassId(u32::try_from(self.classes.len()).expect("fewer than 2^32 classes"));
        self.ids.insert(Arc::new(spec.clone()), id);
        self.classes.push(PodClass::new(spec, resources));
        id
    }

    /// A class.
    #[inline]
    pub fn get(&self, id: ClassId) -> &PodClass {
        &self.classes[id.index()]
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }
}
