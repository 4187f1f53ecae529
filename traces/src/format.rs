//! What a trace format is.

use crate::error::TraceError;
use crate::input::Input;
use crate::options::ReplayOptions;
use towtank_sim::source::Source;

/// A trace format.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// The name in scenario files.
    pub name: &'static str,
    /// The module that reads it.
    pub module: &'static str,
    /// What it is, in one sentence.
    pub about: &'static str,
    /// What the file of nodes is and which columns it has.
    pub nodes_file: &'static str,
    /// What the file of pods is and which columns it has.
    pub pods_file: &'static str,
    pub(crate) open_nodes: Open,
    pub(crate) open_pods: Open,
}

/// Opens one of a format's files.
pub(crate) type Open = fn(Input, &ReplayOptions) -> Result<Box<dyn Source>, TraceError>;

impl Format {
    /// The nodes of a trace, coming and going in order of time.
    ///
    /// # Errors
    /// Anything that [`TraceError`] lists: the whole file is read here.
    pub fn nodes(&self, input: Input, options: &ReplayOptions) -> Result<Box<dyn Source>, TraceError> {
        (self.open_nodes)(input, options)
    }

    /// The pods of a trace in order of arrival. The source serves one run.
    ///
    /// # Errors
    /// The header or an option is wrong. What is wrong in a row comes as a [`TraceError`] from the source, or from here if
    /// the format has to sort.
    pub fn pods(&self, input: Input, options: &ReplayOptions) -> Result<Box<dyn Source>, TraceError> {
        (self.open_pods)(input, options)
    }
}
