//! Traces as sources of a simulation: what records become in a cluster.

mod nodes;
mod objects;
mod pods;

use crate::error::TraceError;
use crate::format::Context;
use crate::input::Inputs;
use crate::registry::find_format;
use std::path::PathBuf;
use towtank_sim::cluster::Cluster;
use towtank_sim::source::{Source, SourceError, Submission};

pub use nodes::nodes;
pub use objects::{AppliedObject, Objects};
pub use pods::pods;

/// Opens the nodes of a trace: files, or folders of them. `objects` is for traces of Kubernetes objects.
///
/// # Errors
/// No such format or file, and everything that is wrong in a row: all nodes are read here.
pub fn open_nodes(
    format: &str,
    paths: &[PathBuf],
    context: &Context,
    objects: Option<Box<dyn Objects>>,
) -> Result<Box<dyn Source>, TraceError> {
    let format = find_format(format)?;
    let open = || -> Result<Box<dyn Source>, TraceError> {
        let reader = format.read_nodes(&Inputs::open(paths)?, context)?;
        match objects {
            Some(objects) if reader.tells_objects() => Ok(Box::new(objects::nodes(reader, context, objects)?)),
            _ => Ok(Box::new(nodes(reader, context)?)),
        }
    };
    let source = open().map_err(|error| error.of(format.name))?;
    Ok(Box::new(Of { format: format.name, source }))
}

/// Opens the pods of a trace: files, or folders of them. The source serves one run. `objects` is for traces of Kubernetes objects.
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
    let open = || -> Result<Box<dyn Source>, TraceError> {
        let reader = format.read_pods(&Inputs::open(paths)?, context)?;
        match objects {
            Some(objects) if reader.tells_objects() => Ok(Box::new(objects::all_but_nodes(reader, context, objects)?)),
            _ => Ok(Box::new(pods(reader, context)?)),
        }
    };
    let source = open().map_err(|error| error.of(format.name))?;
    Ok(Box::new(Of { format: format.name, source }))
}

/// A source whose errors say as which format its files are read.
struct Of {
    format: &'static str,
    source: Box<dyn Source>,
}

impl Source for Of {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn next(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, SourceError> {
        self.source.next(cluster).map_err(|error| match error.downcast::<TraceError>() {
            Ok(error) => error.of(self.format).into(),
            Err(error) => error,
        })
    }

    fn new_nodes(&self) -> usize {
        self.source.new_nodes()
    }
}
