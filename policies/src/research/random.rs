//! Random: every feasible node is as good as any other.

use crate::factory::PluginContext;
use rand::Rng as _;
use std::cell::RefCell;
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::DEFAULT_SCHEDULER;
use towtank_sim::random::Rng;
use towtank_sim::scheduler::{Cycle, Events, Plugin, Points, PreScore, Score};

/// The plugin. A node's score is uniform on 0 to 100.
///
/// The score is the word at the place (attempt of a pod, node) of the stream `policies/random`. It does not depend on which
/// nodes are asked, nor in which order or how often, so every way of evaluation draws the same.
#[derive(Debug)]
pub struct Random {
    rng: Rng,
}

struct Draws(RefCell<Rng>);

impl Random {
    /// The plugin of a profile. Profiles beside the default one have streams of their own, named by the profile.
    pub(crate) fn new(context: &PluginContext<'_>) -> Self {
        let stream = match context.profile {
            DEFAULT_SCHEDULER => "policies/random".to_owned(),
            profile => format!("policies/random/{profile}"),
        };
        Self { rng: context.streams.stream(&stream) }
    }
}

impl Plugin for Random {
    fn name(&self) -> &'static str {
        "Random"
    }

    fn points(&self) -> Points {
        Points::SCORE
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        let mut rng = self.rng.clone();
        rng.set_stream(cycle.attempt());
        PreScore::Ask(Box::new(Draws(RefCell::new(rng))))
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}

impl Score for Draws {
    fn score(&self, node: &Node) -> i64 {
        let mut rng = self.0.borrow_mut();
        rng.set_word_pos(u128::from(node.uid));
        // The high part of a product maps a word to 0..=100 without a bias above 101 in 2^32.
        ((u64::from(rng.next_u32()) * 101) >> 32) as i64
    }
}
