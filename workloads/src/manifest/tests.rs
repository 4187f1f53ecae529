//! What manifests become, and what is said about those that cannot be used.

mod storage;

use super::*;
use crate::controllers::{Deployment, Job, Strategy};
use crate::template::RunTime;
use std::any::Any;
use std::fs;
use towtank_sim::autoscaling::horizontal::{HorizontalPodAutoscaler, ScaleTarget};
use towtank_sim::cluster::Cluster;
use towtank_sim::cluster::ResourceQuota;
use towtank_sim::disruption::{IntOrPercent, PodDisruptionBudget};
use towtank_sim::model::gpu::GpuRequest;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::{HostPort, RestartPolicy, Run};
use towtank_sim::random::{Distribution, Streams};
use towtank_sim::source::{Source, Work};
use towtank_sim::time::{SimTime, Span};

fn read(text: &str) -> Manifests {
    parse("m.yaml", text).unwrap_or_else(|error| panic!("{error}"))
}

fn error(text: &str) -> String {
    parse("m.yaml", text).map(|m| format!("{m:?}")).expect_err("an error").to_string()
}

fn only(text: &str) -> Item {
    let mut manifests = read(text);
    assert_eq!(manifests.submissions.len(), 1, "{manifests:?}");
    manifests.submissions.remove(0).item
}

fn pod(text: &str) -> PodManifest {
    match only(text) {
        Item::Pod(pod) => pod,
        other => panic!("{other:?}"),
    }
}

fn object<T: Any>(item: Item) -> T {
    let Item::Object { body, .. } = item else { panic!("{item:?}") };
    let body: Box<dyn Any> = body;
    *body.downcast().expect("of this type")
}

/// A pod with this metadata (beside its name) and spec.
fn pod_text(metadata: &str, spec: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p{metadata}}}\nspec:\n  containers: [{{name: c}}]\n{spec}")
}

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c}]}
";

const JOB: &str = "\
apiVersion: batch/v1
kind: Job
metadata: {name: work}
spec:
  template:
    metadata: {annotations: {towtank.dev/run-time: 5m}}
    spec: {restartPolicy: Never, containers: [{name: c}]}
";

#[test]
fn a_pod_is_completed_as_the_server_would() {
    let spec = pod(&pod_text("", "")).template.spec;
    assert_eq!(&*spec.namespace, "default");
    assert_eq!(&*spec.scheduler_name, "default-scheduler");
    assert_eq!(spec.restart_policy, RestartPolicy::Always);
    assert_eq!(spec.termination_grace, Span::from_secs(30));
    assert!(spec.host_ports().next().is_none());

    let text = "
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: prod}
spec:
  hostNetwork: true
  terminationGracePeriodSeconds: 0
  initContainers:
  - {name: side, restartPolicy: Always, resources: {limits: {cpu: 1}}}
  containers:
  - name: c
    resources:
      limits: {cpu: 1.5, memory: 1Gi, nvidia.com/gpu: 2}
      requests: {cpu: 500m}
    ports: [{containerPort: 80}, {containerPort: 53, protocol: UDP, hostIP: 10.0.0.1}]
";
    let spec = pod(text).template.spec;
    let container = &spec.containers[0];
    let request = |name: &str| container.requests[name].milli_value();
    assert_eq!((request("cpu"), request("nvidia.com/gpu")), (500, 2000));
    assert_eq!(request("memory"), 1024 * 1024 * 1024 * 1000, "requests default to limits");
    assert!(spec.init_containers[0].sidecar);
    assert_eq!(spec.init_containers[0].container.requests["cpu"].value(), 1, "in init containers too");
    assert_eq!(spec.termination_grace, Span::ZERO);
    let port = |ip: &str, protocol: &str, port| HostPort { ip: ip.into(), protocol: protocol.into(), port };
    assert_eq!(container.host_ports, [port("0.0.0.0", "TCP", 80), port("10.0.0.1", "UDP", 53)]);
}

