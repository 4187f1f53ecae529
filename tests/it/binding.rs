//! Bindings that fail and are tried again.

use crate::support::Folder;
use std::collections::BTreeMap;

const OBJECTS: &str = "\
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: slow }
provisioner: disks.example.com
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { storageClassName: slow, accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: v1
kind: Pod
metadata: { name: database }
spec:
  containers: [{ name: server, resources: { requests: { cpu: 1 } } }]
  volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
";

const SCHEDULER: &str = "\
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
  - pluginConfig: [{ name: VolumeBinding, args: { bindTimeoutSeconds: 10 } }]
";

const SCENARIO: &str = "\
apiVersion: towtank.dev/v1alpha1
kind: Scenario
metadata: { name: slow-disk }
spec:
  until: 5m
  cluster: [generate: { nodes: [{ count: 1, allocatable: { cpu: 8, memory: 32Gi } }] }]
  workload: [manifests: [objects.yaml]]
  storage: { provisioningLatency: 25s }
  scheduler: { config: scheduler.yaml }
  observe: { attempts: true }
";

fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(|row| row.expect("a row")).collect()
}

#[test]
fn a_disk_that_is_too_slow_fails_the_binding_when_its_time_is_over() {
    let folder = Folder::new();
    for (name, content) in [("objects.yaml", OBJECTS), ("scheduler.yaml", SCHEDULER), ("slow.yaml", SCENARIO)] {
        folder.write(name, content);
    }
    folder.run(&["run", "slow.yaml", "--out", "out"]).expect(0);
    // After ten seconds without a disk, although nothing else happens then. A second later, and then two, the backoff is over: the pod is
    // tried at the next whole second.
    let attempts = rows(&folder.read("out/attempts.csv"));
    let told = |row: &BTreeMap<String, String>| [&row["time_s"], &row["attempt"], &row["result"]].map(String::clone);
    let expected = [["10.000000", "1", "error"], ["22.000000", "2", "error"], ["25.000000", "3", "scheduled"]];
    assert_eq!(attempts.iter().map(told).collect::<Vec<_>>(), expected);
    let pods = rows(&folder.read("out/pods.csv"));
    assert_eq!((pods.len(), &*pods[0]["attempts"], &*pods[0]["bound_s"]), (1, "3", "25.000000"), "{pods:?}");
}
