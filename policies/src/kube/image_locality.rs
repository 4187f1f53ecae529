//! ImageLocality: prefers nodes that have the pod's images already, the more the larger they are.

use std::borrow::Cow;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::model::volume::VolumeSource;
use towtank_sim::scheduler::{Cycle, Events, ImageStates, MAX_NODE_SCORE, Plugin, Points, PreScore, Score};

const MIB: i64 = 1024 * 1024;

/// Less than this does not count.
const MIN_THRESHOLD: i64 = 23 * MIB;

/// What counts at most, for each container.
const MAX_CONTAINER_THRESHOLD: i64 = 1000 * MIB;

/// The plugin.
///
/// Source: `imagelocality/image_locality.go`.
#[derive(Clone, Copy, Debug)]
pub struct ImageLocality;

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
        let containers = spec.init_containers.iter().map(|init| &init.container).chain(&spec.containers);
        let volumes = spec.volumes.iter().filter_map(|volume| match &volume.source {
            VolumeSource::Image { reference } => Some(reference),
            _ => None,
        });
        let counted = containers.clone().map(|container| &container.image).chain(volumes).filter_map(|image| {
            let name = normalized(image);
            let (size, nodes) = states.get().find(&name)?;
            Some((name, size, counts(size, nodes, cycle.cluster)))
        });
        let images: Vec<_> = counted.collect();
        if images.is_empty() {
            return PreScore::Same(0);
        }
        let containers = containers.count() as i64;
        PreScore::Ask(Box::new(Locality { cluster: cycle.cluster, states, images, containers }))
    }

    fn events(&self) -> Events {
        Events::NONE
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
