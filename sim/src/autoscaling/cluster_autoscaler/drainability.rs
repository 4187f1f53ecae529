//! Which pods keep their node from being removed, and which of the others must go elsewhere.
//!
//! Source: `cluster-autoscaler/simulator/drainability/rules`, `cluster-autoscaler/simulator/drain.go`.

use super::budgets::Remaining;
use super::settings::ClusterAutoscalerSettings;
use crate::cluster::{Cluster, ObjectMeta};
use crate::model::PodId;
use crate::model::pod::{Pod, PodClass, SafeToEvict};
use crate::time::{SimTime, Span};

/// Why a pod keeps its node, in upstream's words.
///
/// Source: `cluster-autoscaler/utils/drain/drain.go`, `BlockingPodReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocking {
    /// The owner that it names is not there.
    ControllerNotFound,
    /// Its owner has too few replicas.
    MinReplicasReached,
    /// Nobody is known to create it anew.
    NotReplicated,
    /// It has data on the node's disk.
    LocalStorageRequested,
    /// It says that it must not be evicted.
    NotSafeToEvictAnnotation,
    /// A young pod of the system that no DaemonSet owns and no budget covers.
    UnmovableKubeSystemPod,
    /// A budget allows no disruption.
    NotEnoughPdb,
}

impl Blocking {
    /// Upstream's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ControllerNotFound => "ControllerNotFound",
            Self::MinReplicasReached => "MinReplicasReached",
            Self::NotReplicated => "NotReplicated",
            Self::LocalStorageRequested => "LocalStorageRequested",
            Self::NotSafeToEvictAnnotation => "NotSafeToEvictAnnotation",
            Self::UnmovableKubeSystemPod => "UnmovableKubeSystemPod",
            Self::NotEnoughPdb => "NotEnoughPdb",
        }
    }
}

/// The kinds that create their pods anew.
const REPLICATING: [&str; 4] = ["ReplicationController", "ReplicaSet", "StatefulSet", "Job"];
/// The kinds that are asked how many pods they have.
const COUNTED: [&str; 2] = ["ReplicationController", "ReplicaSet"];
/// The kinds that are looked up.
const LOOKED_UP: [&str; 5] = ["ReplicationController", "DaemonSet", "Job", "ReplicaSet", "StatefulSet"];
const SYSTEM: &str = "kube-system";

/// A pod that takes longer than its grace period to end is as good as gone after this time.
const LONG_TERMINATING: Span = Span::from_secs(30);

/// The pods of a node that is to be removed.
#[derive(Debug, Default)]
pub(super) struct Leaving {
    /// Those that must go elsewhere, in order.
    pub(super) pods: Vec<PodId>,
    /// Whether some must be waited for until they have ended by themselves.
    pub(super) waits: bool,
}

/// What a pod means for its node, before anything is asked that could block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It is as if it were not there.
    Nothing,
    Daemon,
    Waits,
    Other,
}

/// What is asked of pods.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) settings: &'a ClusterAutoscalerSettings,
}

