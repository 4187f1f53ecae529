//! What a trace is like, in numbers: how much comes when, how large, for how long, and how much of it at a time.
//!
//! Memory follows the number of shapes and of pods that are there at a time, not of rows.

mod bins;
mod demand;
mod spread;

use crate::error::TraceError;
use crate::record::{Event, Record, Submitted};
use crate::shapes::{NameId, ShapeId};
use crate::stream::Stream;
use demand::Live;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::ClassId;
use towtank_sim::model::pod::Run;
use towtank_sim::model::resources::{ResourceId, Resources};

pub use bins::{Bin, Bins};
pub use demand::Level;
pub use spread::Spread;

const HOUR: i64 = 3_600_000_000_000;

/// A trace in numbers.
#[derive(Debug, Default)]
pub struct Statistics {
    /// Submissions: pods, and jobs of several pods.
    pub submissions: u64,
    /// Pods.
    pub pods: u64,
    /// Submissions of pods that start together or not at all.
    pub gangs: u64,
    /// Submissions whose pods never end.
    pub endless: u64,
    /// Submissions that end with failure.
    pub failed: u64,
    /// Submissions that are taken away by a record of their own.
    pub killed: u64,
    /// Kubernetes objects that are created, changed or deleted; what they ask for is not known here.
    pub objects: u64,
    /// The first and the last submission, in nanoseconds from the start of the part that is looked at.
    pub span: Option<(i64, i64)>,
    /// The end of the last pod that ends, if each starts when it is submitted.
    pub end: i64,
    /// Submissions by hour of the day, if the trace begins at midnight.
    pub by_hour: [u64; 24],
    /// Submissions over time.
    pub arrivals: Bins,
    /// The time between two submissions, in nanoseconds.
    pub between: Spread,
    /// Pods of a submission.
    pub pods_per_submission: Spread,
    /// The run time of a submission, in nanoseconds.
    pub run_time: Spread,
    /// The wait that was recorded, in nanoseconds.
    pub waited: Spread,
    /// By resource what a pod requests, of the pods that request any: milli-CPU, bytes, counts.
    pub requests: BTreeMap<String, Spread>,
    /// By resource what all pods request at a time, if each starts when it is submitted.
    pub demand: BTreeMap<String, Level>,
    /// By resource what the nodes offer.
    pub capacity: BTreeMap<String, Level>,
    /// Nodes: how many there were at most.
    pub nodes: Level,
    /// The shapes by how many submissions have them, the commonest first.
    pub shapes: Vec<(ShapeId, u64)>,
    /// Users.
    pub users: u64,
    /// Queues.
    pub queues: u64,
}

/// Reads a trace to its end.
///
/// # Errors
/// A row is wrong, or cannot be repaired under strict rules.
pub fn of(pods: &mut Stream, nodes: Vec<Record>) -> Result<Statistics, TraceError> {
    let mut counter = Counter { nodes: nodes.into(), ..Counter::default() };
    while let Some(record) = pods.next_record()? {
        counter.nodes_until(record.at);
        match record.event {
            Event::Submitted(job) => counter.submitted(record.at, &job, pods),
            Event::Killed { .. } => counter.found.killed += 1,
            Event::Applied(_) | Event::Deleted { .. } => counter.found.objects += 1,
            Event::NodeAdded(_) | Event::NodeChanged(_) | Event::NodeRemoved(_) => {}
        }
    }
    Ok(counter.finish())
}

#[derive(Default)]
struct Counter {
    found: Statistics,
    nodes: VecDeque<Record>,
    /// What each node that is there offers.
    offers: BTreeMap<Arc<str>, Resources>,
    /// Where specifications become sums of requests.
    cluster: Cluster,
    /// By shape: its class, and how many submissions have it.
    shapes: Vec<Option<(ClassId, u64)>>,
    /// By class: how many pods are of it.
    pods: Vec<u64>,
    /// Submissions of one pod.
    single: u64,
    requests: ByResource<Spread>,
    demand: ByResource<Level>,
    capacity: ByResource<Level>,
    live: Live,
    last: Option<i64>,
    users: BTreeSet<usize>,
    queues: BTreeSet<usize>,
}

