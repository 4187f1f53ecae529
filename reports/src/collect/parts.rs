//! `zones.csv` and `namespaces.csv`: what each part of the cluster and of the work had of each resource.

use crate::metrics::utilization::Uses;
use crate::output::{OutputDir, OutputError};
use std::io;

/// Writes a table of zones or namespaces, a row for each resource of each; none where there are no parts.
pub(super) fn write(out: &OutputDir, file: &str, what: &str, parts: &Uses) -> Result<(), OutputError> {
    if parts.is_empty() {
        return Ok(());
    }
    let mut file = out.file(file)?;
    let mut write = || -> csv::Result<()> {
        let mut table = csv::Writer::from_writer(&mut file);
        table.write_record([what, "resource", "mean_allocated", "mean_requested", "mean_used"])?;
        let number = |number: Option<f64>| number.map_or_else(String::new, |number| format!("{number:.6}"));
        for (part, uses) in parts {
            for (resource, of) in uses {
                let numbers = [Some(of.mean_allocated), of.mean_requested, of.mean_used].map(number);
                table.write_record([part, resource].into_iter().chain(&numbers))?;
            }
        }
        table.flush()?;
        Ok(())
    };
    let written = write();
    written.map_err(|error| file.error(io::Error::other(error)))?;
    file.finish()
}
