//! Traces of Kubernetes objects, played through the program.

use crate::support::Folder;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

fn shared(name: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/traces/simkube").join(name);
    if !path.exists() {
        eprintln!("skipped: no {}", path.display());
        return None;
    }
    Some(path.canonicalize().expect("a path").to_string_lossy().into_owned())
}

fn scenario(cluster: &str, format: &str, pods: &str, options: &str) -> String {
    format!(
        "apiVersion: towtank.dev/v1alpha1\nkind: Scenario\nmetadata: {{ name: objects }}\nspec:\n  until: 1h\n  cluster:\n    - \
         {cluster}\n  workload:\n    - trace: {{ format: {format}, pods: {pods}, options: {{ {options} }} }}\n"
    )
}

const NODES: &str = "generate: { nodes: [{ count: 10, allocatable: { cpu: 8, memory: 32Gi } }] }";

/// The pods of a run, and what it warned of.
fn run(folder: &Folder, scenario: &str) -> (Vec<BTreeMap<String, String>>, String) {
    folder.write("objects.yaml", scenario);
    let finished = folder.run(&["run", "objects.yaml", "--out", "out"]).expect(0);
    let text = folder.read("out/pods.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    (reader.deserialize().map(|row| row.expect("a row")).collect(), finished.stderr)
}

#[test]
fn a_recorded_deployment_makes_its_pods_through_its_controller() {
    let Some(path) = shared("dsb-scaling.sktrace") else { return };
    let folder = Folder::new();
    let (pods, _) = run(&folder, &scenario(NODES, "simkube", &path, ""));
    // 27 Deployments of one pod each; 27 more pods come as some are scaled up, and 14 go as they are scaled down.
    assert_eq!(pods.len(), 54);
    let of = |name: &str| pods.iter().filter(|pod| pod["name"].starts_with(name)).collect::<Vec<_>>();
    let nginx = of("nginx-thrift-");
    assert_eq!(nginx.len(), 10);
    assert!(nginx.iter().all(|pod| pod["outcome"] == "running"), "{nginx:?}");
    let graph = of("social-graph-service-");
    assert_eq!(graph.iter().filter(|pod| pod["outcome"] == "deleted").count(), 2);
    assert!(graph.iter().filter(|pod| pod["outcome"] == "deleted").all(|pod| pod["ended_s"] == "768.000000"));
}

#[test]
fn a_window_begins_with_what_was_there_before_it() {
    let Some(path) = shared("dsb-scaling.sktrace") else { return };
    let folder = Folder::new();
    let (pods, _) = run(&folder, &scenario(NODES, "simkube", &path, "from: 500s, to: 600s"));
    let graph = pods.iter().filter(|pod| pod["name"].starts_with("social-graph-service-"));
    assert_eq!(graph.filter(|pod| pod["created_s"] == "0.000000").count(), 3, "scaled from 1 to 3 before");
    assert!(pods.iter().all(|pod| pod["created_s"].parse::<f64>().expect("seconds") < 100.0));
}

#[test]
fn a_recorded_cron_job_starts_its_jobs() {
    let Some(path) = shared("cronjob.sktrace") else { return };
    let folder = Folder::new();
    let (pods, said) = run(&folder, &scenario(NODES, "simkube", &path, ""));
    assert!(!said.contains("left out"), "{said}");
    assert!(pods.len() > 1, "one for each run: {pods:?}");
    assert!(pods.iter().all(|pod| pod["name"].starts_with("hello-simkube-")), "{pods:?}");
}

#[test]
fn recorded_run_times_go_round_among_the_pods_of_their_owner() {
    let metadata = |name: &str| json!({"name": name, "namespace": "shop"});
    let labels = json!({"app": "web"});
    let containers = json!([{"name": "c", "resources": {"requests": {"cpu": "1"}}}]);
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata("sums"),
        "spec": {
            "parallelism": 1, "completions": 3,
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers, "restartPolicy": "Never"}},
        },
    });
    let recording = json!({
        "version": 2, "config": {"trackedObjects": {}}, "index": {},
        "events": [{"ts": 1000, "applied_objs": [job], "deleted_objs": []}],
        "pod_lifecycles": {"batch/v1.Job:shop/sums": {"7": [{"Finished": [1000, 1010]}, {"Finished": [1010, 1030]}]}},
    });
    let folder = Folder::new();
    folder.write("recording.json", recording.to_string());
    let (pods, _) = run(&folder, &scenario(NODES, "simkube", "recording.json", "durationScale: 2"));
    let seconds = |pod: &BTreeMap<String, String>, key: &str| pod[key].parse::<f64>().expect("seconds");
    let mut lengths: Vec<_> = pods.iter().map(|pod| (seconds(pod, "started_s"), seconds(pod, "ended_s"))).collect();
    lengths.sort_by(|a, b| a.0.total_cmp(&b.0));
    let lengths: Vec<f64> = lengths.iter().map(|(start, end)| end - start).collect();
    assert_eq!(lengths, [20.0, 40.0, 20.0]);
}

