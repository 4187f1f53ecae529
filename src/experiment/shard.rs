//! Which part of an experiment is made here: said on the command line, or by whoever started many of the same command line.

use crate::diagnostic::Diagnostic;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Part `index` of `count` of an experiment, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// The shard, from 0.
    pub index: u64,
    /// Of how many.
    pub count: u64,
}

/// What the folders of shards begin with.
const FOLDER: &str = "shard-";

/// The index of a pod of an Indexed Job, from 0. How many there are it is not told.
const KUBERNETES: &str = "JOB_COMPLETION_INDEX";

/// The number of a task of a Slurm array, from `SLURM_ARRAY_TASK_MIN` on in steps of `SLURM_ARRAY_TASK_STEP`.
const SLURM: &str = "SLURM_ARRAY_TASK_ID";

impl Shard {
    /// All of it.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// The shard that the environment says, in which `variable` looks up: a task of a Slurm array, or a pod of an Indexed Job. With a
    /// `count` the index is as it is there, so that a task that is submitted again by itself is the same shard; without it, only Slurm
    /// says of how many. `None` where it says nothing.
    ///
    /// # Errors
    /// A variable is no number, the index is none of `count`, or the count is not known.
    pub fn of_environment(
        count: Option<u64>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, Diagnostic> {
        let number = |name: &str| match variable(name).filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => text
                .parse::<u64>()
                .map(Some)
                .map_err(|_| Diagnostic::new(format!("{name} is `{text}`: expected a whole number of at least 0"))),
        };
        let slurm = number(SLURM)?;
        let (name, index) = match (slurm, number(KUBERNETES)?) {
            (Some(index), _) => (SLURM, index),
            (None, Some(index)) => (KUBERNETES, index),
            (None, None) if count.is_none() => return Ok(None),
            (None, None) => {
                let why = format!("--shards: neither {SLURM} nor {KUBERNETES} says which of them this is");
                return Err(Diagnostic::new(why).help("--shard I/N says both"));
            }
        };
        if let Some(count) = count {
            if index >= count {
                let why =
                    format!("{name} is {index}: expected one of the {count} shards, 0 to {}", count.saturating_sub(1));
                return Err(Diagnostic::new(why).help("--shards is the size of the whole array"));
            }
            return Ok(Some(Self { index, count }));
        }
        if slurm.is_none() {
            let why = format!("{KUBERNETES} is {index}, and nothing says of how many");
            return Err(Diagnostic::new(why).help("--shards N says it; --shard 0/1 makes all runs"));
        }
        let array = |end: &str| number(&format!("SLURM_ARRAY_TASK_{end}"));
        let count = array("COUNT")?.unwrap_or(1);
        let (min, step) = (array("MIN")?.unwrap_or(0), array("STEP")?.unwrap_or(1).max(1));
        let max = array("MAX")?.unwrap_or(index);
        let from_min = index.checked_sub(min).filter(|from| from % step == 0).map(|from| from / step);
        let whole = max >= min && (max - min) / step + 1 == count;
        if let Some(index) = from_min.filter(|index| whole && *index < count) {
            return Ok(Some(Self { index, count }));
        }
        let why = format!("the Slurm array of {count} tasks from {min} to {max} is no whole range");
        Err(Diagnostic::new(why).help("--shards N with tasks from 0 to N-1 says which shard each task is"))
    }

    /// The name of its folder below that of the experiment: `shard-3-of-8`.
    pub fn folder(self) -> String {
        format!("{FOLDER}{}-of-{}", self.index, self.count)
    }

    /// The shard whose folder has this name.
    pub(super) fn of_folder(name: &str) -> Option<Self> {
        let (index, count) = name.strip_prefix(FOLDER)?.split_once("-of-")?;
        format!("{index}/{count}").parse().ok()
    }
}

impl fmt::Display for Shard {
    /// `I/N`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let parts = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        match parts {
            Some((index, count)) if index < count => Ok(Self { index, count }),
            _ => Err("expected I/N with I from 0 to N-1, such as 0/4"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shard that variables say, as text; or the first line of what is wrong.
    fn said(count: Option<u64>, variables: &[(&str, &str)]) -> String {
        let value = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        match Shard::of_environment(count, value) {
            Ok(shard) => shard.map_or_else(|| "nothing".to_owned(), |shard| shard.to_string()),
            Err(error) => error.to_string().lines().next().unwrap_or_default().to_owned(),
        }
    }

    fn slurm<'a>(
        id: &'a str,
        count: &'a str,
        min: &'a str,
        max: &'a str,
        step: &'a str,
    ) -> Vec<(&'static str, &'a str)> {
        ["ID", "COUNT", "MIN", "MAX", "STEP"]
            .iter()
            .zip([id, count, min, max, step])
            .map(|(name, value)| match *name {
                "ID" => ("SLURM_ARRAY_TASK_ID", value),
                "COUNT" => ("SLURM_ARRAY_TASK_COUNT", value),
                "MIN" => ("SLURM_ARRAY_TASK_MIN", value),
                "MAX" => ("SLURM_ARRAY_TASK_MAX", value),
                _ => ("SLURM_ARRAY_TASK_STEP", value),
            })
            .collect()
    }

    #[test]
    fn the_environment_says_which_one() {
        assert_eq!(said(None, &[]), "nothing");
        assert_eq!(said(None, &[("JOB_COMPLETION_INDEX", "")]), "nothing");
        assert_eq!(said(Some(4), &[("JOB_COMPLETION_INDEX", "3")]), "3/4");
        assert_eq!(said(None, &slurm("3", "4", "0", "3", "1")), "3/4");
        assert_eq!(said(None, &slurm("7", "4", "1", "7", "2")), "3/4", "in steps, from 1 on");
        assert_eq!(said(Some(8), &slurm("3", "1", "3", "3", "1")), "3/8", "submitted again by itself");
        let both = [slurm("1", "2", "0", "1", "1"), vec![("JOB_COMPLETION_INDEX", "5")]].concat();
        assert_eq!(said(None, &both), "1/2", "Slurm runs within Kubernetes, and not the other way round");
    }

    #[test]
    fn what_it_does_not_say_is_an_error_and_never_the_whole() {
        for (count, variables, expected) in [
            (None, vec![("JOB_COMPLETION_INDEX", "3")], "JOB_COMPLETION_INDEX is 3, and nothing says of how many"),
            (
                Some(3),
                vec![("JOB_COMPLETION_INDEX", "3")],
                "JOB_COMPLETION_INDEX is 3: expected one of the 3 shards, 0 to 2",
            ),
            (
                Some(3),
                vec![("JOB_COMPLETION_INDEX", "-1")],
                "JOB_COMPLETION_INDEX is `-1`: expected a whole number of at least 0",
            ),
            (
                Some(3),
                vec![],
                "--shards: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX says which of them this is",
            ),
            (None, slurm("5", "3", "1", "9", "1"), "the Slurm array of 3 tasks from 1 to 9 is no whole range"),
        ] {
            assert_eq!(said(count, &variables), expected);
        }
    }

    #[test]
    fn folders_have_names_that_are_read_again() {
        let shard = Shard { index: 3, count: 8 };
        assert_eq!(shard.folder(), "shard-3-of-8");
        assert_eq!(Shard::of_folder("shard-3-of-8"), Some(shard));
        for other in ["shard-8-of-8", "shard-3", "3-of-8", "shard-a-of-8", "runs.csv"] {
            assert_eq!(Shard::of_folder(other), None, "{other}");
        }
    }
}
