//! The cluster autoscaler and what pods want of each other.

use crate::support::Folder;

/// A Deployment whose pods have these further fields.
fn deployment(replicas: usize, fields: &str) -> String {
    format!(
        "\
apiVersion: apps/v1
kind: Deployment
metadata: {{ name: web }}
spec:
  replicas: {replicas}
  selector: {{ matchLabels: {{ app: web }} }}
  template:
    metadata: {{ labels: {{ app: web }} }}
    spec:
      containers: [{{ name: server, resources: {{ requests: {{ cpu: 100m, memory: 1Gi }} }} }}]
      {fields}
"
    )
}

/// Plays an hour with these node groups, which scale down after a minute; the names of the nodes that came, each with whether it stayed.
fn nodes(deployment: &str, groups: &str) -> Vec<(String, bool)> {
    let folder = Folder::new();
    folder.write("web.yaml", deployment);
    let scenario = format!(
        "\
apiVersion: towtank.dev/v1alpha1
kind: Scenario
metadata: {{ name: autoscaling }}
spec:
  until: 1h
  workload: [manifests: [web.yaml]]
  autoscaling:
    cluster: {{ scaleDownUnneededTime: 1m, scaleDownDelayAfterAdd: 1m }}
    nodeGroups:
{groups}"
    );
    folder.write("scenario.yaml", &scenario);
    folder.run(&["run", "scenario.yaml", "--out", "out"]).expect(0);
    let text = folder.read("out/nodes.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = reader.headers().expect("a header").clone();
    let column = |name| columns.iter().position(|other| other == name).expect("a column");
    let (name, removed) = (column("name"), column("removed_s"));
    let rows = reader.records().map(|row| row.expect("a row"));
    let mut nodes: Vec<_> = rows.map(|row| (row[name].to_owned(), row[removed].is_empty())).collect();
    nodes.sort();
    nodes
}

fn there(nodes: &[&str]) -> Vec<(String, bool)> {
    nodes.iter().map(|name| ((*name).to_owned(), true)).collect()
}

/// A node to come is nobody's host, also where the group's first node is one.
#[test]
fn a_group_grows_for_pods_that_keep_away_from_each_others_hosts() {
    let group = "      - { name: ng, max: 5, initial: 1, provisioningDelay: 30s, template: { allocatable: { cpu: 4, memory: 16Gi } } }\n";
    let term = "{ topologyKey: kubernetes.io/hostname, labelSelector: { matchLabels: { app: web } } }";
    let apart =
        format!("affinity: {{ podAntiAffinity: {{ requiredDuringSchedulingIgnoredDuringExecution: [{term}] }} }}");
    assert_eq!(nodes(&deployment(3, &apart), group), there(&["ng-1", "ng-2", "ng-3"]));
    let spread = "topologySpreadConstraints: [{ maxSkew: 1, topologyKey: kubernetes.io/hostname, minDomains: 3, \
                  whenUnsatisfiable: DoNotSchedule, labelSelector: { matchLabels: { app: web } } }]";
    assert_eq!(nodes(&deployment(3, spread), group), there(&["ng-1", "ng-2", "ng-3"]));
}

/// As recorded of the real Cluster Autoscaler in `scaledown/hand/move-respects-spread.yaml`: the only node of its zone is hardly used and
/// stays, because the zone would be there, empty, while the node is drained. With `nodeTaintsPolicy: Honor` it goes.
#[test]
fn a_node_stays_that_would_leave_an_empty_domain_while_it_is_drained() {
    let template = "template: { allocatable: { cpu: 4, memory: 16Gi } }, provisioningDelay: 30s }";
    let a = format!("      - {{ name: a, min: 2, max: 9, initial: 2, zones: [z1], {template}\n");
    let groups = a + &format!("      - {{ name: b, max: 9, initial: 1, zones: [z2], {template}\n");
    let spread = |taints: &str| {
        format!(
            "topologySpreadConstraints: [{{ maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, \
             labelSelector: {{ matchLabels: {{ app: web }} }}, nodeTaintsPolicy: {taints} }}]"
        )
    };
    assert_eq!(nodes(&deployment(2, &spread("Ignore")), &groups), there(&["a-1", "a-2", "b-1"]));
    let mut left = there(&["a-1", "a-2", "b-1"]);
    left[2].1 = false;
    assert_eq!(nodes(&deployment(2, &spread("Honor")), &groups), left);
}

/// Nodes under way are in the zones that they will be in, and pods that are spread over zones ask for no node twice.
#[test]
fn a_group_with_zones_grows_as_far_as_spread_pods_need_it() {
    let spread = "topologySpreadConstraints: [{ maxSkew: 1, topologyKey: topology.kubernetes.io/zone, \
                  whenUnsatisfiable: DoNotSchedule, labelSelector: { matchLabels: { app: web } } }]";
    let group = "      - { name: ng, min: 3, max: 30, zones: [x, y, z], provisioningDelay: 60s, \
                 template: { allocatable: { cpu: \"8\", memory: 4Gi, pods: 110 } } }\n";
    assert_eq!(nodes(&deployment(24, spread), group), there(&["ng-1", "ng-2", "ng-3", "ng-4", "ng-5", "ng-6"]));
}

/// A new node will run a pod of each DaemonSet that belongs there, so fewer others fit; and it is empty when only those are left.
#[test]
fn nodes_to_come_have_the_pods_of_daemon_sets() {
    let group =
        "      - { name: ng, max: 5, provisioningDelay: 30s, template: { allocatable: { cpu: 4, memory: 16Gi } } }\n";
    let job = "\
apiVersion: batch/v1
kind: Job
metadata: { name: work }
spec:
  parallelism: 4
  completions: 4
  template:
    metadata: { annotations: { towtank.dev/run-time: 10m } }
    spec:
      restartPolicy: Never
      containers: [{ name: c, resources: { requests: { cpu: 1900m } } }]
";
    let agent = |selector: &str| {
        format!(
            "\
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {{ name: agent }}
spec:
  selector: {{ matchLabels: {{ app: agent }} }}
  template:
    metadata: {{ labels: {{ app: agent }} }}
    spec:
      nodeSelector: {{ {selector} }}
      containers: [{{ name: c, resources: {{ requests: {{ cpu: 500m }} }} }}]
"
        )
    };
    let gone = |count: usize| (1..=count).map(|number| (format!("ng-{number}"), false)).collect::<Vec<_>>();
    assert_eq!(nodes(job, group), gone(2));
    assert_eq!(nodes(&format!("{job}{}", agent("")), group), gone(4), "one of the Job's pods beside the agent");
    assert_eq!(nodes(&format!("{job}{}", agent("disk: ssd")), group), gone(2), "the agent does not belong there");
}
