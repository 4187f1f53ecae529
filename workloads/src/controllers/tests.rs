//! The controllers in a small cluster: every pod is bound at once, to the first node that its affinity allows, and kubelets take no time.

use super::*;
use crate::manifest::{ManifestSource, parse};
use towtank_sim::admission;
use towtank_sim::agenda::{Rank, Timer};
use towtank_sim::autoscaling::horizontal::{HorizontalController, HorizontalSettings};
use towtank_sim::cluster::ResourceQuota;
use towtank_sim::cluster::{Cause, Change, Cluster, Interest};
use towtank_sim::controller::{Context, Controller};
use towtank_sim::engine::{Outcome, Simulation, Until};
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::Pod;
use towtank_sim::node::kubelet::{Kubelet, KubeletSettings, Latency};
use towtank_sim::observe::{Note, Observer};
use towtank_sim::time::{SimTime, Span};

/// Binds every pod to the first node that its affinity allows.
struct BindAll;

impl Controller for BindAll {
    fn name(&self) -> &'static str {
        "scheduler"
    }

    fn interest(&self) -> Interest {
        Interest::POD_CREATED
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        let Change::PodCreated(id) = change else { return };
        let Some(pod) = cx.cluster.pod(id).filter(|pod| pod.node.is_none() && pod.is_active()) else { return };
        let required = cx.cluster.class_of(pod).spec.node_affinity.required.as_ref();
        let allows = |node: &&Node| required.is_none_or(|terms| terms.matches(node.name(), &node.spec.labels));
        let node = cx.cluster.nodes().iter_by_name().find(allows).map(|node| node.id);
        if let Some(node) = node {
            cx.cluster.bind(id, node);
        }
    }
}

pub(super) type Action = Box<dyn FnMut(&mut Cluster)>;

/// Acts at given times.
struct Script(Vec<(i64, Action)>);

impl Controller for Script {
    fn name(&self) -> &'static str {
        "script"
    }

    fn interest(&self) -> Interest {
        Interest::NONE
    }

    fn start(&mut self, cx: &mut Context<'_>) {
        for (i, (at, _)) in self.0.iter().enumerate() {
            cx.remind(SimTime::from_secs(*at), Rank::Machine, Timer::of_kind(i as u16));
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        (self.0[timer.kind as usize].1)(cx.cluster);
    }
}

/// Keeps what happens to pods, and the events, with their times in seconds.
#[derive(Default)]
pub(super) struct Log(pub(super) Vec<String>);

impl Observer for Log {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let now = cluster.now;
        match note {
            Note::Event { reason, message, .. } => self.0.push(format!("{now} {reason}: {message}")),
            Note::Change(Change::PodFinished(id)) => {
                let phase = cluster.pod(*id).map_or("", |pod| pod.phase.as_str());
                self.0.push(format!("{now} {phase}"));
            }
            _ => {}
        }
    }
}

impl Log {
    /// The times at which events with this reason happened.
    pub(super) fn times(&self, reason: &str) -> Vec<String> {
        let of = |line: &String| {
            let (time, rest) = line.split_once(' ')?;
            (rest.split(':').next() == Some(reason)).then(|| time.to_owned())
        };
        self.0.iter().filter_map(of).collect()
    }
}

pub(super) struct Run {
    pub(super) outcome: Outcome,
    pub(super) log: Log,
    pub(super) cluster: Cluster,
}

fn run(manifests: &str, script: Vec<(i64, Action)>, until: Until) -> Run {
    let stop = Latency::Constant(Span::from_secs(2));
    let node = "apiVersion: v1\nkind: Node\nmetadata: {name: n}\nstatus: {capacity: {cpu: 100, pods: 1000}}\n---\n";
    run_with(KubeletSettings { stop, ..KubeletSettings::default() }, &format!("{node}{manifests}"), script, until)
}

