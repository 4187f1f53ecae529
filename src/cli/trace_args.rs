//! Traces on the command line.

use crate::diagnostic::Diagnostic;
use crate::object_rows;
use crate::scenario::ReplaySpec;
use crate::scenario::yaml::{self, Value};
use clap::Args;
use std::path::PathBuf;
use towtank_traces::record::Record;
use towtank_traces::repairs::Repairs;
use towtank_traces::stream::{self, Stream};
use towtank_traces::{Context, Format, Inputs, TraceError, detect, find_format};

/// A trace, and how it is read.
#[derive(Clone, Debug, Args)]
pub(super) struct TraceArgs {
    /// The files of the trace, or folders of them.
    #[arg(required = true)]
    trace: Vec<PathBuf>,
    /// Its format, as `towtank formats` names it; the files tell it where it is not said.
    #[arg(long, value_name = "FORMAT")]
    from: Option<String>,
    /// Files of nodes, where they are apart from those of pods.
    #[arg(long, value_name = "FILE")]
    nodes: Vec<PathBuf>,
    /// How the trace is read, as `options` in a scenario: `{ from: 1d, to: 2d, sample: 0.1 }`.
    #[arg(long, value_name = "YAML", default_value = "{}")]
    options: String,
    /// The seed of a sample.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Repair nothing: what a rule would repair is an error.
    #[arg(long)]
    strict: bool,
}

/// A trace that has been opened.
pub(super) struct Trace {
    /// Its format.
    pub(super) format: &'static Format,
    /// Its pods, in order of time.
    pub(super) pods: Stream,
    /// Its nodes, if it has any.
    pub(super) nodes: Vec<Record>,
    /// What is repaired in it.
    pub(super) repairs: Repairs,
}

impl TraceArgs {
    /// The trace's name, for headings: that of its first file or folder.
    pub(super) fn name(&self) -> String {
        let first = self.trace.first().and_then(|path| path.file_name());
        first.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// Opens it.
    pub(super) fn open(&self) -> Result<Trace, Diagnostic> {
        let told = |error: TraceError| Diagnostic::new(error.to_string());
        let inputs = Inputs::open(&self.trace).map_err(told)?;
        let format = match &self.from {
            Some(name) => find_format(name).map_err(|error| Diagnostic::new(format!("--from: {error}")))?,
            None => detect(&inputs).ok_or_else(|| {
                let name = self.trace.first().map_or_else(String::new, |path| path.display().to_string());
                Diagnostic::new(format!("{name}: the format cannot be told from the files: expected --from FORMAT"))
                    .help("`towtank formats` lists them")
            })?,
        };
        let options = replay_spec(&self.options)?;
        let strict = self.strict || options.strict;
        let options = options.options(self.seed).map_err(|why| Diagnostic::new(format!("--options: {why}")))?;
        let told = |error: TraceError| Diagnostic::new(error.of(format.name).to_string());
        let repairs = Repairs::default().with(strict);
        let context = Context { options, repairs: repairs.clone() };
        let mut nodes = Vec::new();
        let gives_nodes = format.gives_nodes() && (!self.nodes.is_empty() || format.is_one());
        if gives_nodes {
            let apart = if self.nodes.is_empty() { inputs.clone() } else { Inputs::open(&self.nodes).map_err(told)? };
            let mut reader = object_rows::of(format.read_nodes(&apart, &context).map_err(told)?, &repairs);
            nodes = stream::nodes(&mut *reader, &context).map_err(told)?;
        } else if !self.nodes.is_empty() {
            return Err(Diagnostic::new(format!("--nodes: the format {} has no nodes", format.name)));
        }
        let reader = object_rows::of(format.read_pods(&inputs, &context).map_err(told)?, &repairs);
        let pods = Stream::new(reader, &context).map_err(told)?;
        Ok(Trace { format, pods, nodes, repairs })
    }
}

/// Options of a replay as the command line has them.
pub(super) fn replay_spec(text: &str) -> Result<ReplaySpec, Diagnostic> {
    let document: Value = yaml::value(text).map_err(|why| Diagnostic::new(format!("--options: {why}")))?;
    yaml::read_changed(&document).map_err(|error| error.about("--options"))
}
