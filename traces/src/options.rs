//! How a trace is replayed: which part of it, how fast, on how much of its cluster.

use crate::error::suggest;
use std::collections::BTreeMap;
use std::str::FromStr;
use towtank_sim::time::Span;

/// Options of a replay. Formats ignore those that mean nothing to them: `gpu`, `times` and `interval` are openb's,
/// `identity_labels` is the generic CSV's.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayOptions {
    /// Multiplies arrival times (and the times at which nodes come and go), from 10^-9 to 10^9: 0.5 lets the same pods
    /// arrive in half the time. Kept to a billionth.
    pub time_scale: f64,
    /// Multiplies run times, from 10^-9 to 10^9. Left at 1 beside a small `time_scale`, the load grows.
    pub duration_scale: f64,
    /// The part of the trace that is played; `None` for all of it.
    pub window: Option<Window>,
    /// The nodes that are kept.
    pub nodes: NodePick,
    /// What a GPU is.
    pub gpu: GpuMode,
    /// Whether the recorded times are used.
    pub times: Times,
    /// What the largest machine is, where a trace gives parts of it; `None` for what the format's page says.
    pub machine: Option<Machine>,
    /// The time between two arrivals where the recorded times are not used; one second by default.
    pub interval: Span,
    /// Keeps this part of the jobs, above 0 and at most 1; `None` for all. Which ones depends on their names and the seed alone, so
    /// that it is the same in any order, on any machine and beside any other option.
    pub sample: Option<f64>,
    /// The seed of the sample.
    pub seed: u64,
    /// Keeps what these users have submitted; empty for everybody's.
    pub users: Vec<String>,
    /// Keeps what was submitted to these queues; empty for all.
    pub queues: Vec<String>,
    /// Other names for resources; an empty one leaves the resource out.
    pub rename: BTreeMap<String, String>,
    /// Whether the files are in order of time; `None` for what the format says. Those that are not are sorted first.
    pub sorted: Option<bool>,
    /// How many bytes of a trace that has to be sorted are held in memory; more go into temporary files. 64 MiB by default.
    pub sort_memory: usize,
    /// Makes labels of the columns `owner` and `user`. Off by default, because each value then makes a class of pods of
    /// its own, which costs memory and speed where there are many.
    pub identity_labels: bool,
    /// How many processors of a batch job one pod has at most, at least 1: 1 by default, the CPUs of a node for jobs that share none.
    pub processors_per_pod: u32,
    /// What the memory that batch jobs ask for means.
    pub requested_memory: RequestedMemory,
    /// The unit of memory, for formats whose files are not of one mind.
    pub memory_unit: MemoryUnit,
}

/// A unit of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MemoryUnit {
    /// Bytes.
    Bytes,
    /// 1024 bytes.
    Kilobytes,
    /// 1024 times 1024 bytes.
    #[default]
    Megabytes,
}

impl MemoryUnit {
    /// How many bytes it is.
    pub(crate) const fn bytes(self) -> i64 {
        match self {
            Self::Bytes => 1,
            Self::Kilobytes => 1 << 10,
            Self::Megabytes => 1 << 20,
        }
    }
}

/// What the memory that a batch job asks for means: logs are not of one mind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestedMemory {
    /// Nothing: pods ask for CPU alone.
    #[default]
    Ignored,
    /// KB for each processor, as the Standard Workload Format has it.
    KilobytesPerProcessor,
    /// Bytes for the whole job.
    BytesPerJob,
}

/// A part of a trace, in the trace's own time, before any scaling. `from` becomes the start of the run.
///
/// Pods that arrived before `from` are left out, even those that would still run. Nodes that came before `from` are there
/// from the start. From `to` on nothing comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first instant of the part.
    pub from: Span,
    /// The first instant after it; [`Span::MAX`] for the trace's end.
    pub to: Span,
}

/// What a trace's whole machine is, of which it gives parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its CPU in milli-CPU, above 0.
    pub cpu_milli: i64,
    /// Its memory in bytes, above 0.
    pub memory_bytes: i64,
}