/// Plays manifests, nodes included, with these kubelets.
pub(super) fn run_with(kubelet: KubeletSettings, manifests: &str, script: Vec<(i64, Action)>, until: Until) -> Run {
    let mut simulation = Simulation::new(1);
    simulation.cluster.admission = admission::kubernetes();
    for controller in all() {
        simulation.add_controller(controller);
    }
    simulation.add_controller(Box::new(HorizontalController::new(HorizontalSettings::default())));
    simulation.add_controller(Box::new(BindAll));
    simulation.add_controller(Box::new(Kubelet::new(kubelet)));
    simulation.add_controller(Box::new(Script(script)));
    let manifests = parse("m.yaml", manifests).unwrap_or_else(|error| panic!("{error}"));
    let streams = simulation.streams();
    simulation.add_source(Box::new(ManifestSource::new("m.yaml", manifests, streams)));
    let mut log = Log::default();
    let outcome = simulation.run(until, &mut [&mut log]).unwrap_or_else(|error| panic!("{error}"));
    Run { outcome, log, cluster: std::mem::take(&mut simulation.cluster) }
}

fn idle(manifests: &str, script: Vec<(i64, Action)>) -> Run {
    run(manifests, script, Until::Idle)
}

pub(super) fn at(seconds: i64, action: impl FnMut(&mut Cluster) + 'static) -> (i64, Action) {
    (seconds, Box::new(action))
}

pub(super) fn active(cluster: &Cluster) -> Vec<&Pod> {
    let mut pods: Vec<&Pod> = cluster.pods().iter().map(|(_, pod)| pod).filter(|pod| pod.is_active()).collect();
    pods.sort_by_key(|pod| pod.uid);
    pods
}

fn deployment(replicas: u32) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {replicas}\n  \
         selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    \
         spec: {{containers: [{{name: c, resources: {{requests: {{cpu: 100m}}}}}}]}}\n---\n"
    )
}

fn job(spec: &str, annotations: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: work}}\nspec:\n  {spec}\n  template:\n    \
         metadata: {{annotations: {{{annotations}}}}}\n    spec: {{restartPolicy: Never, containers: [{{name: c}}]}}\n---\n"
    )
}

fn scale(cluster: &mut Cluster, replicas: u32) {
    let id = cluster.objects().by_name("Deployment", "default", "web").unwrap();
    cluster.scale(id, replicas);
}

fn delete_first(cluster: &mut Cluster, cause: Cause) {
    let first = cluster.pods().iter().filter(|(_, p)| p.is_active()).min_by_key(|(_, p)| p.uid).map(|(id, _)| id);
    cluster.delete_pod(first.unwrap(), cause);
}

#[test]
fn a_deployment_makes_pods_named_as_upstream_names_them() {
    let run = idle(&deployment(3), vec![]);
    let pods = active(&run.cluster);
    assert_eq!(pods.len(), 3);
    let sets: Vec<_> = run.cluster.objects().of_kind::<ReplicaSet>(ReplicaSet::KIND).collect();
    assert_eq!(sets.len(), 1);
    let (meta, set) = sets[0];
    let hash = set.selector.match_labels["pod-template-hash"].clone();
    assert_eq!(&*meta.name, format!("web-{hash}"));
    for pod in &pods {
        let suffix = pod.name.strip_prefix(&format!("{}-", meta.name)).unwrap();
        assert!(suffix.len() == 5 && suffix.chars().all(|c| "bcdfghjklmnpqrstvwxz2456789".contains(c)), "{suffix}");
        assert_eq!(run.cluster.class_of(pod).spec.labels["pod-template-hash"], hash);
        assert_eq!(pod.owner, Some(meta.id));
    }
    let status = &run.cluster.objects().of_kind::<Deployment>(Deployment::KIND).next().unwrap().1.status;
    assert_eq!([status.replicas, status.updated, status.ready, status.available], [3; 4]);
    assert_eq!(run.outcome.end, SimTime::ZERO);
}

#[test]
fn scaling_a_deployment_reaches_its_pods() {
    let run = idle(&deployment(2), vec![at(10, |c| scale(c, 700)), at(20, |c| scale(c, 1)), at(30, |c| scale(c, 0))]);
    let name = run.cluster.objects().of_kind::<ReplicaSet>(ReplicaSet::KIND).next().unwrap().0.name.clone();
    let scaled: Vec<&String> = run.log.0.iter().filter(|line| line.contains("ScalingReplicaSet")).collect();
    let messages = [
        format!("0 ScalingReplicaSet: Scaled up replica set {name} from 0 to 2"),
        format!("10 ScalingReplicaSet: Scaled up replica set {name} from 2 to 700"),
        format!("20 ScalingReplicaSet: Scaled down replica set {name} from 700 to 1"),
        format!("30 ScalingReplicaSet: Scaled down replica set {name} from 1 to 0"),
    ];
    assert_eq!(scaled, messages.iter().collect::<Vec<_>>());
    assert_eq!(run.log.times("SuccessfulCreate").len(), 700, "more than one burst of 500");
    assert_eq!(run.log.times("SuccessfulDelete").len(), 700);
    assert!(run.cluster.pods().is_empty());
}

