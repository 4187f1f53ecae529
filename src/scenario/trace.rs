//! The parts of a scenario that come from a trace.

use super::order::{NodeOrderSpec, PodOrderSpec};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::path::PathBuf;
use towtank_sim::time::Span;
use towtank_traces::{GpuMode, Machine, MemoryUnit, NodePick, ReplayOptions, RequestedMemory, Times, Window};
use towtank_workloads::schema::{DurationText, QuantityText};

/// Less memory makes too many files.
const LEAST_SORT_MEMORY: usize = 1 << 20;

/// Nodes of a trace.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NodeTraceSpec {
    /// The format; `towtank formats` lists them.
    pub format: String,
    /// The files, or folders of them.
    pub nodes: PathList,
    /// How its rows are read.
    #[serde(default)]
    pub options: ReplaySpec,
    /// The order in which nodes are created, where it is not that of the file.
    pub order: Option<NodeOrderSpec>,
    /// How many pods a node holds, where it is not what the format says.
    pub pods_per_node: Option<u32>,
}

/// Pods of a trace.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PodTraceSpec {
    /// The format; `towtank formats` lists them.
    pub format: String,
    /// The files, or folders of them.
    pub pods: PathList,
    /// How its rows are read.
    #[serde(default)]
    pub options: ReplaySpec,
    /// The order in which pods arrive, where it is not that of the file.
    pub order: Option<PodOrderSpec>,
}

/// A path, or several.
#[derive(Clone, Debug)]
pub struct PathList(pub Vec<PathBuf>);

impl<'de> Deserialize<'de> for PathList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Paths;
        impl<'de> Visitor<'de> for Paths {
            type Value = PathList;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a path or a list of paths")
            }

            fn visit_str<E: Error>(self, path: &str) -> Result<PathList, E> {
                Ok(PathList(vec![path.into()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<PathList, A::Error> {
                let mut paths = Vec::new();
                while let Some(path) = list.next_element()? {
                    paths.push(path);
                }
                if paths.is_empty() {
                    return Err(A::Error::custom("the list of paths is empty: expected at least one"));
                }
                Ok(PathList(paths))
            }
        }
        deserializer.deserialize_any(Paths)
    }
}

/// How a trace is replayed. Formats pass over what means nothing to them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ReplaySpec {
    /// Multiplies arrival times.
    pub time_scale: f64,
    /// Multiplies run times.
    pub duration_scale: f64,
    /// The first instant that is played, in the trace's own time.
    pub from: Option<DurationText>,
    /// The first instant that is no longer played.
    pub to: Option<DurationText>,
    /// Keeps this part of the jobs, chosen by their names and the scenario's seed.
    pub sample: Option<f64>,
    /// Keeps what these users have submitted.
    pub users: Vec<String>,
    /// Keeps what was submitted to these queues.
    pub queues: Vec<String>,
    /// Other names for resources.
    pub rename: BTreeMap<String, String>,
    /// Whether the files are in order of time, where they are not as the format says.
    pub sorted: Option<bool>,
    /// How much of a trace that has to be sorted is held in memory.
    pub sort_memory: Option<QuantityText>,
    /// What the largest machine is, where a trace gives parts of it.
    pub machine: Option<MachineSpec>,
    /// Whether what could be repaired is an error.
    pub strict: bool,
    /// Keeps one node of every so many.
    pub every_nth_node: Option<usize>,
    /// Keeps this part of the nodes, spread evenly.
    pub node_fraction: Option<f64>,
    /// Keeps at most so many nodes, spread evenly.
    pub max_nodes: Option<usize>,
    /// What a GPU is.
    pub gpu: GpuSpec,
    /// Whether the recorded times are used.
    pub times: TimesSpec,
    /// The time between two arrivals where they are not.
    pub interval: DurationText,
    /// Makes labels of the columns `owner` and `user`.
    pub identity_labels: bool,
    /// How many processors of a batch job one pod has at most.
    pub processors_per_pod: u32,
    /// What the memory that batch jobs ask for means.
    pub requested_memory: RequestedMemorySpec,
    /// The unit of memory.
    pub memory_unit: MemoryUnitSpec,
}

/// A unit of memory.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryUnitSpec {
    /// Bytes.
    Bytes,
    /// 1024 bytes.
    Kilobytes,
    /// 1024 times 1024 bytes.
    Megabytes,
}

/// What the memory that batch jobs ask for means.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestedMemorySpec {
    /// Nothing.
    Ignored,
    /// KB for each processor.
    KilobytesPerProcessor,
    /// Bytes for the whole job.
    BytesPerJob,
}

/// A whole machine, of which a trace gives parts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineSpec {
    /// Its CPU.
    pub cpu: QuantityText,
    /// Its memory.
    pub memory: QuantityText,
}

/// What a GPU is.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GpuSpec {
    /// A device of which pods hold thousandths.
    Share,
    /// One unit of `nvidia.com/gpu`.
    Whole,
}

