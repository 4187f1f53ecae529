//! Manifests as a source of submissions.

use super::objects::{Item, Manifests, Planned};
use crate::controllers::{DaemonSet, Deployment, Job, ReplicaSet, StatefulSet};
use std::any::Any;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::ObjectId;
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
        Item::Object { namespace, name, mut body } => {
            if !cluster.statuses_as_given
                && let Some(there) = cluster.objects().by_name(body.kind(), &namespace, &name)
            {
                keep_status(&mut *body, there, cluster);
            }
            Work::UpdateObject { namespace, name, body }
        }
        Item::Pod(pod) => {
            let class = cluster.intern((*pod.template.spec).clone());
            Work::UpdatePod { name: pod.name, class }
        }
    }
}

/// Gives a controller's object the status of the one that is there.
fn keep_status(body: &mut dyn Any, there: ObjectId, cluster: &Cluster) {
    let objects = cluster.objects();
    if let Some(new) = body.downcast_mut::<Deployment>() {
        new.status = objects.get::<Deployment>(there).map_or(new.status, |old| old.status);
    } else if let Some(new) = body.downcast_mut::<ReplicaSet>() {
        new.status = objects.get::<ReplicaSet>(there).map_or(new.status, |old| old.status);
    } else if let Some(new) = body.downcast_mut::<DaemonSet>() {
        new.status = objects.get::<DaemonSet>(there).map_or(new.status, |old| old.status);
    } else if let Some(new) = body.downcast_mut::<StatefulSet>()
        && let Some(old) = objects.get::<StatefulSet>(there)
    {
        new.status = old.status.clone();
    } else if let Some(new) = body.downcast_mut::<Job>()
        && let Some(old) = objects.get::<Job>(there)
    {
        new.status = old.status.clone();
    }
}

impl Source for ManifestSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn next(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, SourceError> {
        let planned = self.rest.next();
        Ok(planned.map(|planned| Submission { at: planned.at, work: creation(planned, &self.streams, cluster) }))
    }

    fn new_nodes(&self) -> usize {
        self.rest.as_slice().iter().filter(|planned| matches!(planned.item, Item::Node(_))).count()
    }
}
