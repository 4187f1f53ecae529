//! What the header of a log says of the machine.

use super::{MAX, node};
use crate::error::TraceError;
use crate::input::InputFile;
use crate::lines::Lines;
use crate::reader::{Listed, Reader, Timeline};
use crate::record::{Event, Record};
use crate::shapes::Shapes;
use std::sync::Arc;

/// `MaxNodes` and `MaxProcs`, 0 where they are not given.
#[derive(Clone, Copy, Debug, Default)]
struct Machine {
    nodes: i64,
    processors: i64,
}

/// The nodes that the header of the first log tells of.
pub(super) fn nodes(files: &[InputFile], processors_per_pod: u32) -> Result<Box<dyn Reader>, TraceError> {
    let mut lines = Lines::open(files.iter().take(1).cloned().collect())?;
    let mut machine = Machine::default();
    let mut is_empty = true;
    while lines.advance()? {
        is_empty = false;
        let Some(comment) = lines.text().strip_prefix(b";") else { break };
        machine.read(&String::from_utf8_lossy(comment));
    }
    let file = Arc::clone(lines.file(lines.place().file));
    if is_empty {
        return Err(TraceError::EmptyDocument { file, expected: "jobs in the Standard Workload Format".into() });
    }
    let Some(counts) = machine.cpus(processors_per_pod) else {
        let problem = "its header says neither `; MaxProcs: N` nor `; MaxNodes: N`: expected one of them, from 1 to 10 million, or a \
                       .machines file";
        return Err(TraceError::NotThis { file, expected: "a log with nodes", problem: problem.to_owned() });
    };
    let nodes = counts
        .enumerate()
        .map(|(i, cpus)| Record::on_line(i as u64 + 1, 0, Event::NodeAdded(Box::new(node(format!("node-{i}"), cpus)))));
    Ok(Box::new(Listed::new(file, Timeline::SORTED, nodes.collect(), Shapes::default())))
}

impl Machine {
    /// Takes what a line says: `MaxProcs: 1152`, also with the partitions behind it: `MaxNodes: 338 (64,274)`.
    fn read(&mut self, comment: &str) {
        let Some((key, value)) = comment.split_once(':') else { return };
        let number = value.trim().split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok());
        let number: i64 = number.filter(|number| (1..=MAX).contains(number)).unwrap_or(0);
        match key.trim() {
            "MaxNodes" => self.nodes = number,
            "MaxProcs" => self.processors = number,
            _ => {}
        }
    }

    /// The CPUs of each node.
    fn cpus(self, processors_per_pod: u32) -> Option<impl Iterator<Item = i64>> {
        let most = self.processors.max(self.nodes);
        let nodes = if self.nodes > 0 && self.nodes < self.processors {
            self.nodes
        } else {
            // Nodes and processors are not told apart.
            (most + i64::from(processors_per_pod) - 1) / i64::from(processors_per_pod)
        };
        // Where it does not come out even, the first nodes have one more.
        (most > 0).then(|| (0..nodes).map(move |i| most / nodes + i64::from(i < most % nodes)))
    }
}
