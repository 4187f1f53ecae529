//! NodeResourcesBalancedAllocation: prefers nodes whose resources the pod brings into balance.

use crate::config::{ArgsSource, BalancedArgs, ConfigError};
use crate::factory::Factory;
use crate::resource_ref::{CycleResource, ResourceRef};
use smallvec::SmallVec;
use std::sync::Arc;
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::scheduler::{Cycle, Dependence, Events, MAX_NODE_SCORE, Plugin, Points, PreScore, Score};

/// The plugin.
///
/// Source: `noderesources/balanced_allocation.go`, with the change of pull request 135573.
#[derive(Clone, Debug)]
pub struct NodeResourcesBalancedAllocation {
    resources: Arc<[ResourceRef]>,
}

struct Balance(Vec<CycleResource>);

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
}

impl Plugin for NodeResourcesBalancedAllocation {
    fn name(&self) -> &'static str {
        "NodeResourcesBalancedAllocation"
    }

    fn points(&self) -> Points {
        Points::PRE_SCORE.and(Points::SCORE)
    }

    /// Requests count as they are, without defaults; a pod that asks for none of the resources is not scored.
    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        let resources = ResourceRef::resolve(&self.resources, cycle.class, cycle.cluster, false);
        if resources.iter().all(|resource| resource.pod == 0) {
            return PreScore::Skip;
        }
        PreScore::Ask(Box::new(Balance(resources)))
    }

    fn score_depends_on(&self) -> Dependence {
        Dependence::Node
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
