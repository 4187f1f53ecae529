//! A sweep as an Indexed Job of Kubernetes: one pod for each shard, which is told by `JOB_COMPLETION_INDEX` which one it is.
//!
//! Source: the documentation of `batch/v1` Jobs, "Completion mode", "Backoff limit per index" and "Pod failure policy"; limits of numbers
//! from `pkg/apis/batch/validation/validation.go`.

use super::Resources;
use crate::exit;
use std::path::Path;

/// The most shards: with more, an API server refuses a Job that counts failures by index unless it may fail early.
pub const MAX_SHARDS: u64 = 10_000;

/// Where pods have the volume.
const MOUNT: &str = "/data";

/// The group and user of the pods.
const NOBODY: u32 = 65_532;

/// How often a shard may fail for a reason of the machine that it runs on.
const RETRIES: u32 = 6;

/// What is in the manifest.
#[derive(Clone, Copy, Debug)]
pub struct KubernetesJob<'a> {
    /// The experiment's name.
    pub name: &'a str,
    /// The experiment's file, from the top of the volume.
    pub file: &'a Path,
    /// The output directory, from there.
    pub out: &'a Path,
    /// Of how many parts it is.
    pub shards: u64,
    /// How many of them are made at the same time.
    pub parallelism: u64,
    /// What each of them gets.
    pub resources: Resources,
    /// The container image, which has the program on its path.
    pub image: &'a str,
    /// The volume claim that has the inputs and gets the results; without one the manifest makes it.
    pub claim: Option<&'a str>,
}

/// The manifest, as YAML with comments.
pub fn indexed_job(job: &KubernetesJob<'_>) -> String {
    let name = label(job.name);
    let KubernetesJob { shards, parallelism, .. } = job;
    let Resources { cpus, memory } = job.resources;
    let memory = memory.quantity();
    let claim = job.claim.unwrap_or(&name);
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let paths = [job.file, job.out].map(|path| quoted(&path.to_string_lossy()));
    let [file, out] = paths;
    let (image, claim_name) = (quoted(job.image), quoted(claim));
    let (new_claim, suspended) = match job.claim {
        Some(_) => (String::new(), ""),
        None => (new_claim(&name), "  # The new volume is empty: false when the inputs are in it.\n  suspend: true\n"),
    };
    let (failed, unusable, internal) = (exit::FAILED, exit::UNUSABLE_INPUT, exit::INTERNAL);
    format!(
        "{new_claim}\
apiVersion: batch/v1
kind: Job
metadata:
  name: {name}
  labels:
    app.kubernetes.io/name: towtank
    app.kubernetes.io/instance: {name}
spec:
{suspended}  # One index for each shard. JOB_COMPLETION_INDEX says which one a pod makes, `--shards` of how many.
  completionMode: Indexed
  completions: {shards}
  parallelism: {parallelism}
  # A shard that failed goes on where it was; the others go on in any case.
  backoffLimitPerIndex: {RETRIES}
  maxFailedIndexes: {shards}
  # Never two pods of one shard at the same time.
  podReplacementPolicy: Failed
  podFailurePolicy:
    rules:
      # All shards read the same input: what one of them cannot use, none can.
      - action: FailJob
        onExitCodes:
          containerName: towtank
          operator: In
          values: [{unusable}]
      # A run that failed will fail again.
      - action: FailIndex
        onExitCodes:
          containerName: towtank
          operator: In
          values: [{failed}, {internal}]
      # Preempted, evicted or drained: no fault of the shard's.
      - action: Ignore
        onPodConditions:
          - type: DisruptionTarget
            status: \"True\"
  template:
    metadata:
      labels:
        app.kubernetes.io/name: towtank
        app.kubernetes.io/instance: {name}
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: {NOBODY}
        runAsGroup: {NOBODY}
        fsGroup: {NOBODY}
        fsGroupChangePolicy: OnRootMismatch
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: towtank
          image: {image}
          command: [towtank]
          args: [sweep, {file}, --shards, \"{shards}\", --resume, --jobs, \"{cpus}\", --out, {out}]
          workingDir: {MOUNT}
          resources:
            requests:
              cpu: \"{cpus}\"
              memory: {memory}
            limits:
              memory: {memory}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
          volumeMounts:
            - name: data
              mountPath: {MOUNT}
      volumes:
        - name: data
          persistentVolumeClaim:
            claimName: {claim_name}
"
    )
}

/// The claim of a volume that all pods mount, as a document before the Job's.
fn new_claim(name: &str) -> String {
    format!(
        "# The inputs, and what the shards write. On a cluster of one node ReadWriteOnce does as well.
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {name}
  labels:
    app.kubernetes.io/name: towtank
    app.kubernetes.io/instance: {name}
spec:
  accessModes: [ReadWriteMany]
  resources:
    requests:
      storage: 10Gi
---
"
    )
}

/// The name of a Job that has room for the index behind it, as a DNS label: pods are called `NAME-INDEX`.
fn label(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let longest = 63 - "-9999-abcde".len();
    let text: String = name.chars().map(plain).take(longest).collect();
    let text = text.trim_matches('-');
    match text.chars().next() {
        None => "sweep".to_owned(),
        // Names of Jobs may begin with a digit, and YAML would read a number.
        Some(first) if first.is_ascii_digit() => format!("sweep-{text}").chars().take(longest).collect(),
        Some(_) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_labels() {
        assert_eq!(label("GPU_nodes.v2"), "gpu-nodes-v2");
        assert_eq!(label("2026"), "sweep-2026");
        assert_eq!(label("日本"), "sweep");
        assert_eq!(label(&"a".repeat(200)).len(), 52);
    }
}
