//! Amounts of named resources as dense vectors of integers.

use super::list_map::ListMap;
use super::quantity::Quantity;
pub use super::resource_name::ResourceName;
use smallvec::SmallVec;

/// A resource's column in every [`Resources`] vector of one cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(pub u16);

impl ResourceId {
    /// CPU, in thousandths of a core.
    pub const CPU: Self = Self(0);
    /// Memory, in bytes.
    pub const MEMORY: Self = Self(1);
    /// `ephemeral-storage`, in bytes.
    pub const EPHEMERAL_STORAGE: Self = Self(2);
    /// The count of pods.
    pub const PODS: Self = Self(3);

    /// The column as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Resource amounts as manifests name them.
pub type ResourceList = ListMap<ResourceName, Quantity>;

/// The names of a cluster's resources, in order of first appearance after the four that every cluster has.
#[derive(Clone, Debug)]
pub struct ResourceTable {
    names: Vec<String>,
}

impl Default for ResourceTable {
    fn default() -> Self {
        Self { names: ["cpu", "memory", "ephemeral-storage", "pods"].map(str::to_owned).to_vec() }
    }
}

impl ResourceTable {
    /// The column of a resource, made if it is new.
    pub fn intern(&mut self, name: &str) -> ResourceId {
        self.get(name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            ResourceId(u16::try_from(self.names.len() - 1).expect("fewer than 65,536 resources"))
        })
    }

    /// The column of a resource that has been seen.
    pub fn get(&self, name: &str) -> Option<ResourceId> {
        self.names.iter().position(|n| n == name).map(|i| ResourceId(i as u16))
    }

    /// Whether all names of a list have columns.
    pub(crate) fn has_all(&self, list: &ResourceList) -> bool {
        list.keys().all(|name| self.get(name).is_some())
    }

    /// The resource's name.
    pub fn name(&self, id: ResourceId) -> &str {
        &self.names[id.index()]
    }

    /// All columns.
    pub fn ids(&self) -> impl Iterator<Item = ResourceId> + use<> {
        (0..self.names.len() as u16).map(ResourceId)
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Never true: four resources always exist.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The amounts of a list as a vector: CPU in milli, everything else in whole units, rounded up.
    pub fn vector(&mut self, list: &ResourceList) -> Resources {
        let mut vector = Resources::default();
        for (name, quantity) in list {
            let id = self.intern(name);
            vector.set(id, amount(id, *quantity));
        }
        vector
    }
}

/// The integer that a quantity of this resource is counted as.
pub const fn amount(id: ResourceId, quantity: Quantity) -> i64 {
    if id.0 == ResourceId::CPU.0 { quantity.milli_value() } else { quantity.value() }
}

/// Amounts per resource; a column that is not there is 0.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub struct Resources(SmallVec<[i64; 6]>);

impl Clone for Resources {
    fn clone(&self) -> Self {
        Self(SmallVec::from_slice(&self.0))
    }

    fn clone_from(&mut self, other: &Self) {
        if self.0.len() == other.0.len() {
            self.0.copy_from_slice(&other.0);
        } else {
            self.0.clear();
            self.0.extend_from_slice(&other.0);
        }
    }
}

impl Resources {
    /// The amount of one resource.
    #[inline]
    pub fn get(&self, id: ResourceId) -> i64 {
        self.0.get(id.index()).copied().unwrap_or(0)
    }

    /// Sets the amount of one resource.
    pub fn set(&mut self, id: ResourceId, amount: i64) {
        if self.0.len() <= id.index() {
            self.0.resize(id.index() + 1, 0);
        }
        self.0[id.index()] = amount;
    }

    /// Adds to every resource. Amounts stop at the ends of `i64`.
    pub fn add(&mut self, other: &Self) {
        self.zip(other, i64::saturating_add);
    }

    /// Subtracts from every resource.
    pub fn sub(&mut self, other: &Self) {
        self.zip(other, i64::saturating_sub);
    }

    /// Raises every resource to at least the other's.
    pub fn max(&mut self, other: &Self) {
        self.zip(other, Ord::max);
    }

    /// The resources whose amount is not 0.
    pub fn iter(&self) -> impl Iterator<Item = (ResourceId, i64)> + '_ {
        self.0.iter().enumerate().filter(|(_, amount)| **amount != 0).map(|(i, amount)| (ResourceId(i as u16), *amount))
    }

    /// The columns that are stored, zeros included.
    pub fn as_slice(&self) -> &[i64] {
        &self.0
    }

    fn zip(&mut self, other: &Self, f: impl Fn(i64, i64) -> i64) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(other.0.iter().chain(std::iter::repeat(&0))) {
            *mine = f(*mine, *theirs);
        }
    }
}
