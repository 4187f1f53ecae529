//! Volumes of pods, and the objects around persistent volumes.

use super::{error, object, only, pod, pod_text};
use towtank_sim::model::affinity::NodeSelector;
use towtank_sim::model::labels::Labels;
use towtank_sim::model::volume::{AccessMode, InTreeVolume, VolumeMode, VolumeSource};
use towtank_sim::storage::{
    ClaimPhase, CsiDriver, CsiNode, CsiStorageCapacity, PersistentVolume, PersistentVolumeClaim,
    PersistentVolumeSource, ReclaimPolicy, StorageClass, VolumeAttachment, VolumeBindingMode, VolumePhase,
};

const CLAIM: &str = "\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: c}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
";

const VOLUME: &str = "\
apiVersion: v1
kind: PersistentVolume
metadata: {name: v}
spec:
  accessModes: [ReadWriteOnce]
  capacity: {storage: 10Gi}
";

const CLASS: &str = "\
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: s}
provisioner: csi.example.com
";

fn volume_of_pod(volume: &str) -> VolumeSource {
    let pod = pod(&pod_text("", &format!("  volumes: [{{name: d, {volume}}}]\n")));
    pod.template.spec.volumes[0].source.clone()
}

#[test]
fn volumes_of_a_pod_are_what_the_scheduler_reads() {
    let claim = VolumeSource::PersistentVolumeClaim { claim_name: "c".into(), read_only: true };
    assert_eq!(volume_of_pod("persistentVolumeClaim: {claimName: c, readOnly: true}"), claim);
    let gce = InTreeVolume::GcePersistentDisk("disk".into());
    assert_eq!(
        volume_of_pod("gcePersistentDisk: {pdName: disk}"),
        VolumeSource::InTree { volume: gce, read_only: false }
    );
    let VolumeSource::Rbd { pool, .. } = volume_of_pod("rbd: {monitors: [m], image: i}") else { panic!("rbd") };
    assert_eq!(pool, "rbd", "the default pool");
    let azure = volume_of_pod("azureDisk: {diskName: a, diskURI: u}");
    let VolumeSource::InTree { volume: InTreeVolume::AzureDisk { kind, .. }, .. } = azure else { panic!("azure") };
    assert_eq!(kind, "Shared", "the default kind");
    assert_eq!(volume_of_pod("csi: {driver: d}"), VolumeSource::Csi { driver: "d".into() });
    assert_eq!(volume_of_pod("image: {reference: r}"), VolumeSource::Image { reference: "r".into() });
    for other in ["emptyDir: {}", "configMap: {name: m}"] {
        assert_eq!(volume_of_pod(other), VolumeSource::Other);
    }
    let template = "spec: {accessModes: [ReadWriteOncePod], resources: {requests: {storage: 1Gi}}}";
    let VolumeSource::Ephemeral(spec) = volume_of_pod(&format!("ephemeral: {{volumeClaimTemplate: {{{template}}}}}"))
    else {
        panic!("ephemeral")
    };
    assert_eq!(spec.access_modes, [AccessMode::ReadWriteOncePod]);
}

#[test]
fn a_claim_is_what_its_specification_and_annotations_say() {
    let claim: PersistentVolumeClaim = object(only(CLAIM));
    assert_eq!((claim.phase, claim.is_fully_bound(), claim.spec.class()), (ClaimPhase::Pending, false, ""));
    assert_eq!(claim.spec.requested().value(), 1 << 30);

    let annotations = "annotations: {pv.kubernetes.io/bind-completed: 'yes', volume.kubernetes.io/selected-node: n1, \
                       volume.beta.kubernetes.io/storage-class: old}";
    let owner = "ownerReferences: [{apiVersion: v1, kind: Pod, name: p, uid: u, controller: true}]";
    let text = CLAIM.replace("name: c", &format!("name: p-d, uid: x, {annotations}, {owner}"))
        + "  storageClassName: new\n  volumeName: v\n  volumeMode: Block\nstatus: {phase: Bound}\n";
    let claim: PersistentVolumeClaim = object(only(&text));
    assert_eq!(claim.spec.class(), "old", "the annotation counts");
    assert_eq!(claim.selected_node.as_deref(), Some("n1"));
    assert!(claim.is_fully_bound() && claim.is_for("p", None) && !claim.is_for("q", None));
    assert_eq!((claim.spec.volume_mode, claim.phase), (VolumeMode::Block, ClaimPhase::Bound));
}

#[test]
fn a_pod_and_the_claim_that_it_owns_may_both_be_listed() {
    let owner = "ownerReferences: [{apiVersion: v1, kind: Pod, name: p, uid: u, controller: true}]";
    let text = format!("{}\n---\n{}", pod_text("", ""), CLAIM.replace("name: c", &format!("name: p-d, {owner}")));
    assert_eq!(super::read(&text).submissions.len(), 2, "the simulated pod finds its claim there");
}

#[test]
fn a_volume_is_what_its_specification_and_status_say() {
    let volume: PersistentVolume = object(only(&format!("{VOLUME}  csi: {{driver: d, volumeHandle: h}}\n")));
    assert_eq!(volume.source, PersistentVolumeSource::Csi { driver: "d".into(), handle: "h".into() });
    assert_eq!((volume.phase, volume.reclaim_policy), (VolumePhase::Pending, ReclaimPolicy::Retain));
    let text = format!(
        "{VOLUME}  local: {{path: /mnt}}\n  storageClassName: local\n  claimRef: {{name: c, namespace: default}}\n  \
         nodeAffinity: {{required: {{nodeSelectorTerms: [{{matchExpressions: [{{key: zone, operator: In, values: \
         [a]}}]}}]}}}}\nstatus: {{phase: Available}}\n"
    );
    let volume: PersistentVolume = object(only(&text));
    let terms = |selector: NodeSelector| selector.terms.len();
    assert_eq!((volume.source, volume.node_affinity.map(terms)), (PersistentVolumeSource::Other, Some(1)));
    assert_eq!(volume.claim_ref.and_then(|to| to.uid), None, "kept for a claim to come");
    assert_eq!(volume.phase, VolumePhase::Available);
}

