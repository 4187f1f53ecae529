//! Manifests as a source of submissions.

use super::objects::{Item, Manifests, Planned};
use towtank_sim::cluster::Cluster;
use towtank_sim::model::pod::NewPod;
use towtank_sim::random::Streams;
use towtank_sim::source::{Source, SourceError, Submission, Work};

/// Submits the objects of manifests.
///
/// The run time of a pod with a distribution is drawn from the stream `manifest/NAMESPACE/NAME/run-time`.
#[derive(Debug)]
pub struct ManifestSource {
    name: String,
    streams: Streams,
    rest: std::vec::IntoIter<Planned>,
}

impl ManifestSource {
    /// A source with this name in messages.
    pub fn new(name: impl Into<String>, manifests: Manifests, streams: Streams) -> Self {
        Self { name: name.into(), streams, rest: manifests.submissions.into_iter() }
    }

    /// What an object asks of the cluster; `None` for kinds that the simulation has no object for.
    fn work(&self, item: Item, cluster: &mut Cluster) -> Option<Work> {
        Some(match item {
            Item::Node(spec) => Work::Node(spec),
            Item::Object { namespace, name, body } => Work::Object { namespace, name, body },
            Item::Pod(pod) => {
                let stream = format!("manifest/{}/{}/run-time", pod.template.spec.namespace, pod.name);
                let run = pod.template.run.draw(&mut self.streams.stream(&stream));
                let class = cluster.intern((*pod.template.spec).clone());
                Work::Pod(NewPod { name: pod.name.into(), class, owner: None, run, usage: pod.template.usage })
            }
            Item::HorizontalPodAutoscaler(_) | Item::PodDisruptionBudget(_) | Item::ResourceQuota(_) => return None,
        })
    }
}

impl Source for ManifestSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn next(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, SourceError> {
        while let Some(planned) = self.rest.next() {
            if let Some(work) = self.work(planned.item, cluster) {
                return Ok(Some(Submission { at: planned.at, work }));
            }
        }
        Ok(None)
    }
}