impl Rules<'_> {
    /// The pods that must move when the node goes. Those of DaemonSets need not.
    ///
    /// # Errors
    /// The first pod that must stay, and why.
    pub(super) fn leaving(
        self,
        pods: impl Iterator<Item = PodId>,
        budgets: &Remaining<'_>,
    ) -> Result<Leaving, (PodId, Blocking)> {
        let mut leaving = Leaving::default();
        for id in pods {
            let Some(pod) = self.cluster.pod(id) else { continue };
            match self.kind(pod) {
                Kind::Nothing => {}
                Kind::Daemon => self.check_controller(pod).map_err(|reason| (id, reason))?,
                Kind::Waits => {
                    self.check_controller(pod).map_err(|reason| (id, reason))?;
                    leaving.waits = true;
                }
                Kind::Other => {
                    self.check(pod, budgets).map_err(|reason| (id, reason))?;
                    leaving.pods.push(id);
                }
            }
        }
        Ok(leaving)
    }

    /// Whether no pod would have to move or would block, and whether some must be waited for.
    ///
    /// Source: `cluster-autoscaler/processors/scaledowncandidates/emptycandidates`.
    pub(super) fn emptiness(self, pods: impl Iterator<Item = PodId>) -> (bool, bool) {
        let mut waits = false;
        for pod in pods.filter_map(|id| self.cluster.pod(id)) {
            match self.kind(pod) {
                Kind::Other => return (false, false),
                Kind::Waits => waits = true,
                Kind::Nothing | Kind::Daemon => {}
            }
        }
        (true, waits)
    }

    fn kind(self, pod: &Pod) -> Kind {
        let class = self.cluster.class_of(pod);
        let terms = class.spec.eviction_terms.get();
        if terms.is_some_and(|terms| terms.mirror) || is_long_terminating(pod, class, self.cluster.now) {
            Kind::Nothing
        } else if is_of_daemon_set(pod, self.cluster) {
            Kind::Daemon
        } else if terms.is_some_and(|terms| terms.safe_to_evict == Some(SafeToEvict::OnCompletion)) {
            Kind::Waits
        } else {
            Kind::Other
        }
    }

    /// Whether a pod that would have to move may, and why it may not.
    fn check(self, pod: &Pod, budgets: &Remaining<'_>) -> Result<(), Blocking> {
        let Self { cluster, settings } = self;
        self.check_controller(pod)?;
        let class = cluster.class_of(pod);
        let terms = class.spec.eviction_terms.get();
        let safe = terms.and_then(|terms| terms.safe_to_evict);
        if safe == Some(SafeToEvict::Yes) {
            return Ok(());
        }
        let kind = controller(pod, cluster).kind();
        let custom_will_do = !settings.skip_nodes_with_custom_controller_pods;
        if !kind.is_some_and(|kind| custom_will_do || REPLICATING.contains(&kind)) {
            return Err(Blocking::NotReplicated);
        }
        let allowed = budgets.allow(pod, cluster);
        if settings.skip_nodes_with_system_pods && &*class.spec.namespace == SYSTEM && allowed.is_none() {
            let is_old = cluster.now > pod.created + settings.system_pod_disruption_timeout;
            return if is_old { Ok(()) } else { Err(Blocking::UnmovableKubeSystemPod) };
        }
        if safe == Some(SafeToEvict::No) {
            return Err(Blocking::NotSafeToEvictAnnotation);
        }
        if settings.skip_nodes_with_local_storage && terms.is_some_and(|terms| terms.local_storage) {
            return Err(Blocking::LocalStorageRequested);
        }
        if allowed.is_some_and(|allowed| allowed < 1) { Err(Blocking::NotEnoughPdb) } else { Ok(()) }
    }

    /// Whether the controller is there, with enough replicas.
    fn check_controller(self, pod: &Pod) -> Result<(), Blocking> {
        let Self { cluster, settings } = self;
        if !settings.skip_nodes_with_custom_controller_pods {
            return Ok(());
        }
        match controller(pod, cluster) {
            Controller::Missing(kind) if LOOKED_UP.contains(&kind) => Err(Blocking::ControllerNotFound),
            Controller::There(meta) if COUNTED.contains(&meta.kind) => {
                let replicas = cluster.objects().entry(meta.id).and_then(|entry| entry.body.replicas());
                let too_few = replicas.is_some_and(|replicas| replicas < settings.min_replica_count);
                if too_few { Err(Blocking::MinReplicasReached) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }
}

/// Who owns a pod.
#[derive(Clone, Copy, Debug)]
enum Controller<'a> {
    Nobody,
    /// Somebody of this kind who is not there.
    Missing(&'a str),
    There(&'a ObjectMeta),
}

impl<'a> Controller<'a> {
    fn kind(self) -> Option<&'a str> {
        match self {
            Self::Nobody => None,
            Self::Missing(kind) => Some(kind),
            Self::There(meta) => Some(meta.kind),
        }
    }
}

fn controller<'a>(pod: &Pod, cluster: &'a Cluster) -> Controller<'a> {
    if let Some(meta) = pod.owner.and_then(|owner| cluster.objects().meta(owner)) {
        return Controller::There(meta);
    }
    let terms = cluster.class_of(pod).spec.eviction_terms.get();
    terms.and_then(|terms| terms.controller.as_deref()).map_or(Controller::Nobody, Controller::Missing)
}

/// Whether a DaemonSet owns the pod, or it says that it is to be seen like that.
pub(super) fn is_of_daemon_set(pod: &Pod, cluster: &Cluster) -> bool {
    let terms = cluster.class_of(pod).spec.eviction_terms.get();
    terms.is_some_and(|terms| terms.like_daemon) || controller(pod, cluster).kind() == Some("DaemonSet")
}

