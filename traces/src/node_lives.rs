//! The nodes of a trace, each with its time in the cluster, as one stream in order of time.

use crate::clock::{Clock, Placed};
use crate::error::TraceError;
use crate::options::ReplayOptions;
use std::sync::Arc;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::source::{Listed, Submission, Work};
use towtank_sim::time::SimTime;

/// A node's time in the cluster, in nanoseconds of the trace.
#[derive(Debug)]
pub(crate) struct Life {
    /// The row that says so.
    pub(crate) line: u64,
    /// The node.
    pub(crate) spec: NodeSpec,
    /// When it comes.
    pub(crate) added: i64,
    /// When it goes, after it came; `None` for never.
    pub(crate) removed: Option<i64>,
}

/// The lives as a source. Nodes are held in memory: a cluster is, too.
///
/// At one instant nodes go before others come, so that a name can be used again; apart from that, rows keep their order.
///
/// # Errors
/// Two lives of one name overlap, or a time is beyond what a run can count.
pub(crate) fn source(
    file: &Arc<str>,
    lives: Vec<Life>,
    clock: Clock,
    options: &ReplayOptions,
) -> Result<Listed, TraceError> {
    check_names(file, &lives)?;
    let mut keep = options.nodes.indices(lives.len()).into_iter().peekable();
    let mut events: Vec<Event> = Vec::new();
    for (i, life) in lives.into_iter().enumerate() {
        if keep.next_if_eq(&i).is_none() {
            continue;
        }
        let line = life.line;
        let at = |nanos, column: &str| {
            clock.place(nanos).ok_or_else(|| TraceError::Value {
                file: Arc::clone(file),
                line,
                column: column.into(),
                found: SimTime(nanos).to_string().into(),
                problem: "is too large once it is scaled",
                expected: "a time within 292 years".into(),
            })
        };
        let added = match at(life.added, "added_s")? {
            Placed::Before => SimTime::ZERO,
            Placed::At(time) => time,
            Placed::After => continue,
        };
        let removed = match life.removed.map(|nanos| at(nanos, "removed_s")).transpose()? {
            None | Some(Placed::After) => None,
            Some(Placed::Before) => continue,
            Some(Placed::At(time)) if time <= added => continue,
            Some(Placed::At(time)) => Some(time),
        };
        let name = life.spec.name.to_string();
        events.push(Event(added, Order::Comes, Work::Node(Box::new(life.spec))));
        events.extend(removed.map(|time| Event(time, Order::Goes, Work::RemoveNode(name))));
    }
    events.sort_by_key(|event| (event.0, event.1));
    let submissions = events.into_iter().map(|Event(at, _, work)| Submission { at, work }).collect();
    Ok(Listed::new(&**file, submissions))
}

struct Event(SimTime, Order, Work);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Goes,
    Comes,
}

fn check_names(file: &Arc<str>, lives: &[Life]) -> Result<(), TraceError> {
    let mut order: Vec<&Life> = lives.iter().collect();
    order.sort_by_key(|life| (&life.spec.name, life.added, life.line));
    for pair in order.windows(2) {
        let (one, two) = (pair[0], pair[1]);
        if one.spec.name == two.spec.name && one.removed.is_none_or(|removed| removed > two.added) {
            return Err(TraceError::DuplicateNode {
                file: Arc::clone(file),
                line: one.line.max(two.line),
                name: Arc::clone(&one.spec.name),
                first_line: one.line.min(two.line),
            });
        }
    }
    Ok(())
}
