//! Specifications of nodes and pods in the words of traces: so many cores, so much memory, GPUs.

use crate::options::GpuMode;
use towtank_sim::model::affinity::{NodeSelector, NodeSelectorTerm};
use towtank_sim::model::gpu::{GPU_MILLI, GpuRequest, MAX_DEVICES, WHOLE};
use towtank_sim::model::labels::{Operator, Requirement};
use towtank_sim::model::node::{HOSTNAME_LABEL, NodeSpec};
use towtank_sim::model::pod::{Container, PodSpec, RestartPolicy, Run};
use towtank_sim::model::quantity::Quantity;

/// Label with a node's GPU model.
pub(crate) const GPU_MODEL_LABEL: &str = "gpu-model";

/// The extended resource of whole GPUs.
pub(crate) const WHOLE_GPU: &str = "nvidia.com/gpu";

/// Disk space.
pub(crate) const DISK: &str = "ephemeral-storage";

/// What the kubelet allows by default.
const PODS_PER_NODE: i64 = 110;

pub(crate) const SECOND: i64 = 1_000_000_000;
pub(crate) const GIBIBYTE: i64 = 1 << 30;

/// A node with its name as a label, for 110 pods, with so many milli-CPU and bytes of memory.
pub(crate) fn node(name: &str, cpu_milli: i64, memory_bytes: i64) -> NodeSpec {
    let mut spec = NodeSpec { name: name.into(), ..NodeSpec::default() };
    spec.labels.insert(HOSTNAME_LABEL, name.to_owned());
    spec.allocatable.insert("cpu", Quantity::from_milli(cpu_milli));
    spec.allocatable.insert("memory", Quantity::from_units(memory_bytes));
    spec.allocatable.insert("pods", Quantity::from_units(PODS_PER_NODE));
    spec
}

/// Puts GPUs into a node, at most [`MAX_DEVICES`] of them if they can be shared; and says their model, if there is one.
pub(crate) fn put_gpus(spec: &mut NodeSpec, count: i64, model: &str, mode: GpuMode) {
    if !model.is_empty() {
        spec.labels.insert(GPU_MODEL_LABEL, model.to_owned());
    }
    if count == 0 {
        return;
    }
    match mode {
        GpuMode::Share => {
            let devices = count.clamp(0, MAX_DEVICES as i64);
            spec.devices = devices as u8;
            spec.allocatable.insert(GPU_MILLI, Quantity::from_units(devices * i64::from(WHOLE)));
        }
        GpuMode::Whole => {
            spec.allocatable.insert(WHOLE_GPU, Quantity::from_units(count));
        }
    }
}

/// What one pod asks for. What is `None` is not asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asks<'a> {
    /// Milli-CPU.
    pub(crate) cpu_milli: Option<i64>,
    /// Bytes of memory.
    pub(crate) memory_bytes: Option<i64>,
    /// GPUs in thousandths: a part of one, or whole ones.
    pub(crate) gpu_milli: i64,
    /// Models of which its GPUs may be; any if there are none.
    pub(crate) gpu_models: Vec<&'a str>,
    /// Amounts of other resources.
    pub(crate) others: Vec<(&'a str, i64)>,
    /// Labels; those without a value are left out.
    pub(crate) labels: Vec<(&'a str, &'a str)>,
    /// Its priority.
    pub(crate) priority: Option<i32>,
}

impl Asks<'_> {
    /// The pod's specification: one container, restarted only if it runs for ever.
    pub(crate) fn spec(&self, run: Run, mode: GpuMode) -> PodSpec {
        let mut container = Container { name: "main".into(), ..Container::default() };
        let mut request = |name: &str, quantity| container.requests.insert(name.to_owned(), quantity);
        if let Some(milli) = self.cpu_milli {
            request("cpu", Quantity::from_milli(milli));
        }
        if let Some(bytes) = self.memory_bytes {
            request("memory", Quantity::from_units(bytes));
        }
        let mut spec = PodSpec {
            priority: self.priority,
            restart_policy: if run == Run::Forever { RestartPolicy::Always } else { RestartPolicy::Never },
            ..PodSpec::default()
        };
        let mut limited: Vec<(&str, i64)> = self.others.iter().filter(|(_, amount)| *amount > 0).copied().collect();
        let whole = i64::from(WHOLE);
        // A part of one device, or whole ones; parts of more than one are rounded up.
        let count = (self.gpu_milli + whole - 1) / whole;
        if mode == GpuMode::Share && (1..=MAX_DEVICES as i64).contains(&count) {
            spec.gpu = Some(GpuRequest { count: count as u8, milli: self.gpu_milli.min(whole) as u16 });
        } else {
            limited.push((WHOLE_GPU, count));
            limited.retain(|(_, amount)| *amount > 0);
        }
        for (name, amount) in limited {
            container.requests.insert(name.to_owned(), Quantity::from_units(amount));
            // Kubernetes wants an extended resource's limit to equal its request; disk space is none.
            if name != DISK {
                container.limits.insert(name.to_owned(), Quantity::from_units(amount));
            }
        }
        spec.containers.push(container);
        let labels = self.labels.iter().filter(|(_, value)| !value.is_empty());
        spec.labels.extend(labels.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        if !self.gpu_models.is_empty() {
            let values = self.gpu_models.iter().map(|model| (*model).to_owned()).collect();
            let model = Requirement { key: GPU_MODEL_LABEL.into(), operator: Operator::In, values };
            let term = NodeSelectorTerm { expressions: vec![model], fields: Vec::new() };
            spec.node_affinity.required = Some(NodeSelector { terms: vec![term] });
        }
        spec
    }
}
