//! StatefulSets in a small cluster, with the kubelets of the recordings: 1.3 s to running, 1.6 s more to ready, 1.2 s to stop.

use super::super::tests::{Action, Run, active, at, run_with};
use super::*;
use crate::template::PodTemplate;
use towtank_sim::cluster::Cluster;
use towtank_sim::engine::Until;
use towtank_sim::model::affinity::NodeSelector;
use towtank_sim::node::kubelet::{KubeletSettings, Latency};
use towtank_sim::time::SimTime;

const NODE: &str = "apiVersion: v1\nkind: Node\nmetadata: {name: n}\nstatus: {capacity: {cpu: 100, pods: 100}}\n---\n";

/// A StatefulSet `db`, with more of its specification and of its pods' annotations.
fn db(replicas: u32, spec: &str, annotations: &str) -> String {
    format!(
        "{NODE}apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: db}}\nspec:\n  replicas: {replicas}\n  serviceName: db\n  \
         selector: {{matchLabels: {{app: db}}}}\n  {spec}\n  template:\n    metadata: {{labels: {{app: db}}, annotations: {{{annotations}}}}}\n    \
         spec: {{containers: [{{name: c, image: 'app:1'}}]}}\n---\n"
    )
}

fn play(manifests: &str, script: Vec<(i64, Action)>, end: i64) -> Run {
    let millis = |millis| Latency::Constant(Span::from_millis(millis));
    let kubelet =
        KubeletSettings { start: millis(1300), ready: millis(1600), stop: millis(1200), ..KubeletSettings::default() };
    run_with(kubelet, manifests, script, Until::Time(SimTime::from_secs(end)))
}

fn set(cluster: &Cluster) -> ObjectId {
    cluster.objects().by_name(StatefulSet::KIND, "default", "db").expect("the set")
}

fn status(run: &Run) -> [u32; 5] {
    let StatefulSetStatus { replicas, ready, available, current, updated, .. } =
        run.cluster.objects().get::<StatefulSet>(set(&run.cluster)).expect("the set").status;
    [replicas, ready, available, current, updated]
}

fn change(mut change: impl FnMut(&mut StatefulSet) + 'static) -> impl FnMut(&mut Cluster) {
    move |cluster| {
        let id = set(cluster);
        cluster.update_object(id, |set: &mut StatefulSet| change(set));
    }
}

fn image(name: &'static str) -> impl FnMut(&mut Cluster) {
    change(move |set| {
        let mut spec = (*set.template.spec).clone();
        name.clone_into(&mut spec.containers[0].image);
        set.template = PodTemplate { spec: Arc::new(spec), ..set.template.clone() };
    })
}

fn scale(replicas: u32) -> impl FnMut(&mut Cluster) {
    move |cluster| {
        cluster.scale(set(cluster), replicas);
    }
}

fn pod(cluster: &Cluster, name: &str) -> PodId {
    cluster.pods().by_name("default", name).expect("the pod")
}

/// What happened to pods, in words such as `0 +db-0`.
fn story(run: &Run) -> Vec<String> {
    let of = |line: &String| {
        let (time, rest) = line.split_once(' ')?;
        let (sign, rest) = match rest.split_once(": ")? {
            ("SuccessfulCreate", rest) => ('+', rest.strip_prefix("create Pod ")?),
            ("SuccessfulDelete", rest) => ('-', rest.strip_prefix("delete Pod ")?),
            _ => return None,
        };
        Some(format!("{time} {sign}{}", rest.split_once(' ')?.0))
    };
    run.log.0.iter().filter_map(of).collect()
}

#[test]
fn each_pod_comes_when_the_one_before_it_is_ready_and_goes_when_the_one_after_it_has_gone() {
    let run = play(&db(3, "ordinals: {start: 5}", ""), vec![at(20, scale(1))], 60);
    assert_eq!(story(&run), ["0 +db-5", "2.9 +db-6", "5.8 +db-7", "20 -db-7", "21.2 -db-6"]);
    assert_eq!(status(&run), [1, 1, 1, 1, 1]);
    let class = run.cluster.class_of(active(&run.cluster)[0]);
    assert_eq!(class.spec.labels["apps.kubernetes.io/pod-index"], "5");
    assert!(class.spec.labels["controller-revision-hash"].starts_with("db-"));
}

#[test]
fn in_parallel_nobody_waits() {
    let run = play(&db(3, "podManagementPolicy: Parallel", ""), vec![at(20, scale(0))], 60);
    assert_eq!(story(&run), ["0 +db-0", "0 +db-1", "0 +db-2", "20 -db-2", "20 -db-1", "20 -db-0"]);
    assert!(run.cluster.pods().is_empty());
}

#[test]
fn a_pod_that_is_not_ready_holds_up_what_comes_after_it() {
    let unready = |ready| move |cluster: &mut Cluster| cluster.set_ready(pod(cluster, "db-1"), ready);
    let script = vec![at(30, unready(false)), at(35, scale(2)), at(70, unready(true))];
    let run = play(&db(4, "", ""), script, 120);
    assert_eq!(story(&run)[4..], ["70 -db-3", "71.2 -db-2"]);
}

