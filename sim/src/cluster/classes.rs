//! The classes of pods: one entry for all pods that look alike.

use crate::model::ClassId;
use crate::model::pod::{PodClass, PodSpec};
use crate::model::resources::ResourceTable;
use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use std::hash::BuildHasher;

/// All classes seen in a run. They are never forgotten.
#[derive(Debug, Default)]
pub struct Classes {
    classes: Vec<PodClass>,
    /// By the hash of the specification, which stands beside it: to compute it again for a table that grows would take long.
    ids: HashTable<(u64, ClassId)>,
}

impl Classes {
    /// The class of a specification, made if it is new.
    pub fn intern(&mut self, spec: PodSpec, resources: &mut ResourceTable) -> ClassId {
        let hash = FxBuildHasher.hash_one(&spec);
        let known = |(other, id): &(u64, ClassId)| *other == hash && self.classes[id.index()].spec == spec;
        if let Some(&(_, id)) = self.ids.find(hash, known) {
            return id;
        }
        let id = ClassId(u32::try_from(self.classes.len()).expect("fewer than 2^32 classes"));
        self.ids.insert_unique(hash, (hash, id), |(hash, _)| *hash);
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
