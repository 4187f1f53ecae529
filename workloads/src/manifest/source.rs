//! Manifests as a source of submissions.

use super::objects::{Item, Manifests, Planned};
use towtank_sim::cluster::Cluster;
use towtank_sim::model::pod::{GivenStatus, NewPod};
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
}

/// What creates an object. A run time that is drawn comes from the stream `manifest/NAMESPACE/NAME/run-time`.
pub fn creation(planned: Planned, streams: &Streams, cluster: &mut Cluster) -> Work {
    match planned.item {
        Item::Node(spec) => Work::Node(spec),
        Item::Object { namespace, name, body } => Work::Object { namespace, name, body },
        Item::Pod(pod) => {
            let stream = format!("manifest/{}/{}/run-time", pod.template.spec.namespace, pod.name);
            let run = pod.template.run.draw(0, &mut streams.stream(&stream));
            let class = cluster.intern((*pod.template.spec).clone());
            let usage = pod.template.usage;
            // How long it has run elsewhere does not count: its run time begins here.
            let status = pod.status.map(|status| Box::new(GivenStatus { start: None, ..status }));
            let owner = planned
                .owner
                .and_then(|(kind, name)| cluster.objects().by_name(&kind, &pod.template.spec.namespace, &name));
            Work::Pod(NewPod { name: pod.name.into(), class: class.into(), owner, run, usage, status })
        }
    }
}

/// What replaces an object that is there. Controllers go on from the status that they had, unless the cluster takes statuses as given.
pub fn replacement(item: Item, cluster: &mut Cluster) -> Work {
    match item {
        Item::Node(spec) => Work::UpdateNode(spec),
        Item::Object { namespace, name, body } => Work::UpdateObject { namespace, name, body },
        Item::Pod(pod) => {
            let class = cluster.intern((*pod.template.spec).clone());
            Work::UpdatePod { name: pod.name, class }
        }
    }
}

/// Whether an object has been created before under the same kind, namespace and name: a manifest that comes later says what it wants now.
fn is_there(planned: &Planned, cluster: &Cluster) -> bool {
    let Item::Object { namespace, name, body } = &planned.item else { return false };
    let objects = cluster.objects();
    let there = objects.by_name(body.kind(), namespace, name).and_then(|id| objects.meta(id));
    there.is_some_and(|there| there.created < planned.at)
}

impl Source for ManifestSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn next(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, SourceError> {
        let Some(planned) = self.rest.next() else { return Ok(None) };
        let at = planned.at;
        let work = if is_there(&planned, cluster) {
            replacement(planned.item, cluster)
        } else {
            creation(planned, &self.streams, cluster)
        };
        Ok(Some(Submission { at, work }))
    }

    fn new_nodes(&self) -> usize {
        self.rest.as_slice().iter().filter(|planned| matches!(planned.item, Item::Node(_))).count()
    }
}
