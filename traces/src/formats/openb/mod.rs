//! Alibaba's GPU cluster of 2023, "openb": nodes with GPU models, pods with shares of GPUs.
//!
//! Source: <https://github.com/alibaba/clusterdata>, folder `cluster-trace-gpu-v2023`; Weng et al., "Beware of
//! Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC 2023.
//!
//! Nodes get the labels `kubernetes.io/hostname` and, if they have GPUs, `gpu-model`, and hold 110 pods. A pod's
//! `gpu_spec` becomes a required node affinity on `gpu-model`, its `qos` the label `qos`.
//!
//! A pod that is replayed with its recorded times arrives at `creation_time`, counted from the list's earliest one, and
//! runs for `deletion_time - scheduled_time`: the recorded wait is left out, because the simulation brings its own. A pod
//! that never was scheduled has no run time; it gets `deletion_time - creation_time`, the time for which it was wanted.
//! Run times of 0 occur and are kept. Phase `Failed` ends in failure, every other phase in success.

mod nodes;
mod pods;

use crate::format::{Format, Gives, TableInfo, TestedOn};
use crate::schema::{Schema, Unknown};

/// The registry's line.
pub(crate) const FORMAT: Format = Format {
    name: "openb",
    module: "openb",
    about: "Alibaba GPU cluster 2023 (openb): 1,523 nodes, 8,152 pods with shares of GPUs, 13 pod lists",
    tables: &[
        TableInfo {
            name: "openb_node_list_*.csv",
            gives: Gives::Nodes,
            columns: "sn, cpu_milli, memory_mib, gpu, model",
            sorted: false,
        },
        TableInfo {
            name: "openb_pod_list_*.csv",
            gives: Gives::Pods,
            columns: "name, cpu_milli, memory_mib, num_gpu, gpu_milli [gpu_spec, qos, pod_phase, creation_time, \
                      deletion_time, scheduled_time]",
            sorted: false,
        },
    ],
    tested_on: TestedOn::Data,
    detect: |head| head.is_table(&NODES) || head.is_table(&PODS),
    nodes: Some(nodes::open),
    pods: Some(pods::open),
};

static NODES: Schema = Schema {
    what: "an openb node list",
    required: &["sn", "cpu_milli", "memory_mib", "gpu", "model"],
    unknown: Unknown::Refused,
    ..Schema::CSV
};

static PODS: Schema = Schema {
    what: "an openb pod list",
    required: &["name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli"],
    optional: &["gpu_spec", "qos", "pod_phase", "creation_time", "deletion_time", "scheduled_time"],
    unknown: Unknown::Refused,
    ..Schema::CSV
};

/// Label with a node's GPU model.
const MODEL_LABEL: &str = towtank_sim::model::gpu::GPU_MODEL_LABEL;

/// The extended resource of whole GPUs.
const WHOLE_GPU: &str = "nvidia.com/gpu";

const MEBIBYTE: i64 = 1 << 20;

/// The most MiB that are a number of bytes.
const MAX_MEBIBYTES: i64 = i64::MAX / MEBIBYTE;

const CPU: &str = "a whole number of milli-CPU, 0 or more";
const MEMORY: &str = "a whole number of MiB from 0 to 8796093022207";
