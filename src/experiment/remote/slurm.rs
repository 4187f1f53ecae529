//! A sweep as an array of Slurm: one task for each shard, which is told by `SLURM_ARRAY_TASK_ID` which one it is.
//!
//! Source: the manual pages of `sbatch` and `sacct`.

use super::{Memory, Resources};
use std::fmt::Write as _;
use std::path::Path;

/// What is in the script.
#[derive(Clone, Copy, Debug)]
pub struct SlurmArray<'a> {
    /// The experiment's name.
    pub name: &'a str,
    /// The program.
    pub program: &'a Path,
    /// The experiment's file, from where the script is submitted.
    pub file: &'a Path,
    /// The output directory, from there.
    pub out: &'a Path,
    /// Of how many parts it is.
    pub shards: u64,
    /// How many of them are made at the same time, if that is limited.
    pub parallelism: Option<u64>,
    /// What each of them gets.
    pub resources: Resources,
}

/// The script for `sbatch`.
pub fn array_script(array: &SlurmArray<'_>) -> String {
    let SlurmArray { name, shards, resources: Resources { cpus, memory: Memory(mebibytes) }, .. } = array;
    let [program, file, out] = [array.program, array.file, array.out].map(|path| quoted(&path.to_string_lossy()));
    let last = shards.saturating_sub(1);
    let limit = array.parallelism.map_or_else(String::new, |most| format!("%{most}"));
    let mut text = format!(
        "#!/bin/sh
# Every task makes a shard of the experiment, SLURM_ARRAY_TASK_ID of {shards}. One that was lost is submitted again by itself, and
# goes on where it was: sbatch --array=3 SCRIPT.
#SBATCH --job-name={name}
#SBATCH --array=0-{last}{limit}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task={cpus}
#SBATCH --mem={mebibytes}M
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output={name}-%a.log
"
    );
    let _ = write!(
        text,
        "
exec {program} sweep {file} --shards {shards} --resume --jobs {cpus} --out {out}

# When all have ended, from the folder of the submission:
#   {program} sweep {file} --merge {out} --out {out}
"
    );
    text
}

/// A word of the shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_the_shell_would_read_them() {
        assert_eq!(quoted("a/b-1.yaml"), "a/b-1.yaml");
        assert_eq!(quoted("my sweep.yaml"), "'my sweep.yaml'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
