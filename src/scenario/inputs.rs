//! The files that a run of a scenario reads.

use super::Scenario;
use crate::diagnostic::Diagnostic;
use std::path::PathBuf;
use towtank_traces::Inputs;
use towtank_workloads::manifest;

impl Scenario {
    /// The files that a run reads, the scenario's own first; but for a configuration that the command line names.
    ///
    /// # Errors
    /// A trace is not there, or a folder cannot be read.
    pub fn inputs(&self) -> Result<Vec<PathBuf>, Diagnostic> {
        let mut files = vec![self.file.clone()];
        files.extend(self.spec.scheduler.config.iter().map(|path| self.path(path)));
        files.extend(self.spec.descheduler.iter().map(|spec| self.path(&spec.policy)));
        let parts = self.spec.cluster.iter().map(|part| (part.trace.as_ref().map(|t| &t.nodes.0), &part.manifests));
        let work = self.spec.workload.iter().map(|part| (part.trace.as_ref().map(|t| &t.pods.0), &part.manifests));
        let target = self.spec.target_workload.iter().map(|target| (target.trace.as_ref().map(|t| &t.pods.0), &None));
        let nodes = self.spec.cluster.iter().filter_map(|part| part.trace.as_ref()?.order.as_ref()?.ranks.as_ref());
        let pods = self.spec.workload.iter().filter_map(|part| part.trace.as_ref()?.order.as_ref()?.arrivals.as_ref());
        files.extend(nodes.chain(pods).map(|path| self.path(path)));
        for (trace, manifests) in parts.chain(work).chain(target) {
            if let Some(paths) = trace {
                let paths: Vec<_> = paths.iter().map(|path| self.path(path)).collect();
                let found = Inputs::open(&paths).map_err(|error| Diagnostic::new(error.to_string()))?;
                files.extend(found.files().iter().filter_map(|file| file.path().map(PathBuf::from)));
            }
            for path in manifests.iter().flatten() {
                let found = manifest::files(&self.path(path)).map_err(|error| Diagnostic::new(error.to_string()))?;
                files.extend(found);
            }
        }
        let generators = self.spec.workload.iter().filter_map(|part| part.generate.as_ref());
        files.extend(generators.filter_map(|generator| Some(self.path(generator.model.as_ref()?))));
        Ok(files)
    }
}
