//! The pods of a trace as a source.

use crate::classes::Classes;
use crate::error::{TraceError, shorten};
use crate::format::Context;
use crate::reader::Reader;
use crate::record::{Event, FileId, Place, Submitted};
use crate::repairs::{Repairs, Rule};
use crate::stream::Stream;
use std::collections::VecDeque;
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::gang::PodGroup;
use towtank_sim::model::Name;
use towtank_sim::model::pod::NewPod;
use towtank_sim::source::{Gang, Source, SourceError, Submission, Work};
use towtank_sim::time::SimTime;

/// What a reader tells of pods, as a source; what it tells of nodes is passed over. Of a reader that is not sorted all records are
/// read here.
///
/// # Errors
/// An option is wrong, or a row of a trace that has to be sorted.
pub fn pods(reader: Box<dyn Reader>, context: &Context) -> Result<impl Source + use<>, TraceError> {
    let stream = Stream::new(reader, context)?;
    Ok(Pods {
        name: Arc::clone(stream.file(FileId(0))),
        stream,
        repairs: context.repairs.clone(),
        classes: Classes::default(),
        ready: VecDeque::new(),
    })
}

struct Pods {
    name: Arc<str>,
    stream: Stream,
    repairs: Repairs,
    classes: Classes,
    /// What the last record asks for.
    ready: VecDeque<Submission>,
}

impl Source for Pods {
    fn name(&self) -> &str {
        &self.name
    }

    fn next(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, SourceError> {
        while self.ready.is_empty() {
            let Some(record) = self.stream.next_record()? else { break };
            let (at, place) = (SimTime(record.at), record.place);
            match record.event {
                Event::Submitted(job) => return Ok(Some(self.submit(at, job, place, cluster)?)),
                Event::Killed { namespace, name } => {
                    let work = killed(namespace.to_string(), name.to_string(), cluster);
                    return Ok(Some(Submission { at, work }));
                }
                Event::Applied(_) | Event::Deleted { .. } => {
                    let problem = "nothing here knows what to do with a Kubernetes object".to_owned();
                    return Err(self.stream.error(place, problem).into());
                }
                Event::NodeAdded(_) | Event::NodeChanged(_) | Event::NodeRemoved(_) => {}
            }
        }
        Ok(self.ready.pop_front())
    }
}

impl Pods {
    /// A pod; or a group with its pods, where it is a job, or their run time is announced.
    fn submit(
        &mut self,
        at: SimTime,
        job: Submitted,
        place: Place,
        cluster: &mut Cluster,
    ) -> Result<Submission, TraceError> {
        let Submitted { name, shape, pods, gang, run, estimate, usage, .. } = job;
        let numbered = pods > 1;
        let grouped = numbered || gang || estimate.is_some();
        let class = self.classes.of(shape, grouped, &mut self.stream, cluster);
        let namespace = &cluster.spec_of(&class).namespace;
        let name = self.unused(name, (grouped, numbered), namespace, place, cluster)?;
        let namespace = grouped.then(|| namespace.clone());
        let pod = NewPod { name: name.clone(), class, owner: None, run, usage, status: None };
        let Some(namespace) = namespace else { return Ok(Submission { at, work: Work::Pod(pod) }) };
        let min_count = if gang { pods } else { 1 };
        let gang = Gang { namespace, name, pods, min_count, estimate, pod };
        Ok(Submission { at, work: Work::Gang(Box::new(gang)) })
    }

    /// The name, or if a pod of that name lives, another one made of it.
    fn unused(
        &self,
        name: Name,
        (grouped, numbered): (bool, bool),
        namespace: &str,
        place: Place,
        cluster: &Cluster,
    ) -> Result<Name, TraceError> {
        let lives = |name: &Name| {
            let group = |name: &Name| cluster.objects().by_name(PodGroup::KIND, namespace, name).is_some();
            (grouped && group(name))
                || if numbered {
                    cluster.pods().by_name(namespace, &Name::numbered(name, 0)).is_some()
                } else {
                    cluster.pods().by_name(namespace, name).is_some()
                }
        };
        if !lives(&name) {
            return Ok(name);
        }
        self.repairs.repair(Rule::DuplicateName, || {
            let name = shorten(name.as_bytes());
            self.stream
                .error(place, format!("`{name}` is submitted while one of that name is there: expected another name"))
        })?;
        let other = (2..u64::MAX).map(|i| Name::numbered(&name, i)).find(|name| !lives(name));
        Ok(other.expect("there are more numbers than pods"))
    }
}

/// What is done about a pod or job that its trace takes away: with a group go the pods that it owns.
fn killed(namespace: String, name: String, cluster: &Cluster) -> Work {
    let objects = cluster.objects();
    if !objects.is_empty() && objects.by_name(PodGroup::KIND, &namespace, &name).is_some() {
        return Work::DeleteObject { kind: PodGroup::KIND.to_owned(), namespace, name };
    }
    Work::DeletePod { namespace, name, grace: None }
}
