//! A run without its beginning.

use crate::data::Latencies;
use crate::metrics::steady_state::{SteadyState, WarmUp};
use crate::statistics::mser5;
use std::collections::BTreeMap;
use towtank_sim::cluster::{Cluster, Interest};
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::time::{SimTime, Span};

/// Samples at which they are thinned, so that they stay equally distant.
const MOST: usize = 4097;

/// Samples the cluster with all integrals so far, so that those from any sample on are known at the end.
#[derive(Debug)]
pub struct SteadyCollector {
    warm_up: WarmUp,
    since: SimTime,
    /// By resource: allocated and capacity now, and their integrals.
    now: Vec<(i64, i64)>,
    integrals: Vec<(i128, i128)>,
    pending: i128,
    pending_now: u64,
    samples: Vec<Sample>,
    interval: Span,
    /// When each pod was bound, and how long that had taken.
    bound: Vec<(SimTime, i64)>,
}

#[derive(Clone, Debug, Default)]
struct Sample {
    at: SimTime,
    now: Vec<(i64, i64)>,
    integrals: Vec<(i128, i128)>,
    pending_now: u64,
    pending: i128,
}

impl SteadyCollector {
    /// A collector that leaves out what the experiment asks for.
    pub fn new(warm_up: WarmUp) -> Self {
        Self {
            warm_up,
            since: SimTime::ZERO,
            now: Vec::new(),
            integrals: Vec::new(),
            pending: 0,
            pending_now: 0,
            samples: Vec::new(),
            interval: Span::from_secs(1),
            bound: Vec::new(),
        }
    }

    /// What the run was from then on.
    pub fn finish(mut self, cluster: &Cluster) -> SteadyState {
        self.advance(cluster);
        let (start, settled) = match self.warm_up {
            WarmUp::Mser5 => self.truncation(),
            WarmUp::Until(span) => (self.samples.iter().position(|sample| sample.at.0 >= span.0), true),
        };
        let Some(from) = start.and_then(|start| self.samples.get(start)) else {
            return SteadyState { settled: false, ..SteadyState::default() };
        };
        let span = i128::from(cluster.now.since(from.at).0);
        let mut utilization = BTreeMap::new();
        for (i, (allocated, capacity)) in self.integrals.iter().enumerate() {
            let before = from.integrals.get(i).copied().unwrap_or((0, 0));
            let (allocated, capacity) = (allocated - before.0, capacity - before.1);
            if capacity > 0 {
                let id = cluster.resources.ids().nth(i).map(|id| cluster.resources.name(id).to_owned());
                utilization.extend(id.map(|name| (name, allocated as f64 / capacity as f64)));
            }
        }
        let later = self.bound.iter().filter(|(at, _)| *at >= from.at).map(|(_, latency)| *latency);
        SteadyState {
            settled,
            from_seconds: from.at.as_secs_f64(),
            utilization,
            mean_pending: if span > 0 { (self.pending - from.pending) as f64 / span as f64 } else { 0.0 },
            scheduling: later.collect::<Latencies>().summary(),
        }
    }

    /// The last of the truncations of all series: the share of each resource that is allocated, and the pods that wait.
    fn truncation(&self) -> (Option<usize>, bool) {
        // The sample of the end is at no equal distance.
        let samples = &self.samples[..self.samples.len().saturating_sub(1)];
        let share =
            |(allocated, capacity): (i64, i64)| if capacity > 0 { allocated as f64 / capacity as f64 } else { 0.0 };
        let mut series: Vec<Vec<f64>> = (0..self.now.len())
            .map(|i| samples.iter().map(|sample| share(sample.now.get(i).copied().unwrap_or((0, 0)))).collect())
            .collect();
        series.push(samples.iter().map(|sample| sample.pending_now as f64).collect());
        let found: Option<Vec<_>> = series.iter().map(|series| mser5(series)).collect();
        match found {
            Some(found) => (found.iter().map(|one| one.values).max(), found.iter().all(|one| one.is_settled)),
            None => (None, false),
        }
    }

    fn advance(&mut self, cluster: &Cluster) {
        let span = i128::from(cluster.now.since(self.since).0);
        if span > 0 {
            self.integrals.resize(self.now.len().max(self.integrals.len()), (0, 0));
            for (integral, now) in self.integrals.iter_mut().zip(&self.now) {
                integral.0 += i128::from(now.0) * span;
                integral.1 += i128::from(now.1) * span;
            }
            self.pending += i128::from(self.pending_now) * span;
            self.since = cluster.now;
        }
        let totals = cluster.totals();
        self.pending_now = totals.pending;
        self.now.resize(cluster.resources.len(), (0, 0));
        for (id, now) in cluster.resources.ids().zip(&mut self.now) {
            *now = (totals.allocated.get(id), totals.capacity.get(id));
        }
    }
}

impl Observer for SteadyCollector {
    fn interest(&self) -> NoteKinds {
        let pods =
            Interest::POD_CREATED.and(Interest::POD_BOUND).and(Interest::POD_FINISHED).and(Interest::POD_REMOVED);
        NoteKinds::changes(pods.and(Interest::NODES).and(Interest::POD_UPDATED)).and(NoteKinds::SCHEDULED)
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        match note {
            Note::Scheduled { pod, .. } => {
                if let Some(pod) = cluster.pod(*pod) {
                    self.bound.push((cluster.now, (cluster.now - pod.created).0));
                }
            }
            Note::Change(_) => self.advance(cluster),
            _ => {}
        }
    }

    fn sampling_interval(&self) -> Option<Span> {
        Some(self.interval)
    }

    fn sample(&mut self, at: SimTime, _cluster: &Cluster) {
        // The state holds since the last change; the integrals go on until this moment.
        let span = i128::from(at.since(self.since).0);
        let integrals = self.integrals.iter().chain(std::iter::repeat(&(0, 0))).zip(&self.now);
        let integrals =
            integrals.map(|(sum, now)| (sum.0 + i128::from(now.0) * span, sum.1 + i128::from(now.1) * span));
        self.samples.push(Sample {
            at,
            integrals: integrals.collect(),
            now: self.now.clone(),
            pending_now: self.pending_now,
            pending: self.pending + i128::from(self.pending_now) * span,
        });
        if self.samples.len() == MOST {
            let mut number = 0;
            self.samples.retain(|_| {
                number += 1;
                number % 2 == 1
            });
            self.interval = Span(self.interval.0 * 2);
        }
    }
}
