//! The controller of HorizontalPodAutoscalers.
//!
//! Source: `pkg/controller/podautoscaler/horizontal.go`, `reconcileAutoscaler`.

use super::behavior::{History, Limits, limit};
use super::members::{Member, Members};
use super::object::{HorizontalPodAutoscaler, MetricResource, MetricTarget, ResourceMetric};
use super::replicas::{Calculation, MetricError, PodState, Sample, replicas};
use super::requests::requested;
use crate::agenda::{Rank, Subject, Timer};
use crate::cluster::{Change, Cluster, Interest};
use crate::controller::{Context, Controller};
use crate::model::ObjectId;
use crate::model::pod::{Pod, PodPhase, PodSpec, PodTraits};
use crate::observe::{Note, Regarding};
use crate::time::{SimTime, Span};
use std::collections::BTreeMap;

/// The settings of the controller, with kube-controller-manager's defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HorizontalSettings {
    /// `--horizontal-pod-autoscaler-sync-period`: how often each autoscaler is looked at. 15 s.
    pub sync_period: Span,
    /// `--horizontal-pod-autoscaler-downscale-stabilization`: the largest recommendation of this time counts. 5 min.
    pub downscale_stabilization: Span,
    /// `--horizontal-pod-autoscaler-tolerance`: the ratio of usage to target may differ so much from 1. 0.1.
    pub tolerance: f64,
    /// `--horizontal-pod-autoscaler-cpu-initialization-period`. 5 min.
    pub cpu_initialization_period: Span,
    /// `--horizontal-pod-autoscaler-initial-readiness-delay`. 30 s.
    pub initial_readiness_delay: Span,
    /// `--metric-resolution` of the metrics server: usage is measured at multiples of it, over a window of this length.
    /// 15 s. Zero measures at every moment.
    pub metric_resolution: Span,
    /// How late a measurement reaches the autoscaler, counted from the last multiple of the resolution. 15 s.
    pub metric_delay: Span,
}

impl Default for HorizontalSettings {
    fn default() -> Self {
        Self {
            sync_period: Span::from_secs(15),
            downscale_stabilization: Span::from_secs(300),
            tolerance: 0.1,
            cpu_initialization_period: Span::from_secs(300),
            initial_readiness_delay: Span::from_secs(30),
            metric_resolution: Span::from_secs(15),
            metric_delay: Span::from_secs(15),
        }
    }
}

/// Looks at every HorizontalPodAutoscaler once per period, first one period after its creation, and scales its target.
///
/// Its looks keep no run going that is otherwise over.
#[derive(Debug, Default)]
pub struct HorizontalController {
    settings: HorizontalSettings,
    autoscalers: BTreeMap<ObjectId, State>,
    members: Members,
}

#[derive(Debug, Default)]
struct State {
    history: History,
    seen: bool,
    /// The warnings of the last look: upstream counts repeated events, here they are told once.
    warnings: Vec<(&'static str, String)>,
}

/// What all metrics together ask for.
struct Desired {
    replicas: u32,
    metric: String,
}

impl HorizontalController {
    /// A controller with these settings.
    pub fn new(settings: HorizontalSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    fn plan(&self, id: ObjectId, cx: &mut Context<'_>) {
        let at = cx.now() + self.settings.sync_period.max(Span(1));
        cx.remind_in_background(at, Rank::Control, Timer { kind: 0, tag: 0, about: Subject::Object(id) });
    }

    fn sync(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let Some(state) = self.autoscalers.get_mut(&id) else { return };
        let objects = cx.cluster.objects();
        let (Some(meta), Some(spec)) = (objects.meta(id), objects.get::<HorizontalPodAutoscaler>(id)) else { return };
        let (kind, name) = (&spec.target.kind, &spec.target.name);
        let target = objects.by_name(kind, &meta.namespace, name);
        let found = target.and_then(|target| Some((target, objects.entry(target)?.body.replicas()?)));
        let Some((target, current)) = found else {
            let message = format!("{kind} \"{name}\" not found, or it has no scale subresource");
            state.warn(vec![("FailedGetScale", message)], id, cx);
            return;
        };
        let now = cx.now();
        if !std::mem::replace(&mut state.seen, true) {
            state.history.recommendations.push((now, current));
        }
        let (replicas, reason) = if current == 0 && spec.min_replicas != 0 {
            // Scaled to nothing by hand: the autoscaler keeps its hands off.
            return;
        } else if current > spec.max_replicas {
            (spec.max_replicas, "Current number of replicas above Spec.MaxReplicas".to_owned())
        } else if current < spec.min_replicas {
            (spec.min_replicas, "Current number of replicas below Spec.MinReplicas".to_owned())
        } else {
            let measured = self.settings.last_measurement(now);
            let members: Vec<Member> = self.members.of(target, cx.cluster).copied().collect();
            let (desired, warnings) = desired(spec, &members, current, measured, &self.settings, cx.cluster);
            let limits = Limits {
                min: spec.min_replicas,
                max: spec.max_replicas,
                downscale_stabilization: self.settings.downscale_stabilization,
            };
            let limited = desired.map(|desired| {
                let reason = match desired.replicas.cmp(&current) {
                    std::cmp::Ordering::Greater => format!("{} above target", desired.metric),
                    std::cmp::Ordering::Less => "All metrics below target".to_owned(),
                    std::cmp::Ordering::Equal => String::new(),
                };
                let behavior = spec.behavior.as_ref();
                (limit(&mut state.history, behavior, limits, current, desired.replicas, now).replicas, reason)
            });
            state.warn(warnings, id, cx);
            let Some(limited) = limited else { return };
            limited
        };
        if replicas == current {
            return;
        }
        cx.cluster.scale(target, replicas);
        state.history.record_scale(current, replicas, now);
        let message = format!("New size: {replicas}; reason: {reason}");
        event(cx, false, "SuccessfulRescale", id, &message);
    }
}

impl Controller for HorizontalController {
    fn name(&self) -> &'static str {
        "horizontal-pod-autoscaler"
    }

