//! Priority: the name of a PriorityClass becomes a number.
//!
//! Source: `plugin/pkg/admission/priority/admission.go`.

use crate::cluster::{AdmissionPlugin, Cluster, Fingerprint, Object, Refusal};
use crate::model::pod::{PodSpec, PreemptionPolicy};
use crate::time::SimTime;

/// A PriorityClass object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriorityClass {
    /// The priority that it stands for.
    pub value: i32,
    /// Whether pods without a class get it.
    pub global_default: bool,
    /// Whether its pods may preempt others (`preemptionPolicy` is not `Never`).
    pub preempts: bool,
}

impl PriorityClass {
    /// The kind in manifests.
    pub const KIND: &'static str = "PriorityClass";
}

impl Object for PriorityClass {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn fold(&self, into: &mut Fingerprint) {
        into.fold(SimTime::ZERO, 0, &[self.value as u64, u64::from(self.global_default)]);
    }
}

/// The step.
#[derive(Debug)]
pub(super) struct Priority;

impl AdmissionPlugin for Priority {
    fn name(&self) -> &'static str {
        "Priority"
    }

    fn complete(&self, spec: &mut PodSpec, cluster: &Cluster) -> Result<(), Refusal> {
        let classes = || cluster.objects().of_kind::<PriorityClass>(PriorityClass::KIND);
        let (computed, preempts) = match spec.priority_class.as_deref() {
            Some(name) => {
                let named = || classes().find(|(meta, _)| &*meta.name == name);
                let known = built_in(name)
                    .map(|value| (value, true))
                    .or_else(|| named().map(|(_, class)| (class.value, class.preempts)));
                known.ok_or_else(|| {
                    Refusal::forbidden("Priority", name, format!("no PriorityClass with name {name} was found"))
                })?
            }
            None if spec.priority.is_some() => return Ok(()),
            None => {
                let default = classes().filter(|(_, class)| class.global_default).min_by_key(|(_, class)| class.value);
                if let Some((meta, class)) = default {
                    spec.priority_class = Some(meta.name.clone());
                    (class.value, class.preempts)
                } else {
                    (0, true)
                }
            }
        };
        spec.priority.get_or_insert(computed);
        let policy = if preempts { PreemptionPolicy::PreemptLowerPriority } else { PreemptionPolicy::Never };
        spec.preemption_policy.get_or_insert(policy);
        Ok(())
    }
}

/// The classes that every cluster has.
fn built_in(name: &str) -> Option<i32> {
    match name {
        "system-cluster-critical" => Some(2_000_000_000),
        "system-node-critical" => Some(2_000_001_000),
        _ => None,
    }
}
