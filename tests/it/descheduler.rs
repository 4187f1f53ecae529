//! The descheduler in whole runs.

use crate::support::Folder;

const POLICY: &str = "\
apiVersion: descheduler/v1alpha2
kind: DeschedulerPolicy
profiles:
  - name: even-out
    pluginConfig:
      - name: LowNodeUtilization
        args:
          thresholds: { cpu: 40 }
          targetThresholds: { cpu: 60 }
    plugins:
      balance: { enabled: [LowNodeUtilization] }
";

const SCENARIO: &str = "\
apiVersion: towtank.dev/v1alpha1
kind: Scenario
metadata: { name: descheduler }
spec:
  until: 2h
  cluster:
    - generate: { nodes: [{ count: 2, allocatable: { cpu: 10, memory: 64Gi, pods: 110 } }] }
    - manifests: [later.yaml]
  workload: [manifests: [web.yaml]]
  descheduler: { policy: policy.yaml, interval: 10m }
";

const LATER: &str = "\
apiVersion: v1
kind: Node
metadata: { name: later, annotations: { towtank.dev/arrival: 15m } }
status: { allocatable: { cpu: '10', memory: 64Gi, pods: '110' } }
";

/// Eighteen pods of one core on two nodes with ten, and a third node later.
fn folder(policy: &str, more: &str) -> Folder {
    let folder = Folder::new();
    folder.write("policy.yaml", policy);
    folder.write("scenario.yaml", SCENARIO);
    folder.write("later.yaml", LATER);
    let web = format!(
        "\
apiVersion: apps/v1
kind: Deployment
metadata: {{ name: web }}
spec:
  replicas: 18
  selector: {{ matchLabels: {{ app: web }} }}
  template:
    metadata: {{ labels: {{ app: web }} }}
    spec: {{ containers: [{{ name: server, resources: {{ requests: {{ cpu: '1' }} }} }}] }}
{more}"
    );
    folder.write("web.yaml", &web);
    folder
}

/// When pods were evicted, in seconds, with how many went at that time.
fn evictions(folder: &Folder) -> Vec<(String, usize)> {
    folder.run(&["run", "scenario.yaml", "--out", "out"]).expect(0);
    let text = folder.read("out/pods.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = reader.headers().expect("a header").clone();
    let column = |name| columns.iter().position(|other| other == name).expect("a column");
    let (outcome, end) = (column("outcome"), column("ended_s"));
    let mut times = Vec::<(String, usize)>::new();
    for row in reader.records().map(|row| row.expect("a row")).filter(|row| &row[outcome] == "evicted") {
        match times.iter_mut().find(|(time, _)| *time == row[end]) {
            Some((_, count)) => *count += 1,
            None => times.push((row[end].to_owned(), 1)),
        }
    }
    times
}

/// Nodes with nine cores of ten in use give three each to one that may take six.
#[test]
fn full_nodes_give_to_a_new_one_in_the_first_cycle_after_it_came() {
    assert_eq!(evictions(&folder(POLICY, "")), [("1200.000000".to_owned(), 6)]);
}

/// A budget that allows two at a time makes three cycles of it, because what is evicted is there again by then.
#[test]
fn budgets_hold() {
    let budget = "\
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web }
spec: { maxUnavailable: 2, selector: { matchLabels: { app: web } } }
";
    let twos = ["1200.000000", "1800.000000", "2400.000000"].map(|time| (time.to_owned(), 2));
    assert_eq!(evictions(&folder(POLICY, budget)), twos);
}

#[test]
fn limits_of_a_cycle_hold() {
    let policy = POLICY.replace("profiles:", "maxNoOfPodsToEvictPerNode: 1\nprofiles:");
    let twos = ["1200.000000", "1800.000000", "2400.000000"].map(|time| (time.to_owned(), 2));
    assert_eq!(evictions(&folder(&policy, "")), twos);
}

#[test]
fn errors_point_at_the_line_of_the_policy() {
    let cases = [
        (
            "balance: { enabled: [LowNodeUtilization] }",
            "deschedule: { enabled: [LowNodeUtilization] }",
            "policy.yaml:11:31: profiles[0].plugins.deschedule.enabled[0]: LowNodeUtilization belongs under balance",
        ),
        (
            "name: LowNodeUtilization",
            "name: LowNodeUtilisation",
            "policy.yaml:6:15: profiles[0].pluginConfig[0].name: no plugin LowNodeUtilisation: did you mean `LowNodeUtilization`?",
        ),
        (
            "{ cpu: 40 }",
            "{ cpu: 70 }",
            "policy.yaml:9:29: profiles[0].pluginConfig[0].args.targetThresholds: Invalid value: {\"cpu\": 60.0}: cpu is below thresholds",
        ),
        (
            "v1alpha2",
            "v1alpha1",
            "policy.yaml:1:13: apiVersion: is descheduler/v1alpha1: expected descheduler/v1alpha2",
        ),
        (
            "profiles:",
            "nodeSelector: a b\nprofiles:",
            "policy.yaml:3:15: nodeSelector: \"a b\" is no requirement: expected a label's key, as in a=b, a!=b, a in (b,c), a or !a",
        ),
    ];
    for (from, to, message) in cases {
        let folder = folder(&POLICY.replace(from, to), "");
        let error = folder.run(&["run", "scenario.yaml", "--out", "-"]).expect(2).stderr;
        assert!(error.contains(message), "{error}\nexpected {message}");
    }
}
