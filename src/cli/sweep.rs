//! `towtank sweep`.

use super::{EvaluationArg, FigureArgs, print, warn};
use crate::diagnostic::Diagnostic;
use crate::exit::Failure;
use crate::experiment::remote::{self, KubernetesJob, Memory, Resources, SlurmArray};
use crate::experiment::{self, Experiment, Merged, Row, Shard, SweepOptions};
use crate::simulate::RunOptions;
use clap::Args;
use std::num::NonZeroUsize;
use std::path::{Component, Path, PathBuf};

/// The arguments of `towtank sweep`.
#[derive(Debug, Args)]
pub(super) struct SweepArgs {
    /// The experiment file.
    experiment: PathBuf,
    /// Where the tables and figures go; `out/NAME` by default.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on with a sweep that was interrupted: runs that are made already are not made again.
    #[arg(long)]
    resume: bool,
    /// Make only this part of the runs, such as `0/4` to `3/4`; `--merge` puts the parts together.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Make only one of so many parts: that of SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX. It goes into a folder of its own
    /// in `--out`.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "shard")]
    shards: Option<u64>,
    /// Make no run: put together the outputs of all shards. Each of these is one, or a folder that has them.
    #[arg(long, value_name = "DIR", num_args = 1.., conflicts_with_all = ["resume", "shard", "shards", "jobs"])]
    merge: Vec<PathBuf>,
    /// How many runs go on at the same time; as many as there are processors by default. The results are the same.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = super::compare::job_number)]
    jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    figures: FigureArgs,
    /// How nodes are evaluated; the decisions are the same.
    #[arg(long, value_enum, default_value_t)]
    evaluation: EvaluationArg,
    #[command(flatten)]
    remote: RemoteArgs,
}

/// So many lines of verdicts are printed: of those that the experiment asks for, and of those that nobody asked for.
const MOST_LINES: usize = 60;
const MOST_UNASKED: usize = 6;

/// What is printed for those who start programs on many machines.
#[derive(Debug, Args)]
#[command(next_help_heading = "On many machines")]
struct RemoteArgs {
    /// Make no run: print the script of a Slurm array, one task for each of `--shards` (16 by default).
    #[arg(long, conflicts_with_all = ["resume", "shard", "merge", "jobs"])]
    slurm: bool,
    /// Make no run: print the manifest of a Kubernetes Indexed Job, one pod for each of `--shards` (16 by default).
    #[arg(long, conflicts_with_all = ["resume", "shard", "merge", "jobs", "slurm"])]
    kubernetes: bool,
    /// So many shards are made at the same time; all by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    parallelism: Option<u64>,
    /// Processors of each shard.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    cpus: u32,
    /// Memory of each shard.
    #[arg(long, value_name = "QUANTITY", default_value = "2Gi")]
    memory: Memory,
    /// The container image of the pods.
    #[arg(long, value_name = "IMAGE", default_value = concat!("towtank:", env!("CARGO_PKG_VERSION")), requires = "kubernetes")]
    image: String,
    /// The volume claim that has what is in this folder; a new one by default.
    #[arg(long, value_name = "NAME", requires = "kubernetes")]
    claim: Option<String>,
}

/// The most shards that are made unless it is said.
const USUAL_SHARDS: u64 = 16;

