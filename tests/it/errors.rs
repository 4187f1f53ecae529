//! Bad input gets one clear error with file, line and field, exit 2, and nothing half-written.
//!
//! Every case is a small good world with one thing changed. All messages together are one recorded page, to be read as a
//! newcomer reads it.

use crate::support::Folder;
use std::fmt::Write as _;

const SCENARIO: &str = "\
apiVersion: towtank.dev/v1alpha1
kind: Scenario
metadata: { name: small }
spec:
  seed: 1
  until: idle
  cluster:
    - trace: { format: csv, nodes: nodes.csv }
    - manifests: [cluster]
    - generate: { nodes: [{ count: 2, namePrefix: made, allocatable: { cpu: '4', memory: 8Gi } }] }
  workload:
    - trace: { format: csv, pods: pods.csv }
    - manifests: [apps/web.yaml]
    - generate:
        name: batch
        arrivals: { poisson: { perHour: 60 } }
        count: 5
        duration: { uniform: { min: 10s, max: 20s } }
        failureProbability: 0.1
        shapes: [{ requests: { cpu: 500m, memory: 1Gi } }]
  scheduler:
    config: kube-scheduler.yaml
  observe: { figures: false }
";

const NODES: &str = "name,cpu_milli,memory_bytes,pods\nn1,4000,8589934592,110\nn2,4000,8589934592,110\n";

const NODE: &str = "\
apiVersion: v1
kind: Node
metadata: { name: real-1 }
status:
  allocatable: { cpu: '4', memory: 8Gi, pods: '110' }
";

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: web:1
          resources: { requests: { cpu: 250m, memory: 64Mi } }
";

const AUTOSCALING: &str = "  autoscaling:
    nodeGroups:
      - { name: burst, min: 0, max: 3, template: { allocatable: { cpu: '4', memory: 8Gi } } }
  observe: ";

const CONFIG: &str = "\
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
  - schedulerName: default-scheduler
    plugins:
      score:
        disabled: [{ name: ImageLocality }]
";

fn pods() -> String {
    let mut text = "name,arrival_s,duration_s,cpu_milli,memory_bytes\n".to_owned();
    for i in 0..600 {
        let _ = writeln!(text, "p{i},{i},30,100,1048576");
    }
    text
}

/// A good world.
fn world() -> Folder {
    let folder = Folder::new();
    folder.write("scenario.yaml", SCENARIO);
    folder.write("nodes.csv", NODES);
    folder.write("pods.csv", pods());
    folder.write("cluster/node.yaml", NODE);
    folder.write("apps/web.yaml", WEB);
    folder.write("kube-scheduler.yaml", CONFIG);
    folder
}

/// What is changed in the world.
enum Change {
    /// In this file, this text becomes that one.
    Replace(&'static str, &'static str, &'static str),
    /// This file has this content.
    File(&'static str, &'static [u8]),
    /// Further arguments.
    Args(&'static [&'static str]),
    /// All arguments.
    Command(&'static [&'static str]),
}

use Change::{Args, Command, File, Replace};

const S: &str = "scenario.yaml";
/// Nothing is repaired in traces.
const STRICT: Change = Command(&["run", S, "--strict"]);
const W: &str = "apps/web.yaml";
const K: &str = "kube-scheduler.yaml";

/// Runs a changed world and returns what was said; checks that nothing was left.
fn said(title: &str, expected_code: i32, changes: &[Change]) -> String {
    let folder = world();
    let mut args = vec!["run", S, "--out", "deep/result"];
    for change in changes {
        match change {
            Replace(file, from, to) => {
                let text = folder.read(file);
                assert!(text.contains(from), "{title}: {file} has no {from:?}");
                folder.write(file, text.replacen(from, to, 1));
            }
            File(file, content) => folder.write(file, content),
            Args(more) => args.extend(*more),
            Command(all) => args = all.to_vec(),
        }
    }
    let before = folder.listing();
    let finished = folder.run(&args);
    let mut said = finished.stderr;
    for (wrong, what) in [
        (finished.code != expected_code, format!("exit code {}", finished.code)),
        (!finished.stdout.is_empty(), format!("data in spite of an error: {}", finished.stdout)),
        (folder.listing() != before, format!("something is left: {:?}", folder.listing())),
        (said.contains(&*folder.path().to_string_lossy()), "a path that nobody typed".to_owned()),
    ] {
        if wrong {
            let _ = writeln!(said, "{WRONG} {what}");
        }
    }
    said
}

