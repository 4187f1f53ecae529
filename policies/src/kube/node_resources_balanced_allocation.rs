//! NodeResourcesBalancedAllocation: prefers nodes whose resources the pod brings into balance.

use crate::config::{ArgsSource, BalancedArgs, ConfigError};
use crate::factory::Factory;
use crate::lasting::{score_by_node, scores};
use crate::pair::{Pair, allocatable, integer, is_exact, pair, requested, whole, zip};
use crate::resource_ref::{CycleResource, CycleResources, ResourceRef};
use smallvec::SmallVec;
use std::sync::Arc;
use towtank_sim::cluster::{Cluster, Nodes};
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::{
    Cycle, Dependence, Events, Lasting, LastingScore, MAX_NODE_SCORE, NodePart, NodeScore, Plugin, Points, PreScore,
    Score,
};

/// The plugin.
///
/// Source: `noderesources/balanced_allocation.go`, with the change of pull request 135573.
#[derive(Clone, Debug)]
pub struct NodeResourcesBalancedAllocation {
    resources: Arc<[ResourceRef]>,
}

struct Balance(CycleResources);

/// As [`Balance`], where CPU and memory are to be in balance: most nodes are scored by their rows in the table of loads.
struct RowBalance {
    plain: Balance,
    /// What the pod asks for.
    pod: Pair,
}

/// Fractions of a node's resources; two of them in nearly every configuration.
type Fractions = SmallVec<[f64; 4]>;

/// Reads the arguments.
pub(crate) fn prepare(args: &ArgsSource<'_>) -> Result<Factory, ConfigError> {
    let plugin = NodeResourcesBalancedAllocation::new(&args.read()?);
    Ok(Arc::new(move |_| Box::new(plugin.clone())))
}

impl NodeResourcesBalancedAllocation {
    /// The plugin with these arguments.
    pub fn new(args: &BalancedArgs) -> Self {
        Self { resources: ResourceRef::list(&args.resources()).into() }
    }

    /// What scores nodes for pods of the class. Requests count as they are, without defaults; a pod that asks for none of the
    /// resources is not scored.
    fn balance(&self, class: &PodClass, cluster: &Cluster) -> Option<Balance> {
        let resources = ResourceRef::resolve(&self.resources, class, cluster, false);
        resources.iter().any(|resource| resource.pod != 0).then_some(Balance(resources))
    }
}

impl Plugin for NodeResourcesBalancedAllocation {
    fn name(&self) -> &'static str {
        "NodeResourcesBalancedAllocation"
    }

    fn points(&self) -> Points {
        Points::PRE_SCORE.and(Points::SCORE)
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        let balance = self.balance(cycle.class, cycle.cluster);
        balance.map_or(PreScore::Skip, |balance| PreScore::Ask(Box::new(balance)))
    }

    fn score_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn lasting(&self, class: &PodClass, cluster: &Cluster) -> Lasting {
        let score = match self.balance(class, cluster).map(RowBalance::new) {
            None => LastingScore::Skip,
            Some(Ok(by_row)) => LastingScore::ByNode(Box::new(by_row)),
            Some(Err(plain)) => score_by_node(NodePart::Whole, plain),
        };
        scores(score)
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}

impl Score for Balance {
    /// 75 where the balance stays as it is; 50 to 100 as the pod spoils or mends it.
    fn score(&self, node: &Node) -> i64 {
        let (mut before, mut after) = (Fractions::new(), Fractions::new());
        for amounts in self.0.iter().filter_map(|resource| resource.on(node)) {
            let fraction = |amount: i64| (amount as f64 / amounts.allocatable as f64).min(1.0);
            before.push(fraction(amounts.before));
            after.push(fraction(amounts.after));
        }
        let half = MAX_NODE_SCORE / 2;
        half + (half + balance(&after) - balance(&before)) / 2
    }
}

impl RowBalance {
    fn new(plain: Balance) -> Result<Self, Balance> {
        match CycleResource::cpu_and_memory(&plain.0) {
            Some((pod, weights)) if plain.0.len() == 2 && !weights.contains(&0) => Ok(Self { pod: pair(pod), plain }),
            _ => Err(plain),
        }
    }
}

impl NodeScore for RowBalance {
    fn reads(&self) -> NodePart {
        NodePart::Whole
    }

    fn score(&self, node: &Node) -> i64 {
        self.plain.score(node)
    }

    fn add(&self, nodes: &Nodes, ids: &[NodeId], weight: i64, totals: &mut [i64]) {
        let fraction = |amount: f64, allocatable: f64| {
            let fraction = amount / allocatable;
            if fraction < 1.0 { fraction } else { 1.0 }
        };
        // The same operations in the same order as in `balance`; halving is exact.
        let balance = |[cpu, memory]: Pair| whole((1.0 - ((cpu - memory) * 0.5).abs()) * MAX_NODE_SCORE as f64);
        let half = MAX_NODE_SCORE / 2;
        for (id, total) in ids.iter().zip(totals) {
            let load = nodes.load(*id);
            let (has, taken) = (allocatable(load), requested(load));
            if is_exact(has, taken) {
                let (has, before) = (pair(has), pair(taken));
                let after = zip(before, self.pod, |node, pod| node + pod);
                let (before, after) = (balance(zip(before, has, fraction)), balance(zip(after, has, fraction)));
                // With two resources neither balance is below 50, so this is not negative, and shifting is dividing.
                *total += weight * (half + (integer(half as f64 + after - before) >> 1));
            } else {
                *total += weight * self.plain.score(nodes.get(*id));
            }
        }
    }
}

/// 100 for equal fractions, less the more they differ (standard deviation). The order of operations is upstream's, because
/// the result is truncated.
fn balance(fractions: &[f64]) -> i64 {
    let deviation = match fractions {
        [] | [_] => 0.0,
        [a, b] => ((a - b) / 2.0).abs(),
        _ => {
            let mut total = 0.0;
            for fraction in fractions {
                total += fraction;
            }
            let count = fractions.len() as f64;
            let mean = total / count;
            let mut sum = 0.0;
            for fraction in fractions {
                sum += (fraction - mean) * (fraction - mean);
            }
            (sum / count).sqrt()
        }
    };
    ((1.0 - deviation) * MAX_NODE_SCORE as f64) as i64
}
