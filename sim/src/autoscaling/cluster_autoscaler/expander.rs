//! Expanders: which node group grows when several could help.
//!
//! Source: `cluster-autoscaler/expander/`. Scores are floating point because they are upstream.

use std::sync::Arc;

/// A rule that keeps the best of the options.
#[derive(Clone, Debug, PartialEq)]
pub enum Expander {
    /// Keeps all, so that the lot decides.
    Random,
    /// Keeps those that help the most pods.
    MostPods,
    /// Keeps those that need the fewest nodes.
    LeastNodes,
    /// Keeps those that leave the smallest fractions of CPU and memory unused.
    LeastWaste,
    /// Keeps the cheapest, by the price per node and hour, with an allowance for nodes that suit the cluster's size.
    /// Groups without a price are dropped, unless none has one.
    Price,
    /// Keeps those of the highest priority. Groups that are not named are dropped, unless none of the options is named.
    Priority(Vec<PriorityTier>),
}

/// Groups of one priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriorityTier {
    /// Larger is better.
    pub priority: i32,
    /// The groups' names. Upstream writes regular expressions; whoever reads the configuration resolves them.
    pub groups: Vec<Arc<str>>,
}

/// One way to help: so many nodes of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Expansion {
    /// The group's name.
    pub group: Arc<str>,
    /// How many nodes.
    pub nodes: u32,
    /// How many pods they hold.
    pub pods: usize,
    /// What these pods request: CPU in milli, memory in bytes.
    pub requested: (i64, i64),
    /// The capacity of one node: CPU in milli, memory in bytes.
    pub capacity: (i64, i64),
    /// Whether the nodes have GPUs.
    pub gpu: bool,
    /// The price of a node per hour.
    pub price: Option<f64>,
}

impl Expander {
    /// The indices of those options that it keeps, out of `candidates`; never none of some. `cluster_size` is the number
    /// of nodes that exist.
    pub fn keep(&self, options: &[Expansion], candidates: &[usize], cluster_size: usize) -> Vec<usize> {
        let best = |score: &dyn Fn(&Expansion) -> f64| least(options, candidates, score);
        match self {
            Self::Random => candidates.to_vec(),
            Self::MostPods => best(&|option| -(option.pods as f64)),
            Self::LeastNodes => best(&|option| f64::from(option.nodes)),
            Self::LeastWaste => best(&waste),
            Self::Price => {
                let priced: Vec<usize> = candidates.iter().copied().filter(|&i| options[i].price.is_some()).collect();
                if priced.is_empty() {
                    return candidates.to_vec();
                }
                least(options, &priced, &|option| price_score(option, cluster_size))
            }
            Self::Priority(tiers) => {
                let priority = |i: usize| {
                    let mine = tiers.iter().filter(|tier| tier.groups.contains(&options[i].group));
                    mine.map(|tier| tier.priority).max()
                };
                let highest = candidates.iter().filter_map(|&i| priority(i)).max();
                candidates.iter().copied().filter(|&i| priority(i) == highest).collect()
            }
        }
    }
}

fn least(options: &[Expansion], candidates: &[usize], score: &dyn Fn(&Expansion) -> f64) -> Vec<usize> {
    let scores: Vec<f64> = candidates.iter().map(|&i| score(&options[i])).collect();
    let lowest = scores.iter().copied().fold(f64::INFINITY, f64::min);
    candidates.iter().zip(scores).filter(|(_, score)| *score <= lowest).map(|(&i, _)| i).collect()
}

/// Source: `expander/waste/waste.go`.
fn waste(option: &Expansion) -> f64 {
    let wasted = |requested: i64, capacity: i64| {
        let available = (capacity * i64::from(option.nodes)) as f64;
        (available - requested as f64) / available
    };
    wasted(option.requested.0, option.capacity.0) + wasted(option.requested.1, option.capacity.1)
}

/// Prices of a pod per hour: for a core, and for a GiB. No cloud's, only of a usual size: the score needs some.
const CORE_PRICE: f64 = 0.03;
const GIB_PRICE: f64 = 0.004;
const GIB: f64 = 1_073_741_824.0;