#[test]
fn classes_and_the_objects_of_drivers() {
    let class: StorageClass = object(only(CLASS));
    assert_eq!(class.binding_mode, VolumeBindingMode::Immediate);
    assert_eq!((class.reclaim_policy, class.is_default), (ReclaimPolicy::Delete, false));
    let text = CLASS.replace("name: s", "name: s, annotations: {storageclass.kubernetes.io/is-default-class: 'true'}")
        + "volumeBindingMode: WaitForFirstConsumer\nallowedTopologies: [{matchLabelExpressions: [{key: zone, values: [a]}]}]\n";
    let class: StorageClass = object(only(&text));
    assert!(class.is_default && class.allows(&[("zone", "a".to_owned())].into()) && !class.allows(&Labels::new()));

    let head = |kind: &str| format!("apiVersion: storage.k8s.io/v1\nkind: {kind}\nmetadata: {{name: n}}\n");
    let driver: CsiDriver = object(only(&(head("CSIDriver") + "spec: {storageCapacity: true}\n")));
    assert!(driver.storage_capacity);
    let drivers = "spec: {drivers: [{name: d, nodeID: n, allocatable: {count: 3}}]}\n";
    let node: CsiNode = object(only(&(head("CSINode") + drivers)));
    assert_eq!(node.driver("d").and_then(|driver| driver.allocatable), Some(3));
    let text = head("CSIStorageCapacity") + "storageClassName: s\ncapacity: 5Gi\nnodeTopology: {}\n";
    let capacity: CsiStorageCapacity = object(only(&text));
    assert!(capacity.suffices("s", 5 << 30, &Labels::new()) && !capacity.suffices("s", 6 << 30, &Labels::new()));
    let text = head("VolumeAttachment") + "spec: {attacher: d, nodeName: n, source: {persistentVolumeName: v}}\n";
    assert_eq!(object::<VolumeAttachment>(only(&text)).volume_name.as_deref(), Some("v"));
}

#[test]
fn refusals_are_in_the_server_s_words() {
    let volume = |volumes: &str| error(&pod_text("", &format!("  volumes: {volumes}\n")));
    let template = "ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: \
                    {storage: 1Gi}}}}}";
    let found = [
        error(&CLAIM.replace("[ReadWriteOnce]", "[]")),
        error(&CLAIM.replace("[ReadWriteOnce]", "[Write]")),
        error(&CLAIM.replace("[ReadWriteOnce]", "[ReadWriteOnce, ReadWriteOncePod]")),
        error(&CLAIM.replace("{storage: 1Gi}", "{}")),
        error(&CLAIM.replace("1Gi", "0")),
        error(&(CLAIM.to_owned() + "  volumeMode: Tape\n")),
        error(VOLUME),
        error(&format!("{VOLUME}  csi: {{driver: d, volumeHandle: h}}\n  nfs: {{server: s, path: /}}\n")),
        error(&format!("{VOLUME}  local: {{path: /mnt}}\n")),
        error(&format!("{VOLUME}  csi: {{driver: d, volumeHandle: ''}}\n")),
        error(&(CLASS.to_owned() + "volumeBindingMode: Later\n")),
        error(&(CLASS.to_owned() + "reclaimPolicy: Recycle\n")),
        error(&(CLASS.to_owned() + "allowedTopologies: [{matchLabelExpressions: [{key: zone, values: []}]}]\n")),
        volume("[{name: d, persistentVolumeClaim: {claimName: ''}}]"),
        volume("[{name: d, emptyDir: {}, configMap: {name: m}}]"),
        volume("[{name: d}, {name: d}]"),
        volume("[{name: D}]"),
        volume(&format!("[{{name: d, {template}}}, {{name: e, persistentVolumeClaim: {{claimName: p-d}}}}]")),
    ];
    insta::assert_snapshot!(found.join("\n"), @r#"
    m.yaml:5:3: spec.accessModes: Required value: at least 1 access mode is required
    m.yaml:5:3: spec.accessModes: Unsupported value: "Write": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"
    m.yaml:5:3: spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes
    m.yaml:6:15: spec.resources.requests.storage: Required value
    m.yaml:6:35: spec.resources.requests.storage: Invalid value: "0": must be greater than zero
    m.yaml:7:15: spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"
    m.yaml:4:1: spec: Required value: must specify a volume type
    m.yaml:7:3: spec.csi: Forbidden: may not specify more than 1 volume type
    m.yaml:4:1: spec.nodeAffinity: Required value: Local volume requires node affinity
    m.yaml:7:34: spec.csi.volumeHandle: Required value
    m.yaml:5:20: volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"
    m.yaml:5:16: reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"
    m.yaml:5:58: allowedTopologies[0].matchLabelExpressions[0].values: Required value
    m.yaml:6:58: spec.volumes[0].persistentVolumeClaim.claimName: Required value
    m.yaml:6:37: spec.volumes[0].configMap: Forbidden: may not specify more than 1 volume type
    m.yaml:6:31: spec.volumes[1].name: Duplicate value: "d"
    m.yaml:6:20: spec.volumes[0].name: Invalid value: "D": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character
    m.yaml:6:182: spec.volumes[1].persistentVolumeClaim.claimName: Invalid value: "p-d": must not reference a PVC that gets created for an ephemeral volume
    "#);
}
