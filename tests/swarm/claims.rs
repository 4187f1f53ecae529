//! What pods claim: volumes, and devices of dynamic resource allocation. Some objects for all, and fields of a pod.

use super::dice::Dice;
use std::fmt::Write as _;

/// What there is to claim.
#[derive(Default)]
pub(super) struct Claims {
    /// Manifests.
    pub(super) objects: String,
    /// Names of PersistentVolumeClaims.
    volumes: Vec<String>,
    /// Names of ResourceClaims that pods share.
    devices: Vec<String>,
    /// Whether a volume, or a device, may be claimed for each pod anew.
    each: (bool, bool),
}

macro_rules! object {
    ($into:expr, $($args:tt)*) => { writeln!($into, "---\n{}", format_args!($($args)*)).expect("a string takes text") };
}

impl Claims {
    /// Objects for a cluster whose first pool has nodes called `pool0-0` and so on.
    pub(super) fn random(dice: &mut Dice) -> Self {
        let mut claims = Self::default();
        if dice.percent(30) {
            claims.volumes(dice);
        }
        if dice.percent(20) {
            claims.devices(dice);
        }
        claims
    }

    fn volumes(&mut self, dice: &mut Dice) {
        let into = &mut self.objects;
        let limits = dice.percent(40);
        if limits {
            object!(
                into,
                "apiVersion: storage.k8s.io/v1\nkind: CSIDriver\nmetadata: {{ name: disk.example }}\nspec: {{ storageCapacity: {} }}",
                dice.percent(50)
            );
        }
        for (name, mode) in [("later", "WaitForFirstConsumer"), ("now", "Immediate")] {
            object!(
                into,
                "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {{ name: {name} }}\nprovisioner: disk.example\n\
                 volumeBindingMode: {mode}\nreclaimPolicy: {}",
                dice.one(&["Delete", "Retain"])
            );
        }
        if limits {
            for zone in ["a", "b"] {
                object!(
                    into,
                    "apiVersion: storage.k8s.io/v1\nkind: CSIStorageCapacity\nmetadata: {{ name: in-{zone}, namespace: kube-system }}\n\
                     storageClassName: later\ncapacity: {}Gi\nnodeTopology: {{ matchLabels: {{ topology.kubernetes.io/zone: {zone} }} }}",
                    dice.from(1, 100)
                );
            }
            for node in 0..2 {
                object!(
                    into,
                    "apiVersion: storage.k8s.io/v1\nkind: CSINode\nmetadata: {{ name: pool0-{node} }}\nspec:\n  drivers: [{{ name: \
                     disk.example, nodeID: n{node}, topologyKeys: [topology.kubernetes.io/zone], allocatable: {{ count: {} }} }}]",
                    dice.from(1, 4)
                );
            }
        }
        for number in 0..dice.from(0, 2) {
            let zone = dice.one(&["a", "b"]);
            object!(
                into,
                "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{ name: old{number} }}\nspec:\n  capacity: {{ storage: {}Gi }}\n  \
                 accessModes: [ReadWriteOnce]\n  storageClassName: {}\n  csi: {{ driver: disk.example, volumeHandle: v{number} }}\n  \
                 nodeAffinity: {{ required: {{ nodeSelectorTerms: [{{ matchExpressions: [{{ key: topology.kubernetes.io/zone, operator: \
                 In, values: [{zone}] }}] }}] }} }}",
                dice.from(1, 20),
                dice.one(&["later", "now"])
            );
        }
        for number in 0..dice.from(1, 4) {
            let name = format!("data{number}");
            object!(
                into,
                "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{ name: {name} }}\nspec:\n  accessModes: [{}]\n  \
                 storageClassName: {}\n  resources: {{ requests: {{ storage: {}Gi }} }}",
                dice.one(&["ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"]),
                dice.one(&["later", "now", "later", "missing"]),
                dice.from(1, 20)
            );
            self.volumes.push(name);
        }
        self.each.0 = dice.percent(60);
    }

    fn devices(&mut self, dice: &mut Dice) {
        let into = &mut self.objects;
        object!(
            into,
            "apiVersion: resource.k8s.io/v1\nkind: DeviceClass\nmetadata: {{ name: card }}\nspec:\n  selectors: [{{ cel: {{ expression: \
             \"device.driver == 'card.example'\" }} }}]"
        );
        for node in 0..dice.from(1, 4) {
            let devices = (0..dice.from(1, 4)).map(|number| {
                format!("{{ name: card-{number}, attributes: {{ size: {{ int: {} }} }} }}", dice.from(1, 3))
            });
            let devices = devices.collect::<Vec<_>>().join(", ");
            object!(
                into,
                "apiVersion: resource.k8s.io/v1\nkind: ResourceSlice\nmetadata: {{ name: slice-{node} }}\nspec:\n  driver: \
                 card.example\n  nodeName: pool0-{node}\n  pool: {{ name: pool0-{node}, generation: 1, resourceSliceCount: 1 }}\n  \
                 devices: [{devices}]"
            );
        }
        let spec = |dice: &mut Dice| {
            let selector = if dice.percent(50) {
                ", selectors: [{ cel: { expression: \"device.attributes['card.example'].size >= 2\" } }]"
            } else {
                ""
            };
            let count = dice.from(1, 2);
            format!(
                "devices: {{ requests: [{{ name: one, exactly: {{ deviceClassName: card, count: {count}{selector} }} }}] }}"
            )
        };
        for number in 0..dice.from(0, 2) {
            let name = format!("shared{number}");
            object!(
                into,
                "apiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nmetadata: {{ name: {name} }}\nspec: {{ {} }}",
                spec(dice)
            );
            self.devices.push(name);
        }
        object!(
            into,
            "apiVersion: resource.k8s.io/v1\nkind: ResourceClaimTemplate\nmetadata: {{ name: own }}\nspec: {{ spec: {{ {} }} }}",
            spec(dice)
        );
        self.each.1 = true;
    }

    /// Fields of a pod, each with a comma before it.
    pub(super) fn of_pod(&self, dice: &mut Dice) -> String {
        let mut fields = String::new();
        if !self.volumes.is_empty() && dice.percent(50) {
            let source = if self.each.0 && dice.percent(50) {
                let (class, size) = (dice.one(&["later", "now"]), dice.from(1, 10));
                format!(
                    "ephemeral: {{ volumeClaimTemplate: {{ spec: {{ accessModes: [ReadWriteOnce], storageClassName: {class}, resources: {{ \
                     requests: {{ storage: {size}Gi }} }} }} }} }}"
                )
            } else {
                format!(
                    "persistentVolumeClaim: {{ claimName: {} }}",
                    self.volumes[dice.roll() as usize % self.volumes.len()]
                )
            };
            let _ = write!(fields, ", volumes: [{{ name: data, {source} }}]");
        }
        if self.each.1 && dice.percent(50) {
            let shared = !self.devices.is_empty() && dice.percent(40);
            let claim = if shared {
                format!("resourceClaimName: {}", self.devices[dice.roll() as usize % self.devices.len()])
            } else {
                "resourceClaimTemplateName: own".to_owned()
            };
            let _ = write!(fields, ", resourceClaims: [{{ name: card, {claim} }}]");
        }
        fields
    }
}