impl Counter {
    fn submitted(&mut self, at: i64, job: &Submitted, pods: &mut Stream) {
        self.ends_until(at);
        let class = self.class(job.shape, pods);
        if self.pods.len() <= class.index() {
            self.pods.resize(class.index() + 1, 0);
        }
        self.pods[class.index()] += u64::from(job.pods);
        let found = &mut self.found;
        found.submissions += 1;
        found.pods += u64::from(job.pods);
        found.gangs += u64::from(job.gang && job.pods > 1);
        found.span = Some((found.span.map_or(at, |(first, _)| first), at));
        found.arrivals.count(at, 1);
        found.by_hour[(at.rem_euclid(24 * HOUR) / HOUR) as usize] += 1;
        if let Some(last) = self.last.replace(at) {
            found.between.add(at - last, 1);
        }
        if job.pods == 1 {
            self.single += 1;
        } else {
            found.pods_per_submission.add(i64::from(job.pods), 1);
        }
        if let Some(waited) = job.waited {
            found.waited.add(waited.0, 1);
        }
        self.users.extend(job.user.map(NameId::index));
        self.queues.extend(job.queue.map(NameId::index));
        found.failed += u64::from(matches!(job.run, Run::Fails(_)));
        match job.run {
            Run::Forever => found.endless += 1,
            Run::Succeeds(length) | Run::Fails(length) => {
                found.run_time.add(length.0, 1);
                let end = at.saturating_add(length.0);
                found.end = found.end.max(end);
                self.live.add(end, class, job.pods);
            }
        }
        for (id, amount) in self.cluster.classes.get(class).requests.iter().filter(|(_, amount)| *amount > 0) {
            self.demand.of(id).change(at, amount.saturating_mul(i64::from(job.pods)));
        }
    }

    fn class(&mut self, shape: ShapeId, pods: &mut Stream) -> ClassId {
        let place = shape.0 as usize;
        if self.shapes.len() <= place {
            self.shapes.resize(place + 1, None);
        }
        let known = self.shapes[place].get_or_insert_with(|| (self.cluster.intern(pods.shape(shape).spec.clone()), 0));
        known.1 += 1;
        known.0
    }

    /// Lets pods end.
    fn ends_until(&mut self, at: i64) {
        while let Some((end, class, pods)) = self.live.ended(at) {
            for (id, amount) in self.cluster.classes.get(class).requests.iter().filter(|(_, amount)| *amount > 0) {
                self.demand.of(id).change(end, -amount.saturating_mul(i64::from(pods)));
            }
        }
    }

    /// Lets nodes come, change and go.
    fn nodes_until(&mut self, at: i64) {
        while self.nodes.front().is_some_and(|record| record.at <= at) {
            let Some(record) = self.nodes.pop_front() else { return };
            let (before, now) = match record.event {
                Event::NodeAdded(spec) | Event::NodeChanged(spec) => {
                    let offer = self.cluster.resources.vector(&spec.allocatable);
                    (self.offers.insert(spec.name, offer.clone()), Some(offer))
                }
                Event::NodeRemoved(name) => (self.offers.remove(&name), None),
                _ => continue,
            };
            self.found.nodes.change(record.at, i64::from(now.is_some()) - i64::from(before.is_some()));
            for (offer, sign) in [(now, 1), (before, -1)] {
                for (id, amount) in offer.iter().flat_map(Resources::iter) {
                    self.capacity.of(id).change(record.at, sign * amount);
                }
            }
        }
    }