/// Whether recorded times are used.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimesSpec {
    /// Only the order: one pod every `interval`, and none ever leaves.
    ArrivalsOnly,
    /// As recorded.
    Replay,
}

impl Default for ReplaySpec {
    fn default() -> Self {
        let defaults = ReplayOptions::default();
        Self {
            time_scale: defaults.time_scale,
            duration_scale: defaults.duration_scale,
            sample: None,
            users: Vec::new(),
            queues: Vec::new(),
            rename: BTreeMap::new(),
            sorted: None,
            sort_memory: None,
            machine: None,
            strict: false,
            from: None,
            to: None,
            every_nth_node: None,
            node_fraction: None,
            max_nodes: None,
            gpu: GpuSpec::Share,
            times: TimesSpec::Replay,
            interval: DurationText(defaults.interval),
            identity_labels: defaults.identity_labels,
            processors_per_pod: defaults.processors_per_pod,
            requested_memory: RequestedMemorySpec::Ignored,
            memory_unit: MemoryUnitSpec::Megabytes,
        }
    }
}

impl ReplaySpec {
    /// The options as the readers take them, with the scenario's seed.
    ///
    /// # Errors
    /// What is wrong with a field that cannot be used.
    pub fn options(&self, seed: u64) -> Result<ReplayOptions, String> {
        for (name, factor) in [("timeScale", self.time_scale), ("durationScale", self.duration_scale)] {
            if !(1e-9..=1e9).contains(&factor) {
                return Err(format!("options.{name} is {factor}: expected a number from 1e-9 to 1e9"));
            }
        }
        let nodes = match (self.every_nth_node, self.node_fraction, self.max_nodes) {
            (None, None, None) => NodePick::All,
            (Some(nth), None, None) if nth >= 1 => NodePick::Every(nth),
            (Some(_), None, None) => return Err("options.everyNthNode is 0: expected at least 1".to_owned()),
            (None, Some(part), None) if part > 0.0 && part <= 1.0 => NodePick::Fraction(part),
            (None, Some(part), None) => {
                return Err(format!("options.nodeFraction is {part}: expected a number above 0 and at most 1"));
            }
            (None, None, Some(most)) => NodePick::Max(most),
            _ => return Err("options: expected at most one of everyNthNode, nodeFraction, maxNodes".to_owned()),
        };
        let window = match (self.from, self.to) {
            (None, None) => None,
            (from, to) => {
                let window = Window { from: from.unwrap_or_default().0, to: to.map_or(Span::MAX, |to| to.0) };
                if window.from >= window.to {
                    return Err("options.to: expected a time after options.from".to_owned());
                }
                Some(window)
            }
        };
        if let Some(part) = self.sample.filter(|part| !(*part > 0.0 && *part <= 1.0)) {
            return Err(format!("options.sample is {part}: expected a number above 0 and at most 1"));
        }
        let sort_memory = match &self.sort_memory {
            None => ReplayOptions::default().sort_memory,
            Some(text) => match usize::try_from(text.0.value()) {
                Ok(bytes) if bytes >= LEAST_SORT_MEMORY => bytes,
                _ => return Err(format!("options.sortMemory is {}: expected at least 1Mi", text.0)),
            },
        };
        let machine = self.machine.as_ref().map(|machine| {
            let whole = Machine { cpu_milli: machine.cpu.0.milli_value(), memory_bytes: machine.memory.0.value() };
            if whole.cpu_milli > 0 && whole.memory_bytes > 0 {
                Ok(whole)
            } else {
                Err("options.machine: expected amounts above 0")
            }
        });
        Ok(ReplayOptions {
            machine: machine.transpose()?,
            sample: self.sample,
            seed,
            users: self.users.clone(),
            queues: self.queues.clone(),
            rename: self.rename.clone(),
            sorted: self.sorted,
            sort_memory,
            time_scale: self.time_scale,
            duration_scale: self.duration_scale,
            window,
            nodes,
            gpu: match self.gpu {
                GpuSpec::Share => GpuMode::Share,
                GpuSpec::Whole => GpuMode::Whole,
            },
            times: match self.times {
                TimesSpec::ArrivalsOnly => Times::ArrivalsOnly,
                TimesSpec::Replay => Times::Replay,
            },
            interval: self.interval.0,
            identity_labels: self.identity_labels,
            processors_per_pod: self.processors_per_pod,
            requested_memory: match self.requested_memory {
                RequestedMemorySpec::Ignored => RequestedMemory::Ignored,
                RequestedMemorySpec::KilobytesPerProcessor => RequestedMemory::KilobytesPerProcessor,
                RequestedMemorySpec::BytesPerJob => RequestedMemory::BytesPerJob,
            },
            memory_unit: match self.memory_unit {
                MemoryUnitSpec::Bytes => MemoryUnit::Bytes,
                MemoryUnitSpec::Kilobytes => MemoryUnit::Kilobytes,
                MemoryUnitSpec::Megabytes => MemoryUnit::Megabytes,
            },
        })
    }
}
