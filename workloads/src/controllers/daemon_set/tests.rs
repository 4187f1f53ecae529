//! DaemonSets in small clusters, with the kubelets of the recordings: 1.3 s to running, 1.6 s more to ready, 1.2 s to stop.

use super::super::ControllerRevision;
use super::super::tests::{Action, Run, active, at, run_with};
use super::*;
use crate::template::PodTemplate;
use towtank_sim::disruption::IntOrPercent;
use towtank_sim::engine::Until;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::Pod;
use towtank_sim::model::taint::{Effect, Taint};
use towtank_sim::node::kubelet::{KubeletSettings, Latency};
use towtank_sim::time::SimTime;

fn node(name: &str, rest: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Node\nmetadata: {{name: {name}{rest}}}\nstatus: {{capacity: {{cpu: 4, pods: 9}}}}\n---\n"
    )
}

fn nodes(count: usize) -> String {
    (1..=count).map(|number| node(&format!("n{number}"), "")).collect()
}

/// A DaemonSet `agent`, with more of its specification and of its pods' annotations and specification.
fn agent(spec: &str, annotations: &str, pod: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: agent}}\nspec:\n  selector: {{matchLabels: {{app: agent}}}}\n  {spec}\n  \
         template:\n    metadata: {{labels: {{app: agent}}, annotations: {{{annotations}}}}}\n    \
         spec: {{containers: [{{name: c, image: 'app:1'}}]{pod}}}\n---\n"
    )
}

fn play(manifests: &str, script: Vec<(i64, Action)>, end: i64) -> Run {
    let millis = |millis| Latency::Constant(Span::from_millis(millis));
    let kubelet =
        KubeletSettings { start: millis(1300), ready: millis(1600), stop: millis(1200), ..KubeletSettings::default() };
    run_with(kubelet, manifests, script, Until::Time(SimTime::from_secs(end)))
}

fn status(run: &Run) -> DaemonSetStatus {
    run.cluster.objects().of_kind::<DaemonSet>(DaemonSet::KIND).next().expect("the set").1.status
}

fn change_node(name: &'static str, mut change: impl FnMut(&mut NodeSpec) + 'static) -> impl FnMut(&mut Cluster) {
    move |cluster| {
        let id = cluster.nodes().by_name(name).expect("a node");
        cluster.update_node(id, |spec| change(spec));
    }
}

fn taint(effect: Effect) -> Taint {
    Taint { key: "maintenance".to_owned(), value: String::new(), effect }
}

fn change_set(mut change: impl FnMut(&mut DaemonSet) + 'static) -> impl FnMut(&mut Cluster) {
    move |cluster| {
        let id = cluster.objects().by_name(DaemonSet::KIND, "default", "agent").expect("the set");
        cluster.update_object(id, |set: &mut DaemonSet| change(set));
    }
}

fn image(name: &'static str) -> impl FnMut(&mut Cluster) {
    change_set(move |set| {
        let mut spec = (*set.template.spec).clone();
        name.clone_into(&mut spec.containers[0].image);
        set.template = PodTemplate { spec: Arc::new(spec), ..set.template.clone() };
    })
}

fn on_nodes(cluster: &Cluster) -> Vec<String> {
    let name = |pod: &&Pod| pod.node.map_or_else(String::new, |node| cluster.node(node).name().to_owned());
    let mut names: Vec<String> = active(cluster).iter().map(name).collect();
    names.sort();
    names
}

