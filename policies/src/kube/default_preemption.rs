//! DefaultPreemption: where no node is feasible, pods of lower priority may have to go.

use crate::config::{ArgsSource, ConfigError, DefaultPreemptionArgs};
use crate::factory::Factory;
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::disruption::{BudgetAllowances, Budgets};
use towtank_sim::model::pod::{Pod, PodClass, PodTraits, PreemptionPolicy};
use towtank_sim::model::{NodeId, PodId};
use towtank_sim::random::{Rng, Streams, index};
use towtank_sim::scheduler::{
    ClusterEvent, Code, Cycle, Events, Failure, FeatureGates, Hint, Plugin, Points, PostFilter, Verdict,
};

/// Said of a node on which nobody could go for the pod.
const NO_VICTIMS: &str = "No preemption victims found for incoming pod";

/// Said of a node where removing pods does not help.
const NOT_HELPFUL: &str = "Preemption is not helpful for scheduling";

/// The plugin.
///
/// Source: `defaultpreemption/default_preemption.go` and `framework/preemption/preemption.go`. Upstream begins its trials at a
/// random node; so does this, from a stream of its own, where not every candidate is looked at.
#[derive(Debug)]
pub struct DefaultPreemption {
    /// How many nodes are tried at least, in percent of those where removing pods may help.
    min_candidate_nodes_percentage: usize,
    /// How many nodes are tried at least.
    min_candidate_nodes_absolute: usize,
    /// Whether the pod waits outside the queue while its victims are asked to go (gate `SchedulerAsyncPreemption`).
    asynchronous: bool,
    offsets: Rng,
    /// What was said last where no node has pods that could go, of so many nodes where that could help and so many in all. In a full
    /// cluster it is said again and again.
    no_victims: RefCell<((usize, usize), String)>,
}

/// A node that can be made free.
#[derive(Debug)]
pub struct Candidate {
    /// The node.
    pub node: NodeId,
    /// Who goes, the most important first.
    pub victims: Vec<PodId>,
    /// How many of them go against a disruption budget.
    pub violations: usize,
}

/// Why a node cannot be made free: mostly one reason, and the same one for many nodes.
type Refusals = SmallVec<[Cow<'static, str>; 1]>;

/// Reads the arguments.
pub(crate) fn prepare(args: &ArgsSource<'_>) -> Result<Factory, ConfigError> {
    let args: DefaultPreemptionArgs = args.read()?;
    Ok(Arc::new(move |context| {
        let stream = match context.profile {
            "default-scheduler" => "policies/default-preemption".to_owned(),
            profile => format!("policies/default-preemption/{profile}"),
        };
        Box::new(DefaultPreemption {
            min_candidate_nodes_percentage: args.min_candidate_nodes_percentage as usize,
            min_candidate_nodes_absolute: args.min_candidate_nodes_absolute as usize,
            asynchronous: context.gates.enabled(FeatureGates::SCHEDULER_ASYNC_PREEMPTION),
            offsets: context.streams.stream(&stream),
            no_victims: RefCell::default(),
        })
    }))
}

impl Plugin for DefaultPreemption {
    fn name(&self) -> &'static str {
        "DefaultPreemption"
    }

    fn points(&self) -> Points {
        Points::PRE_ENQUEUE.and(Points::POST_FILTER)
    }

    fn pre_enqueue(&self, cycle: &Cycle<'_>) -> Result<(), String> {
        if cycle.preempting && self.asynchronous {
            return Err("waiting for the preemption for this pod to be finished".to_owned());
        }
        Ok(())
    }

    fn holds_back(&self) -> Option<PodTraits> {
        Some(PodTraits::default())
    }

    fn post_filter(&self, cycle: &Cycle<'_>, failure: &Failure<'_, '_>) -> PostFilter {
        if let Err(reason) = eligible(cycle, failure) {
            return PostFilter::Message(format!("preemption: {reason}"));
        }
        if !cycle.cluster.placements().has_below(cycle.class.priority()) {
            let about = (failure.unschedulable_nodes(), failure.nodes());
            let mut last = self.no_victims.borrow_mut();
            if last.0 != about || last.1.is_empty() {
                *last = (about, why_not(failure, &[(NO_VICTIMS, about.0)]));
            }
            return PostFilter::ClearNomination(last.1.clone());
        }
        let (candidates, refusals) = self.candidates(cycle, failure);
        match select(cycle.cluster, candidates) {
            Some(best) => PostFilter::Preempt { node: best.node, victims: best.victims },
            None => PostFilter::ClearNomination(why_not(failure, &refusals)),
        }
    }

    /// Who could go depends on the pods on the nodes and on the disruption budgets, and where it begins to look on nothing that
    /// counts where nobody is found.
    fn post_filter_lasts(&self, _class: &PodClass, _cluster: &Cluster) -> bool {
        true
    }

    /// Where nobody could go, only how many nodes there are counts, and on how many it would help.
    fn post_filter_follows(&self, class: &PodClass, cluster: &Cluster) -> bool {
        !cluster.placements().has_below(class.priority())
    }

    fn events(&self) -> Events {
        Events::ASSIGNED_POD_DELETE
    }

    /// Which plugin the victims stand in the way of decides when the pod is tried again.
    fn hint(&self, _cycle: &Cycle<'_>, _event: ClusterEvent) -> Hint {
        Hint::Skip
    }
}

