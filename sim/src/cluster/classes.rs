//! The classes of pods: one entry for all pods that look alike, as long as there are any.
//!
//! A class costs more than a pod, and there may be as many of them. So those that nobody needs any more are forgotten, all at once,
//! when there are twice as many as were needed the last time. Between two such moments, an *era*, every id names what it named.

use crate::model::ClassId;
use crate::model::pod::{PodClass, PodSpec};
use crate::model::resources::ResourceTable;
use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use std::hash::BuildHasher;

/// Of so many classes nobody asks whether they are still needed.
const FEW: usize = 1 << 12;

/// The classes of the pods that there are, and others that have not been forgotten yet. Ids are used again.
#[derive(Debug)]
pub struct Classes {
    slots: Vec<Option<PodClass>>,
    free: Vec<u32>,
    /// By the hash of the specification, which stands beside it: to compute it again for a table that grows would take long.
    ids: HashTable<(u64, ClassId)>,
    /// All of them, by age.
    by_age: Vec<ClassId>,
    /// How many there have been.
    made: u64,
    era: u64,
    few: usize,
    /// How many there may be in this era.
    most: usize,
}

impl Default for Classes {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            ids: HashTable::new(),
            by_age: Vec::new(),
            made: 0,
            era: 0,
            few: FEW,
            most: FEW,
        }
    }
}

impl Classes {
    /// The class of a specification, made if it is new. It is kept for ever if that is asked once.
    pub(super) fn intern(&mut self, spec: PodSpec, for_ever: bool, resources: &mut ResourceTable) -> ClassId {
        let hash = FxBuildHasher.hash_one(&spec);
        let known = |(other, id): &(u64, ClassId)| *other == hash && self.get(*id).spec == spec;
        if let Some(&(_, id)) = self.ids.find(hash, known) {
            self.class_mut(id).for_ever |= for_ever;
            return id;
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 classes")
        });
        let id = ClassId(slot);
        self.ids.insert_unique(hash, (hash, id), |(hash, _)| *hash);
        self.by_age.push(id);
        let class = PodClass { number: self.made, for_ever, ..PodClass::new(spec, resources) };
        self.slots[id.index()] = Some(class);
        self.made += 1;
        id
    }

    /// Keeps a class for ever.
    pub(super) fn keep(&mut self, id: ClassId) {
        self.class_mut(id).for_ever = true;
    }

    /// A class.
    #[inline]
    pub fn get(&self, id: ClassId) -> &PodClass {
        self.slots[id.index()].as_ref().expect("a class that somebody has")
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_age.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_age.is_empty()
    }

    /// All of them, by age. Within an era others come at the end only.
    pub fn by_age(&self) -> &[ClassId] {
        &self.by_age
    }

    /// How many places a table by class needs.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    /// How often classes have been forgotten. See [`ClassWatch`].
    pub fn era(&self) -> u64 {
        self.era
    }

    /// Up to so many classes none is forgotten.
    pub fn keep_at_least(&mut self, few: usize) {
        (self.few, self.most) = (few, few.max(self.len()));
    }

    /// Whether it is time to forget some.
    #[inline]
    pub(crate) fn are_many(&self) -> bool {
        self.by_age.len() > self.most
    }

    /// Those that nobody needs, by age. `needed` has a place for each id.
    pub(super) fn idle(&self, needed: &[bool]) -> Vec<ClassId> {
        let idle = |id: &ClassId| !needed[id.index()] && !self.get(*id).for_ever;
        self.by_age.iter().copied().filter(idle).collect()
    }

    /// Forgets these, and begins an era.
    pub(super) fn forget(&mut self, idle: &[ClassId]) {
        for id in idle {
            self.slots[id.index()] = None;
        }
        let Self { slots, ids, by_age, .. } = self;
        let is_there = |id: &ClassId| slots[id.index()].is_some();
        ids.retain(|(_, id)| is_there(id));
        by_age.retain(is_there);
        // The lowest free slots are taken first.
        self.free.clear();
        self.free.extend((0..self.slots.len() as u32).rev().filter(|slot| self.slots[*slot as usize].is_none()));
        self.era += 1;
        self.most = self.few.max(2 * self.len());
    }

    fn class_mut(&mut self, id: ClassId) -> &mut PodClass {
        self.slots[id.index()].as_mut().expect("a class that somebody has")
    }
}

