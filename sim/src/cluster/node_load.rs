//! What is read of a node whenever a pod is placed, as numbers that many nodes are judged by at once.

use crate::model::node::Node;
use crate::model::resources::ResourceId;

/// The amounts of a node that nearly every pod is judged by. They say the same as the [`Node`], which has all others too.
///
/// Whole numbers below 2^53 are exact as `f64`. A node is [exact](NodeLoad::exact) if all amounts are below [`NodeLoad::LIMIT`], so that
/// their sums and hundredfolds are exact too. Any other node has to be judged by the [`Node`]; its load says that it has room for
/// everything, and nothing else that means anything.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C, align(32))]
pub struct NodeLoad {
    /// Allocatable CPU (milli) and memory (bytes), at least 1.
    pub allocatable: [f64; 2],
    /// The reciprocals of both, rounded to nearest.
    pub reciprocal: [f64; 2],
    /// CPU and memory that the pods on the node request.
    pub requested: [f64; 2],
    /// A hundred times what is left of CPU and memory as scoring counts its pods, with the defaults for containers without a request.
    /// Negative where more is taken than there is.
    pub headroom: [f64; 2],
    /// How far its pods are from requesting equal shares of CPU and memory, as the score of balance counts it: 75 less half of the whole
    /// part of `100 (1 - |s - t| / 2)` for the shares `s` and `t`, each rounded to nearest and at most 1.
    pub imbalance: f64,
    /// For how many more pods there is a place. Negative if there are too many.
    pub places: f64,
    /// Whether the amounts may be used.
    pub exact: bool,
    /// Whether what is allocatable may be used.
    has_exact: bool,
}

impl NodeLoad {
    /// Amounts from here on are not exact: 8 TiB of memory.
    pub const LIMIT: i64 = 1 << 43;

    /// Whether an amount is neither negative nor too large.
    pub const fn is_exact(amount: i64) -> bool {
        // A negative number has the high bits that small amounts lack.
        (amount as u64) < Self::LIMIT as u64
    }

    /// The place of a resource among the pairs of amounts, if it has one.
    pub const fn place_of(resource: ResourceId) -> Option<usize> {
        match resource {
            ResourceId::CPU => Some(0),
            ResourceId::MEMORY => Some(1),
            _ => None,
        }
    }

    pub(super) fn of(node: &Node) -> Self {
        let has = [ResourceId::CPU, ResourceId::MEMORY].map(|id| node.allocatable.get(id));
        let has_exact = has.iter().all(|amount| *amount > 0 && Self::is_exact(*amount));
        let allocatable = if has_exact { has.map(|amount| amount as f64) } else { [1.0; 2] };
        let reciprocal = allocatable.map(|amount| 1.0 / amount);
        let mut load = Self { allocatable, reciprocal, has_exact, ..Self::default() };
        load.take_pods_of(node);
        load
    }

    /// The node has other pods now.
    #[inline]
    pub(super) fn take_pods_of(&mut self, node: &Node) {
        let taken = &node.requested;
        let [cpu, memory] = [taken.get(ResourceId::CPU), taken.get(ResourceId::MEMORY)];
        let [has, had] = [node.allocatable.get(ResourceId::PODS), taken.get(ResourceId::PODS)];
        let bits = cpu | memory | has | had | node.nonzero_cpu | node.nonzero_memory;
        self.exact = self.has_exact && Self::is_exact(bits);
        if !self.exact {
            (self.requested, self.places) = ([f64::NEG_INFINITY; 2], f64::INFINITY);
            (self.headroom, self.imbalance) = ([0.0; 2], 0.0);
            return;
        }
        self.requested = [cpu as f64, memory as f64];
        let nonzero = [node.nonzero_cpu as f64, node.nonzero_memory as f64];
        self.headroom = [0, 1].map(|place: usize| 100.0 * (self.allocatable[place] - nonzero[place]));
        self.places = (has - had) as f64;
        let share = |place: usize| (self.requested[place] / self.allocatable[place]).min(1.0);
        self.imbalance = 75.0 - 0.5 * f64::from(((1.0 - ((share(0) - share(1)) / 2.0).abs()) * 100.0) as u8);
    }
}