    fn finish(mut self) -> Statistics {
        let end = self.found.end.max(self.found.span.map_or(0, |(_, last)| last + 1));
        self.nodes_until(end);
        self.ends_until(end);
        // Requests are counted by class: that is much less often.
        for (class, pods) in self.pods.iter().enumerate().filter(|(_, pods)| **pods > 0) {
            let requests = &self.cluster.classes.get(ClassId(class as u32)).requests;
            for (id, amount) in requests.iter().filter(|(_, amount)| *amount > 0) {
                self.requests.of(id).add(amount, *pods);
            }
        }
        let mut found = self.found;
        if self.single > 0 {
            found.pods_per_submission.add(1, self.single);
        }
        for level in self.demand.0.iter_mut().chain(&mut self.capacity.0).chain([&mut found.nodes]) {
            level.settle(end);
        }
        found.end = end;
        found.users = self.users.len() as u64;
        found.queues = self.queues.len() as u64;
        let named = |id: usize| self.cluster.resources.name(ResourceId(id as u16)).to_owned();
        // How many pods a node may hold is no demand.
        let is_amount = |name: &str| name != "pods";
        found.requests = self.requests.named(named).filter(|(name, s)| s.count() > 0 && is_amount(name)).collect();
        found.demand = self.demand.named(named).filter(|(name, l)| l.peak > 0 && is_amount(name)).collect();
        found.capacity = self.capacity.named(named).filter(|(name, l)| l.peak > 0 && is_amount(name)).collect();
        let mut by_class: BTreeMap<ClassId, (ShapeId, u64)> = BTreeMap::new();
        for (place, shape) in self.shapes.iter().enumerate() {
            if let Some((class, count)) = shape {
                by_class.entry(*class).or_insert((ShapeId(place as u32), 0)).1 += count;
            }
        }
        found.shapes = by_class.into_values().collect();
        found.shapes.sort_by_key(|(shape, count)| (Reverse(*count), *shape));
        found
    }
}

/// Something for each resource.
#[derive(Default)]
struct ByResource<T>(Vec<T>);

impl<T: Default> ByResource<T> {
    #[inline]
    fn of(&mut self, id: ResourceId) -> &mut T {
        let place = usize::from(id.0);
        if self.0.len() <= place {
            self.0.resize_with(place + 1, T::default);
        }
        &mut self.0[place]
    }

    fn named(self, name: impl Fn(usize) -> String) -> impl Iterator<Item = (String, T)> {
        self.0.into_iter().enumerate().map(move |(id, it)| (name(id), it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Inputs, find_format, stream};

    fn of_csv(pods: &str, nodes: &str) -> Statistics {
        let context = Context::default();
        let format = find_format("csv").unwrap();
        let mut reader = format.read_nodes(&Inputs::from_bytes("nodes.csv", nodes), &context).unwrap();
        let nodes = stream::nodes(&mut *reader, &context).unwrap();
        let reader = format.read_pods(&Inputs::from_bytes("pods.csv", pods), &context).unwrap();
        of(&mut Stream::new(reader, &context).unwrap(), nodes).unwrap()
    }

    #[test]
    fn a_small_trace_in_numbers() {
        let found = of_csv(
            "name,arrival_s,duration_s,cpu_milli,memory_bytes\na,0,10,1000,5\nb,4,10,500,5\nc,12,,500,0\nd,7200,1,1,1\n",
            "name,cpu_milli,memory_bytes,pods,removed_s\nn,4000,100,10,\nm,2000,100,10,6\n",
        );
        assert_eq!((found.submissions, found.pods, found.endless), (4, 4, 1));
        assert_eq!(found.span, Some((0, 7_200_000_000_000)));
        assert_eq!((found.by_hour[0], found.by_hour[2]), (3, 1));
        let (demand, capacity) = (&found.demand["cpu"], &found.capacity["cpu"]);
        assert_eq!((demand.peak, demand.peak_at), (1500, 4_000_000_000));
        assert_eq!(capacity.peak, 6000);
        // 1000 for 10 s, 500 for 10 s, 500 for 7,189 s, 1 for 1 s, over 7,201 s.
        assert!((demand.mean(found.end) - (10_000.0 + 5000.0 + 3_594_500.0 + 1.0) / 7201.0).abs() < 1e-9);
        assert_eq!(found.requests["memory"].count(), 3, "of those that ask for some");
        assert_eq!(found.run_time.percentile(50.0), Some(10_000_000_000));
        assert_eq!((found.nodes.peak, found.shapes.len()), (2, 4));
    }
}