/// Marks what is never right, in no recorded page either.
const WRONG: &str = "WRONG:";

/// One page of all messages of a table.
fn page(code: i32, cases: &[(&str, &[Change])]) -> String {
    let mut page = String::new();
    for (title, changes) in cases {
        let _ = writeln!(page, "# {title}\n{}", said(title, code, changes));
    }
    if std::env::var("ERR_ASSERT").is_ok() {
        assert!(!page.contains(WRONG), "{page}");
    }
    page
}

/// Compares a page with the recorded one.
#[track_caller]
fn record(page: &str) {
    let test = std::thread::current().name().unwrap_or_default().replace("::", "__");
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(test, page);
    });
    assert!(!page.contains(WRONG), "{page}");
}

#[test]
fn the_world_itself_is_good() {
    let folder = world();
    let finished = folder.run(&["run", S, "--out", "deep/result"]).expect(0);
    assert!(!finished.stderr.contains("warning"), "{}", finished.stderr);
    let path = folder.path().join("pods.csv.gz");
    assert!(!path.exists());
}

#[test]
fn scenario_files() {
    record(&page(
        2,
        &[
            ("a missing file", &[Command(&["run", "no/such.yaml"])]),
            ("a folder", &[Command(&["run", "apps"])]),
            ("an empty file", &[File(S, b"")]),
            ("only a comment", &[File(S, b"# to do\n")]),
            ("not UTF-8", &[File(S, b"apiVersion: \xff\n")]),
            ("a binary file", &[File(S, b"\x1f\x8b\x08\x00\x00\x00\x00\x00")]),
            ("YAML that is not closed", &[Replace(S, "{ name: small }", "{ name: small")]),
            ("YAML with a tab", &[Replace(S, "  seed: 1", "\tseed: 1")]),
            ("YAML with a wrong indent", &[Replace(S, "  until: idle", "   until: idle")]),
            ("two documents", &[Replace(S, "spec:\n", "---\nspec:\n")]),
            ("a key twice", &[Replace(S, "  until: idle", "  seed: 2")]),
            ("another apiVersion", &[Replace(S, "v1alpha1", "v2")]),
            ("another kind", &[Replace(S, "kind: Scenario", "kind: Deployment")]),
            ("a Deployment in place of the scenario", &[Command(&["run", W])]),
            ("no kind", &[Replace(S, "kind: Scenario\n", "")]),
            ("no spec", &[File(S, b"apiVersion: towtank.dev/v1alpha1\nkind: Scenario\nmetadata: { name: x }\n")]),
            ("no name", &[Replace(S, "{ name: small }", "{}")]),
            ("an unusable name", &[Replace(S, "{ name: small }", "{ name: ../up }"), Command(&["run", S])]),
            ("an empty name", &[Replace(S, "{ name: small }", "{ name: '' }"), Command(&["run", S])]),
            ("an unknown field", &[Replace(S, "seed: 1", "sed: 1")]),
            ("an unknown field deep inside", &[Replace(S, "perHour", "perHuor")]),
            ("an unknown field that resembles nothing", &[Replace(S, "seed: 1", "xyzzy: 1")]),
            ("an unknown tie-break", &[Replace(S, "config: kube", "tieBreak: rnd\n    config: kube")]),
            ("a seed that is no number", &[Replace(S, "seed: 1", "seed: one")]),
            ("a negative seed", &[Replace(S, "seed: 1", "seed: -1")]),
            ("until that is no time", &[Replace(S, "until: idle", "until: tomorrow")]),
            ("until of nothing", &[Replace(S, "until: idle", "until: 0s")]),
            ("a negative until", &[Replace(S, "until: idle", "until: -1h")]),
            ("a start that is no time", &[Replace(S, "until: idle", "start: yesterday")]),
            (
                "a part with two kinds",
                &[Replace(S, "- manifests: [cluster]", "- manifests: [cluster]\n      generate: { nodes: [] }")],
            ),
            ("a part with none", &[Replace(S, "- manifests: [cluster]", "- {}")]),
            ("a part that is a text", &[Replace(S, "- manifests: [cluster]", "- cluster")]),
            ("a list that is a mapping", &[Replace(S, "    - manifests: [cluster]\n", "      manifests: [cluster]\n")]),
            ("a policy and a configuration", &[Replace(S, "config: kube", "policy: random\n    config: kube")]),
            (
                "two latencies",
                &[Replace(S, "config: kube", "latency: { constant: 1ms, perNode: { each: 1us } }\n    config: kube")],
            ),
            ("an interval of nothing", &[Replace(S, "observe: { ", "observe: { interval: 0s, ")]),
            ("a negative interval", &[Replace(S, "observe: { ", "observe: { interval: -5s, ")]),
        ],
    ));
}

