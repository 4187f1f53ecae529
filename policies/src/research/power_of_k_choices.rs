//! PowerOfKChoices: a few feasible nodes are drawn, and the least loaded of them is taken.

use crate::config::{ArgsSource, ConfigError, Invalid, PluginArgs, Step};
use crate::factory::{Factory, PluginContext};
use crate::remaining::remaining;
use rand::Rng as _;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::sync::Arc;
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::DEFAULT_SCHEDULER;
use towtank_sim::random::Rng;
use towtank_sim::scheduler::{Cycle, Events, FeatureGates, Plugin, Points, PreScore, Score};

/// The plugin. `k` of the feasible nodes are drawn, each set of `k` alike, and the least loaded of them gets 100, all other nodes 0. Of
/// those that are equally loaded it is the one that was drawn first.
///
/// The load of a node is the part of its resources that is requested, the count of pods aside, averaged over resources; or the number of
/// its pods, as in the papers, where every ball and every task is alike.
///
/// Each feasible node draws the word at the place (attempt of a pod, node) of the stream `policies/power-of-k-choices`, and the `k`
/// smallest are the sample. So it does not matter in which order nodes are asked, and every way of evaluation draws the same.
///
/// Source: Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE TPDS 12(10), 2001 (`d` choices); Ousterhout et
/// al., "Sparrow: Distributed, Low Latency Scheduling", SOSP 2013, section 3.1 (`d` workers sampled without replacement, the one with the
/// fewest queued tasks taken).
#[derive(Debug)]
pub struct PowerOfKChoices {
    choices: usize,
    load: Load,
    rng: Rng,
}

/// What is the load of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum Load {
    /// The part of it that is requested.
    #[default]
    Requested,
    /// The number of its pods.
    Pods,
}

/// The node that was chosen, by uid.
struct Chosen(Option<u64>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Args {
    #[serde(rename = "apiVersion")]
    _api_version: Option<IgnoredAny>,
    #[serde(rename = "kind")]
    _kind: Option<IgnoredAny>,
    /// `k`, at least 1.
    choices: i64,
    load: Load,
}

impl Default for Args {
    fn default() -> Self {
        Self { _api_version: None, _kind: None, choices: 2, load: Load::default() }
    }
}

impl PluginArgs for Args {
    const KIND: &'static str = "PowerOfKChoicesArgs";

    fn validate(&self, _gates: FeatureGates) -> Result<(), Invalid> {
        if (1..=1_000_000).contains(&self.choices) {
            return Ok(());
        }
        Err(Invalid::value([Step::Key("choices")], &self.choices, "not in valid range [1, 1000000]"))
    }
}

/// Reads the arguments.
pub(crate) fn prepare(args: &ArgsSource<'_>) -> Result<Factory, ConfigError> {
    let Args { choices, load, .. } = args.read()?;
    Ok(Arc::new(move |context| Box::new(PowerOfKChoices::new(choices as usize, load, context))))
}

impl PowerOfKChoices {
    /// The plugin of a profile. Profiles beside the default one have streams of their own, named by the profile.
    fn new(choices: usize, load: Load, context: &PluginContext<'_>) -> Self {
        let stream = match context.profile {
            DEFAULT_SCHEDULER => "policies/power-of-k-choices".to_owned(),
            profile => format!("policies/power-of-k-choices/{profile}"),
        };
        Self { choices, load, rng: context.streams.stream(&stream) }
    }

    fn load(&self, node: &Node, cycle: &Cycle<'_>) -> i64 {
        match self.load {
            // The pod itself would add the same part to every node of one size, and more to smaller ones.
            Load::Requested => -remaining(node, &cycle.class.requests),
            Load::Pods => node.pods.len() as i64,
        }
    }
}

impl Plugin for PowerOfKChoices {
    fn name(&self) -> &'static str {
        "PowerOfKChoices"
    }

    fn points(&self) -> Points {
        Points::SCORE
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, feasible: &[NodeId]) -> PreScore<'c> {
        let mut rng = self.rng.clone();
        rng.set_stream(cycle.attempt());
        let mut drawn: Vec<(u64, u64, NodeId)> = Vec::with_capacity(feasible.len());
        for &id in feasible {
            let uid = cycle.cluster.node(id).uid;
            rng.set_word_pos(2 * u128::from(uid));
            drawn.push((rng.next_u64(), uid, id));
        }
        if drawn.len() > self.choices {
            drawn.select_nth_unstable(self.choices);
            drawn.truncate(self.choices);
        }
        let best = drawn.iter().min_by_key(|(word, uid, id)| (self.load(cycle.cluster.node(*id), cycle), *word, *uid));
        PreScore::Ask(Box::new(Chosen(best.map(|(_, uid, _)| *uid))))
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}

impl Score for Chosen {
    fn score(&self, node: &Node) -> i64 {
        if self.0 == Some(node.uid) { 100 } else { 0 }
    }
}