#[test]
fn there_is_one_pod_on_every_eligible_node() {
    let manifests = [
        node("n1", ", labels: {disk: ssd}"),
        node("n2", ""),
        node("n3", ", labels: {disk: ssd}"),
        agent("", "", ", nodeSelector: {disk: ssd}"),
    ];
    let script = || {
        let ssd = |spec: &mut NodeSpec| drop(spec.labels.insert("disk", "ssd".to_owned()));
        let hdd = |spec: &mut NodeSpec| drop(spec.labels.insert("disk", "hdd".to_owned()));
        vec![at(20, change_node("n2", ssd)), at(40, change_node("n1", hdd))]
    };
    let run = play(&manifests.concat(), script(), 100);
    assert_eq!(on_nodes(&run.cluster), ["n2", "n3"]);
    assert_eq!(run.log.times("SuccessfulCreate"), ["0", "0", "20"]);
    assert_eq!(run.log.times("SuccessfulDelete"), ["40"]);
    let all = DaemonSetStatus { desired: 2, current: 2, misscheduled: 0, ready: 2, available: 2, updated: 2 };
    assert_eq!(status(&run), all);
    let while_it_stops = play(&manifests.concat(), script(), 41);
    assert_eq!(status(&while_it_stops), DaemonSetStatus { misscheduled: 1, ..all });
    let pod = active(&run.cluster)[0];
    let spec = &run.cluster.class_of(pod).spec;
    assert!(spec.tolerations.iter().any(|toleration| toleration.key == "node.kubernetes.io/unschedulable"));
}

#[test]
fn nodes_come_and_go() {
    let late = node("n3", "").replace("{name: n3}", "{name: n3, annotations: {towtank.dev/arrival: 20s}}");
    let remove = |cluster: &mut Cluster| cluster.remove_node(cluster.nodes().by_name("n1").expect("a node"));
    let run = play(&[nodes(2), late, agent("", "", "")].concat(), vec![at(50, remove)], 100);
    assert_eq!(on_nodes(&run.cluster), ["n2", "n3"]);
    assert_eq!(run.log.times("SuccessfulCreate"), ["0", "0", "20"]);
    assert_eq!(status(&run).desired, 2);
}

#[test]
fn a_taint_keeps_new_pods_away_and_only_no_execute_takes_those_that_run() {
    for (effect, deleted) in [(Effect::NoSchedule, vec![]), (Effect::NoExecute, vec!["20"])] {
        let add = move |spec: &mut NodeSpec| spec.taints.push(taint(effect));
        let lose = |cluster: &mut Cluster| {
            let pods = active(cluster).into_iter().map(|pod| pod.name.to_string()).collect::<Vec<_>>();
            let id = cluster.pods().by_name("default", &pods[0]).expect("a pod");
            cluster.delete_pod(id, Cause::Deleted);
        };
        let mut script = vec![
            at(20, change_node("n1", add)),
            at(50, change_node("n1", |spec| spec.taints.retain(|taint| taint.key != "maintenance"))),
        ];
        if deleted.is_empty() {
            script.push(at(30, lose));
        }
        let run = play(&[nodes(2), agent("", "", "")].concat(), script, 80);
        assert_eq!(run.log.times("SuccessfulCreate"), ["0", "0", "50"], "{effect:?}");
        assert_eq!(run.log.times("SuccessfulDelete"), deleted, "{effect:?}");
        assert_eq!(status(&run).available, 2);
    }
}

#[test]
fn failed_pods_come_back_after_growing_waits_and_succeeded_ones_at_once() {
    let failing = "towtank.dev/run-time: 1700ms, towtank.dev/exit-code: '1'";
    let run = play(&[nodes(1), agent("", failing, "")].concat(), vec![], 60);
    // A pod lives for 3 s. While a wait of 4 s or more is on, another whole one begins with the failure.
    assert_eq!(run.log.times("FailedDaemonPod"), ["3", "6", "9", "16", "27", "46"]);
    assert_eq!(run.log.times("SuccessfulCreate"), ["0", "3", "6", "9", "16", "27", "46"]);
    let run = play(&[nodes(1), agent("", "towtank.dev/run-time: 1700ms", "")].concat(), vec![], 10);
    assert_eq!(run.log.times("SucceededDaemonPod"), ["3", "6", "9"]);
}

#[test]
fn an_update_replaces_pods_one_after_the_other() {
    let run = play(&[nodes(4), agent("", "", "")].concat(), vec![at(20, image("app:2"))], 120);
    // A pod is gone 1.2 s after it was asked to go, and the next one is ready 2.9 s after that.
    assert_eq!(run.log.times("SuccessfulDelete"), ["20", "24.1", "28.2", "32.3"]);
    assert_eq!(run.log.times("SuccessfulCreate")[4..], ["21.2", "25.3", "29.4", "33.5"]);
    assert_eq!(
        status(&run),
        DaemonSetStatus { desired: 4, current: 4, misscheduled: 0, ready: 4, available: 4, updated: 4 }
    );
}