#[test]
fn what_the_pod_as_a_whole_asks_for() {
    let whole = "  resources: {limits: {cpu: 4, memory: 1Gi}, requests: {memory: 512Mi}}\n";
    let text = pod_text("", whole).replace("{name: c}", "{name: c, resources: {requests: {cpu: 250m}}}");
    let requests = pod(&text).template.spec.requests.clone();
    assert_eq!((requests["cpu"].milli_value(), requests["memory"].value() >> 20), (250, 512));
    let requests = pod(&pod_text("", whole)).template.spec.requests.clone();
    assert_eq!(requests["cpu"].value(), 4, "no container says, so the limit does");
}

#[test]
fn host_ports_are_those_asked_for() {
    let text = pod_text("", "")
        .replace("{name: c}", "{name: c, ports: [{containerPort: 80, hostPort: 8080}, {containerPort: 81}]}");
    let ports: Vec<u16> = pod(&text).template.spec.host_ports().map(|p| p.port).collect();
    assert_eq!(ports, [8080]);
}

#[test]
fn annotations_say_how_long_a_pod_runs_and_which_gpus_it_shares() {
    let read = |annotations: &str| pod(&pod_text(&format!(", annotations: {{{annotations}}}"), "")).template;
    let secs = Span::from_secs;
    assert_eq!(read("").run, RunTime::Forever);
    assert_eq!(read("towtank.dev/run-time: 1h30m").run, RunTime::Fixed(Run::Succeeds(secs(5400))));
    assert_eq!(read("towtank.dev/run-time: '90'").run, RunTime::Fixed(Run::Succeeds(secs(90))));
    let failing = "towtank.dev/run-time: 2d, towtank.dev/exit-code: '1'";
    assert_eq!(read(failing).run, RunTime::Fixed(Run::Fails(secs(172_800))));
    let drawn = "towtank.dev/run-time-distribution: '{exponential: {mean: 10m}}'";
    let seconds = Distribution::Exponential { mean: 600.0 };
    assert_eq!(read(drawn).run, RunTime::Drawn { seconds, fails: false });
    let listed = [Run::Succeeds(secs(30)), Run::Forever, Run::Fails(secs(12))];
    assert_eq!(read("towtank.dev/run-times: 30s forever 12/1").run, RunTime::Listed(listed.into()));
    assert_eq!(read("towtank.dev/gpu-milli: '300'").spec.gpu, Some(GpuRequest { count: 1, milli: 300 }));
    assert_eq!(read("towtank.dev/gpu-count: '2'").spec.gpu, Some(GpuRequest { count: 2, milli: 1000 }));
}

#[test]
fn a_node_as_kubectl_prints_it() {
    let text = r#"
apiVersion: v1
items:
- apiVersion: v1
  kind: Node
  metadata:
    annotations: {towtank.dev/gpu-devices: "2"}
    creationTimestamp: "2024-01-01T00:00:00Z"
    labels: {kubernetes.io/hostname: n1, topology.kubernetes.io/zone: a}
    name: n1
    resourceVersion: "5"
    uid: 0a-1
  spec:
    podCIDR: 10.0.0.0/24
    taints: [{effect: NoSchedule, key: k, timeAdded: null}]
    unschedulable: true
  status:
    allocatable: {cpu: 3920m}
    capacity: {cpu: "4", memory: 16Gi, pods: 110}
    conditions: [{status: "True", type: Ready, lastHeartbeatTime: "2024-01-01T00:00:00Z"}]
    images: [{names: ["a:1"], sizeBytes: 123}]
    nodeInfo: {architecture: amd64, bootID: x, containerRuntimeVersion: c, kernelVersion: k, kubeProxyVersion: v, kubeletVersion: v, machineID: m, operatingSystem: linux, osImage: o, systemUUID: u}
kind: List
metadata: {resourceVersion: ""}
"#;
    let Item::Node(node) = only(text) else { panic!("a node") };
    let NodeSpec { taints, unschedulable, allocatable, capacity, images, devices, .. } = &*node;
    assert_eq!((taints.len(), *unschedulable, images[0].size, *devices), (1, true, 123, 2));
    assert_eq!(allocatable["cpu"].milli_value(), 3920);
    assert_eq!(allocatable["memory"].value(), 16 << 30, "what is missing comes from capacity");
    assert_eq!(allocatable["towtank.dev/gpu-milli"].value(), 2000);
    assert_eq!(capacity["cpu"].value(), 4);
}

