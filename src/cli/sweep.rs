//! `towtank sweep`.

use super::{EvaluationArg, FigureArgs, print, warn};
use crate::exit::Failure;
use crate::experiment::{self, Experiment, Row, Shard, SweepOptions};
use crate::simulate::RunOptions;
use clap::Args;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

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
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<Shard>,
    /// Make no run: put together the outputs of all shards, which are given here.
    #[arg(long, value_name = "DIR", num_args = 1.., conflicts_with_all = ["resume", "shard", "jobs"])]
    merge: Vec<PathBuf>,
    /// How many runs go on at the same time; as many as there are processors by default. The results are the same.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = super::compare::job_number)]
    jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    figures: FigureArgs,
    /// How nodes are evaluated; the decisions are the same.
    #[arg(long, value_enum, default_value_t)]
    evaluation: EvaluationArg,
}

fn shard(text: &str) -> Result<Shard, &'static str> {
    let parts = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
    match parts {
        Some((index, count)) if index < count => Ok(Shard { index, count }),
        _ => Err("expected I/N with I from 0 to N-1, such as 0/4"),
    }
}

/// Makes all runs of an experiment.
pub(super) fn sweep(args: &SweepArgs) -> Result<(), Failure> {
    let experiment = Experiment::read(&args.experiment)?;
    let out = args.out.clone().unwrap_or_else(|| Path::new("out").join(&experiment.name));
    if !args.merge.is_empty() {
        let rows = experiment::merge(&experiment, &args.merge, &out, args.figures.medium())?;
        told(&format!("{} runs of {} shards put together", rows.len(), args.merge.len()), &out, "runs.csv")?;
        return compared(&experiment, &rows, &out);
    }
    let shard = args.shard.unwrap_or(Shard { index: 0, count: 1 });
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
        let said = format!("{count} runs of shard {}/{}{before}", shard.index, shard.count);
        return told(&said, &out, "runs.jsonl");
    }
    experiment::finish(&experiment, &swept.rows, &out, args.figures.medium())?;
    told(&format!("{count} runs{before}"), &out, "groups.csv")?;
    compared(&experiment, &swept.rows, &out)
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
