//! What a trace needs of a target: the first of its two readings.

use super::WriteError;
use crate::record::{Event, Submitted};
use crate::shapes::{NameId, ShapeId};
use crate::stream::Stream;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use towtank_sim::model::pod::{PodSpec, Run, Usage};

/// What a trace has, and in which columns.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// How many pods and jobs are submitted.
    pub(super) jobs: u64,
    /// What any of them has.
    pub(super) has: BTreeSet<Optional>,
    /// The extended resources that are asked for.
    pub(super) resources: BTreeSet<String>,
    /// The keys of labels.
    pub(super) labels: BTreeSet<String>,
    /// The keys of node selectors.
    pub(super) selectors: BTreeSet<String>,
    /// When pods are killed of which that is told afterwards, by namespace and name, in order of time.
    pub(super) killed: BTreeMap<(String, String), VecDeque<i64>>,
    /// Whether all names of users and of queues are whole numbers.
    pub(super) users_are_numbers: bool,
    pub(super) queues_are_numbers: bool,
    /// Whether all names of jobs are whole numbers, and each once.
    pub(super) jobs_are_numbers: bool,
    /// Whether it tells Kubernetes objects.
    pub(super) objects: u64,
}

/// A column that not every trace needs, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Optional {
    Namespace,
    Priority,
    Owner,
    User,
    Queue,
    Count,
    Gang,
    Outcome,
    Estimate,
    Wait,
    CpuUsage,
    MemoryUsage,
}

impl Survey {
    /// Reads a trace to its end.
    pub(super) fn of(mut stream: Stream) -> Result<Self, WriteError> {
        let mut survey =
            Self { users_are_numbers: true, queues_are_numbers: true, jobs_are_numbers: true, ..Self::default() };
        let mut shapes: BTreeSet<ShapeId> = BTreeSet::new();
        let mut last_number = None;
        while let Some(record) = stream.next_record()? {
            match record.event {
                Event::Submitted(job) => {
                    survey.job(&job, &stream, &mut last_number);
                    if shapes.insert(job.shape) {
                        survey.shape(&stream.shape(job.shape).spec);
                    }
                }
                Event::Killed { namespace, name } => {
                    let times = survey.killed.entry((namespace.to_string(), name.to_string())).or_default();
                    times.push_back(record.at);
                }
                Event::Applied(_) | Event::Deleted { .. } => survey.objects += 1,
                _ => {}
            }
        }
        Ok(survey)
    }

    fn job(&mut self, job: &Submitted, stream: &Stream, last_number: &mut Option<u64>) {
        self.jobs += 1;
        let all = Usage::default();
        let has = [
            (job.group.is_some(), Optional::Owner),
            (job.user.is_some(), Optional::User),
            (job.queue.is_some(), Optional::Queue),
            (job.pods > 1, Optional::Count),
            (job.gang, Optional::Gang),
            (matches!(job.run, Run::Fails(_)), Optional::Outcome),
            (job.estimate.is_some(), Optional::Estimate),
            (job.waited.is_some(), Optional::Wait),
            (job.usage.cpu != all.cpu, Optional::CpuUsage),
            (job.usage.memory != all.memory, Optional::MemoryUsage),
        ];
        self.has.extend(has.into_iter().filter(|(has, _)| *has).map(|(_, column)| column));
        let is_number = |name: Option<NameId>| name.is_none_or(|name| number(stream.text(name)).is_some());
        self.users_are_numbers &= is_number(job.user);
        self.queues_are_numbers &= is_number(job.queue);
        // Increasing numbers cannot repeat; whether others do would take all of them to know.
        let number = number(&job.name);
        self.jobs_are_numbers &= number.is_some_and(|number| last_number.is_none_or(|last| number > last));
        *last_number = number.or(*last_number);
    }

    fn shape(&mut self, spec: &PodSpec) {
        self.has.extend((&*spec.namespace != "default").then_some(Optional::Namespace));
        self.has.extend(spec.priority.map(|_| Optional::Priority));
        let requests = spec.held_requests();
        let extended = requests.keys().filter(|name| !matches!(name.as_str(), "cpu" | "memory"));
        self.resources.extend(extended.map(ToString::to_string));
        self.labels.extend(spec.labels.keys().cloned());
        self.selectors.extend(spec.node_selector.keys().cloned());
    }
}

/// A name that is a whole number without zeros in front.
pub(super) fn number(name: &str) -> Option<u64> {
    let number: u64 = name.parse().ok()?;
    (number.to_string() == name).then_some(number)
}
