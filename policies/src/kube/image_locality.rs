//! ImageLocality: prefers nodes that have the pod's images already, the more the larger they are.

use crate::lasting::scores;
use rustc_hash::FxHashSet;
use std::borrow::Cow;
use std::cell::RefCell;
use towtank_sim::cluster::{Cluster, Nodes};
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::{Container, PodClass, PodSpec};
use towtank_sim::model::volume::VolumeSource;
use towtank_sim::scheduler::{
    Basis, Cycle, Events, ImageStates, Lasting, LastingScore, MAX_NODE_SCORE, Plugin, Points, PreScore, Score,
};

const MIB: i64 = 1024 * 1024;

/// Less than this does not count.
const MIN_THRESHOLD: i64 = 23 * MIB;

/// What counts at most, for each container.
const MAX_CONTAINER_THRESHOLD: i64 = 1000 * MIB;

/// The plugin.
///
/// Source: `imagelocality/image_locality.go`.
#[derive(Debug, Default)]
pub struct ImageLocality {
    names: RefCell<Names>,
}

/// The names of images that nodes have, those of some that they had among them.
#[derive(Debug, Default)]
struct Names {
    names: FxHashSet<String>,
    /// How far the log of changed nodes has been read.
    read: u64,
}

struct Locality<'c> {
    cluster: &'c Cluster,
    states: States<'c>,
    /// The pod's images that some node has: name, size, and what one node's having it counts.
    images: Vec<(Cow<'c, str>, i64, i64)>,
    /// How many containers the pod has; volumes of images do not count, as they do not upstream.
    containers: i64,
}

impl Plugin for ImageLocality {
    fn name(&self) -> &'static str {
        "ImageLocality"
    }

    fn points(&self) -> Points {
        Points::SCORE
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        let spec = &cycle.class.spec;
        let states = cycle.images.map_or_else(|| States::Own(Box::new(ImageStates::of(cycle.cluster))), States::Of);
        if states.get().is_empty() {
            return PreScore::Same(0);
        }
        let counted = images(spec).filter_map(|name| {
            let (size, nodes) = states.get().find(&name)?;
            Some((name, size, counts(size, nodes, cycle.cluster)))
        });
        let images: Vec<_> = counted.collect();
        if images.is_empty() {
            return PreScore::Same(0);
        }
        let containers = containers(spec).count() as i64;
        PreScore::Ask(Box::new(Locality { cluster: cycle.cluster, states, images, containers }))
    }

    /// How many nodes have an image is a matter of the scheduler's snapshot. That none has it is not.
    fn lasting(&self, class: &PodClass, cluster: &Cluster) -> Lasting {
        let mut names = self.names.borrow_mut();
        names.catch_up(cluster.nodes());
        if !names.names.is_empty() && images(&class.spec).any(|name| names.names.contains(&*name)) {
            return Lasting::default();
        }
        let basis = Basis { node_specs: true, ..Basis::default() };
        Lasting { basis, ..scores(LastingScore::Same(0)) }
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}

impl Names {
    fn catch_up(&mut self, nodes: &Nodes) {
        let log = nodes.spec_log();
        if let Some(changed) = log.since(self.read) {
            changed.iter().filter_map(|id| nodes.find(*id)).for_each(|node| self.add(node));
        } else {
            self.names.clear();
            nodes.iter().for_each(|node| self.add(node));
        }
        self.read = log.end();
    }

    fn add(&mut self, node: &Node) {
        self.names.extend(node.spec.images.iter().flat_map(|image| &image.names).cloned());
    }
}

/// The states of the cycle, or made for one question.
enum States<'c> {
    Of(&'c ImageStates),
    Own(Box<ImageStates>),
}

impl States<'_> {
    fn get(&self) -> &ImageStates {
        match self {
            Self::Of(states) => states,
            Self::Own(states) => states,
        }
    }
}

/// What one node's having an image counts. The more nodes have it, the more, so that pods do not crowd on the first node that
/// has it.
fn counts(size: i64, nodes: usize, cluster: &Cluster) -> i64 {
    (size as f64 * (nodes as f64 / cluster.nodes().len() as f64)) as i64
}

impl Score for Locality<'_> {
    fn score(&self, node: &Node) -> i64 {
        let has = |name: &str| node.spec.images.iter().any(|image| image.names.iter().any(|n| n == name));
        let here =
            |(name, size, usual): &(Cow<'_, str>, i64, i64)| match self.states.get().stale(node.id, name, self.cluster)
            {
                Some(nodes) => counts(*size, nodes, self.cluster),
                None => *usual,
            };
        let sum: i64 = self.images.iter().filter(|(name, ..)| has(name)).map(here).sum();
        let max = MAX_CONTAINER_THRESHOLD * self.containers;
        MAX_NODE_SCORE * (sum.clamp(MIN_THRESHOLD, max) - MIN_THRESHOLD) / (max - MIN_THRESHOLD)
    }
}

fn containers(pod: &PodSpec) -> impl Iterator<Item = &Container> {
    pod.init_containers.iter().map(|init| &init.container).chain(&pod.containers)
}

/// The names of the pod's images, those of volumes among them.
fn images(pod: &PodSpec) -> impl Iterator<Item = Cow<'_, str>> {
    let volumes = pod.volumes.iter().filter_map(|volume| match &volume.source {
        VolumeSource::Image { reference } => Some(reference),
        _ => None,
    });
    containers(pod).map(|container| &container.image).chain(volumes).map(|image| normalized(image))
}

/// The name with a tag: `:latest` where it has none.
fn normalized(image: &str) -> Cow<'_, str> {
    if image.rfind(':') <= image.rfind('/') { format!("{image}:latest").into() } else { image.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colon_before_the_last_slash_is_no_tag() {
        for (image, want) in [
            ("app", "app:latest"),
            ("app:v1", "app:v1"),
            ("registry:5000/app", "registry:5000/app:latest"),
            ("registry:5000/app:v1", "registry:5000/app:v1"),
            ("app@sha256:00", "app@sha256:00"),
            ("", ":latest"),
        ] {
            assert_eq!(normalized(image), want);
        }
    }
}