/// For those who keep something by class: says when classes have been forgotten. An id may then name another class.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClassWatch {
    era: u64,
    made: u64,
}

/// The classes that were there at an earlier look and still are.
#[derive(Clone, Copy, Debug)]
pub struct Stayed<'a> {
    classes: &'a Classes,
    made: u64,
}

impl ClassWatch {
    /// If classes have been forgotten since the last look: those that were there then and have stayed. What is kept of any other one is
    /// void.
    #[inline]
    pub fn look<'a>(&mut self, classes: &'a Classes) -> Option<Stayed<'a>> {
        let made = std::mem::replace(&mut self.made, classes.made);
        let is_news = std::mem::replace(&mut self.era, classes.era) != classes.era;
        is_news.then_some(Stayed { classes, made })
    }
}

impl Stayed<'_> {
    /// Whether this one has.
    pub fn has(self, id: ClassId) -> bool {
        let class = self.classes.slots.get(id.index()).and_then(Option::as_ref);
        class.is_some_and(|class| class.number < self.made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission;
    use crate::cluster::Cluster;
    use crate::model::pod::NewPod;
    use crate::model::resources::ResourceList;

    fn spec(name: &str) -> PodSpec {
        PodSpec::with_requests(ResourceList::from([(name, crate::model::Quantity::from_units(1))]))
    }

    #[test]
    fn classes_are_as_many_as_pods_need() {
        let mut cluster = Cluster { admission: admission::kubernetes(), ..Cluster::default() };
        let kept = cluster.intern(spec("kept"));
        let mut watch = ClassWatch::default();
        assert!(watch.look(&cluster.classes).is_none());
        let create = |cluster: &mut Cluster, name: &str| {
            let class = cluster.intern_for_now(spec(name));
            (class, cluster.create_pod(NewPod::new(name, class)).expect("a new name"))
        };
        let [(submitted, a), (_, b)] = ["a", "b"].map(|name| create(&mut cluster, name));
        assert_eq!(cluster.classes.len(), 5, "each as submitted and as completed, and one without pods");
        cluster.deliver(|_, _| ());
        cluster.remove_pod(a);
        cluster.deliver(|_, _| ());
        let (of_a, of_b) = (ClassId(submitted.0 + 1), cluster.pod(b).expect("it is there").class);
        assert!(watch.look(&cluster.classes).is_none(), "nothing has been forgotten so far");
        let before = watch;
        cluster.forget_classes();
        let stayed = watch.look(&cluster.classes).expect("classes have gone");
        assert_eq!([kept, submitted, of_a, of_b].map(|id| stayed.has(id)), [true, false, false, true]);
        assert_eq!(cluster.classes.by_age(), [kept, of_b]);
        // The slot of a class that has gone is another one's now.
        let (again, _) = create(&mut cluster, "a");
        assert_eq!(again, submitted);
        assert!(!{ before }.look(&cluster.classes).expect("an era has ended").has(again));
        assert_eq!(cluster.classes.get(again).spec, spec("a"));
    }

    #[test]
    fn a_pod_that_is_submitted_alone_is_what_it_would_be_otherwise() {
        let mut clusters = [(); 2].map(|()| Cluster { admission: admission::kubernetes(), ..Cluster::default() });
        for (alone, cluster) in clusters.iter_mut().enumerate() {
            for name in ["example.com/b", "example.com/a"] {
                let class =
                    if alone == 1 { cluster.submit_alone(spec(name)) } else { cluster.intern(spec(name)).into() };
                cluster.create_pod(NewPod::new(name, class)).expect("a new name");
            }
        }
        let [shared, alone] = &clusters;
        assert_eq!((shared.classes.len(), alone.classes.len()), (4, 2));
        let pods = |cluster: &Cluster| -> Vec<PodSpec> {
            cluster.pods().iter().map(|(_, pod)| cluster.class_of(pod).spec.clone()).collect()
        };
        assert_eq!(pods(shared), pods(alone));
        let columns = |cluster: &Cluster| -> Vec<String> {
            cluster.resources.ids().map(|id| cluster.resources.name(id).to_owned()).collect()
        };
        assert_eq!(columns(shared), columns(alone));
        assert_eq!(shared.fingerprint(), alone.fingerprint());
    }
}
