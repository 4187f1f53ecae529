//! What towtank writes in Kubernetes' formats, read by Kubernetes' own types: every field is one that these know.

use crate::support::{Folder, repository, root, towtank};
use k8s_openapi::api::core::v1::Event;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Reads an object as `T`, and checks that nothing of it is lost when it is written again.
#[track_caller]
pub(crate) fn strictly<T: DeserializeOwned + Serialize>(object: &Value) -> T {
    let read: T = serde_json::from_value(object.clone()).unwrap_or_else(|error| panic!("{error}: {object:#}"));
    assert_eq!(&serde_json::to_value(&read).expect("JSON"), object, "a field is lost");
    read
}

fn events(scenario: &str) -> (Vec<Event>, Folder) {
    let folder = Folder::new();
    let out = folder.path().join("out");
    let args = ["run", scenario, "--out", out.to_str().expect("UTF-8"), "--set", "observe.figures=false"];
    towtank(root(), &args).expect(0);
    let text = folder.read("out/events.jsonl");
    let events = text.lines().map(|line| strictly(&serde_json::from_str(line).expect("JSON"))).collect();
    (events, folder)
}

#[test]
fn events_are_those_of_kubernetes() {
    let mut components = BTreeSet::new();
    for name in ["autoscaling", "disruptions", "quota", "policy", "gpu"] {
        let (events, _) = events(&format!("tests/scenarios/{name}.yaml"));
        assert!(!events.is_empty(), "{name}");
        let mut last = BTreeMap::new();
        let mut latest = None;
        for event in events {
            let metadata = &event.metadata;
            let (id, namespace) = (metadata.name.clone().expect("a name"), metadata.namespace.clone().expect("one"));
            // The API server's rules for events: `legacyValidateEvent` in pkg/apis/core/validation/events.go.
            let about = &event.involved_object;
            match about.namespace.as_deref() {
                Some(of) => assert_eq!(of, namespace, "{name}: {event:?}"),
                None => assert_eq!(namespace, "default", "{name}: {event:?}"),
            }
            let message = event.message.as_deref().expect("a message");
            assert!(message.len() <= 1024 && !message.is_empty(), "{name}: {event:?}");
            let reason = event.reason.as_deref().expect("a reason");
            assert!(reason.starts_with(|c: char| c.is_ascii_uppercase()) && reason.len() <= 128, "{reason}");
            let action = event.action.as_deref().expect("an action");
            assert!(!action.is_empty() && action.len() <= 128, "{action}");
            let component = event.reporting_component.clone().expect("a component");
            assert!(component.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{component}");
            assert!(event.reporting_instance.as_deref().is_some_and(|by| !by.is_empty() && by.len() <= 128));
            assert_eq!(event.source.as_ref().and_then(|source| source.component.clone()), Some(component.clone()));
            components.insert(component);

            // As upstream names them: the object, and when it happened first in hexadecimal nanoseconds.
            let object = about.name.as_deref().expect("a name");
            let nanos = id.strip_prefix(&format!("{object}.")).expect("the object's name in front");
            let nanos = i64::from_str_radix(nanos, 16).expect("hexadecimal");
            let first = event.event_time.as_ref().expect("a time").0;
            let apart = i128::from(nanos) - first.as_nanosecond();
            assert!((0..1_000_000).contains(&apart), "{name}: {apart} ns between name and time of {event:?}");
            let seconds = |time: &Option<k8s_openapi::apimachinery::pkg::apis::meta::v1::Time>| {
                time.as_ref().expect("a time").0.as_second()
            };
            assert_eq!(seconds(&event.first_timestamp), first.as_second());
            assert_eq!(metadata.creation_timestamp, event.first_timestamp);

            // An event that is there already has happened once more; times never go back.
            let count = event.count.expect("a count");
            let before = last.insert((namespace, id), (count, metadata.uid.clone()));
            match before {
                None => assert_eq!((count, &event.series), (1, &None), "{name}: {event:?}"),
                Some((before, uid)) => {
                    assert_eq!((count, &metadata.uid), (before + 1, &uid), "{name}: {event:?}");
                    assert_eq!(event.series.as_ref().and_then(|series| series.count), Some(count));
                }
            }
            let now = event.series.and_then(|series| series.last_observed_time).map_or(first, |time| time.0);
            assert_eq!(seconds(&event.last_timestamp), now.as_second());
            assert!(latest.is_none_or(|latest| now >= latest), "{name}: back in time at {now}");
            latest = Some(now);
        }
        let uids: BTreeSet<_> = last.values().map(|(_, uid)| uid).collect();
        assert_eq!(uids.len(), last.len(), "{name}: no two events have one uid");
    }
    for component in ["default-scheduler", "cluster-autoscaler", "node-controller", "replicaset-controller", "kubelet"]
    {
        assert!(components.contains(component), "{component}: {components:?}");
    }
}

#[test]
fn events_are_dated_from_the_scenarios_start() {
    let folder = Folder::new();
    let scenario = repository("tests/scenarios/csv.yaml");
    let args = ["run", scenario.to_str().expect("UTF-8"), "--set", "start=2031-05-06T07:08:09Z"];
    folder.run(&[&args[..], &["--set", "observe.figures=false", "--out", "out"]].concat()).expect(0);
    let text = folder.read("out/events.jsonl");
    let first: Event = strictly(&serde_json::from_str(text.lines().next().expect("a line")).expect("JSON"));
    let time = first.first_timestamp.expect("a time").0.to_string();
    assert!(time.starts_with("2031-05-06T07:"), "{time}");
}