#[test]
fn arguments() {
    record(&page(
        2,
        &[
            ("no subcommand", &[Command(&[])]),
            ("an unknown subcommand", &[Command(&["rnu", S])]),
            ("an unknown option", &[Args(&["--sed", "1"])]),
            ("no scenario", &[Command(&["run"])]),
            ("--seed", &[Args(&["--seed", "one"])]),
            ("--seed, negative", &[Args(&["--seed", "-1"])]),
            ("--format", &[Args(&["--format", "yaml"])]),
            ("--evaluation", &[Args(&["--evaluation", "fast"])]),
            ("--until", &[Args(&["--until", "tomorrow"])]),
            ("--until of nothing", &[Args(&["--until", "0"])]),
            ("--until, far", &[Args(&["--until", "999999999d"])]),
            ("--set without a value", &[Args(&["--set", "seed"])]),
            ("--set of an unknown field", &[Args(&["--set", "sed=1"])]),
            ("--set of an unknown field below", &[Args(&["--set", "scheduler.tieBrake=first"])]),
            ("--set below a number", &[Args(&["--set", "seed.x=1"])]),
            ("--set beyond a list", &[Args(&["--set", "workload[9].generate.count=1"])]),
            ("--set in what is no list", &[Args(&["--set", "seed[0]=1"])]),
            ("--set with a wrong value", &[Args(&["--set", "seed=one"])]),
            ("--set with no YAML", &[Args(&["--set", "seed=["])]),
            ("--set with an empty path", &[Args(&["--set", "=1"])]),
            ("--set of the whole spec", &[Args(&["--set", "spec=1"])]),
            ("--policy", &[Args(&["--policy", "best-fitt"])]),
            ("--policy, a missing file", &[Args(&["--policy", "no/such.yaml"])]),
            ("--policy, an empty name", &[Args(&["--policy", ""])]),
            ("compare with one policy", &[Command(&["compare", S, "--policy", "random"])]),
            ("compare with none", &[Command(&["compare", S])]),
            ("compare with an unknown one", &[Command(&["compare", S, "--policy", "random", "--policy", "rnd"])]),
            ("compare with one policy twice", &[Command(&["compare", S, "--policy", "random", "--policy", "random"])]),
            ("--seeds", &[Command(&["compare", S, "--policy", "random", "--policy", "default", "--seeds", "a"])]),
            (
                "--seeds, backwards",
                &[Command(&["compare", S, "--policy", "random", "--policy", "default", "--seeds", "5..1"])],
            ),
            ("--jobs", &[Command(&["compare", S, "--policy", "random", "--policy", "default", "--jobs", "x"])]),
            ("--jobs 0", &[Command(&["compare", S, "--policy", "random", "--policy", "default", "--jobs", "0"])]),
            ("--out without a name", &[Command(&["run", S, "--out", ""])]),
            ("validate of nothing", &[Command(&["validate"])]),
            ("validate of a missing file", &[Command(&["validate", "no/such.yaml"])]),
        ],
    ));
}

