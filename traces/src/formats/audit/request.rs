//! One request of an audit log.

use super::resources::{self, Resource};
use crate::error::TraceError;
use crate::input::InputFile;
use crate::json::{self, At, Document};
use crate::lines::Lines;
use crate::record::{FileId, Place};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;

const WHAT: &str = "an audit event (audit.k8s.io, kind Event) per line";

/// A request that changed an object.
pub(super) struct Request {
    /// Where the log tells of it.
    pub(super) place: Place,
    /// When it was answered, in nanoseconds since 1970.
    pub(super) at: i64,
    /// What was done.
    pub(super) verb: Verb,
    /// What it was done to.
    pub(super) resource: &'static Resource,
    /// The part of the object; empty for the object itself.
    pub(super) subresource: Box<str>,
    /// The object's namespace, empty where it has none.
    pub(super) namespace: Box<str>,
    /// The object's name; empty where the server gave it one and the log does not say which.
    pub(super) name: Box<str>,
    /// Whether a component of the control plane asked.
    pub(super) by_control_plane: bool,
    /// The object after the request, where the log has it.
    pub(super) answer: Option<Value>,
    /// What was sent, where the log has it.
    pub(super) sent: Option<Value>,
}

/// The verbs that change objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Create,
    Update,
    Patch,
    Delete,
    DeleteCollection,
}

/// The requests of a log that changed something which matters, in the order of the log.
pub(super) struct Requests {
    lines: Lines,
    /// Those of a line that holds several.
    ready: VecDeque<Request>,
    is_empty: bool,
}

impl Requests {
    /// Opens the files, which follow each other.
    pub(super) fn open(files: Vec<InputFile>) -> Result<Self, TraceError> {
        Ok(Self { lines: Lines::open(files)?, ready: VecDeque::new(), is_empty: true })
    }

    pub(super) fn file(&self, file: FileId) -> &Arc<str> {
        self.lines.file(file)
    }

    pub(super) fn next(&mut self) -> Result<Option<Request>, TraceError> {
        loop {
            if let Some(request) = self.ready.pop_front() {
                return Ok(Some(request));
            }
            if !self.lines.advance()? {
                if self.is_empty {
                    let file = Arc::clone(self.lines.file(self.lines.place().file));
                    return Err(TraceError::EmptyDocument { file, expected: WHAT.into() });
                }
                return Ok(None);
            }
            self.is_empty = false;
            let place = self.lines.place();
            let file = Arc::clone(self.lines.file(place.file));
            let mut value = json::parse(&file, place.line, self.lines.text(), WHAT)?;
            let document = Document { file, line: place.line, prefix: String::new() };
            // A log that was sent to a webhook comes in lists.
            if value.get("kind").is_some_and(|kind| kind == "EventList") {
                let items = value.get_mut("items").map(Value::take);
                for event in items.as_ref().and_then(Value::as_array).into_iter().flatten() {
                    self.ready.extend(read(&document, place, event.clone())?);
                }
            } else {
                self.ready.extend(read(&document, place, value)?);
            }
        }
    }
}

/// The request that an event tells of, if it changed something which matters.
fn read(document: &Document, place: Place, mut event: Value) -> Result<Option<Request>, TraceError> {
    let root = document.at(&event);
    let kind = root.key("kind", WHAT)?;
    if kind.value != "Event" || !text(&event, "/apiVersion").starts_with("audit.k8s.io/") {
        return Err(kind.bad("is no audit event", WHAT));
    }
    let verb = match text(&event, "/verb") {
        "create" => Verb::Create,
        "update" => Verb::Update,
        "patch" => Verb::Patch,
        "delete" => Verb::Delete,
        "deletecollection" => Verb::DeleteCollection,
        _ => return Ok(None),
    };
    let code = event.pointer("/responseStatus/code").and_then(Value::as_i64).unwrap_or(200);
    let dry_run = text(&event, "/requestURI").contains("dryRun=All");
    if text(&event, "/stage") != "ResponseComplete" || !(200..300).contains(&code) || dry_run {
        return Ok(None);
    }
    let group = text(&event, "/objectRef/apiGroup");
    let Some(resource) = resources::find(group, text(&event, "/objectRef/resource")) else { return Ok(None) };
    let at = time(&root)?;
    let user = text(&event, "/user/username");
    let by_control_plane = user == "system:kube-scheduler"
        || user == "system:kube-controller-manager"
        || user.starts_with("system:node:")
        || user.strip_prefix("system:serviceaccount:kube-system:").is_some_and(resources::is_controller);
    let owned = |pointer| text(&event, pointer).into();
    let request = Request {
        place,
        at,
        verb,
        resource,
        subresource: owned("/objectRef/subresource"),
        namespace: owned("/objectRef/namespace"),
        name: owned("/objectRef/name"),
        by_control_plane,
        answer: None,
        sent: None,
    };
    let mut body = |key| event.get_mut(key).map(Value::take).filter(Value::is_object);
    let (answer, sent) = (body("responseObject"), body("requestObject"));
    // A deletion may be answered by a status.
    let answer = answer.filter(|answer| text(answer, "/kind") != "Status");
    Ok(Some(Request { answer, sent, ..request }))
}

/// When the request was answered, which is when its effect could be seen.
fn time(root: &At<'_>) -> Result<i64, TraceError> {
    let expected = "a time such as 2026-01-31T12:00:00.000000Z";
    let field = match root.find("stageTimestamp")? {
        Some(field) => field,
        None => root.key("requestReceivedTimestamp", expected)?,
    };
    let time: jiff::Timestamp = field.text(expected)?.parse().map_err(|_| field.bad("is no time", expected))?;
    i64::try_from(time.as_nanosecond()).map_err(|_| field.bad("is out of range", expected))
}

/// The text at a pointer; empty where there is none.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