fn pod_price(cpu_milli: f64, memory: f64) -> f64 {
    cpu_milli / 1000.0 * CORE_PRICE + memory / GIB * GIB_PRICE
}

/// Source: `expander/price/price.go`.
fn price_score(option: &Expansion, cluster_size: usize) -> f64 {
    let nodes = f64::from(option.nodes);
    let stabilization = pod_price(500.0, 500.0 * 1024.0 * 1024.0);
    let total = option.price.unwrap_or(f64::INFINITY) * nodes;
    let pods = pod_price(option.requested.0 as f64, option.requested.1 as f64);
    let sub_score = (total + stabilization) / (pods + stabilization);
    sub_score * if option.gpu { 1000.0 } else { unfitness(option, cluster_size) }
}

/// How little the size of the nodes suits the size of the cluster; the more nodes, the less it matters.
///
/// Source: `expander/price/preferred.go`.
fn unfitness(option: &Expansion, cluster_size: usize) -> f64 {
    let preferred = match cluster_size {
        0..=2 => 1.0,
        3..=6 => 2.0,
        7..=20 => 4.0,
        21..=60 => 8.0,
        61..=200 => 16.0,
        _ => 32.0,
    };
    let cores = option.capacity.0 as f64 / 1000.0;
    let unfit = (preferred / cores).max(cores / preferred);
    (unfit - 1.0) * (1.0 - libm::tanh((f64::from(option.nodes) - 1.0) / 15.0)) + 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const GI: i64 = 1 << 30;

    fn option(group: &str, nodes: u32, pods: usize, requested: (i64, i64), capacity: (i64, i64)) -> Expansion {
        Expansion { group: group.into(), nodes, pods, requested, capacity, gpu: false, price: None }
    }

    fn check(expander: &Expander, options: &[Expansion], expected: &[&str]) {
        let all: Vec<usize> = (0..options.len()).collect();
        let kept: Vec<&str> = expander.keep(options, &all, 1).iter().map(|&i| &*options[i].group).collect();
        assert_eq!(kept, expected, "{expander:?}");
    }

    #[test]
    fn each_keeps_what_it_is_named_after() {
        // Four pods of 1.6 cores and 6.25 GiB, as in the recorded case least-waste-big.
        let needs = (6400, 25 * GI);
        let options = [option("small", 4, 4, needs, (2000, 8 * GI)), option("big", 1, 4, needs, (16_000, 64 * GI))];
        check(&Expander::LeastWaste, &options, &["small"]);
        check(&Expander::LeastNodes, &options, &["big"]);
        check(&Expander::MostPods, &options, &["small", "big"]);
        check(&Expander::Random, &options, &["small", "big"]);
        let fewer = [options[0].clone(), option("half", 1, 2, needs, (16_000, 64 * GI))];
        check(&Expander::MostPods, &fewer, &["small"]);
    }

    #[test]
    fn priority_drops_what_is_not_named_unless_nothing_is() {
        let same = |group| option(group, 1, 1, (1, 1), (1000, GI));
        let tier = |priority, group: &str| PriorityTier { priority, groups: vec![group.into()] };
        let options = [same("a"), same("b"), same("c")];
        check(&Expander::Priority(vec![tier(10, "a"), tier(20, "b")]), &options, &["b"]);
        check(&Expander::Priority(vec![tier(10, "x")]), &options, &["a", "b", "c"]);
    }

    #[test]
    fn price_weighs_cost_and_size() {
        let priced = |group, price, cores: i64| Expansion {
            price: Some(price),
            ..option(group, 1, 1, (1000, GI), (cores * 1000, cores * 4 * GI))
        };
        check(&Expander::Price, &[priced("dear", 2.0, 1), priced("cheap", 0.1, 1)], &["cheap"]);
        check(&Expander::Price, &[priced("large", 0.1, 16), priced("apt", 0.1, 1)], &["apt"]);
        let gpu = Expansion { gpu: true, ..priced("gpu", 0.1, 1) };
        check(&Expander::Price, &[gpu, priced("dear", 2.0, 1)], &["dear"]);
        check(&Expander::Price, &[option("free", 1, 1, (1, 1), (1, 1)), priced("known", 9.0, 1)], &["known"]);
    }
}