#[test]
fn scheduler_configurations() {
    record(&page(
        2,
        &[
            ("a missing file", &[Replace(S, "kube-scheduler.yaml", "no-such.yaml")]),
            ("an empty file", &[File(K, b"")]),
            (
                "an unknown plugin",
                &[Replace(K, "disabled: [{ name: ImageLocality }]", "enabled: [{ name: ImageLocalty }]")],
            ),
            ("an unknown field", &[Replace(K, "plugins:", "plugin:")]),
            ("an unknown extension point", &[Replace(K, "score:", "skore:")]),
            ("another kind", &[Replace(K, "KubeSchedulerConfiguration", "KubeProxyConfiguration")]),
            ("another apiVersion", &[Replace(K, "config.k8s.io/v1", "config.k8s.io/v1beta2")]),
            (
                "two profiles of one name",
                &[Replace(K, "profiles:\n", "profiles:\n  - schedulerName: default-scheduler\n")],
            ),
            ("YAML that is not closed", &[Replace(K, "[{ name: ImageLocality }]", "[{ name: ImageLocality }")]),
            ("an unknown policy", &[Replace(S, "config: kube-scheduler.yaml", "policy: bestfit")]),
            (
                "an unknown scoring strategy",
                &[Replace(
                    K,
                    "    plugins:\n",
                    "    pluginConfig:\n      - name: NodeResourcesFit\n        args: { scoringStrategy: { type: Least } }\n    plugins:\n",
                )],
            ),
            ("percentage out of range", &[Replace(K, "profiles:", "percentageOfNodesToScore: 101\nprofiles:")]),
            ("no name for a second profile", &[Replace(K, "profiles:\n", "profiles:\n  - plugins: {}\n")]),
            (
                "arguments of another plugin",
                &[Replace(
                    K,
                    "    plugins:\n",
                    "    pluginConfig:\n      - name: NodeAffinity\n        args: { kind: VolumeBindingArgs }\n    plugins:\n",
                )],
            ),
            (
                "preemption without candidates",
                &[Replace(
                    K,
                    "    plugins:\n",
                    "    pluginConfig:\n      - name: DefaultPreemption\n        args: { minCandidateNodesPercentage: 0, \
                     minCandidateNodesAbsolute: 0 }\n    plugins:\n",
                )],
            ),
            ("a backoff that shrinks", &[Replace(K, "profiles:", "podInitialBackoffSeconds: 60\nprofiles:")]),
        ],
    ));
}

