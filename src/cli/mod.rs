//! The command line: one file per subcommand. Data goes to standard output, everything else to standard error.

mod compare;
mod conform;
mod convert;
mod explain;
mod fit;
mod formats;
mod inspect;
mod metrics;
mod policies;
mod run;
mod sweep;
mod trace_args;
mod validate;

use crate::exit::{self, Failure};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use towtank_reports::draw::Medium;
use towtank_reports::output::OutputError;
use towtank_sim::scheduler::Evaluation;

/// A deterministic discrete-event simulator of Kubernetes clusters.
#[derive(Debug, Parser)]
#[command(name = "towtank", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run one simulation; print a summary, write tables, figures and a page.
    Run(run::RunArgs),
    /// Run the same work under several policies, side by side.
    Compare(compare::CompareArgs),
    /// Run a whole experiment: a scenario over axes, policies and seeds.
    Sweep(sweep::SweepArgs),
    /// Read scenarios and everything that they name, without running them.
    Validate(validate::ValidateArgs),
    /// Play recordings of real components, and say what differs.
    Conform(conform::ConformArgs),
    /// Say why a pod of a run was put where it was, or why it was not.
    Explain(explain::ExplainArgs),
    /// Write a trace in another format, or draw a run as a timeline.
    Convert(convert::ConvertArgs),
    /// List the named policies and the plugins that configurations may name.
    Policies,
    /// Say what a trace is like: how much comes when, how large, for how long.
    Inspect(inspect::InspectArgs),
    /// Learn a model of a trace, which a generator plays at any scale.
    Fit(fit::FitArgs),
    /// List the trace formats.
    Formats,
    /// List the numbers of a run: their names, units and meanings.
    Metrics,
}

/// What may be changed in a scenario from the command line.
#[derive(Clone, Debug, Args)]
pub struct ScenarioArgs {
    /// The scenario file.
    scenario: PathBuf,
    /// Set a field of the scenario, such as `scheduler.tieBreak=first` or `workload[0].generate.count=100`.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// End the run here: `idle`, or a duration such as `2h`.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Repair nothing in traces: what a rule would repair is an error, with file and line.
    #[arg(long)]
    strict: bool,
    /// How nodes are evaluated; the decisions are the same.
    #[arg(long, value_enum, default_value_t)]
    evaluation: EvaluationArg,
}

/// How figures are drawn.
#[derive(Clone, Copy, Debug, Args)]
struct FigureArgs {
    /// Draw the figures in `plots/` for print: one column of 3.5 inches, with letters of 7 and 8 points, without a heading, and
    /// readable in grayscale.
    #[arg(long)]
    paper: bool,
}

impl FigureArgs {
    const fn medium(self) -> Medium {
        if self.paper { Medium::PAPER } else { Medium::SCREEN }
    }
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum EvaluationArg {
    /// Every plugin on every node, every time.
    Plain,
    /// Only what can have changed.
    #[default]
    Indexed,
    /// Both, compared at every decision.
    Checked,
}

/// How a summary is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For reading.
    #[default]
    Text,
    /// For programs: what `summary.json` holds.
    Json,
}

impl From<EvaluationArg> for Evaluation {
    fn from(arg: EvaluationArg) -> Self {
        match arg {
            EvaluationArg::Plain => Self::Plain,
            EvaluationArg::Indexed => Self::Indexed,
            EvaluationArg::Checked => Self::Checked,
        }
    }
}

/// Reads the arguments and does what they say.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are data, and no error.
            let code = if error.use_stderr() { exit::UNUSABLE_INPUT } else { exit::DONE };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match cli.command.execute() {
        Ok(()) => ExitCode::from(exit::DONE),
        Err(failure) => {
            anstream::eprintln!("error: {failure}");
            failure.exit_code()
        }
    }
}

impl Command {
    fn execute(self) -> Result<(), Failure> {
        match self {
            Self::Run(args) => run::run(&args),
            Self::Compare(args) => compare::compare(&args),
            Self::Sweep(args) => sweep::sweep(&args),
            Self::Validate(args) => validate::validate(&args),
            Self::Conform(args) => conform::conform(&args),
            Self::Explain(args) => explain::explain(&args),
            Self::Convert(args) => convert::run(&args),
            Self::Policies => policies::policies(),
            Self::Inspect(args) => inspect::inspect(&args),
            Self::Fit(args) => fit::fit(&args),
            Self::Formats => formats::formats(),
            Self::Metrics => metrics::metrics(),
        }
    }
}

/// Prints data. Nobody listening any more is no error; a disk that is full is one.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(source) if source.kind() != ErrorKind::BrokenPipe => {
            let path = PathBuf::from("standard output");
            Err(OutputError::Io { action: "write to", path, source }.into())
        }
        _ => Ok(()),
    }
}

/// Says something about the input on standard error, and nothing twice.
fn warn(warnings: &[String]) {
    let first = |(i, warning): &(usize, &String)| !warnings[..*i].contains(warning);
    for (_, warning) in warnings.iter().enumerate().filter(first) {
        anstream::eprintln!("warning: {warning}");
    }
}