impl DefaultPreemption {
    /// One that looks at every node.
    pub fn exhaustive() -> Self {
        Self {
            min_candidate_nodes_percentage: 100,
            min_candidate_nodes_absolute: 0,
            asynchronous: true,
            offsets: Streams::new(0).stream("policies/default-preemption"),
            no_victims: RefCell::default(),
        }
    }

    /// The nodes that can be made free, as far as they are looked for, and how often each reason stood against it.
    ///
    /// The search ends when enough were found and one of them violates no budget.
    pub fn candidates(&self, cycle: &Cycle<'_>, failure: &Failure<'_, '_>) -> (Vec<Candidate>, Vec<(String, usize)>) {
        let may_help = failure.codes().iter().filter(|(_, code)| *code == Code::Unschedulable);
        let potential: Vec<NodeId> = may_help.map(|(node, _)| *node).collect();
        let enough = self.enough(potential.len());
        let offset = if enough < potential.len() { self.offset(cycle, potential.len()) } else { 0 };
        let budgets = Allowed::of(cycle.cluster);
        let (mut found, mut harmless): (Vec<Candidate>, usize) = (Vec::new(), 0);
        let mut refusals: Vec<(String, usize)> = Vec::new();
        for &node in potential[offset..].iter().chain(&potential[..offset]) {
            match victims_on(cycle, failure, node, &budgets) {
                Ok(candidate) => {
                    harmless += usize::from(candidate.violations == 0);
                    found.push(candidate);
                    if harmless > 0 && found.len() >= enough {
                        break;
                    }
                }
                Err(reasons) => reasons.into_iter().for_each(|reason| count(&mut refusals, reason)),
            }
        }
        (found, refusals)
    }

    /// Where to begin.
    fn offset(&self, cycle: &Cycle<'_>, nodes: usize) -> usize {
        let mut rng = self.offsets.clone();
        rng.set_stream(cycle.attempt());
        index(&mut rng, nodes)
    }

    /// How many candidates are enough.
    fn enough(&self, nodes: usize) -> usize {
        (nodes * self.min_candidate_nodes_percentage / 100).max(self.min_candidate_nodes_absolute).min(nodes)
    }
}