#[test]
fn an_autoscaler_scales_through_the_deployment() {
    let autoscaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n\
        metadata: {name: h, annotations: {towtank.dev/load: '{constant: 400m}'}}\n\
        spec: {maxReplicas: 10, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}\n";
    let manifests = format!("{}{autoscaler}", deployment(1));
    let run = run(&manifests, vec![], Until::Time(SimTime::from_secs(900)));
    assert_eq!(active(&run.cluster).len(), 5, "400 milli-CPU at 80 % of 100 milli-CPU each");
}

#[test]
fn lost_pods_come_back_at_once() {
    for cause in [Cause::Deleted, Cause::Evicted, Cause::Preempted, Cause::TaintEvicted] {
        let run = idle(&deployment(3), vec![at(10, move |c| delete_first(c, cause))]);
        assert_eq!(active(&run.cluster).len(), 3, "{cause:?}");
        assert_eq!(run.log.times("SuccessfulCreate"), ["0", "0", "0", "10"], "before the old one has stopped");
    }
    let run = idle(&deployment(3), vec![at(10, |c| c.remove_node(c.nodes().by_name("n").unwrap()))]);
    let pods = active(&run.cluster);
    assert_eq!((pods.len(), pods.iter().filter(|pod| pod.node.is_none()).count()), (3, 3));
}

#[test]
fn what_a_removed_owner_owned_goes_with_it() {
    let remove = |c: &mut Cluster| c.remove_object(c.objects().by_name("Deployment", "default", "web").unwrap());
    let run = idle(&deployment(3), vec![at(10, remove)]);
    assert!(run.cluster.objects().is_empty());
    assert!(run.cluster.pods().is_empty());
    assert_eq!(run.log.times("SuccessfulCreate").len(), 3, "nothing is made anew");
}

#[test]
fn a_removed_replica_set_is_made_again() {
    let remove = |c: &mut Cluster| {
        let id = c.objects().of_kind::<ReplicaSet>(ReplicaSet::KIND).next().unwrap().0.id;
        c.remove_object(id);
    };
    let run = idle(&deployment(2), vec![at(10, remove)]);
    assert_eq!(run.cluster.objects().of_kind::<ReplicaSet>(ReplicaSet::KIND).count(), 1);
    assert_eq!(active(&run.cluster).len(), 2);
}

#[test]
fn refused_pods_are_tried_again_with_growing_waits_until_the_quota_has_room() {
    let quota = "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: {pods: 3}}\n---\n";
    let widen = |c: &mut Cluster| {
        let id = c.objects().by_name(ResourceQuota::KIND, "default", "q").unwrap();
        c.update_object(id, |quota: &mut ResourceQuota| {
            quota.hard.insert("pods".to_owned(), towtank_sim::model::Quantity::from_units(9));
        });
    };
    let manifests = format!("{quota}{}", deployment(5));
    let stuck = idle(&manifests, vec![]);
    assert_eq!(active(&stuck.cluster).len(), 3);
    assert!(stuck.outcome.end < SimTime::from_secs(1), "a quota that never frees keeps no run going");
    // A batch of one, a batch of two (one and two pods created, none refused), then a batch of which both are refused.
    let message = stuck.log.0.iter().find(|line| line.contains("FailedCreate")).unwrap();
    assert!(message.contains("Error creating: pods \"web-") && message.contains("exceeded quota: q"), "{message}");

    let freed = idle(&manifests, vec![at(2, widen)]);
    let failures = freed.log.times("FailedCreate");
    let expected = ["0", "0", "0", "0", "0.005", "0.045", "0.125", "0.285", "0.605", "1.245"];
    // The pods that exist change the status twice at 0, and each change is a look that fails and doubles the wait.
    assert_eq!(failures, expected, "5 ms · 2ⁿ after n failures, and never later than was planned already");
    assert_eq!(freed.log.times("SuccessfulCreate"), ["0", "0", "0", "2.525", "2.525"]);
    assert_eq!(active(&freed.cluster).len(), 5);
}

