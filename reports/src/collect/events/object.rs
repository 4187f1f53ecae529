//! An event as Kubernetes writes it: an object of kind `Event` in the group's first version, with the fields of the newer API as well.
//!
//! Source: `staging/src/k8s.io/api/core/v1/types.go`, `Event`; names and counts as `staging/src/k8s.io/client-go/tools/record/event.go`
//! makes them.
//!
//! A run may write as many of these as it makes decisions, and each is some 700 bytes: the text is put together by hand, which takes a
//! fifth of the time of a serializer.

use super::clock::Clock;
use super::note::Subject;
use std::io::Write as _;
use towtank_sim::time::SimTime;

/// One line of `events.jsonl`.
#[derive(Clone, Copy, Debug)]
pub(super) struct EventObject<'a> {
    /// The number of the event, of which its uid is made.
    pub(super) number: u64,
    /// The nanosecond since 1970 that its name has.
    pub(super) named: i64,
    pub(super) about: Subject<'a>,
    pub(super) warning: bool,
    pub(super) reason: &'a str,
    pub(super) message: Message<'a>,
    pub(super) component: &'a str,
    /// The node of the component, if it is one of many.
    pub(super) host: &'a str,
    pub(super) action: &'a str,
    /// When it happened first and last.
    pub(super) first: SimTime,
    pub(super) last: SimTime,
    /// How often.
    pub(super) count: u32,
}

