//! Which component says what.

/// Who reports an event, and what it was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reporter<'a> {
    /// The name of the component, as it is in `source.component` upstream.
    pub(super) component: &'a str,
    /// What it did or tried to do; the reason, for components that do not say.
    pub(super) action: &'a str,
    /// Whether it is one of many, one on each node.
    pub(super) on_node: bool,
}

/// What nobody reports upstream: that the API server refused, that a machine failed.
const OURS: &str = "towtank";

/// The reporter of an event about an object of a kind, which is not the scheduler.
///
/// Source: the `NewRecorder` calls of each component.
pub(super) fn reporter<'a>(kind: &str, reason: &'a str) -> Reporter<'a> {
    let by = |component| Reporter { component, action: reason, on_node: false };
    match (kind, reason) {
        ("Pod", "Killing") | ("Node", "NodeReady" | "NodeNotSchedulable" | "NodeSchedulable") => {
            Reporter { on_node: true, ..by("kubelet") }
        }
        ("Pod", "TaintManagerEviction") => by("taint-eviction-controller"),
        ("Pod", "TriggeredScaleUp" | "NotTriggerScaleUp" | "ScaleDown")
        | ("Node", "ScaleDown" | "ScaleDownFailed")
        | ("ConfigMap", _) => by("cluster-autoscaler"),
        ("Node", "NodeNotReady") => by("node-controller"),
        ("Deployment", _) => by("deployment-controller"),
        ("ReplicaSet", _) => by("replicaset-controller"),
        ("Job", _) => by("job-controller"),
        ("HorizontalPodAutoscaler", _) => by("horizontal-pod-autoscaler"),
        _ => by(OURS),
    }
}
