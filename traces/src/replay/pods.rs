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
use towtank_sim::model::pod::NewPod;
use towtank_sim::model::{ClassId, Name};
use towtank_sim::source::{Source, SourceError, Submission, Work};
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
                Event::Submitted(job) if job.pods == 1 => return Ok(Some(self.pod(at, job, place, cluster)?)),
                Event::Submitted(job) => self.job(at, &job, place, cluster)?,
                Event::Killed { namespace, name } => {
                    let (namespace, name) = (namespace.to_string(), name.to_string());
                    return Ok(Some(Submission { at, work: Work::DeletePod { namespace, name, grace: None } }));
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
    /// A submission of one pod.
    fn pod(
        &mut self,
        at: SimTime,
        job: Submitted,
        place: Place,
        cluster: &mut Cluster,
    ) -> Result<Submission, TraceError> {
        let class = self.classes.of(job.shape, &mut self.stream, cluster);
        let name = self.unused(job.name, false, class, place, cluster)?;
        Ok(Submission {
            at,
            work: Work::Pod(NewPod { name, class, owner: None, run: job.run, usage: job.usage, status: None }),
        })
    }

    /// A job of several pods, which are numbered.
    fn job(&mut self, at: SimTime, job: &Submitted, place: Place, cluster: &mut Cluster) -> Result<(), TraceError> {
        let class = self.classes.of(job.shape, &mut self.stream, cluster);
        let name = self.unused(job.name.clone(), true, class, place, cluster)?;
        self.ready.extend((0..job.pods).map(|i| {
            let name = Name::numbered(&name, u64::from(i));
            let pod = NewPod { name, class, owner: None, run: job.run, usage: job.usage, status: None };
            Submission { at, work: Work::Pod(pod) }
        }));
        Ok(())
    }

    /// The name, or if a pod of that name lives, another one made of it.
    fn unused(
        &self,
        name: Name,
        numbered: bool,
        class: ClassId,
        place: Place,
        cluster: &Cluster,
    ) -> Result<Name, TraceError> {
        let namespace = &*cluster.classes.get(class).spec.namespace;
        let lives = |name: &Name| {
            if numbered {
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
