//! Sweeps on many machines: what those who start programs there are handed.

mod kubernetes;
mod slurm;

pub use kubernetes::{KubernetesJob, MAX_SHARDS, indexed_job};
pub use slurm::{SlurmArray, array_script};

use std::str::FromStr;
use towtank_sim::model::Quantity;

/// What a shard gets.
#[derive(Clone, Copy, Debug)]
pub struct Resources {
    /// Processors, which is how many runs it makes at the same time.
    pub cpus: u32,
    /// Memory.
    pub memory: Memory,
}

/// An amount of memory, in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory(u64);

const MEBIBYTE: i64 = 1 << 20;

impl Memory {
    /// As a quantity of Kubernetes: `512Mi`, `2Gi`.
    fn quantity(self) -> String {
        if self.0.is_multiple_of(1024) { format!("{}Gi", self.0 / 1024) } else { format!("{}Mi", self.0) }
    }
}

impl FromStr for Memory {
    type Err = &'static str;

    /// Reads a quantity of Kubernetes; a part of a MiB counts as a whole one.
    fn from_str(text: &str) -> Result<Self, &'static str> {
        let quantity: Option<Quantity> = text.parse().ok();
        let bytes = quantity.map(Quantity::value).filter(|bytes| *bytes > 0);
        let mebibytes = bytes.map(|bytes| (bytes - 1) / MEBIBYTE + 1).and_then(|count| u64::try_from(count).ok());
        mebibytes.map(Self).ok_or("expected an amount of memory such as 512Mi or 2Gi")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_and_written_as_a_quantity() {
        for (text, expected) in [("2Gi", "2Gi"), ("1536Mi", "1536Mi"), ("1G", "954Mi"), ("1", "1Mi")] {
            assert_eq!(text.parse::<Memory>().map(Memory::quantity), Ok(expected.to_owned()), "{text}");
        }
        for text in ["", "0", "-1Gi", "much"] {
            assert!(text.parse::<Memory>().is_err(), "{text}");
        }
    }
}