/// What an event says in words.
#[derive(Clone, Copy, Debug)]
pub(super) enum Message<'a> {
    /// Any text.
    Text(&'a str),
    /// That the scheduler has bound the pod that the event is about to this node: what most events say.
    Assigned(&'a str),
}

/// Where events about what has no namespace are kept.
const DEFAULT_NAMESPACE: &str = "default";

impl EventObject<'_> {
    /// Appends it as a line.
    pub(super) fn write(&self, clock: &mut Clock, into: &mut Vec<u8>) {
        let Self { about, component, host, action, first, last, count, .. } = *self;
        let namespace = if about.namespace.is_empty() { DEFAULT_NAMESPACE } else { about.namespace };
        put(into, r#"{"apiVersion":"v1","kind":"Event","metadata":{"name":"#);
        text(into, about.name);
        // What comes behind the point needs no escape: it goes before the quotation mark.
        into.pop();
        into.push(b'.');
        hexadecimal(into, self.named, 1);
        put(into, r#"","namespace":"#);
        text(into, namespace);
        put(into, r#","uid":""#);
        put_uuid(into, Counted::Event, self.number);
        put(into, r#"","creationTimestamp":""#);
        clock.put_seconds(into, first);
        put(into, r#""},"involvedObject":{"apiVersion":""#);
        put(into, api_version(about.kind));
        put(into, r#"","kind":"#);
        text(into, about.kind);
        put(into, r#","name":"#);
        text(into, about.name);
        if !about.namespace.is_empty() {
            put(into, r#","namespace":"#);
            text(into, about.namespace);
        }
        if let Some(uid) = about.uid {
            put(into, r#","uid":""#);
            put_uuid(into, Counted::Object, uid);
            into.push(b'"');
        }
        put(into, r#"},"reason":"#);
        text(into, self.reason);
        put(into, r#","message":"#);
        match self.message {
            Message::Text(words) => text(into, words),
            Message::Assigned(node) => {
                into.push(b'"');
                for part in ["Successfully assigned ", about.namespace, "/", about.name, " to ", node] {
                    escaped(into, part);
                }
                into.push(b'"');
            }
        }
        put(into, r#","source":{"component":"#);
        text(into, component);
        if !host.is_empty() {
            put(into, r#","host":"#);
            text(into, host);
        }
        put(into, r#"},"firstTimestamp":""#);
        clock.put_seconds(into, first);
        put(into, r#"","lastTimestamp":""#);
        clock.put_seconds(into, last);
        put(into, r#"","count":"#);
        decimal(into, count);
        put(
            into,
            if self.warning { r#","type":"Warning","eventTime":""# } else { r#","type":"Normal","eventTime":""# },
        );
        clock.put_microseconds(into, first);
        into.push(b'"');
        if count > 1 {
            put(into, r#","series":{"count":"#);
            decimal(into, count);
            put(into, r#","lastObservedTime":""#);
            clock.put_microseconds(into, last);
            put(into, r#""}"#);
        }
        put(into, r#","action":"#);
        text(into, action);
        put(into, r#","reportingComponent":"#);
        text(into, component);
        put(into, r#","reportingInstance":"#);
        text(into, if host.is_empty() { component } else { host });
        put(into, "}\n");
    }
}

/// What a uid of the simulator counts.
#[derive(Clone, Copy)]
enum Counted {
    /// Pods, nodes and objects, together.
    Object,
    /// Events.
    Event,
}

/// The uid of a pod, a node or an object, as a UUID.
pub(super) fn object_uuid(uid: u64) -> String {
    let mut bytes = Vec::with_capacity(36);
    put_uuid(&mut bytes, Counted::Object, uid);
    String::from_utf8(bytes).unwrap_or_default()
}

/// A uid as a UUID of version 8, which leaves its content to whoever makes it (RFC 9562, section 5.8): the number is in its last digits.
fn put_uuid(into: &mut Vec<u8>, counted: Counted, number: u64) {
    put(
        into,
        match counted {
            Counted::Object => "00000000-0000-8000-8000-",
            Counted::Event => "00000000-0000-8000-9000-",
        },
    );
    // 48 bits: no run has so many.
    hexadecimal(into, (number & 0xffff_ffff_ffff) as i64, 12);
}

fn put(into: &mut Vec<u8>, text: &str) {
    into.extend_from_slice(text.as_bytes());
}

fn decimal(into: &mut Vec<u8>, number: u32) {
    // Writing into memory never fails.
    let _ = write!(into, "{number}");
}

/// A number with at least so many digits.
fn hexadecimal(into: &mut Vec<u8>, number: i64, digits: u32) {
    let number = number.max(0);
    let needed = (64 - number.leading_zeros()).div_ceil(4).max(digits);
    for digit in (0..needed).rev() {
        into.push(b"0123456789abcdef"[(number >> (4 * digit) & 15) as usize]);
    }
}

/// A text in quotation marks.
fn text(into: &mut Vec<u8>, text: &str) {
    into.push(b'"');
    escaped(into, text);
    into.push(b'"');
}

/// A text as it is between quotation marks.
fn escaped(into: &mut Vec<u8>, text: &str) {
    // Without a branch for each byte, so that many are looked at at once.
    let special = text.bytes().fold(false, |any, byte| any | matches!(byte, 0..=0x1f | b'"' | b'\\'));
    if special {
        let quoted = serde_json::to_string(text).expect("a text is always JSON");
        put(into, &quoted[1..quoted.len() - 1]);
    } else {
        put(into, text);
    }
}

/// The version in which the API server serves a kind. Kinds of our own are in our group.
fn api_version(kind: &str) -> &'static str {
    match kind {
        "Pod"
        | "Node"
        | "ConfigMap"
        | "Namespace"
        | "Service"
        | "ReplicationController"
        | "ResourceQuota"
        | "PersistentVolume"
        | "PersistentVolumeClaim" => "v1",
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" => "apps/v1",
        "Job" | "CronJob" => "batch/v1",
        "HorizontalPodAutoscaler" => "autoscaling/v2",
        "PodDisruptionBudget" => "policy/v1",
        "PriorityClass" => "scheduling.k8s.io/v1",
        "StorageClass" | "CSINode" | "CSIDriver" | "CSIStorageCapacity" | "VolumeAttachment" => "storage.k8s.io/v1",
        "DeviceClass" | "ResourceSlice" | "ResourceClaim" | "ResourceClaimTemplate" => "resource.k8s.io/v1",
        "PodGroup" => "scheduling.x-k8s.io/v1alpha1",
        _ => "towtank.dev/v1alpha1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_together_is_json() {
        let about = Subject { kind: "Pod", namespace: "a\"b", name: "back\\slash\u{1}é", uid: Some(0xab) };
        let event = EventObject {
            number: 7,
            named: 0x1234,
            about,
            warning: true,
            reason: "FailedScheduling",
            message: Message::Text("0/3 nodes are available: \"x\"\n"),
            component: "default-scheduler",
            host: "node-1",
            action: "Scheduling",
            first: SimTime(0),
            last: SimTime(1_500_000_000),
            count: 2,
        };
        let mut bytes = Vec::new();
        event.write(&mut Clock::new(0), &mut bytes);
        assert_eq!(bytes.iter().position(|byte| *byte == b'\n'), Some(bytes.len() - 1));
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["metadata"]["name"], "back\\slash\u{1}é.1234");
        assert_eq!(value["metadata"]["uid"], "00000000-0000-8000-9000-000000000007");
        assert_eq!(value["involvedObject"]["uid"], "00000000-0000-8000-8000-0000000000ab");
        assert_eq!(value["involvedObject"]["namespace"], "a\"b");
        assert_eq!(value["message"], "0/3 nodes are available: \"x\"\n");
        assert_eq!(value["series"]["lastObservedTime"], "1970-01-01T00:00:01.500000Z");
        assert_eq!(object_uuid(0xab), "00000000-0000-8000-8000-0000000000ab");
        let assigned = EventObject { message: Message::Assigned("node\t1"), count: 1, ..event };
        bytes.clear();
        assigned.write(&mut Clock::new(0), &mut bytes);
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["message"], "Successfully assigned a\"b/back\\slash\u{1}é to node\t1");
    }
}