fn event(second: u32, verb: &str, resource: &str, name: &str, object: &Value) -> String {
    let (group, resource) = resource.rsplit_once('/').unwrap_or(("", resource));
    let event = json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse", "auditID": "a", "verb": verb,
        "stage": "ResponseComplete", "requestURI": "/", "user": {"username": "kubernetes-admin"},
        "objectRef": {"apiGroup": group, "resource": resource, "namespace": "shop", "name": name},
        "responseStatus": {"code": 200}, "responseObject": object,
        "stageTimestamp": format!("2026-01-31T12:00:{second:02}.000000Z"),
    });
    format!("{event}\n")
}

#[test]
fn an_audit_log_gives_nodes_and_work() {
    let node = |cpu: &str| {
        json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"},
            "status": {"capacity": {"cpu": cpu, "memory": "8Gi", "pods": "110"}},
        })
    };
    let pod = |name: &str, owner: Option<&str>| {
        let owners: Vec<Value> = owner
            .iter()
            .map(|name| json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name, "uid": "u", "controller": true}))
            .collect();
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop", "ownerReferences": owners},
            "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}}}]},
        })
    };
    let labels = json!({"app": "web"});
    let set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "replicas": 2, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c"}]}},
        },
    });
    let log = [
        event(0, "create", "nodes", "n", &node("2")),
        event(1, "create", "apps/replicasets", "web", &set),
        event(2, "create", "pods", "", &pod("web-recorded", Some("web"))),
        event(3, "create", "pods", "alone", &pod("alone", None)),
        event(4, "create", "pods", "big", &pod("big", None)),
        event(5, "create", "pods", "late", &pod("late", None)),
        event(9, "patch", "nodes", "n", &node("4")),
        event(20, "delete", "pods", "alone", &pod("alone", None)),
    ];
    let folder = Folder::new();
    folder.write("audit.log", log.concat());
    let cluster = "trace: { format: audit, nodes: audit.log }";
    let (pods, said) = run(&folder, &scenario(cluster, "audit", "audit.log", ""));
    let names: Vec<&str> =
        pods.iter().map(|pod| pod["name"].split_once('-').map_or(&*pod["name"], |(name, _)| name)).collect();
    assert_eq!(names.iter().filter(|name| **name == "web").count(), 2, "{names:?}");
    assert!(said.contains("1 Pod object skipped: their owner is there and makes its own"), "{said}");
    let find = |name: &str| pods.iter().find(|pod| pod["name"] == name).expect("the pod");
    assert_eq!((&*find("alone")["outcome"], &*find("alone")["ended_s"]), ("deleted", "20.000000"));
    // It waits for the node to grow.
    assert_eq!(find("late")["bound_s"], "9.000000");
}

#[test]
fn a_snapshot_gives_nodes_and_pods_where_they_run() {
    let snapshot = "\
apiVersion: v1
kind: List
items:
- { apiVersion: v1, kind: Pod, metadata: { name: p, namespace: shop }, spec: { nodeName: n-2, containers: [{ name: c }] }, status: { phase: Running } }
- { apiVersion: v1, kind: Pod, metadata: { name: done }, spec: { nodeName: n-1, containers: [{ name: c }] }, status: { phase: Succeeded } }
- { apiVersion: v1, kind: Node, metadata: { name: n-1 }, status: { allocatable: { cpu: '2', memory: 4Gi, pods: '110' } } }
- { apiVersion: v1, kind: Node, metadata: { name: n-2 }, status: { allocatable: { cpu: '2', memory: 4Gi, pods: '110' } } }
";
    let folder = Folder::new();
    folder.write("snapshot.yaml", snapshot);
    let cluster = "trace: { format: kubectl, nodes: snapshot.yaml }";
    let (pods, said) = run(&folder, &scenario(cluster, "kubectl", "snapshot.yaml", ""));
    assert_eq!(pods.len(), 1);
    assert_eq!((&*pods[0]["node"], &*pods[0]["outcome"]), ("n-2", "running"));
    assert!(said.contains("1 Pod object skipped: already finished"), "{said}");
    // An object that the server would refuse stops the run and is named.
    folder.write("snapshot.yaml", snapshot.replace("cpu: '2'", "cpu: 'two'"));
    let failed = folder.run(&["run", "objects.yaml", "--out", "again"]).expect(2);
    assert!(failed.stderr.contains("snapshot.yaml: object 3: status.allocatable.cpu: "), "{}", failed.stderr);
}