#[test]
fn a_job_runs_its_completions_and_ends() {
    let run = idle(
        &job(
            "{completions: 3, parallelism: 2}".trim_matches(['{', '}']).replace(", ", "\n  ").as_str(),
            "towtank.dev/run-time: 10s",
        ),
        vec![],
    );
    // Ends at 10, seen a second later; the third pod runs from 11 to 21.
    assert_eq!(run.log.times("SuccessfulCreate"), ["0", "0", "11"]);
    assert_eq!(run.log.times("Completed"), ["22"]);
    let (_, job) = run.cluster.objects().of_kind::<Job>(Job::KIND).next().unwrap();
    let end = JobCondition { complete: true, reason: "CompletionsReached", at: SimTime::from_secs(22) };
    assert_eq!((job.status.succeeded, job.status.failed, job.status.condition), (3, 0, Some(end)));
}

#[test]
fn a_failing_job_waits_longer_each_time_and_gives_up() {
    let run = idle(&job("backoffLimit: 3", "towtank.dev/run-time: 5s, towtank.dev/exit-code: '1'"), vec![]);
    // Failures at 5, 20, 45 and 90: after each, 10 s · 2ⁿ⁻¹.
    assert_eq!(run.log.times("Failed"), ["5", "20", "45", "90"]);
    assert_eq!(run.log.times("BackoffLimitExceeded"), ["91"]);
    let (_, job) = run.cluster.objects().of_kind::<Job>(Job::KIND).next().unwrap();
    assert_eq!((job.status.failed, job.status.condition.map(|c| c.complete)), (4, Some(false)));
}

#[test]
fn a_deadline_ends_a_job_and_its_pods() {
    for run_time in ["", "towtank.dev/run-time: 1h"] {
        let run = idle(&job("activeDeadlineSeconds: 30\n  parallelism: 2\n  completions: 2", run_time), vec![]);
        assert_eq!(run.log.times("DeadlineExceeded"), ["33"], "after the pods have stopped, seen a second later");
        assert!(run.cluster.pods().is_empty());
        assert!(run.log.times("Succeeded").is_empty());
    }
    let run = idle(&job("activeDeadlineSeconds: 3000", "towtank.dev/run-time: 10s"), vec![]);
    assert_eq!(run.outcome.end, SimTime::from_secs(11), "a deadline does not prolong a run");
}

#[test]
fn a_lost_pod_of_a_job_counts_as_failed_and_comes_back() {
    let run =
        idle(&job("completions: 1", "towtank.dev/run-time: 60s"), vec![at(20, |c| delete_first(c, Cause::Evicted))]);
    assert_eq!(run.log.times("SuccessfulCreate"), ["0", "30"]);
    let (_, job) = run.cluster.objects().of_kind::<Job>(Job::KIND).next().unwrap();
    assert_eq!((job.status.succeeded, job.status.failed), (1, 1));
}

#[test]
fn a_finished_job_goes_after_its_time_to_live() {
    let manifests = job("ttlSecondsAfterFinished: 5", "towtank.dev/run-time: 10s");
    let run = idle(&manifests, vec![at(60, |_| {})]);
    assert!(run.cluster.objects().of_kind::<Job>(Job::KIND).next().is_none());
    assert_eq!(run.log.times("Completed"), ["11"]);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let manifests = format!(
        "{}{}",
        deployment(20),
        job("completions: 20\n  parallelism: 5", "towtank.dev/run-time-distribution: '{exponential: {mean: 1m}}'")
    );
    let script =
        || vec![at(10, |c: &mut Cluster| scale(c, 7)), at(15, |c: &mut Cluster| delete_first(c, Cause::Evicted))];
    let (first, second) = (idle(&manifests, script()), idle(&manifests, script()));
    assert_eq!(first.outcome, second.outcome);
    assert_eq!(first.log.0, second.log.0);
}

