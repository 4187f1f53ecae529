use super::FORMAT;
use crate::format::Context;
use crate::input::Inputs;
use crate::record::{Event, Record};
use crate::registry::detect;
use crate::repairs::Repairs;
use serde_json::json;
use std::path::{Path, PathBuf};

fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces/simkube").join(name);
    if !path.exists() {
        eprintln!("skipped: no {}", path.display());
        return None;
    }
    Some(path)
}

fn read(inputs: &Inputs, repairs: &Repairs) -> Result<Vec<Record>, String> {
    let context = Context { repairs: repairs.clone(), ..Context::default() };
    let mut reader = FORMAT.read_pods(inputs, &context).map_err(|error| error.to_string())?;
    assert!(reader.tells_objects());
    Ok(std::iter::from_fn(|| reader.next().unwrap()).collect())
}

fn all(inputs: &Inputs) -> Vec<Record> {
    read(inputs, &Repairs::strict()).unwrap()
}

fn error(bytes: impl Into<Vec<u8>>) -> String {
    read(&Inputs::from_bytes("t.sktrace", bytes), &Repairs::default()).expect_err("it is wrong")
}

fn applied(records: &[Record], pointer: &str) -> Vec<String> {
    let texts = records.iter().filter_map(|record| match &record.event {
        Event::Applied(object) => Some(object.pointer(pointer)?.as_str()?.to_owned()),
        _ => None,
    });
    texts.collect()
}

#[test]
fn recorded_deployments_are_applied_again_and_again() {
    for (name, objects, span) in [("dsb-scaling.sktrace", 46, 1134), ("large_trace.json.gz", 250, 1265)] {
        let Some(path) = shared(name) else { return };
        let inputs = Inputs::open(&[path]).unwrap();
        assert_eq!(detect(&inputs).map(|format| format.name), Some("simkube"), "{name}");
        let records = all(&inputs);
        assert_eq!(records.len(), objects, "{name}");
        assert_eq!(applied(&records, "/kind"), vec!["Deployment"; objects], "{name}");
        assert_eq!(records.last().unwrap().at / 1_000_000_000, span, "{name}");
        assert!(records.windows(2).all(|pair| pair[0].at <= pair[1].at), "{name}");
    }
}

#[test]
fn recorded_pods_run_as_long_as_they_did() {
    let Some(path) = shared("bare-pods.sktrace") else { return };
    let records = all(&Inputs::open(&[path]).unwrap());
    assert_eq!(
        records.iter().map(|record| (record.at - records[0].at) / 1_000_000_000).collect::<Vec<_>>(),
        [0, 42, 102, 162]
    );
    // The last one was still running.
    assert_eq!(applied(&records, "/metadata/annotations/towtank.dev~1run-time"), ["12s", "30s", "30s"]);
}

#[test]
fn the_pods_of_an_owner_share_its_list_of_run_times() {
    let Some(path) = shared("cronjob.sktrace") else { return };
    let records = all(&Inputs::open(&[path]).unwrap());
    let way = "/spec/jobTemplate/spec/template/metadata/annotations/towtank.dev~1run-times";
    assert_eq!(applied(&records, way), ["30s 30s 30s"]);
    let Event::Deleted { kind, namespace, name } = &records[1].event else { panic!("a deletion") };
    assert_eq!((&**kind, &**namespace, &**name), ("CronJob", "default", "hello-simkube"));
    assert_eq!(records[1].at - records[0].at, 205_000_000_000);
}

fn recording(lifecycles: &serde_json::Value) -> String {
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"template": {"metadata": {"labels": {"a": "b"}}}},
    });
    json!({
        "version": 2, "config": {"trackedObjects": {}}, "index": {},
        "events": [{"ts": 100, "applied_objs": [deployment], "deleted_objs": []}],
        "pod_lifecycles": {"apps/v1.Deployment:shop/web": lifecycles},
    })
    .to_string()
}

#[test]
fn lists_of_several_hashes_follow_each_other_as_they_begin() {
    let lifecycles = json!({
        "7": [{"Finished": [500, 507]}, "Empty"],
        "9": [{"Running": 120}, {"Finished": [150, 159]}],
    });
    let records = all(&Inputs::from_bytes("t.json", recording(&lifecycles)));
    let way = "/spec/template/metadata/annotations/towtank.dev~1run-times";
    assert_eq!(applied(&records, way), ["forever 9s 7s forever"]);
}

#[test]
fn an_end_before_the_start_is_repaired_and_counted() {
    let text = recording(&json!({"7": [{"Finished": [500, 400]}, {"Finished": [600, 601]}]}));
    let repairs = Repairs::default();
    read(&Inputs::from_bytes("t.json", text.clone()), &repairs).unwrap();
    assert_eq!(repairs.report()[0].rule.name(), "negative-duration");
    let error = read(&Inputs::from_bytes("t.json", text), &Repairs::strict()).unwrap_err();
    assert!(error.contains("pod_lifecycles.apps/v1.Deployment:shop/web.7[0]: "), "{error}");
}

#[test]
fn what_is_no_recording_says_so() {
    assert!(error("").contains("the file is empty"));
    assert!(error("{}").starts_with("t.sktrace: version: is missing"));
    assert_eq!(error(r#"{"version": 1}"#), "t.sktrace: version: `1` is a version that is not read: expected version 2");
    let late = recording(&json!({})).replace("100", "\"soon\"");
    assert_eq!(error(late), "t.sktrace: events[0].ts: `soon` is no number: expected seconds since 1970");
    let nameless = recording(&json!({})).replace("\"web\",", "7,");
    assert!(error(nameless).contains("events[0].applied_objs[0]: `an object` has no kind or no name"));
}

#[test]
fn damaged_message_pack_is_an_error_and_no_panic() {
    let Some(path) = shared("bare-pods.sktrace") else { return };
    let bytes = std::fs::read(path).unwrap();
    for cut in (0..bytes.len()).step_by(41) {
        let error = error(&bytes[..cut]);
        assert!(error.contains("truncated") || error.contains("empty"), "{cut}: {error}");
    }
    for place in (0..bytes.len()).step_by(17) {
        let mut bytes = bytes.clone();
        bytes[place] ^= 0xc4;
        let _ = read(&Inputs::from_bytes("t.sktrace", bytes), &Repairs::default());
    }
    // A list that claims four billion entries takes no memory for them.
    assert!(error(b"\xdd\xff\xff\xff\xff".to_vec()).contains("truncated"));
}