/// Whether the pod may make others go.
///
/// # Errors
/// Why it may not.
fn eligible(cycle: &Cycle<'_>, failure: &Failure<'_, '_>) -> Result<(), &'static str> {
    if cycle.class.preemption_policy() == PreemptionPolicy::Never {
        return Err("not eligible due to preemptionPolicy=Never.");
    }
    let nominated = cycle.live_pod().and_then(|pod| Some(&**pod.nominated_node()?));
    let Some(node) = nominated.and_then(|name| cycle.cluster.nodes().by_name(name)) else { return Ok(()) };
    if failure.code(node) == Some(Code::Unresolvable) {
        return Ok(());
    }
    let on_its_way = |id: &PodId| {
        let pod = cycle.cluster.pod(*id);
        pod.is_some_and(|pod| pod.is_preempted() && cycle.cluster.class_of(pod).priority() < cycle.class.priority())
    };
    if cycle.cluster.node(node).pods.iter().any(on_its_way) {
        return Err("not eligible due to a terminating pod on the nominated node.");
    }
    Ok(())
}

/// The fewest pods that have to leave a node, in the order of the reprieves: who violates a budget by going is spared first,
/// then the more important.
///
/// # Errors
/// Why the node cannot be made free.
fn victims_on(
    cycle: &Cycle<'_>,
    failure: &Failure<'_, '_>,
    node: NodeId,
    budgets: &Allowed<'_>,
) -> Result<Candidate, Refusals> {
    let cluster = cycle.cluster;
    let lower =
        |id: &PodId| cluster.pod(*id).is_some_and(|pod| cluster.class_of(pod).priority() < cycle.class.priority());
    let mut potential: Vec<PodId> = cluster.node(node).pods.iter().copied().filter(lower).collect();
    if potential.is_empty() {
        return Err(smallvec![NO_VICTIMS.into()]);
    }
    let mut trial = failure.dry_run(node);
    for id in &potential {
        trial.remove(*id);
    }
    if let Some(verdict) = trial.check() {
        return Err(texts(&verdict, cluster));
    }
    potential.sort_by_key(|id| importance(cluster, *id));
    let (violating, harmless) = budgets.split(cluster, &potential);
    let mut victims = Vec::new();
    let mut violations = 0;
    for (id, violates) in violating.iter().map(|id| (*id, true)).chain(harmless.iter().map(|id| (*id, false))) {
        trial.add(id);
        if trial.check().is_some() {
            trial.remove(id);
            victims.push(id);
            violations += usize::from(violates);
        }
    }
    if victims.is_empty() {
        let name = cluster.node(node).name();
        return Err(smallvec![format!("expected at least one victim pod on node \"{name}\"").into()]);
    }
    victims.sort_by_key(|id| importance(cluster, *id));
    Ok(Candidate { node, victims, violations })
}

/// Smaller for more important pods: higher priority first, then the earlier start.
///
/// Source: `pkg/scheduler/util/utils.go`, `MoreImportantPod`.
fn importance(cluster: &Cluster, id: PodId) -> (Reverse<i32>, Option<(towtank_sim::time::SimTime, u64)>) {
    let pod = cluster.pod(id);
    let priority = pod.map_or(0, |pod| cluster.class_of(pod).priority());
    (Reverse(priority), pod.map(started))
}

/// When a pod started; bindings of one instant are told apart by their order.
fn started(pod: &Pod) -> (towtank_sim::time::SimTime, u64) {
    (pod.bound.get().unwrap_or(pod.created), pod.bound_order)
}

/// The candidate that does the least harm.
///
/// Source: `framework/preemption/preemption.go`, `pickOneNodeForPreemption`. Among equals, the node that was created first.
fn select(cluster: &Cluster, candidates: Vec<Candidate>) -> Option<Candidate> {
    let harm = |candidate: &Candidate| {
        let pods = || candidate.victims.iter().filter_map(|id| cluster.pod(*id));
        let priority = |pod: &Pod| i64::from(cluster.class_of(pod).priority());
        let highest = pods().map(priority).max().unwrap_or(0);
        let sum: i64 = pods().map(|pod| priority(pod) + i64::from(i32::MAX) + 1).sum();
        let earliest = pods().filter(|pod| priority(pod) == highest).map(started).map(|(at, _)| at).min();
        (
            candidate.violations,
            highest,
            sum,
            candidate.victims.len(),
            Reverse(earliest),
            cluster.node(candidate.node).uid,
        )
    };
    candidates.into_iter().min_by_key(harm)
}

/// Nothing can be done: why, counted over the nodes.
fn why_not<S: AsRef<str>>(failure: &Failure<'_, '_>, refusals: &[(S, usize)]) -> String {
    let tried: usize = failure.unschedulable_nodes();
    let unhelpful = (NOT_HELPFUL, failure.nodes().saturating_sub(tried));
    let counts = refusals.iter().map(|(reason, nodes)| (reason.as_ref(), *nodes)).chain([unhelpful]);
    let counts = counts.filter(|(_, nodes)| *nodes > 0);
    let mut texts: Vec<String> = counts.map(|(reason, nodes)| format!("{nodes} {reason}")).collect();
    texts.sort();
    let mut message = format!("preemption: 0/{} nodes are available:", failure.nodes());
    for (index, text) in texts.iter().enumerate() {
        message.push_str(if index == 0 { " " } else { ", " });
        message.push_str(text);
    }
    message.push_str(if texts.is_empty() { "" } else { "." });
    message
}

fn texts(verdict: &Verdict, cluster: &Cluster) -> Refusals {
    match verdict {
        Verdict::Error(text) => smallvec![text.to_string().into()],
        verdict => verdict.reasons().iter().map(|reason| reason.text(&cluster.resources).to_string().into()).collect(),
    }
}

fn count(counts: &mut Vec<(String, usize)>, reason: Cow<'static, str>) {
    match counts.iter_mut().find(|(known, _)| *known == reason) {
        Some((_, nodes)) => *nodes += 1,
        None => counts.push((reason.into_owned(), 1)),
    }
}

/// The disruption budgets, with what they allow.
struct Allowed<'c> {
    budgets: Budgets<'c>,
    allowances: Vec<BudgetAllowances<'c>>,
}

impl<'c> Allowed<'c> {
    fn of(cluster: &'c Cluster) -> Self {
        let budgets = Budgets::of(cluster);
        Self { allowances: if budgets.is_empty() { Vec::new() } else { budgets.allowances(cluster) }, budgets }
    }