#[test]
fn a_lost_pod_comes_back_under_its_name() {
    let lose = |cluster: &mut Cluster| cluster.delete_pod(pod(cluster, "db-0"), Cause::Evicted);
    let run = play(&db(2, "", ""), vec![at(20, lose)], 60);
    assert_eq!(story(&run)[2..], ["21.2 +db-0"], "when the old one has gone");
}

#[test]
fn pods_that_end_are_made_anew_whatever_their_end() {
    for (exit, reason) in [(1, "RecreatingFailedPod"), (0, "RecreatingTerminatedPod")] {
        let annotations = format!("towtank.dev/run-time: 10s, towtank.dev/exit-code: '{exit}'");
        let run = play(&db(1, "", &annotations), vec![], 12);
        assert_eq!(run.log.times(reason), ["11.3"]);
        assert_eq!(story(&run), ["0 +db-0", "11.3 -db-0", "11.3 +db-0"]);
    }
}

#[test]
fn an_update_goes_from_the_last_pod_to_the_partition() {
    let spec = "updateStrategy: {rollingUpdate: {partition: 2}}";
    let lose = |cluster: &mut Cluster| cluster.delete_pod(pod(cluster, "db-0"), Cause::Evicted);
    let whole = change(|set| set.strategy = StatefulSetStrategy::RollingUpdate { partition: 0 });
    let run = play(&db(4, spec, ""), vec![at(40, image("app:2")), at(60, lose), at(90, whole)], 160);
    let expected = [
        "40 -db-3",
        "41.2 +db-3",
        "44.1 -db-2",
        "45.3 +db-2",
        "61.2 +db-0",
        "90 -db-1",
        "91.2 +db-1",
        "94.1 -db-0",
        "95.3 +db-0",
    ];
    assert_eq!(story(&run)[4..], expected);
    assert_eq!(status(&run), [4, 4, 4, 4, 4]);
    let before = play(&db(4, spec, ""), vec![at(40, image("app:2")), at(60, lose)], 80);
    assert_eq!(status(&before), [4, 4, 4, 2, 2], "the lost pod below the partition is of the old revision");
}

#[test]
fn a_broken_update_stays_where_it_is() {
    let place = |nowhere: bool| {
        change(move |set| {
            let mut spec = (*set.template.spec).clone();
            spec.node_affinity.required = nowhere.then(NodeSelector::default);
            set.template = PodTemplate { spec: Arc::new(spec), ..set.template.clone() };
        })
    };
    let run = play(&db(3, "", ""), vec![at(20, place(true)), at(60, place(false))], 200);
    assert_eq!(
        story(&run)[3..],
        ["20 -db-2", "21.2 +db-2"],
        "not even the old template helps: somebody must delete the pod"
    );
}

#[test]
fn an_update_on_deletion_waits_for_somebody_to_delete() {
    let lose = |cluster: &mut Cluster| cluster.delete_pod(pod(cluster, "db-0"), Cause::Evicted);
    let run = play(&db(2, "updateStrategy: {type: OnDelete}", ""), vec![at(20, image("app:2")), at(30, lose)], 60);
    assert_eq!(story(&run)[2..], ["31.2 +db-0"]);
    assert_eq!(status(&run), [2, 2, 2, 1, 1]);
}

#[test]
fn pods_wait_for_each_other_until_they_have_been_ready_for_long_enough() {
    let run = play(&db(2, "minReadySeconds: 10", ""), vec![at(70, image("app:2"))], 160);
    // Ready at 2.9, which the API has as 2.
    assert_eq!(story(&run), ["0 +db-0", "12 +db-1", "70 -db-1", "71.2 +db-1", "84 -db-0", "85.2 +db-0"]);
}

#[test]
fn claims_stay_or_go_as_the_policy_says() {
    let claims = "volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]";
    let names = |run: &Run| {
        let of_kind = run.cluster.objects().of_kind::<PersistentVolumeClaim>(PersistentVolumeClaim::KIND);
        of_kind.map(|(meta, _)| meta.name.to_string()).collect::<Vec<_>>()
    };
    let remove = |cluster: &mut Cluster| cluster.remove_object(set(cluster));
    let keep = play(&db(2, claims, ""), vec![at(20, scale(1)), at(40, remove)], 60);
    assert_eq!(names(&keep), ["data-db-0", "data-db-1"]);
    assert!(keep.cluster.pods().is_empty());
    let policy =
        format!("{claims}\n  persistentVolumeClaimRetentionPolicy: {{whenScaled: Delete, whenDeleted: Delete}}");
    let scaled = play(&db(2, &policy, ""), vec![at(20, scale(1))], 30);
    assert_eq!(names(&scaled), ["data-db-0"]);
    let volumes = &scaled.cluster.class_of(active(&scaled.cluster)[0]).spec.volumes;
    assert_eq!(volumes[0].named_claim(), Some("data-db-0"));
    let gone = play(&db(2, &policy, ""), vec![at(20, remove)], 30);
    assert_eq!(names(&gone), [""; 0]);
}
