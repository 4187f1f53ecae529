//! Traces as sources of a simulation: what records become in a cluster.

mod nodes;
mod pods;

use crate::error::TraceError;
use crate::format::Context;
use crate::input::Inputs;
use crate::registry::find_format;
use serde_json::Value;
use std::path::PathBuf;
use towtank_sim::cluster::Cluster;
use towtank_sim::source::{Source, SourceError, Submission, Work};

pub use nodes::nodes;
pub use pods::pods;

/// What makes work of the Kubernetes objects of a trace. Whoever knows manifests hands it in; without it, traces of objects cannot be
/// replayed.
pub trait Objects {
    /// What is to be done when this object is created, or replaces the one that is there.
    ///
    /// # Errors
    /// What is wrong with the object.
    fn applied(&mut self, object: Value, cluster: &mut Cluster) -> Result<Vec<Work>, String>;

    /// What is to be done when the object of this kind and name is deleted. The namespace is empty for kinds that have none.
    ///
    /// # Errors
    /// Why that cannot be done.
    fn deleted(&mut self, kind: &str, namespace: &str, name: &str, cluster: &mut Cluster) -> Result<Vec<Work>, String>;
}

/// Opens the nodes of a trace: files, or folders of them.
///
/// # Errors
/// No such format or file, and everything that is wrong in a row: all nodes are read here.
pub fn open_nodes(format: &str, paths: &[PathBuf], context: &Context) -> Result<Box<dyn Source>, TraceError> {
    let format = find_format(format)?;
    let open = || nodes(format.read_nodes(&Inputs::open(paths)?, context)?, context);
    Ok(Box::new(open().map_err(|error| error.of(format.name))?))
}

/// Opens the pods of a trace: files, or folders of them. The source serves one run.
///
/// # Errors
/// No such format or file, a header or an option is wrong, or a row of a trace that has to be sorted. What is wrong in other rows
/// comes as a [`TraceError`] from the source.
pub fn open_pods(
    format: &str,
    paths: &[PathBuf],
    context: &Context,
    objects: Option<Box<dyn Objects>>,
) -> Result<Box<dyn Source>, TraceError> {
    let format = find_format(format)?;
    let open = || pods(format.read_pods(&Inputs::open(paths)?, context)?, context, objects);
    let source = open().map_err(|error| error.of(format.name))?;
    Ok(Box::new(Of { format: format.name, source }))
}

/// A source whose errors say as which format its files are read.
struct Of<S> {
    format: &'static str,
    source: S,
}

impl<S: Source> Source for Of<S> {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn next(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, SourceError> {
        self.source.next(cluster).map_err(|error| match error.downcast::<TraceError>() {
            Ok(error) => error.of(self.format).into(),
            Err(error) => error,
        })
    }
}