/// Makes all runs of an experiment.
pub(super) fn sweep(args: &SweepArgs) -> Result<(), Failure> {
    let experiment = Experiment::read(&args.experiment)?;
    let out = args.out.clone().unwrap_or_else(|| Path::new("out").join(&experiment.name));
    if out == Path::new("-") {
        let why = "--out -: a sweep keeps its rows in a folder, from which it can go on; expected a folder";
        return Err(Diagnostic::new(why).into());
    }
    if args.remote.slurm || args.remote.kubernetes {
        return print(&args.remote(&experiment, &out)?);
    }
    if !args.merge.is_empty() {
        let Merged { rows, shards } = experiment::merge(&experiment, &args.merge, &out, args.figures.medium())?;
        told(&format!("{} runs of {shards} shards put together", rows.len()), &out, "runs.csv")?;
        verdicts(&experiment, &rows, &out)?;
        return compared(&experiment, &rows, &out);
    }
    let (shard, out) = match args.shard {
        Some(shard) => (shard, out),
        None => match Shard::of_environment(args.shards, |name| std::env::var(name).ok())? {
            Some(shard) => (shard, out.join(shard.folder())),
            None => (Shard::WHOLE, out),
        },
    };
    let options = SweepOptions {
        shard,
        jobs: args.jobs.map_or(0, NonZeroUsize::get),
        resume: args.resume,
        run: RunOptions { evaluation: args.evaluation.into(), ..RunOptions::default() },
    };
    let swept = experiment::sweep(&experiment, options, &out)?;
    warn(&swept.warnings);
    let before = match swept.resumed {
        0 => String::new(),
        count => format!(", {count} of them made before"),
    };
    let count = swept.rows.len();
    if shard.count > 1 {
        return told(&format!("{count} runs of shard {shard}{before}"), &out, "runs.jsonl");
    }
    let rows = swept.finish(&experiment, args.figures.medium())?;
    told(&format!("{count} runs{before}"), &out, "report.html")?;
    verdicts(&experiment, &rows, &out)?;
    compared(&experiment, &rows, &out)
}

impl SweepArgs {
    /// The script or the manifest that makes the experiment elsewhere.
    fn remote(&self, experiment: &Experiment, out: &Path) -> Result<String, Diagnostic> {
        let RemoteArgs { parallelism, cpus, memory, ref image, ref claim, .. } = self.remote;
        let shards = self.shards.unwrap_or(USUAL_SHARDS.min(experiment.runs.len() as u64));
        let (name, file, resources) = (experiment.name.as_str(), self.experiment.as_path(), Resources { cpus, memory });
        if self.remote.slurm {
            let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("towtank"));
            let program = program.as_path();
            return Ok(remote::array_script(&SlurmArray { name, program, file, out, shards, parallelism, resources }));
        }
        if shards > remote::MAX_SHARDS {
            let why = format!("--shards: {shards} are too many: expected at most {}", remote::MAX_SHARDS);
            return Err(Diagnostic::new(why));
        }
        for path in [file, out] {
            let below = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
            if !below {
                let error = Diagnostic::in_file(path, "is not below this folder, and pods see what is in it alone");
                return Err(error.help("change to a folder that has everything, and give paths from there"));
            }
        }
        let (parallelism, claim) = (parallelism.unwrap_or(shards).min(shards), claim.as_deref());
        let job = KubernetesJob { name, file, out, shards, parallelism, resources, image, claim };
        Ok(remote::indexed_job(&job))
    }
}

/// Says what the comparisons come to.
fn verdicts(experiment: &Experiment, rows: &[Row], out: &Path) -> Result<(), Failure> {
    let Some(comparisons) = &experiment.comparisons else { return Ok(()) };
    let text = experiment::verdict_text(experiment, &comparisons.compare(experiment, rows));
    let all = text.lines().count();
    let most = if comparisons.are_asked_for() { MOST_LINES } else { MOST_UNASKED };
    let shown: String = text.lines().take(most).flat_map(|line| [line, "\n"]).collect();
    let rest = match all.saturating_sub(most) {
        0 => String::new(),
        more => format!("… and {more} lines more in {}\n", out.join("verdicts.txt").display()),
    };
    print(&format!("\n{shown}{rest}"))
}

/// Says how far the runs are from what is published.
fn compared(experiment: &Experiment, rows: &[Row], out: &Path) -> Result<(), Failure> {
    if experiment.published.is_empty() {
        return Ok(());
    }
    let compared = experiment.published.compare(rows);
    let judged = compared.iter().filter(|one| one.within.is_some()).count();
    let beyond = compared.iter().filter(|one| one.within == Some(false)).count();
    let means = compared.len() - judged;
    let path = out.join("published.csv");
    print(&format!(
        "{} of {judged} curves are the published ones, {means} compared by their means\n",
        judged - beyond
    ))?;
    if beyond > 0 {
        return Err(Failure::Published { beyond, judged, path });
    }
    Ok(())
}

fn told(what: &str, out: &Path, see: &str) -> Result<(), Failure> {
    print(&format!("{what}\n"))?;
    anstream::eprintln!("written to {}; see {}", out.display(), out.join(see).display());
    Ok(())
}