#[test]
fn an_update_may_come_beside_the_old_pods() {
    let surge = "updateStrategy: {rollingUpdate: {maxSurge: 25%, maxUnavailable: 0}}";
    let run = play(&[nodes(4), agent(surge, "", "")].concat(), vec![at(20, image("app:2"))], 120);
    assert_eq!(run.log.times("SuccessfulCreate")[4..], ["20", "22.9", "25.8", "28.7"]);
    assert_eq!(run.log.times("SuccessfulDelete"), ["22.9", "25.8", "28.7", "31.6"]);
    assert_eq!(status(&run).updated, 4);
}

#[test]
fn an_update_on_deletion_waits_for_somebody_to_delete() {
    let lose = |cluster: &mut Cluster| {
        let id = cluster.pods().iter().min_by_key(|(_, pod)| pod.uid).expect("a pod").0;
        cluster.delete_pod(id, Cause::Evicted);
    };
    let manifests = [nodes(3), agent("updateStrategy: {type: OnDelete}", "", "")].concat();
    let run = play(&manifests, vec![at(20, image("app:2")), at(30, lose)], 60);
    assert_eq!(run.log.times("SuccessfulDelete"), [""; 0]);
    assert_eq!(run.log.times("SuccessfulCreate")[3..], ["31.2"]);
    assert_eq!(
        status(&run),
        DaemonSetStatus { desired: 3, current: 3, misscheduled: 0, ready: 3, available: 3, updated: 1 }
    );
}

#[test]
fn what_was_in_force_before_is_no_new_revision() {
    let script = vec![at(20, image("app:2")), at(100, image("app:1")), at(200, image("app:3"))];
    let manifests = [nodes(2), agent("revisionHistoryLimit: 1", "", "")].concat();
    let run = play(&manifests, script, 300);
    let mut numbers: Vec<u64> = { run.cluster.objects().of_kind::<ControllerRevision>(ControllerRevision::KIND) }
        .map(|(_, revision)| revision.revision)
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [3, 4], "1 became 3, and 2 was the oldest when there were too many");
    assert_eq!(run.log.times("SuccessfulDelete").len(), 6);
}

#[test]
fn pods_that_are_not_ready_for_long_enough_hold_an_update_up() {
    let run = play(&[nodes(2), agent("minReadySeconds: 10", "", "")].concat(), vec![at(50, image("app:2"))], 120);
    // Ready at 54.1, available ten seconds after the second that this is in, which is seen ten seconds after.
    assert_eq!(run.log.times("SuccessfulDelete"), ["50", "64.1"]);
}

#[test]
fn hundreds_of_nodes_get_their_pods_in_one_instant() {
    let run = play(&[nodes(600), agent("", "", "")].concat(), vec![], 10);
    assert_eq!(status(&run).available, 600);
    assert_eq!(run.log.times("SuccessfulCreate"), vec!["0"; 600]);
}

#[test]
fn a_broken_pod_is_replaced_whatever_else_is_missing() {
    // The second template's pods never become ready in time; the third one's do.
    let slow = change_set(|set| set.min_ready = Span::from_secs(1000));
    let manifests = [nodes(3), agent("updateStrategy: {rollingUpdate: {maxUnavailable: 34%}}", "", "")].concat();
    let script = vec![
        at(20, image("app:2")),
        at(20, slow),
        at(40, image("app:3")),
        at(40, change_set(|set| set.min_ready = Span::ZERO)),
    ];
    let run = play(&manifests, script, 100);
    assert_eq!(status(&run).updated, 3);
    let limits = DaemonSetStrategy::RollingUpdate {
        max_surge: IntOrPercent::Int(0),
        max_unavailable: IntOrPercent::Percent(34),
    };
    assert_eq!(run.cluster.objects().of_kind::<DaemonSet>(DaemonSet::KIND).next().expect("the set").1.strategy, limits);
}