    /// Those who violate a budget by going, one after another, and the others; the order within each stays.
    ///
    /// Source: `defaultpreemption/default_preemption.go`, `filterPodsWithPDBViolation`.
    fn split(&self, cluster: &Cluster, pods: &[PodId]) -> (Vec<PodId>, Vec<PodId>) {
        let mut left: Vec<i64> = self.allowances.iter().map(|allows| allows.disruptions).collect();
        pods.iter().partition(|id| {
            let Some(pod) = cluster.pod(**id).filter(|_| !left.is_empty()) else { return false };
            let spec = &cluster.class_of(pod).spec;
            let mut violates = false;
            for place in self.budgets.of_pods(spec) {
                // An empty selector counts for nothing here, nor does a pod without labels.
                let selects_some = self.budgets.get(place).selector.as_ref().is_some_and(|s| !s.is_empty());
                let covers = selects_some && !spec.labels.is_empty();
                if covers && !self.allowances[place].already_disrupted.contains(&*pod.name) {
                    left[place] -= 1;
                    violates |= left[place] < 0;
                }
            }
            violates
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ParsedConfig;
    use crate::factory::BuildContext;
    use towtank_sim::model::Quantity;
    use towtank_sim::model::node::NodeSpec;
    use towtank_sim::model::pod::{NewPod, PodSpec};
    use towtank_sim::model::resources::ResourceList;
    use towtank_sim::model::taint::{Effect, Taint};
    use towtank_sim::scheduler::{Evaluation, Selection, TieBreak};

    fn list(units: &[(&str, usize)]) -> ResourceList {
        units.iter().map(|(name, amount)| ((*name).to_owned(), Quantity::from_units(*amount as i64))).collect()
    }

    /// Where no pod of lower priority is anywhere, nobody is looked for: the whole search says the same.
    #[test]
    fn without_pods_of_lower_priority_nobody_is_found() {
        let (mut short, mut long) = (0, 0);
        for seed in 0..500 {
            let mut rng = Streams::new(seed).stream("test");
            let mut draw = |below: usize| index(&mut rng, below);
            let mut cluster = Cluster::default();
            let context = BuildContext::new(Streams::new(seed), FeatureGates::default());
            let profile = crate::build(&ParsedConfig::default(), &context).profiles.remove(0);
            let mut selection = Selection::new(Evaluation::Plain, TieBreak::default(), None);
            for number in 0..=draw(6) {
                let taint = Taint { key: "t".into(), value: String::new(), effect: Effect::NoSchedule };
                let taints = if draw(3) == 0 { vec![taint] } else { Vec::new() };
                let allocatable = list(&[("cpu", 2 + draw(4)), ("pods", 1 + draw(4))]);
                let spec = NodeSpec {
                    name: format!("n{number}").into(),
                    allocatable: allocatable.into(),
                    taints: taints.into(),
                    ..NodeSpec::default()
                };
                let node = cluster.add_node(spec).expect("a new name");
                for _ in 0..draw(4) {
                    let priority = Some(if draw(12) == 0 { 0 } else { 10 + 10 * draw(2) as i32 });
                    let class = cluster.intern(PodSpec { priority, ..PodSpec::with_requests(list(&[("cpu", 1)])) });
                    let name = format!("p{}", cluster.counters().submitted);
                    let pod = cluster.create_pod(NewPod::new(name, class)).expect("no quota");
                    cluster.bind(pod, node);
                }
            }
            cluster.deliver(|change, cluster| selection.changed(change, cluster));
            let spec = PodSpec { priority: Some(10), ..PodSpec::with_requests(list(&[("cpu", 4 + draw(2))])) };
            let class = cluster.intern(spec);
            let pod = cluster.create_pod(NewPod::new("new", class)).expect("no quota");
            let cycle = Cycle::new(&cluster, class, Some(pod));
            let Some(error) = selection.select((0, &profile), &cycle).error else { continue };
            let failure = selection.failure(&profile, &cycle, &error);
            let plugin = DefaultPreemption::exhaustive();
            let (candidates, refusals) = plugin.candidates(&cycle, &failure);
            if cluster.placements().has_below(10) {
                long += usize::from(!candidates.is_empty());
                continue;
            }
            assert!(candidates.is_empty(), "seed {seed}");
            let searched = format!("{:?}", PostFilter::ClearNomination(why_not(&failure, &refusals)));
            assert_eq!(format!("{:?}", plugin.post_filter(&cycle, &failure)), searched, "seed {seed}");
            short += 1;
        }
        assert!(short > 20 && long > 5, "both happen: {short}, {long}");
    }
}