    fn interest(&self) -> Interest {
        Interest::OBJECTS
    }

    fn interest_in(&self, pods_with: PodTraits) -> Interest {
        let all = Interest::POD_CREATED.and(Interest::POD_READINESS);
        if pods_with == PodTraits::OWNED { all } else { Interest::NONE }
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::PodCreated(id) => self.members.created(id, cx.cluster),
            Change::PodReadiness(id) => self.members.turned(id, cx.cluster),
            Change::ObjectCreated(id) if cx.cluster.objects().get::<HorizontalPodAutoscaler>(id).is_some() => {
                self.autoscalers.insert(id, State::default());
                self.plan(id, cx);
            }
            Change::ObjectRemoved(id) => {
                self.autoscalers.remove(&id);
                self.members.forget(id);
            }
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        if let Subject::Object(id) = timer.about
            && self.autoscalers.contains_key(&id)
        {
            self.sync(id, cx);
            self.plan(id, cx);
        }
    }
}

impl State {
    fn warn(&mut self, warnings: Vec<(&'static str, String)>, id: ObjectId, cx: &mut Context<'_>) {
        if warnings != self.warnings {
            for (reason, message) in &warnings {
                event(cx, true, reason, id, message);
            }
            self.warnings = warnings;
        }
    }
}

impl HorizontalSettings {
    /// When the newest measurement was taken that the autoscaler can know of; before the start there is none.
    fn last_measurement(&self, now: SimTime) -> SimTime {
        let resolution = self.metric_resolution.0.max(1);
        SimTime(now.0.div_euclid(resolution) * resolution - self.metric_delay.0)
    }
}

/// The largest proposal of the metrics, and what to warn of. Nothing when a metric that is missing could have asked for
/// more.
///
/// Source: `computeReplicasForMetrics`.
fn desired(
    spec: &HorizontalPodAutoscaler,
    members: &[Member],
    current: u32,
    measured: SimTime,
    settings: &HorizontalSettings,
    cluster: &Cluster,
) -> (Option<Desired>, Vec<(&'static str, String)>) {
    let mut best: Option<Desired> = None;
    let mut warnings = Vec::new();
    for metric in &spec.metrics {
        let name = match metric.resource {
            MetricResource::Cpu => "cpu",
            MetricResource::Memory => "memory",
        };
        match propose(spec, *metric, members, current, measured, settings, cluster) {
            Ok(replicas) => {
                if best.as_ref().is_none_or(|best| replicas > best.replicas) {
                    let metric = match metric.target {
                        MetricTarget::Utilization(_) => format!("{name} resource utilization (percentage of request)"),
                        MetricTarget::AverageValue(_) => format!("{name} resource"),
                    };
                    best = Some(Desired { replicas, metric });
                }
            }
            Err(error) => {
                let what = match metric.target {
                    MetricTarget::Utilization(_) => "utilization",
                    MetricTarget::AverageValue(_) => "usage",
                };
                let error = match error {
                    Some(error) => error.to_string(),
                    None => format!(
                        "unable to get metrics for resource {name}: no metrics returned from resource metrics API"
                    ),
                };
                warnings.push((name, format!("failed to get {name} {what}: {error}")));
            }
        }
    }
    let invalid = warnings.len();
    let mut events: Vec<(&'static str, String)> =
        warnings.iter().map(|(_, message)| ("FailedGetResourceMetric", message.clone())).collect();
    if let Some((name, first)) = warnings.first()
        && best.as_ref().is_none_or(|best| best.replicas < current)
    {
        best = None;
        let total = spec.metrics.len();
        let message = format!(
            "invalid metrics ({invalid} invalid out of {total}), first error is: failed to get {name} resource metric \
             value: {first}"
        );
        events.push(("FailedComputeMetricsReplicas", message));
    }
    (best, events)
}

/// The proposal of one metric; an error of `None` says that nothing is measured at all.
fn propose(
    spec: &HorizontalPodAutoscaler,
    metric: ResourceMetric,
    members: &[Member],
    current: u32,
    measured: SimTime,
    settings: &HorizontalSettings,
    cluster: &Cluster,
) -> Result<u32, Option<MetricError>> {
    let pods: Vec<PodState> = pod_states(spec, metric.resource, members, measured, settings, cluster);
    if pods.iter().all(|pod| pod.sample.is_none()) {
        return Err(None);
    }
    let tolerance = |own: Option<f64>| own.unwrap_or(settings.tolerance);
    let behavior = spec.behavior.as_ref();
    let calculation = Calculation {
        tolerance_down: tolerance(behavior.and_then(|behavior| behavior.scale_down.tolerance)),
        tolerance_up: tolerance(behavior.and_then(|behavior| behavior.scale_up.tolerance)),
        cpu_initialization_period: settings.cpu_initialization_period,
        initial_readiness_delay: settings.initial_readiness_delay,
    };
    let proposal = replicas(current, &pods, metric.resource, metric.target, cluster.now, &calculation)?;
    Ok(proposal.replicas)
}

/// What is known of the pods: the load of the time of measurement is shared by the pods that were ready then and still
/// are; a pod that started later has no measurement.
fn pod_states(
    spec: &HorizontalPodAutoscaler,
    resource: MetricResource,
    members: &[Member],
    measured: SimTime,
    settings: &HorizontalSettings,
    cluster: &Cluster,
) -> Vec<PodState> {
    let pods = || members.iter().filter_map(|member| Some((member, cluster.pod(member.id)?)));
    let serves = |member: &Member, pod: &Pod| pod.ready && turned(member, pod).is_some_and(|at| at <= measured);
    let servers = pods().filter(|(member, pod)| serves(member, pod)).count() as i64;
    let load = spec.load.as_ref().filter(|_| resource == MetricResource::Cpu).map(|load| load.at(measured));
    let mut share = 0;
    let state = |(member, pod): (&Member, &Pod)| {
        let class = cluster.class_of(pod);
        let request = request(&class.spec, resource);
        let value = match load {
            Some(load) if serves(member, pod) => {
                // What does not divide evenly falls to the oldest pods, a milli-CPU each.
                share += 1;
                load / servers + i64::from(share <= load % servers)
            }
            Some(_) => 0,
            None => {
                let fraction = if resource == MetricResource::Cpu { pod.usage.cpu } else { pod.usage.memory };
                (i128::from(request.unwrap_or(0)) * i128::from(fraction) / 10_000) as i64
            }
        };
        let known = pod.working && pod.started.get().is_some_and(|started| started <= measured);
        PodState {
            gone: pod.deleting.is_some() || pod.phase == PodPhase::Failed,
            pending: pod.phase == PodPhase::Pending,
            started: pod.bound.get(),
            ready: turned(member, pod).map(|at| (pod.ready, at)),
            request,
            sample: known.then_some(Sample { value, at: measured, window: settings.metric_resolution }),
        }
    };
    pods().map(state).collect()
}

/// Since when the pod's readiness has been what it is.
fn turned(member: &Member, pod: &Pod) -> Option<SimTime> {
    member.turned.or(pod.started.get())
}

/// What a pod requests, in the unit of the resource.
fn request(spec: &PodSpec, resource: MetricResource) -> Option<i64> {
    let quantity = requested(spec, resource).ok()?;
    Some(if resource == MetricResource::Cpu { quantity.milli_value() } else { quantity.value() })
}

fn event(cx: &mut Context<'_>, warning: bool, reason: &'static str, id: ObjectId, message: &str) {
    cx.note(&Note::Event { warning, reason, regarding: Regarding::Object(id), message });
}
