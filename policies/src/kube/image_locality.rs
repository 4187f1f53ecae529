//! ImageLocality: prefers nodes that have the pod's images already, the more the larger they are.

use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::cell::RefCell;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::model::volume::VolumeSource;
use towtank_sim::scheduler::{Cycle, Events, MAX_NODE_SCORE, Plugin, Points, PreScore, Score};

const MIB: i64 = 1024 * 1024;

/// Less than this does not count.
const MIN_THRESHOLD: i64 = 23 * MIB;

/// What counts at most, for each container.
const MAX_CONTAINER_THRESHOLD: i64 = 1000 * MIB;

/// The plugin. It keeps an index of the images on all nodes until a node's specification changes.
///
/// Source: `imagelocality/image_locality.go`.
#[derive(Debug, Default)]
pub struct ImageLocality {
    index: RefCell<ImageIndex>,
}

#[derive(Debug, Default)]
struct ImageIndex {
    /// [`towtank_sim::cluster::Nodes::spec_changes`] when it was made.
    made_at: u64,
    images: FxHashMap<String, Image>,
}

/// An image in the cluster.
#[derive(Clone, Copy, Debug)]
struct Image {
    /// Its size, as the oldest node that has it gives it.
    size: i64,
    /// The uid of that node.
    oldest: u64,
    /// How many nodes have it.
    nodes: i64,
}

struct Locality<'c> {
    /// The images that some node has, with what one node's having it counts.
    images: Vec<(Cow<'c, str>, i64)>,
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
        let mut index = self.index.borrow_mut();
        index.refresh(cycle.cluster);
        if index.images.is_empty() {
            return PreScore::Same(0);
        }
        let nodes = cycle.cluster.nodes().len() as f64;
        let containers = spec.init_containers.iter().map(|init| &init.container).chain(&spec.containers);
        let volumes = spec.volumes.iter().filter_map(|volume| match &volume.source {
            VolumeSource::Image { reference } => Some(reference),
            _ => None,
        });
        let counted = containers.clone().map(|container| &container.image).chain(volumes).filter_map(|image| {
            let name = normalized(image);
            let image = index.images.get(&*name)?;
            // The more nodes have it, the more it counts, so that pods do not crowd on the first node that has it.
            let spread = image.nodes as f64 / nodes;
            Some((name, (image.size as f64 * spread) as i64))
        });
        let images: Vec<_> = counted.collect();
        if images.is_empty() {
            return PreScore::Same(0);
        }
        PreScore::Ask(Box::new(Locality { images, containers: containers.count() as i64 }))
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}

impl Score for Locality<'_> {
    fn score(&self, node: &Node) -> i64 {
        let has = |name: &str| node.spec.images.iter().any(|image| image.names.iter().any(|n| n == name));
        let sum: i64 = self.images.iter().filter(|(name, _)| has(name)).map(|(_, counts)| counts).sum();
        let max = MAX_CONTAINER_THRESHOLD * self.containers;
        MAX_NODE_SCORE * (sum.clamp(MIN_THRESHOLD, max) - MIN_THRESHOLD) / (max - MIN_THRESHOLD)
    }
}

impl ImageIndex {
    fn refresh(&mut self, cluster: &Cluster) {
        let now = cluster.nodes().spec_changes();
        if std::mem::replace(&mut self.made_at, now) == now {
            return;
        }
        self.images.clear();
        for node in cluster.nodes().iter() {
            for image in &node.spec.images {
                for name in &image.names {
                    let new = Image { size: image.size, oldest: node.uid, nodes: 0 };
                    let known = self.images.entry(name.clone()).or_insert(new);
                    known.nodes += 1;
                    if node.uid < known.oldest {
                        (known.size, known.oldest) = (image.size, node.uid);
                    }
                }
            }
        }
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
