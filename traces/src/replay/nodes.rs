//! The nodes of a trace as a source.

use crate::error::TraceError;
use crate::format::Context;
use crate::reader::Reader;
use crate::record::{Event, FileId};
use crate::stream;
use towtank_sim::source::{Listed, Submission, Work};
use towtank_sim::time::SimTime;

/// The nodes of which a reader tells, coming, changing and going in order of time.
///
/// # Errors
/// As [`stream::nodes`], which reads all of them.
pub fn nodes(mut reader: Box<dyn Reader>, context: &Context) -> Result<Listed, TraceError> {
    let records = stream::nodes(&mut *reader, context)?;
    let file = records.first().map_or(FileId::default(), |record| record.place.file);
    let submissions = records.into_iter().filter_map(|record| {
        let work = match record.event {
            Event::NodeAdded(spec) => Work::Node(spec),
            Event::NodeChanged(spec) => Work::UpdateNode(spec),
            Event::NodeRemoved(name) => Work::RemoveNode(name.to_string()),
            _ => return None,
        };
        Some(Submission { at: SimTime(record.at), work })
    });
    let submissions = submissions.collect();
    Ok(Listed::new(&**reader.file(file), submissions))
}