/// Whether the pod has been asked to go for so long that it is as good as gone.
pub(super) fn is_long_terminating(pod: &Pod, class: &PodClass, now: SimTime) -> bool {
    let Some(since) = pod.deleting.get() else { return false };
    // The time of deletion is when the pod's grace ends, and the grace is counted once more.
    let grace = class.spec.termination_grace;
    since + pod.grace().unwrap_or(grace) + grace + LONG_TERMINATING < now
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaling::testing::{replicas, spec};
    use crate::model::pod::{EvictionTerms, NewPod, PodSpec};

    /// What becomes of a pod an hour and a bit after it was created: whether it moves, or why it blocks.
    fn verdict(
        terms: EvictionTerms,
        namespace: &str,
        owned: bool,
        settings: &ClusterAutoscalerSettings,
    ) -> Result<usize, Blocking> {
        let mut cluster = Cluster::default();
        let owner = owned.then(|| replicas(&mut cluster, "web", 1, "1", "1Gi"));
        let spec = PodSpec { namespace: namespace.into(), eviction_terms: terms.into(), ..spec("1", "1Gi") };
        let class = cluster.intern(spec);
        let pod = cluster.create_pod(NewPod { owner, ..NewPod::new("p", class) }).expect("admitted");
        cluster.now = SimTime::from_secs(3601);
        let leaving = Rules { cluster: &cluster, settings }.leaving([pod].into_iter(), &Remaining::new(&cluster));
        leaving.map(|leaving| leaving.pods.len()).map_err(|(_, reason)| reason)
    }

    #[test]
    fn what_keeps_a_node() {
        let plain = ClusterAutoscalerSettings::default();
        let none = EvictionTerms::default;
        let check = |terms, owned, expected| assert_eq!(verdict(terms, "default", owned, &plain), expected);
        check(none(), true, Ok(1));
        check(none(), false, Err(Blocking::NotReplicated));
        let says = |safe| EvictionTerms { safe_to_evict: Some(safe), ..none() };
        check(says(SafeToEvict::Yes), false, Ok(1));
        check(says(SafeToEvict::No), true, Err(Blocking::NotSafeToEvictAnnotation));
        check(says(SafeToEvict::OnCompletion), true, Ok(0));
        check(EvictionTerms { mirror: true, ..none() }, false, Ok(0));
        check(EvictionTerms { like_daemon: true, ..none() }, false, Ok(0));
        check(EvictionTerms { local_storage: true, ..none() }, true, Err(Blocking::LocalStorageRequested));
        let of = |kind: &str| EvictionTerms { controller: Some(kind.into()), ..none() };
        check(of("ReplicaSet"), false, Err(Blocking::ControllerNotFound));
        check(of("DaemonSet"), false, Err(Blocking::ControllerNotFound));
        check(of("Widget"), false, Err(Blocking::NotReplicated));
    }

    #[test]
    fn settings_let_pods_go() {
        let with = |change: &dyn Fn(&mut ClusterAutoscalerSettings)| {
            let mut settings = ClusterAutoscalerSettings::default();
            change(&mut settings);
            settings
        };
        let plain = with(&|_| {});
        assert_eq!(verdict(EvictionTerms::default(), "kube-system", true, &plain), Ok(1), "older than an hour");
        let longer = with(&|settings| settings.system_pod_disruption_timeout = Span::from_secs(7200));
        let blocked = Err(Blocking::UnmovableKubeSystemPod);
        assert_eq!(verdict(EvictionTerms::default(), "kube-system", true, &longer), blocked);
        let any = with(&|settings| settings.skip_nodes_with_custom_controller_pods = false);
        let of = EvictionTerms { controller: Some("Widget".into()), ..EvictionTerms::default() };
        assert_eq!(verdict(of, "default", false, &any), Ok(1));
        let disks = with(&|settings| settings.skip_nodes_with_local_storage = false);
        let local = EvictionTerms { local_storage: true, ..EvictionTerms::default() };
        assert_eq!(verdict(local, "default", true, &disks), Ok(1));
        let more = with(&|settings| settings.min_replica_count = 2);
        let too_few = Err(Blocking::MinReplicasReached);
        assert_eq!(verdict(EvictionTerms::default(), "default", true, &more), too_few);
    }
}
