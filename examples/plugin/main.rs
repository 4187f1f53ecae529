//! A plugin of one's own: a tenth of every node's CPU stays free.

use std::path::Path;
use towtank::exit::Failure;
use towtank::policies::{PluginEntry, Registry, registry};
use towtank::reports::terminal;
use towtank::scenario::{Overrides, Scenario, SchedulerChoice};
use towtank::sim::model::node::Node;
use towtank::sim::model::resources::ResourceId;
use towtank::sim::scheduler::{Cycle, Dependence, Filter, Plugin, Points, PreFilter, Verdict};
use towtank::simulate::{RunOptions, simulate};

/// Refuses nodes on which the pod would leave less than a tenth of the CPU free.
struct Headroom;

impl Plugin for Headroom {
    fn name(&self) -> &'static str {
        "Headroom"
    }
    fn points(&self) -> Points {
        Points::FILTER
    }
    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        PreFilter::Ask(Box::new(Request(cycle.class.requests.get(ResourceId::CPU))))
    }
    fn filter_depends_on(&self) -> Dependence {
        Dependence::Node
    }
}

/// A pod's request in thousandths of a CPU, to be compared with what nodes have.
struct Request(i64);

impl Filter for Request {
    fn filter(&self, node: &Node) -> Verdict {
        let all = node.allocatable.get(ResourceId::CPU);
        let free = all - node.requested.get(ResourceId::CPU) - self.0;
        if 10 * free >= all { Verdict::Fits } else { Verdict::unschedulable("node(s) had no headroom") }
    }
}

/// Its line in the table of plugins.
const HEADROOM: PluginEntry = PluginEntry {
    name: "Headroom",
    about: "a tenth of every node's CPU stays free",
    prepare: |args| registry::plain(args, |_| Box::new(Headroom)),
};

/// Runs the scenario and gives the summary as text.
fn run() -> Result<String, Failure> {
    let scenario = Scenario::read(Path::new("examples/plugin/scenario.yaml"), &Overrides::default())?;
    let scheduler = SchedulerChoice::with_plugins(&scenario, Registry::with(&[HEADROOM]))?;
    let simulated = simulate(&scenario, &scheduler, RunOptions::default(), None)?;
    Ok(terminal::summary(&simulated.run.summary))
}

fn main() -> Result<(), Failure> {
    print!("{}", run()?);
    Ok(())
}

#[cfg(test)]
mod tests {
    /// Two nodes of 10 CPUs would take 20 pods of one CPU; with headroom they take 18.
    #[test]
    fn a_tenth_of_each_node_stays_free() {
        let summary = super::run().expect("the run ends");
        assert!(summary.contains("18 bound"), "{summary}");
    }
}
