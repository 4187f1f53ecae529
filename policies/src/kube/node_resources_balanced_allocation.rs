//! NodeResourcesBalancedAllocation: prefers nodes whose resources the pod brings into balance.

use crate::config::{ArgsSource, BalancedArgs, ConfigError};
use crate::factory::Factory;
use crate::lasting::{add_by_node, score_by_node, scores};
use crate::resource_ref::{CycleResource, CycleResources, ResourceRef};
use smallvec::SmallVec;
use std::rc::Rc;
use std::sync::Arc;
use towtank_sim::cluster::{Cluster, NodeLoad, Nodes};
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::lanes::{self, LaneWork, Lanes, product_sum, quotient, whole_part};
use towtank_sim::scheduler::{
    Across, AskColumns, Asks, ClassScore, Cycle, Dependence, Events, KINDS, Kinds, Lasting, LastingScore, LoadBlock,
    LoadPart, MAX_NODE_SCORE, NodePart, NodeScore, PartWork, Plugin, Points, PreScore, Score, ShareColumns, ShareScore,
    ShareWork, Shares, Totals, add_shares, exact, fixed,
};

/// The plugin.
///
/// Source: `noderesources/balanced_allocation.go`, with the change of pull request 135573.
#[derive(Clone, Debug)]
pub struct NodeResourcesBalancedAllocation {
    resources: Arc<[ResourceRef]>,
}

struct Balance(CycleResources);

/// As [`Balance`], where CPU and memory are to be in balance: most nodes are scored by the columns of their loads.
struct ColumnBalance {
    plain: Balance,
    /// What the pod asks for.
    pod: [f64; 2],
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
        let score = match self.balance(class, cluster).map(ColumnBalance::new) {
            None => LastingScore::Skip,
            Some(Ok(by_column)) => LastingScore::ByNode(Box::new(by_column)),
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

impl ColumnBalance {
    fn new(plain: Balance) -> Result<Self, Balance> {
        match CycleResource::cpu_and_memory(&plain.0) {
            Some((pod, weights)) if plain.0.len() == 2 && !weights.contains(&0) => {
                Ok(Self { pod: pod.map(|amount| amount as f64), plain })
            }
            _ => Err(plain),
        }
    }

    /// What [`BalanceAcross`] has to know.
    fn asks(&self) -> Asks {
        let [cpu, memory] = self.pod;
        [cpu, memory, 0.0]
    }
}

impl NodeScore for ColumnBalance {
    fn reads(&self) -> NodePart {
        NodePart::Whole
    }

    fn score(&self, node: &Node) -> i64 {
        self.plain.score(node)
    }

    fn add(&self, nodes: &Nodes, blocks: &[LoadBlock], weight: i64, totals: &mut [Lanes]) {
        add_by_node(
            nodes,
            blocks,
            totals,
            |node| exact(weight.saturating_mul(self.plain.score(node))),
            |totals| {
                BalanceAcross.add_nodes(blocks, &self.asks(), exact(weight), totals);
            },
        );
    }

    fn across(&self) -> Option<Across<dyn ClassScore>> {
        Some(Across { judge: Rc::new(BalanceAcross), asks: self.asks() })
    }
}

/// The score, by what is requested of CPU and memory, what there is, the reciprocals, what the pod asks for, and
/// [`NodeLoad::imbalance`].
#[allow(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
#[inline(always)]
fn score<const FUSED: bool>([requested, has, reciprocal, pod]: [[f64; 2]; 4], imbalance: f64) -> f64 {
    const MOST: f64 = MAX_NODE_SCORE as f64;
    let share = |place: usize| {
        let share = quotient::<FUSED>(requested[place] + pod[place], has[place], reciprocal[place]);
        if share < 1.0 { share } else { 1.0 }
    };
    // As `balance` has it; half a number is exact.
    let even = product_sum::<FUSED>((share(0) - share(1)).abs(), -0.5, 1.0);
    let after = whole_part::<FUSED>(even * MOST);
    // Half of 100, a quarter of 100 and half the difference to the balance before, of which the imbalance has all but the balance after.
    // With two resources neither balance is below 50, so that the sum is not negative.
    whole_part::<FUSED>(product_sum::<FUSED>(after, 0.5, imbalance))
}

/// As [`ColumnBalance`], for the pods of any class.
struct BalanceAcross;

impl ClassScore for BalanceAcross {
    fn add(&self, load: &NodeLoad, asks: &AskColumns, weight: f64, totals: &mut [f64]) {
        lanes::run(AddAcross { load, asks, weight, totals });
    }

    fn add_nodes(&self, blocks: &[LoadBlock], asks: &Asks, weight: f64, totals: &mut [Lanes]) {
        let [cpu, memory, _] = *asks;
        lanes::run(Add { work: Weighted { pod: [cpu, memory], weight }, blocks, totals });
    }

    fn by_shares(&self) -> Option<&dyn ShareScore> {
        Some(self)
    }
}

impl ShareScore for BalanceAcross {
    fn add(&self, shares: Shares<'_>, asks: &Asks, weight: i16, totals: &mut [Totals]) {
        let [cpu, memory, _] = *asks;
        let exact = Weighted { pod: [cpu, memory], weight: 1.0 };
        add_shares(shares, &Tilt::new(shares.kinds, exact.pod), &exact, weight, totals);
    }
}

/// As [`Weighted`], in parts of what nodes have.
struct Tilt {
    /// By how much the shares differ that the pod asks for, by kind of nodes.
    pod: [i32; KINDS],
}

impl Tilt {
    fn new(kinds: &Kinds, pod: [f64; 2]) -> Self {
        let mut tilts = [0; KINDS];
        lanes::run(TiltBy { kinds, pod, tilts: &mut tilts });
        Self { pod: tilts }
    }
}

impl ShareWork for Tilt {
    #[allow(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
    #[expect(clippy::needless_bitwise_bool, reason = "lanes of a vector do not branch")]
    #[inline(always)]
    fn score<const N: usize>(&self, columns: &ShareColumns<'_, N>, kind: usize, lane: usize) -> (i32, bool) {
        let (after, in_doubt) = fixed::evenness(columns.tilt[lane], self.pod[kind]);
        let sum = after + i32::from(columns.before[lane]);
        // Where it is in doubt, one more makes no difference to the half of an even sum.
        (sum >> 1, in_doubt & (sum & 1 == 1))
    }
}

struct TiltBy<'a> {
    kinds: &'a Kinds,
    pod: [f64; 2],
    tilts: &'a mut [i32; KINDS],
}

impl LaneWork for TiltBy<'_> {
    #[allow(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let [of_cpu, of_memory] = &self.kinds.reciprocal;
        for (tilt, (of_cpu, of_memory)) in self.tilts.iter_mut().zip(of_cpu.iter().zip(of_memory)) {
            *tilt = fixed::tilt(self.pod[0] * of_cpu - self.pod[1] * of_memory);
        }
    }
}