/// Upstream's order of deletion, one criterion after the other.
#[test]
fn victims_are_ranked_as_upstream_ranks_them() {
    use super::ranking::{Candidate, sort};
    use towtank_sim::model::pod::PodPhase;
    let mut cluster = Cluster::default();
    let class = cluster.intern(towtank_sim::model::pod::PodSpec::default());
    let mut id = |i: u64| {
        let new = towtank_sim::model::pod::NewPod::new(format!("p{i}"), class);
        cluster.create_pod(new).unwrap()
    };
    let second = SimTime::from_secs;
    let mut pod = |uid: u64, change: &dyn Fn(&mut Candidate)| {
        let mut pod = Candidate {
            id: id(uid),
            uid,
            assigned: true,
            phase: PodPhase::Running,
            ready: Some(second(0)),
            rank: 1,
            cost: 0,
            restarts: 0,
            created: second(0),
        };
        change(&mut pod);
        pod
    };
    let mut pods = vec![
        pod(1, &|_| {}),
        pod(2, &|p| p.created = second(1000)),
        pod(3, &|p| p.restarts = 2),
        pod(4, &|p| p.ready = Some(second(990))),
        pod(5, &|p| p.ready = Some(second(500))),
        pod(6, &|p| p.rank = 3),
        pod(7, &|p| p.ready = None),
        pod(8, &|p| (p.phase, p.ready) = (PodPhase::Pending, None)),
        pod(9, &|p| (p.assigned, p.phase, p.ready) = (false, PodPhase::Pending, None)),
    ];
    sort(&mut pods, second(1024));
    assert_eq!(pods.iter().map(|pod| pod.uid).collect::<Vec<_>>(), [9, 8, 7, 6, 4, 5, 3, 2, 1]);

    // More than one run of the merge sort, by age: one bucket for each power of two.
    let mut pods: Vec<Candidate> =
        (0..40).map(|i| pod(100 + i, &|p| p.ready = Some(second(1000 - (1 << (i % 10)))))).collect();
    sort(&mut pods, second(1000));
    let ages: Vec<i64> = pods.iter().map(|pod| 1000 - pod.ready.unwrap().0 / 1_000_000_000).collect();
    assert!(ages.is_sorted(), "{ages:?}");
}

/// A Deployment that is given again is changed: a template begins a rollout, the one before it a rollback, and a number of replicas counts.
#[test]
fn a_deployment_changes_during_a_run() {
    let web = |arrival: u32, replicas: u32, image: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, annotations: {{towtank.dev/arrival: {arrival}s}}}}\n\
             spec: {{replicas: {replicas}, selector: {{matchLabels: {{app: web}}}}, strategy: {{rollingUpdate: {{maxSurge: 1, \
             maxUnavailable: 0}}}}, template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: c, image: \"{image}\"}}]}}}}}}\n---\n"
        )
    };
    let changes = [web(0, 3, "app:1"), web(60, 3, "app:2"), web(120, 3, "app:1"), web(180, 5, "app:1")];
    let run = run(&changes.concat(), Vec::new(), Until::Time(SimTime::from_secs(240)));
    let sets: Vec<_> = run.cluster.objects().of_kind::<ReplicaSet>(ReplicaSet::KIND).collect();
    let mut sizes: Vec<(u64, u32, u32)> =
        sets.iter().map(|(_, set)| (set.rollout.revision, set.replicas, set.status.available)).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [(2, 0, 0), (3, 5, 5)]);
    let first = sets.iter().find(|(_, set)| set.rollout.revision == 3).expect("there is one");
    assert_eq!(first.1.rollout.history, "1");
    let images = run.cluster.pods().iter().map(|(_, pod)| &*run.cluster.class_of(pod).spec.containers[0].image);
    assert_eq!(images.collect::<Vec<_>>(), ["app:1"; 5]);
    let status = &run.cluster.objects().of_kind::<Deployment>(Deployment::KIND).next().expect("it is there").1.status;
    assert_eq!((status.revision, status.available, status.observed), (3, 5, 4));
    assert_eq!(run.log.times("ScalingReplicaSet").iter().filter(|time| time.starts_with("60")).count(), 6);
}
