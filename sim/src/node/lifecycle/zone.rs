//! Zones: how fast the nodes of each may be given up.
//!
//! Source: `handleDisruption` and `ComputeZoneState` in `pkg/controller/nodelifecycle/node_lifecycle_controller.go`, and
//! `pkg/controller/nodelifecycle/scheduler/rate_limited_queue.go`.

use crate::cluster::Cluster;
use crate::model::node::{Node, REGION_LABEL};
use crate::time::{SimTime, Span};
use std::collections::BTreeMap;

/// Nodes with this label do not count for the state of their zone.
const EXCLUDE_LABEL: &str = "node.kubernetes.io/exclude-disruption";

/// How often upstream polls the queues of nodes that wait for their `NoExecute` taint.
pub(super) const POLL: Span = Span::from_millis(100);

/// How fast nodes are given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZoneSettings {
    /// Time between two nodes of a zone: 10 s, for `--node-eviction-rate` 0.1.
    pub interval: Span,
    /// The same in a large zone that is partially disrupted: 100 s, for `--secondary-node-eviction-rate` 0.01.
    pub secondary_interval: Span,
    /// `--large-cluster-size-threshold`: in zones of at most so many nodes (50) a partial disruption stops evictions.
    pub large_zone: usize,
    /// `--unhealthy-zone-threshold` in hundredths: 55.
    pub unhealthy_percent: usize,
}

impl Default for ZoneSettings {
    fn default() -> Self {
        let [interval, secondary_interval] = [10, 100].map(Span::from_secs);
        Self { interval, secondary_interval, large_zone: 50, unhealthy_percent: 55 }
    }
}

/// The state of a zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Initial,
    Normal,
    Partial,
    Full,
}

/// A bucket of one token.
#[derive(Clone, Copy, Debug)]
struct Limiter {
    /// Between two tokens; `None` for no token ever.
    interval: Option<Span>,
    /// When the next one is there.
    next: SimTime,
}

/// The zones that have nodes.
#[derive(Debug, Default)]
pub(super) struct Zones {
    settings: ZoneSettings,
    zones: BTreeMap<String, (State, Limiter)>,
}

/// What the states of the zones mean for the whole cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// No node of the cluster can be heard any more: the fault may be the controller's own.
    pub(super) all_lost: bool,
    /// Some can be heard again.
    pub(super) some_back: bool,
}

impl Zones {
    pub(super) fn new(settings: ZoneSettings) -> Self {
        Self { settings, zones: BTreeMap::new() }
    }

    /// When the next node of the zone may be given up.
    pub(super) fn next_token(&self, zone: &str) -> Option<SimTime> {
        let (_, limiter) = self.zones.get(zone)?;
        limiter.interval.map(|_| limiter.next)
    }

    /// Takes a token, if there is one.
    pub(super) fn take_token(&mut self, zone: &str, now: SimTime) -> bool {
        self.zones.get_mut(zone).is_some_and(|(_, limiter)| limiter.take(now))
    }

    /// Computes the states and rates of the zones anew.
    pub(super) fn update(&mut self, now: SimTime, cluster: &Cluster) -> Verdict {
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for node in cluster.nodes().iter() {
            let fresh = (State::Initial, Limiter { interval: Some(self.settings.interval), next: now });
            self.zones.entry(zone_key(node)).or_insert(fresh);
            if !node.spec.labels.contains_key(EXCLUDE_LABEL) {
                let (ready, all) = counts.entry(zone_key(node)).or_default();
                *ready += usize::from(node.ready);
                *all += 1;
            }
        }
        self.zones.retain(|zone, _| counts.contains_key(zone));
        let states: BTreeMap<String, State> =
            counts.iter().map(|(zone, (ready, all))| (zone.clone(), self.state(*ready, *all))).collect();

        let all_lost = states.values().all(|state| *state == State::Full);
        let all_were_lost = self.zones.values().all(|(state, _)| *state == State::Full);
        if all_lost && all_were_lost {
            return Verdict::default();
        }
        let settings = self.settings;
        for (zone, (state, limiter)) in &mut self.zones {
            let new = states[zone];
            if *state == new && !all_lost && !all_were_lost {
                continue;
            }
            *state = new;
            limiter.swap(if all_lost { None } else { settings.interval_of(new, counts[zone].1) }, now);
        }
        Verdict { all_lost, some_back: all_were_lost }
    }

    fn state(&self, ready: usize, all: usize) -> State {
        let lost = all - ready;
        if ready == 0 && lost > 0 {
            State::Full
        } else if lost > 2 && lost * 100 >= self.settings.unhealthy_percent * all {
            State::Partial
        } else {
            State::Normal
        }
    }
}

impl ZoneSettings {
    fn interval_of(&self, state: State, nodes: usize) -> Option<Span> {
        match state {
            State::Partial if nodes > self.large_zone => Some(self.secondary_interval),
            State::Partial => None,
            _ => Some(self.interval),
        }
    }
}

impl Limiter {
    fn take(&mut self, now: SimTime) -> bool {
        let Some(interval) = self.interval.filter(|_| self.next <= now) else { return false };
        self.next = now + interval;
        true
    }

    /// Another rate from now on. Who had no token has none then either; its next one comes just after a poll and is
    /// found by the poll that follows.
    fn swap(&mut self, interval: Option<Span>, now: SimTime) {
        if self.interval == interval {
            return;
        }
        let had_token = self.interval.is_some() && self.next <= now;
        let wait = interval.filter(|_| !had_token).map_or(Span::ZERO, |interval| interval + POLL);
        *self = Self { interval, next: now + wait };
    }
}

/// Region and zone of a node (`GetZoneKey`).
pub(super) fn zone_key(node: &Node) -> String {
    let region = node.spec.labels.get(REGION_LABEL).map_or("", String::as_str);
    format!("{region}:{}", node.zone())
}