struct AddAcross<'a> {
    load: &'a NodeLoad,
    asks: &'a AskColumns,
    weight: f64,
    totals: &'a mut [f64],
}

impl LaneWork for AddAcross<'_> {
    #[allow(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Self { load, asks, weight, totals } = self;
        let NodeLoad { requested, allocatable, reciprocal, imbalance, .. } = *load;
        let [cpu, memory, _] = asks.columns();
        for (total, (cpu, memory)) in totals.iter_mut().zip(cpu.iter().zip(memory)) {
            let score = score::<FUSED>([requested, allocatable, reciprocal, [*cpu, *memory]], imbalance);
            *total = product_sum::<FUSED>(weight, score, *total);
        }
    }
}

struct Add<'a> {
    work: Weighted,
    blocks: &'a [LoadBlock],
    totals: &'a mut [Lanes],
}

impl LaneWork for Add<'_> {
    #[allow(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Self { work, blocks, totals } = self;
        for (block, totals) in blocks.iter().zip(totals) {
            block.each_part::<FUSED, f64>(totals, &work);
        }
    }
}

struct Weighted {
    pod: [f64; 2],
    weight: f64,
}

impl PartWork<f64> for Weighted {
    #[allow(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
    #[inline(always)]
    fn run<const FUSED: bool, const N: usize>(&self, part: LoadPart<'_, N>, totals: &mut [f64; N]) {
        for (lane, total) in totals.iter_mut().enumerate() {
            let of = |columns: [&[f64; N]; 2]| columns.map(|column| column[lane]);
            let amounts = [of(part.requested), of(part.allocatable), of(part.reciprocal), self.pod];
            let score = score::<FUSED>(amounts, part.imbalance[lane]);
            *total = product_sum::<FUSED>(self.weight, score, *total);
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