#[test]
fn controllers_have_upstreams_defaults() {
    let deployment: Deployment = object(only(DEPLOYMENT));
    let quarter = IntOrPercent::Percent(25);
    let rolling = Strategy::RollingUpdate { max_surge: quarter, max_unavailable: quarter };
    assert_eq!((deployment.replicas, deployment.strategy, deployment.min_ready), (1, rolling, Span::ZERO));

    let job: Job = object(only(JOB));
    assert_eq!((job.parallelism, job.completions, job.backoff_limit), (1, Some(1), 6));
    let with = |line: &str| object::<Job>(only(&format!("{JOB}  {line}\n")));
    let queue = with("parallelism: 3");
    assert_eq!((queue.parallelism, queue.completions), (3, None), "parallelism alone is a work queue");
    assert_eq!(with("completions: 3").parallelism, 1);
}

#[test]
fn documents_lists_and_json_are_alike() {
    let node = |name: &str| format!("{{apiVersion: v1, kind: Node, metadata: {{name: {name}}}}}");
    let names = |manifests: &Manifests| {
        let name = |p: &Planned| if let Item::Node(node) = &p.item { node.name.to_string() } else { String::new() };
        manifests.submissions.iter().map(name).collect::<Vec<_>>().join(" ")
    };
    let several = format!("---\n{}\n---\n# nothing\n---\n{}\n---\n", node("b"), node("a"));
    assert_eq!(names(&read(&several)), "b a", "the order is that of the file");
    let lines: Vec<usize> = read(&several).submissions.iter().map(|p| p.origin.place().line).collect();
    assert_eq!(lines, [2, 6], "empty documents count");
    let list = format!("apiVersion: v1\nkind: List\nitems: [{}, {}]", node("b"), node("a"));
    assert_eq!(names(&read(&list)), "b a");
    let typed = "apiVersion: v1\nkind: NodeList\nitems: [{metadata: {name: b}}, {metadata: {name: a}}]";
    assert_eq!(names(&read(typed)), "b a", "items of a typed list may leave out what the list says");
    let json = r#"{"apiVersion": "v1", "kind": "Node",	"metadata": {"name": "b"}}"#;
    assert_eq!(names(&parse("m.json", json).unwrap()), "b");
}

#[test]
fn objects_are_submitted_by_time_then_by_kind() {
    let class = "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\nvalue: 5\n";
    let later = "apiVersion: v1\nkind: Node\nmetadata: {name: n, annotations: {towtank.dev/arrival: 1m}}\n";
    let manifests = read(&format!("{later}---\n{}---\n{class}", pod_text("", "  priorityClassName: high\n")));
    let at: Vec<_> = manifests.submissions.iter().map(|p| (p.at, p.origin.place().line)).collect();
    assert_eq!(at, [(SimTime::ZERO, 12), (SimTime::ZERO, 5), (SimTime::from_secs(60), 1)]);

    let mut source = ManifestSource::new("m.yaml", manifests, Streams::new(1));
    let mut cluster = Cluster::default();
    let works: Vec<Work> = std::iter::from_fn(|| source.next(&mut cluster).unwrap()).map(|s| s.work).collect();
    assert!(matches!(works[..], [Work::Object { .. }, Work::Pod(_), Work::Node(_)]), "{works:?}");
}

