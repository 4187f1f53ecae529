//! `towtank convert`.

use super::trace_args::replay_spec;
use super::warn;
use crate::diagnostic::Diagnostic;
use crate::exit::Failure;
use crate::object_rows;
use crate::run_timeline;
use clap::{Args, ValueEnum};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use towtank_reports::output::OutputError;
use towtank_traces::repairs::Repairs;
use towtank_traces::writers::{Converted, Part, TARGETS, Target, WriteError, convert, find_target, target_of};
use towtank_traces::{Context, Inputs, TraceError, detect, find_format};

const FORMATS_HELP: &str = "`towtank formats` lists the formats; --from names one";

/// The arguments of `towtank convert`.
#[derive(Debug, Args)]
pub(super) struct ConvertArgs {
    /// The trace: its files, or folders of them. Or the folder that a run has written, for `--to chrome`.
    #[arg(required = true, value_name = "FILE")]
    trace: Vec<PathBuf>,
    /// The trace's format; what its first file looks like by default.
    #[arg(long, value_name = "FORMAT")]
    from: Option<String>,
    /// What it becomes: `csv`, `swf`, `chrome`, `manifests` or, if the program has it, `parquet`; what the ending of the output says by
    /// default.
    #[arg(long, value_name = "TARGET")]
    to: Option<String>,
    /// The file to write, packed if it ends in `.gz`; `-` for standard output.
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// Which part of the trace is converted.
    #[arg(long, value_enum, default_value_t)]
    part: PartArg,
    /// How the trace is read, as `options` in a scenario: `{ from: 1d, to: 2d, sample: 0.1 }`.
    #[arg(long, value_name = "YAML", default_value = "{}")]
    options: String,
    /// The seed of a sample.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Repair nothing: what a rule would repair is an error, with file and line.
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum PartArg {
    /// Pods and jobs.
    #[default]
    Pods,
    /// Nodes.
    Nodes,
}

/// Converts a trace, or draws a run.
pub(super) fn run(args: &ConvertArgs) -> Result<(), Failure> {
    let target = target(args)?;
    if let [folder] = &args.trace[..]
        && args.from.is_none()
        && run_timeline::is_run(folder)
    {
        if target.name != "chrome" {
            let why = format!("a run's folder can be drawn as a timeline only, not written as {}", target.name);
            return Err(Diagnostic::new(why).help("name a trace, or --to chrome").into());
        }
        return write(&args.output, |out| run_timeline::write(folder, out));
    }
    let inputs = Inputs::open(&args.trace).map_err(|error| unusable(&error))?;
    let format = match &args.from {
        Some(name) => find_format(name).map_err(|error| Diagnostic::new(error.to_string()).help(FORMATS_HELP))?,
        None => detect(&inputs).ok_or_else(|| {
            let why = format!("{}: no format looks like this", args.trace[0].display());
            Diagnostic::new(why).help(FORMATS_HELP)
        })?,
    };
    let spec = replay_spec(&args.options)?;
    let options = spec.options(args.seed).map_err(|why| Diagnostic::new(format!("--options: {why}")))?;
    let repairs = if args.strict || spec.strict { Repairs::strict() } else { Repairs::default() };
    let context = Context { options, repairs };
    let part = match args.part {
        PartArg::Pods => Part::Pods,
        PartArg::Nodes => Part::Nodes,
    };
    let open = |context: &Context| {
        let reader = match part {
            Part::Pods => format.read_pods(&inputs, context)?,
            Part::Nodes => format.read_nodes(&inputs, context)?,
        };
        // Manifests take objects as they are.
        Ok(if target.name == "manifests" { reader } else { object_rows::of(reader, &context.repairs) })
    };
    let mut done = Converted::default();
    write(&args.output, |out| {
        done = convert(&open, part, &context, target, out).map_err(|error| match error {
            WriteError::Trace(error) => error.of(format.name).into(),
            other => other,
        })?;
        Ok(())
    })?;
    let repaired = context.repairs.report().into_iter();
    let mut warnings: Vec<String> = repaired
        .map(|one| format!("{} rows repaired by the rule {}; the first: {}", one.count, one.rule.name(), one.first))
        .collect();
    warnings.extend(context.repairs.notes());
    warnings.extend(done.losses);
    warn(&warnings);
    Ok(())
}

/// What is asked for, or what the ending of the output says.
fn target(args: &ConvertArgs) -> Result<&'static Target, Failure> {
    let known = || TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(", ");
    match &args.to {
        Some(name) => Ok(find_target(name).map_err(|error| Diagnostic::new(error.to_string()))?),
        None => target_of(&args.output.to_string_lossy()).ok_or_else(|| {
            let why =
                format!("{}: its ending says no target: expected --to with one of {}", args.output.display(), known());
            Diagnostic::new(why).into()
        }),
    }
}

/// Writes a file that appears whole or not at all, or to standard output.
fn write(path: &Path, fill: impl FnOnce(&mut (dyn Write + Send)) -> Result<(), WriteError>) -> Result<(), Failure> {
    if path == Path::new("-") {
        let mut out = BufWriter::new(std::io::stdout());
        return match fill(&mut out).and_then(|()| Ok(out.flush()?)) {
            // Nobody listening any more is no error.
            Err(WriteError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(|error| failure(Path::new("standard output"), error)),
        };
    }
    let failed = |action, source| OutputError::Io { action, path: path.to_owned(), source };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let partial = Partial(path.with_file_name(format!(".{name}.partial")));
    let mut out = BufWriter::new(File::create(&partial.0).map_err(|error| failed("create", error))?);
    if path.extension().is_some_and(|end| end == "gz") {
        let mut packed = GzEncoder::new(&mut out, Compression::default());
        fill(&mut packed).map_err(|error| failure(path, error))?;
        packed.finish().map_err(|error| failed("write", error))?;
    } else {
        fill(&mut out).map_err(|error| failure(path, error))?;
    }
    out.flush().map_err(|error| failed("write", error))?;
    std::fs::rename(&partial.0, path).map_err(|error| failed("write", error))?;
    Ok(())
}

/// A file beside its final place, which leaves no trace unless it is moved there.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn failure(path: &Path, error: WriteError) -> Failure {
    match error {
        WriteError::Trace(error) => unusable(&error),
        WriteError::NotSaid(why) => Diagnostic::new(why).into(),
        WriteError::Output(source) => OutputError::Io { action: "write", path: path.to_owned(), source }.into(),
    }
}

fn unusable(error: &TraceError) -> Failure {
    Diagnostic::new(error.to_string()).into()
}