/// Which nodes of a trace are kept: a smaller cluster with the same mixture of machines.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum NodePick {
    /// All of them.
    #[default]
    All,
    /// The first of every so many, at least 1, in the order of the file.
    Every(usize),
    /// This part of them, above 0 and at most 1, spread evenly over the file and rounded to the nearest number; at least
    /// one.
    Fraction(f64),
    /// At most so many, spread evenly over the file.
    Max(usize),
}

/// What a GPU of a trace is in the simulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GpuMode {
    /// A device of which pods hold thousandths.
    #[default]
    Share,
    /// One unit of the extended resource `nvidia.com/gpu`; shares ask for a whole device.
    Whole,
}

/// Whether a trace's recorded times are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Times {
    /// Only the order of the rows: one pod every `interval`, and none ever leaves. It fills the cluster.
    #[default]
    ArrivalsOnly,
    /// Pods arrive when they did and run for as long as they did.
    Replay,
}

impl Default for ReplayOptions {
    fn default() -> Self {
        Self {
            time_scale: 1.0,
            duration_scale: 1.0,
            window: None,
            nodes: NodePick::All,
            gpu: GpuMode::default(),
            times: Times::default(),
            machine: None,
            interval: Span::from_secs(1),
            identity_labels: false,
            processors_per_pod: 1,
            requested_memory: RequestedMemory::default(),
            memory_unit: MemoryUnit::default(),
            sample: None,
            seed: 0,
            users: Vec::new(),
            queues: Vec::new(),
            rename: BTreeMap::new(),
            sorted: None,
            sort_memory: 64 << 20,
        }
    }
}

impl NodePick {
    /// The indices that are kept out of `count`, in order.
    pub(crate) fn indices(self, count: usize) -> Vec<usize> {
        let evenly = |n: usize| (0..n).map(|i| (i as u128 * count as u128 / n as u128) as usize).collect();
        match self {
            Self::All => (0..count).collect(),
            Self::Every(k) => (0..count).step_by(k.max(1)).collect(),
            Self::Fraction(part) => evenly(((count as f64 * part + 0.5) as usize).clamp(count.min(1), count)),
            Self::Max(most) => evenly(most.min(count)),
        }
    }
}

impl FromStr for GpuMode {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        named(text, "GPU mode", &[("share", Self::Share), ("whole", Self::Whole)])
    }
}

impl FromStr for Times {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        named(text, "use of times", &[("arrivals-only", Self::ArrivalsOnly), ("replay", Self::Replay)])
    }
}

fn named<T: Copy>(text: &str, what: &str, values: &[(&str, T)]) -> Result<T, String> {
    let found = values.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    found.ok_or_else(|| format!("`{text}` is no {what}: {}", suggest(text, values.iter().map(|(name, _)| *name))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nodes_are_picked_evenly() {
        assert_eq!(NodePick::All.indices(3), [0, 1, 2]);
        assert_eq!(NodePick::Every(4).indices(9), [0, 4, 8]);
        assert_eq!(NodePick::Max(3).indices(9), [0, 3, 6]);
        assert_eq!(NodePick::Max(30).indices(2), [0, 1]);
        assert_eq!(NodePick::Fraction(0.5).indices(5), [0, 1, 3]);
        assert_eq!(NodePick::Fraction(0.001).indices(5), [0]);
        assert_eq!(NodePick::Fraction(0.5).indices(0), [0; 0]);
    }

    #[test]
    fn names_are_checked() {
        assert_eq!("whole".parse(), Ok(GpuMode::Whole));
        assert_eq!("replay".parse(), Ok(Times::Replay));
        let error = "arivals-only".parse::<Times>().unwrap_err();
        assert_eq!(error, "`arivals-only` is no use of times: did you mean `arrivals-only`?");
    }

    proptest! {
        #[test]
        fn a_pick_is_increasing_and_within(count in 0_usize..500, part in 0.0..=1.0, most in 0_usize..600) {
            for pick in [NodePick::Fraction(part), NodePick::Max(most), NodePick::Every(most)] {
                let indices = pick.indices(count);
                prop_assert!(indices.windows(2).all(|w| w[0] < w[1]), "{pick:?}");
                prop_assert!(indices.iter().all(|i| *i < count), "{pick:?}");
            }
        }
    }
}