#[test]
fn what_is_left_out_is_said() {
    let text = format!(
        "{}---\n{}---\n{}---\n{}---\n{}---\n{}---\n{}",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n",
        "apiVersion: v1\nkind: LimitRange\nmetadata: {name: agent}\n",
        "apiVersion: v1\nkind: ReplicationController\nmetadata: {name: db}\nspec: {selector: {app: db}, template: {}}\n",
        "apiVersion: example.com/v1\nkind: Database\nmetadata: {name: d}\n",
        pod_text("", "status: {phase: Succeeded}\n"),
        pod_text("2", "  runtimeClassName: gvisor\n"),
        JOB.replace("    metadata: {annotations: {towtank.dev/run-time: 5m}}\n", ""),
    );
    let manifests = read(&text);
    let warnings: Vec<String> = manifests.warnings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(warnings.join("\n"), @r#"
    m.yaml:6:1: LimitRange "agent" is left out: this kind is not modelled yet
    m.yaml:13:29: spec.template: no pods are made from it: not modelled yet
    m.yaml:31:21: spec.runtimeClassName: has no effect: not modelled yet
    m.yaml:37:3: spec.template: gives no towtank.dev/run-time, so its pods run for ever and the Job never completes
    1 ConfigMap object skipped: this kind has no influence on the simulation
    1 Database object skipped: this kind has no influence on the simulation
    1 Pod object skipped: already finished
    "#);
}

#[test]
fn a_snapshot_with_pods_of_its_controllers_keeps_the_controllers_only() {
    let owned = |kind: &str, name: &str, owner: &str, owner_kind: &str, spec: &str| {
        format!(
            "apiVersion: {}\nkind: {kind}\nmetadata:\n  name: {name}\n  labels: {{app: web, pod-template-hash: x1}}\n  \
             ownerReferences: [{{apiVersion: apps/v1, kind: {owner_kind}, name: {owner}, uid: u, controller: true}}]\n{spec}---\n",
            if kind == "Pod" { "v1" } else { "apps/v1" }
        )
    };
    let set = owned(
        "ReplicaSet",
        "web-x1",
        "web",
        "Deployment",
        "spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c}]}}}\n",
    );
    let pod = owned("Pod", "web-x1-a", "web-x1", "ReplicaSet", "spec: {containers: [{name: c}]}\n");
    let other = owned("Pod", "db-0", "db", "StatefulSet", "spec: {containers: [{name: c}]}\n");
    for text in [format!("{set}{pod}{other}{DEPLOYMENT}"), format!("{pod}{other}{DEPLOYMENT}")] {
        let manifests = read(&text);
        assert_eq!(manifests.submissions.len(), 2, "the Deployment and the pod of a kind that is not here");
        assert!(manifests.warnings.iter().any(|w| w.message.contains("1 Pod object skipped: the owner")));
    }
}

#[test]
fn a_daemon_set_makes_the_pods_of_a_snapshot_itself() {
    let set = DEPLOYMENT.replace("kind: Deployment", "kind: DaemonSet");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web-abcde\n  labels: {app: web}\n  \
               ownerReferences: [{apiVersion: apps/v1, kind: DaemonSet, name: web, uid: u, controller: true}]\n\
               spec: {containers: [{name: c}]}\n";
    let manifests = read(&format!("{set}---\n{pod}"));
    assert_eq!(manifests.submissions.len(), 1, "{:?}", manifests.submissions);
    assert_eq!(manifests.warnings.len(), 1, "{:?}", manifests.warnings);
    assert_eq!(read(pod).submissions.len(), 1, "without its owner it is a pod of its own");
}

#[test]
fn cron_jobs_are_judged_as_the_api_server_judges_them() {
    let text = |spec: &str| {
        format!(
            "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: c}}\nspec:\n  {spec}\n  jobTemplate:\n    spec: {{template: {{metadata: \
             {{annotations: {{towtank.dev/run-time: 5m}}}}, spec: {{restartPolicy: Never, containers: [{{name: c}}]}}}}}}\n"
        )
    };
    let wrong = |spec: &str| parse("m.yaml", text(spec)).map(|_| ()).expect_err(spec).to_string();
    assert_eq!(read(&text("schedule: '0 3 * * *'\n  timeZone: Europe/Berlin")).warnings, []);
    insta::assert_snapshot!(
        [
            wrong("schedule: '61 * * * *'"),
            wrong("schedule: 'TZ=UTC * * * * *'"),
            wrong("schedule: '@daily'\n  timeZone: Europe/Bärlin"),
            wrong("schedule: '@daily'\n  concurrencyPolicy: Deny"),
            wrong("schedule: '@daily'\n  startingDeadlineSeconds: -1"),
        ]
        .join("\n"),
        @r#"
    m.yaml:5:13: spec.schedule: Invalid value: "61 * * * *": end of range (61) above maximum (59): 61
    m.yaml:5:13: spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead
    m.yaml:6:13: spec.timeZone: Invalid value: "Europe/Bärlin": unknown time zone Europe/Bärlin
    m.yaml:6:22: spec.concurrencyPolicy: Unsupported value: "Deny": supported values: "Allow", "Forbid", "Replace"
    m.yaml:6:28: spec.startingDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0
    "#
    );
}

#[test]
fn errors_name_place_field_and_what_was_expected() {
    let cases = [
        DEPLOYMENT.replace(
            "spec: {containers: [{name: c}]}",
            "spec:\n      containers:\n      - name: c\n        resources:\n          requests:\n            cpu: 2x",
        ),
        pod_text("", "").replace("{name: c}", "{name: c, resources: {requests: {memory: -1}}}"),
        pod_text("", "").replace("{name: c}", "{name: c, resources: {requests: {cpu: 2}, limits: {cpu: 1}}}"),
        pod_text("", "").replace("name: c", "image: c"),
        pod_text("", "").replace("[{name: c}]", "[]"),
        pod_text("", "  nodSelector: {a: b}\n"),
        pod_text("", "  zzz: 1\n"),
        pod_text("", "  priority: high\n"),
        pod_text("", "  restartPolicy: Sometimes\n"),
        pod_text("", "  tolerations:\n  - {key: a, operator: Exist}\n"),
        pod_text("", "  tolerations:\n  - {key: a, operator: Exists, tolerationSeconds: 5}\n"),
        pod_text("", "  nodeSelector: {a: 'b c'}\n"),
        pod_text("", "  affinity:\n    nodeAffinity:\n      requiredDuringSchedulingIgnoredDuringExecution:\n        nodeSelectorTerms:\n        - matchExpressions:\n          - {key: a, operator: Near, values: [x]}\n"),
        pod_text(", annotations: {towtank.dev/run-time: soon}", ""),
        pod_text(", annotations: {towtank.dev/run-tim: 5m}", ""),
        pod_text(", annotations: {towtank.dev/exit-code: '1'}", ""),
        pod_text(", annotations: {towtank.dev/run-time-distribution: '{exponential: {mean: 0}}'}", ""),
        pod_text("", "").replace("name: p", "labels: {a: b}"),
        pod_text("", "").replace("name: p", "name: P_1"),
        DEPLOYMENT.replace("apps/v1", "extensions/v1beta1"),
        DEPLOYMENT.replace("kind: Deployment", "kind: Deploymnt"),
        DEPLOYMENT.replace("kind: Deployment", ""),
        DEPLOYMENT.replace("labels: {app: web}", "labels: {app: wep}"),
        DEPLOYMENT.replace("  selector", "  replicas: -1\n  selector"),
        DEPLOYMENT.replace("  selector", "  replicas: three\n  selector"),
        DEPLOYMENT.replace("  selector", "  strategy: {rollingUpdate: {maxSurge: 1.5}}\n  selector"),
        DEPLOYMENT.replace("  selector", "  strategy: {rollingUpdate: {maxSurge: lots}}\n  selector"),
        DEPLOYMENT.replace("matchLabels: {app: web}", "matchExpressions: [{key: app, operator: Is}]"),
        JOB.replace("restartPolicy: Never, ", ""),
        "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n---\napiVersion: v1\nkind: Node\nmetadata: {name: n1}\n".into(),
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Node\n  metadata: {name: n1}\n  status: {capacity: {cpu: 4 cores}}\n".into(),
        "a: [1\nb: 2\n".into(),
        "kind: Node\nkind: Node\n".into(),
        "just text\n".into(),
    ];
    let errors: Vec<String> = cases.iter().map(|text| error(text)).collect();
    insta::assert_snapshot!(errors.join("\n"), @r#"
    m.yaml:13:18: spec.template.spec.containers[0].resources.requests.cpu: `2x` is not a quantity: expected a number with an optional suffix out of n u m k M G T P E Ki Mi Gi Ti Pi Ei, or an exponent such as e3
    m.yaml:5:57: spec.containers[0].resources.requests.memory: Invalid value: "-1": must be greater than or equal to 0
    m.yaml:5:54: spec.containers[0].resources.requests.cpu: `2` is more than the limit: expected at most 1
    m.yaml:5:16: spec.containers[0].name: required, and not given
    m.yaml:5:3: spec.containers: required, and empty: expected at least one container
    m.yaml:6:3: spec.nodSelector: unknown field; did you mean `nodeSelector`?
    m.yaml:6:8: spec.zzz: unknown field
    m.yaml:6:13: spec.priority: invalid type: string "high", expected a whole number
    m.yaml:6:18: spec.restartPolicy: `Sometimes` is not a restart policy: expected Always, OnFailure or Never
    m.yaml:7:24: spec.tolerations[0].operator: Unsupported value: "Exist": supported values: "Equal", "Exists", "Lt", "Gt"
    m.yaml:7:5: spec.tolerations[0].effect: expected NoExecute with tolerationSeconds
    m.yaml:6:21: spec.nodeSelector.a: `b c` is not a label value: expected at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends
    m.yaml:11:32: spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator: expected one of In, NotIn, Exists, DoesNotExist, Gt, Lt
    m.yaml:3:57: metadata.annotations[towtank.dev/run-time]: `soon` is not a duration: expected a number of seconds, or numbers with units out of d h m s ms us ns, such as 1h30m
    m.yaml:3:56: metadata.annotations[towtank.dev/run-tim]: unknown annotation; did you mean `towtank.dev/run-time`?
    m.yaml:3:58: metadata.annotations[towtank.dev/exit-code]: an exit code needs an end: expected towtank.dev/run-time or towtank.dev/run-time-distribution beside it
    m.yaml:3:70: metadata.annotations[towtank.dev/run-time-distribution]: mean is 0: expected a number above 0
    m.yaml:3:1: metadata.name: required, and not given
    m.yaml:3:18: metadata.name: `P_1` is not a name: expected at most 253 lower-case letters, digits, `-` and `.`, with a letter or digit at both ends
    m.yaml:1:13: apiVersion: `extensions/v1beta1` is not an apiVersion of Deployment: expected apps/v1
    m.yaml:2:7: kind: `Deploymnt` in apps/v1 is not a kind; did you mean `Deployment`? The kinds that are read: Namespace, PriorityClass, ResourceQuota, PodDisruptionBudget, StorageClass, CSIDriver, Node, DeviceClass, ResourceSlice, ResourceClaimTemplate, ResourceClaim, CSINode, CSIStorageCapacity, PersistentVolume, PersistentVolumeClaim, VolumeAttachment, Service, Deployment, ReplicaSet, ReplicationController, StatefulSet, DaemonSet, PodGroup, Job, CronJob, Pod, HorizontalPodAutoscaler
    m.yaml:1:1: kind: required, and not given
    m.yaml:5:3: spec.selector: `selector` does not match template `labels`: expected it to select spec.template.metadata.labels
    m.yaml:5:13: spec.replicas: `-1` is negative: expected a count of at least 0
    m.yaml:5:13: spec.replicas: invalid type: string "three", expected a whole number
    m.yaml:5:40: spec.strategy.rollingUpdate.maxSurge: invalid type: floating point `1.5`, expected IntOrString
    m.yaml:5:40: spec.strategy.rollingUpdate.maxSurge: `"lots"` is neither a number nor a percentage: expected for example 2 or 30%
    m.yaml:5:54: spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator: expected one of In, NotIn, Exists, DoesNotExist
    m.yaml:7:5: spec.template.spec.restartPolicy: expected OnFailure or Never in a Job; it is Always, also by default
    m.yaml:5:1: Node "n1" is listed twice: first at m.yaml:1:1
    m.yaml:7:28: items[0].status.capacity.cpu: `4 cores` is not a quantity: expected a number with an optional suffix out of n u m k M G T P E Ki Mi Gi Ti Pi Ei, or an exponent such as e3
    m.yaml:2:2: did not find expected ',' or ']'
    m.yaml:1:1: duplicate entry with key "kind"
    m.yaml:1:1: expected an object with apiVersion, kind and metadata
    "#);
}

#[test]
fn folders_are_read_with_everything_below_in_order_of_names() {
    let folder = tempfile::tempdir().unwrap();
    let node = |name: &str| format!("apiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\n");
    fs::create_dir(folder.path().join("b")).unwrap();
    for (file, name) in [("c.yml", "n3"), ("b/x.json", "n2"), ("a.yaml", "n1"), ("notes.txt", "n4")] {
        let text = if file.ends_with("json") {
            format!(r#"{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"{name}"}}}}"#)
        } else {
            node(name)
        };
        fs::write(folder.path().join(file), text).unwrap();
    }
    let manifests = load(&[folder.path()]).unwrap();
    let files: Vec<_> = manifests.submissions.iter().map(|p| p.origin.place().file).collect();
    assert_eq!(files, ["a.yaml", "b/x.json", "c.yml"].map(|f| folder.path().join(f)));

    fs::write(folder.path().join("d.yaml"), node("n1")).unwrap();
    let error = load(&[folder.path()]).unwrap_err().to_string();
    assert_eq!(
        error.replace(&folder.path().display().to_string(), "DIR"),
        "DIR/d.yaml:1:1: Node \"n1\" is listed twice: first at DIR/a.yaml:1:1"
    );
    let empty = tempfile::tempdir().unwrap();
    assert!(load(&[empty.path()]).unwrap_err().to_string().contains("no manifest in this folder"));
    assert!(
        load(&[empty.path().join("absent.yaml")])
            .unwrap_err()
            .to_string()
            .contains("absent.yaml: cannot be read: No such file")
    );
}

#[test]
fn quotas_budgets_and_autoscalers() {
    let quota = "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q, namespace: a}\nspec: {hard: {pods: 5, requests.cpu: 2}}\n";
    let quota: ResourceQuota = object(only(quota));
    assert_eq!((quota.hard["pods"].value(), quota.hard["requests.cpu"].value()), (5, 2));
    let budget = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: b}\nspec: {minAvailable: 50%, selector: {}}\n";
    let budget: PodDisruptionBudget = object(only(budget));
    assert_eq!(budget.min_available, Some(IntOrPercent::Percent(50)));
    let hpa = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {maxReplicas: 4, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}\n";
    let hpa: HorizontalPodAutoscaler = object(only(hpa));
    let target = ScaleTarget { kind: "Deployment".into(), name: "web".into() };
    assert_eq!(hpa, HorizontalPodAutoscaler::new(target, 4), "80 % of the CPU is the default");
}