#[test]
fn policies_of_older_releases() {
    record(&page(
        2,
        &[
            ("an unknown predicate", &[File(K, br#"{"kind": "Policy", "apiVersion": "v1", "predicates": [{"name": "FitsResources"}]}"#)]),
            (
                "an unknown priority",
                &[File(K, br#"{"kind": "Policy", "apiVersion": "v1", "priorities": [{"name": "MostRequested", "weight": 1}]}"#)],
            ),
            (
                "a priority without weight",
                &[File(K, b"kind: Policy\napiVersion: v1\npriorities:\n  - name: MostRequestedPriority\n")],
            ),
            (
                "affinity to a service",
                &[File(
                    K,
                    b"kind: Policy\napiVersion: v1\npredicates:\n  - name: zone\n    argument: { serviceAffinity: { labels: \
                      [zone] } }\n",
                )],
            ),
            ("another apiVersion", &[File(K, b"kind: Policy\napiVersion: v2\n")]),
        ],
    ));
}

#[test]
fn manifests() {
    record(&page(
        2,
        &[
            ("a missing file", &[Replace(S, "apps/web.yaml", "apps/wep.yaml")]),
            ("a folder without manifests", &[Replace(S, "[cluster]", "[nothing]"), File("nothing/README", b"")]),
            ("an empty file", &[File(W, b"")]),
            (
                "a CronJob, which never ends",
                &[File(
                    W,
                    b"apiVersion: batch/v1\nkind: CronJob\nmetadata: { name: nightly }\nspec:\n  schedule: '@daily'\n  jobTemplate:\n    spec: \
                      { template: { metadata: { annotations: { towtank.dev/run-time: 5m } }, spec: { restartPolicy: Never, containers: \
                      [{ name: c }] } } }\n",
                )],
            ),
            ("YAML that is not closed", &[Replace(W, "{ name: web }", "{ name: web")]),
            ("a quantity", &[Replace(W, "cpu: 250m", "cpu: 2x")]),
            ("a negative quantity", &[Replace(W, "cpu: 250m", "cpu: '-1'")]),
            ("a quantity too large", &[Replace(W, "memory: 64Mi", "memory: 64000000Ei")]),
            ("an unknown field", &[Replace(W, "replicas: 2", "replica: 2")]),
            ("an unknown kind", &[Replace(W, "kind: Deployment", "kind: Deploymnet")]),
            ("no kind", &[Replace(W, "kind: Deployment\n", "")]),
            ("replicas that are a text", &[Replace(W, "replicas: 2", "replicas: two")]),
            ("negative replicas", &[Replace(W, "replicas: 2", "replicas: -2")]),
            ("a selector that misses its template", &[Replace(W, "labels: { app: web }", "labels: { app: api }")]),
            (
                "an annotation of ours misspelt",
                &[Replace(W, "metadata: { labels:", "metadata: { annotations: { towtank.dev/runtime: 5m }, labels:")],
            ),
            (
                "a negative run time",
                &[Replace(W, "metadata: { labels:", "metadata: { annotations: { towtank.dev/run-time: -5m }, labels:")],
            ),
            ("a node listed twice in manifests", &[File("cluster/second.yaml", NODE.as_bytes())]),
            ("a node in manifests and in a trace", &[Replace("nodes.csv", "n2,", "real-1,")]),
            ("a node in a trace and in a generator", &[Replace("nodes.csv", "n2,", "made-1,")]),
            (
                "a node in two pools",
                &[Replace(
                    S,
                    "- generate: { nodes: [",
                    "- generate: { nodes: [{ namePrefix: made, allocatable: { cpu: 1 } }, ",
                )],
            ),
            ("a negative quantity of a node", &[Replace("cluster/node.yaml", "cpu: '4'", "cpu: '-4'")]),
            (
                "an unknown taint effect",
                &[Replace(
                    "cluster/node.yaml",
                    "status:",
                    "spec: { taints: [{ key: a, effect: NoSchedul }] }\nstatus:",
                )],
            ),
        ],
    ));
}

#[test]
fn generators() {
    record(&page(
        2,
        &[
            ("a quantity", &[Replace(S, "cpu: 500m", "cpu: 2x")]),
            ("a quantity of nodes", &[Replace(S, "cpu: '4'", "cpu: 4cores")]),
            ("a negative quantity", &[Replace(S, "cpu: 500m", "cpu: -1")]),
            ("a negative duration", &[Replace(S, "min: 10s", "min: -10s")]),
            ("a constant negative duration", &[Replace(S, "{ uniform: { min: 10s, max: 20s } }", "-5")]),
            ("min above max", &[Replace(S, "min: 10s", "min: 30s")]),
            ("an unknown distribution", &[Replace(S, "uniform:", "unifrom:")]),
            ("two distributions", &[Replace(S, "uniform:", "constant: { value: 1 }, uniform:")]),
            (
                "a parameter out of range",
                &[Replace(S, "{ uniform: { min: 10s, max: 20s } }", "{ logNormal: { median: 5s, sigma: -1 } }")],
            ),
            ("a missing parameter", &[Replace(S, "min: 10s, ", "")]),
            ("not a number", &[Replace(S, "{ uniform: { min: 10s, max: 20s } }", "{ exponential: { mean: .nan } }")]),
            (
                "quantiles that fall",
                &[Replace(S, "{ uniform: { min: 10s, max: 20s } }", "{ quantiles: { points: [[0, 5s], [1, 2s]] } }")],
            ),
            ("a fraction out of range", &[Replace(S, "failureProbability: 0.1", "failureProbability: 1.5")]),
            ("a rate of nothing", &[Replace(S, "perHour: 60", "perHour: 0")]),
            ("no arrivals", &[Replace(S, "        arrivals: { poisson: { perHour: 60 } }\n", "")]),
            ("two arrivals", &[Replace(S, "poisson: { perHour: 60 }", "poisson: { perHour: 60 }, allAtOnce: {}")]),
            ("no shape", &[Replace(S, "shapes: [{ requests: { cpu: 500m, memory: 1Gi } }]", "shapes: []")]),
            ("an endless generator", &[Replace(S, "        count: 5\n", "")]),
            (
                "two generators of one name",
                &[Replace(
                    S,
                    "  scheduler:",
                    "    - generate: { name: batch, count: 1, arrivals: { allAtOnce: {} }, shapes: [{}] }\n  scheduler:",
                )],
            ),
            ("too many GPU devices", &[Replace(S, "count: 2, ", "count: 2, devices: 99, ")]),
            ("a negative count", &[Replace(S, "count: 2, ", "count: -2, ")]),
            (
                "a misspelt field of a template",
                &[Replace(
                    S,
                    "requests: { cpu: 500m, memory: 1Gi }",
                    "template: { spec: { containers: [{ name: main, ports: [{ hostPrt: 80 }] }] } }",
                )],
            ),
        ],
    ));
}

#[test]
fn traces() {
    record(&page(
        2,
        &[
            ("an unknown format", &[Replace(S, "format: csv, pods", "format: cvs, pods")]),
            ("a missing file", &[Replace(S, "pods: pods.csv", "pods: no/such.csv")]),
            ("an empty file", &[File("pods.csv", b"")]),
            ("a missing column", &[Replace("pods.csv", "cpu_milli", "cpu")]),
            ("an unknown column", &[Replace("nodes.csv", "pods\n", "pods,zonne\n")]),
            ("nodes in place of pods", &[Replace(S, "pods: pods.csv", "pods: nodes.csv")]),
            ("a broken row", &[Replace("pods.csv", "p498,498,30,100,1048576", "p498,498,30")]),
            ("not a number", &[Replace("pods.csv", "p498,498,30,100,", "p498,498,30,lots,")]),
            ("a negative duration", &[STRICT, Replace("pods.csv", "p498,498,30,", "p498,498,-30,")]),
            ("rows out of order", &[STRICT, Replace("pods.csv", "p498,498,", "p498,3,")]),
            ("a node listed twice", &[Replace("nodes.csv", "n2,", "n1,")]),
            (
                "a negative duration in openb",
                &[
                    STRICT,
                    Replace(S, "format: csv, pods: pods.csv", "format: openb, pods: openb.csv"),
                    File(
                        "openb.csv",
                        b"name,cpu_milli,memory_mib,num_gpu,gpu_milli,creation_time,deletion_time,scheduled_time\n\
                a,1000,512,0,0,0,10,\nb,1000,512,0,0,100,99,\n",
                    ),
                ],
            ),
            ("an option out of range", &[Replace(S, "pods: pods.csv", "pods: pods.csv, options: { timeScale: 0 }")]),
            (
                "two options that exclude each other",
                &[Replace(S, "nodes: nodes.csv", "nodes: nodes.csv, options: { maxNodes: 3, nodeFraction: 0.5 }")],
            ),
            (
                "a window that ends before it begins",
                &[Replace(S, "pods: pods.csv", "pods: pods.csv, options: { from: 2h, to: 1h }")],
            ),
            ("not gzip after all", &[File("pods.csv", b"\x1f\x8b\x08\x00oh no")]),
        ],
    ));
}

#[test]
fn orders_and_target_workloads() {
    const SHUFFLED: &str = "pods: pods.csv, options: { times: arrivals-only }, order: { shuffle: true }";
    const NODES_SHUFFLED: Change = Replace(S, "nodes: nodes.csv", "nodes: nodes.csv, order: { shuffle: true }");
    record(&page(
        2,
        &[
            ("another order with times", &[Replace(S, "pods: pods.csv", "pods: pods.csv, order: { shuffle: true }")]),
            (
                "an order of two kinds",
                &[Replace(
                    S,
                    "pods: pods.csv",
                    "pods: pods.csv, options: { times: arrivals-only }, order: { shuffle: true, arrivals: a.csv }",
                )],
            ),
            (
                "a window with another order",
                &[Replace(
                    S,
                    "pods: pods.csv",
                    "pods: pods.csv, options: { times: arrivals-only, from: 1h }, order: { shuffle: true }",
                )],
            ),
            ("nodes after a shuffle that is not made", &[NODES_SHUFFLED]),
            (
                "a tuning ratio out of range",
                &[
                    NODES_SHUFFLED,
                    Replace(S, "pods: pods.csv", SHUFFLED),
                    Replace(
                        S,
                        "shuffle: true } }\n    - manifests: [apps",
                        "shuffle: true, tuningRatio: 0 } }\n    - manifests: [apps",
                    ),
                ],
            ),
            (
                "a seed that the order does not have",
                &[
                    Replace(S, "nodes: nodes.csv", "nodes: nodes.csv, order: { ranks: ranks.csv, seed: 9 }"),
                    File("ranks.csv", b"seed,sn,rank\n1,n1,0\n1,n2,1\n"),
                ],
            ),
            (
                "an order that leaves a node out",
                &[
                    Replace(S, "nodes: nodes.csv", "nodes: nodes.csv, order: { ranks: ranks.csv }"),
                    File("ranks.csv", b"sn,rank\nn2,0\n"),
                ],
            ),
            (
                "FGD without pods that are expected",
                &[
                    Replace(S, "    - trace: { format: csv, pods: pods.csv }\n", ""),
                    Replace(S, "config: kube-scheduler.yaml", "policy: fgd"),
                ],
            ),
            ("expected pods of two kinds", &[Replace(S, "  scheduler:", "  targetWorkload: {}\n  scheduler:")]),
            (
                "an expected pod without weight",
                &[Replace(S, "  scheduler:", "  targetWorkload: { shapes: [{ weight: 0, cpu: 1 }] }\n  scheduler:")],
            ),
            (
                "more than all of the expected pods",
                &[Replace(
                    S,
                    "  scheduler:",
                    "  targetWorkload: { shapes: [{ weight: 1, cpu: 1 }], coveragePercent: 101 }\n  scheduler:",
                )],
            ),
            (
                "an unknown choice of devices",
                &[Replace(
                    K,
                    "    plugins:",
                    "    pluginConfig: [{ name: NodeGpuShare, args: { deviceChoice: bestFit } }]\n    plugins:",
                )],
            ),
        ],
    ));
}

#[test]
fn autoscaling_and_disruptions() {
    record(&page(
        2,
        &[
            ("a group with min above max", &[Replace(S, "  observe: ", AUTOSCALING), Replace(S, "min: 0", "min: 5")]),
            (
                "an initial size outside",
                &[Replace(S, "  observe: ", AUTOSCALING), Replace(S, "min: 0", "min: 1, initial: 9")],
            ),
            (
                "two groups of one name",
                &[
                    Replace(S, "  observe: ", AUTOSCALING),
                    Replace(
                        S,
                        "      - { name: burst",
                        "      - { name: burst, max: 1, template: { allocatable: { cpu: 1 } } }\n      - { name: burst",
                    ),
                ],
            ),
            (
                "a template of many",
                &[Replace(S, "  observe: ", AUTOSCALING), Replace(S, "template: { ", "template: { count: 3, ")],
            ),
            (
                "a threshold out of range",
                &[
                    Replace(S, "  observe: ", AUTOSCALING),
                    Replace(
                        S,
                        "    nodeGroups:",
                        "    cluster: { scaleDownUtilizationThreshold: 50 }\n    nodeGroups:",
                    ),
                ],
            ),
            (
                "a scan interval of nothing",
                &[
                    Replace(S, "  observe: ", AUTOSCALING),
                    Replace(S, "    nodeGroups:", "    cluster: { scanInterval: 0s }\n    nodeGroups:"),
                ],
            ),
            (
                "an unknown expander",
                &[
                    Replace(S, "  observe: ", AUTOSCALING),
                    Replace(S, "    nodeGroups:", "    cluster: { expander: [least-wast] }\n    nodeGroups:"),
                ],
            ),
            (
                "a load without autoscaler",
                &[Replace(
                    S,
                    "  observe: ",
                    "  autoscaling: { load: [{ autoscaler: web, curve: { constant: 2 } }] }\n  observe: ",
                )],
            ),
            (
                "a negative load",
                &[Replace(
                    S,
                    "  observe: ",
                    "  autoscaling: { load: [{ autoscaler: web, curve: { constant: -2 } }] }\n  observe: ",
                )],
            ),
            (
                "a disruption of two kinds",
                &[Replace(
                    S,
                    "  observe: ",
                    "  disruptions: [{ failure: { at: 1m }, drain: { at: 1m } }]\n  observe: ",
                )],
            ),
            (
                "a fraction out of range",
                &[Replace(
                    S,
                    "  observe: ",
                    "  disruptions: [{ failure: { at: 1m, nodes: { fraction: 2 } } }]\n  observe: ",
                )],
            ),
            (
                "a failure in no time",
                &[Replace(S, "  observe: ", "  disruptions: [{ failure: { at: soon } }]\n  observe: ")],
            ),
            (
                "a drain with two ends",
                &[Replace(
                    S,
                    "  observe: ",
                    "  disruptions: [{ drain: { at: 1m, uncordonAfter: 1m, deleteAfter: 1m } }]\n  observe: ",
                )],
            ),
            (
                "random failures without an end",
                &[Replace(
                    S,
                    "  observe: ",
                    "  disruptions: [{ randomFailures: { timeToFailure: 1d, timeToRepair: 5m } }]\n  observe: ",
                )],
            ),
            (
                "a time to failure that is negative",
                &[Replace(
                    S,
                    "  observe: ",
                    "  disruptions: [{ randomFailures: { timeToFailure: -1, timeToRepair: 5m } }]\n  observe: ",
                )],
            ),
        ],
    ));
}

/// Not errors, because Kubernetes would take it as well: the run goes on, and says what is probably forgotten.
#[test]
fn suspicious_input() {
    let said = |changes: &[Change]| {
        let folder = world();
        for change in changes {
            if let Replace(file, from, to) = change {
                let text = folder.read(file);
                folder.write(file, text.replacen(from, to, 1));
            }
        }
        folder.run(&["run", S, "--out", "-"]).expect(0).stderr
    };
    let part = |name| format!("  {name}:\n");
    assert_eq!(said(&[]), "");
    for (what, warning) in [
        (
            Replace(W, "    spec:\n", "    spec:\n      priorityClassName: urgent\n"),
            "warning: 18 pods were refused because no PriorityClass has the name that they ask for; pods.csv says which\n",
        ),
        (
            Replace(S, "shapes: [{ ", "shapes: [{ priorityClass: urgent, "),
            "warning: 5 pods were refused because no PriorityClass has the name that they ask for; pods.csv says which\n",
        ),
    ] {
        assert_eq!(said(&[what]), warning);
    }
    let cluster = &SCENARIO[SCENARIO.find(&part("cluster")).unwrap()..SCENARIO.find(&part("workload")).unwrap()];
    let workload = &SCENARIO[SCENARIO.find(&part("workload")).unwrap()..SCENARIO.find(&part("scheduler")).unwrap()];
    for (without, warning) in [
        (cluster, "warning: the cluster never had a node, so that no pod could run: see spec.cluster\n"),
        (workload, "warning: no pod was ever submitted: see spec.workload\n"),
    ] {
        let folder = world();
        folder.write(S, SCENARIO.replace(without, ""));
        assert_eq!(folder.run(&["run", S, "--out", "-"]).expect(0).stderr, warning);
    }
}

#[test]
fn outputs() {
    record(&page(
        3,
        &[
            ("a file in the way", &[Command(&["run", S, "--out", "nodes.csv"])]),
            ("below a file", &[Command(&["run", S, "--out", "nodes.csv/result"])]),
            ("a folder of somebody else", &[Command(&["run", S, "--out", "apps"])]),
            ("where nobody can write", &[Command(&["run", S, "--out", "/proc/result"])]),
            ("this folder", &[Command(&["run", S, "--out", "."])]),
        ],
    ));
}
