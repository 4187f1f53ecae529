//! Recorded results of Kubernetes 1.36.2: what a pod asks for in all, read as scenarios read it.

use super::{Item, parse};
use crate::yaml;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use towtank_sim::model::Quantity;
use towtank_sim::model::resources::ResourceList;

#[derive(Deserialize)]
struct Table {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    input: yaml::Value,
    output: Output,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    requests: BTreeMap<String, String>,
    limits: BTreeMap<String, String>,
    qos_class: String,
}

#[test]
fn requests_limits_and_quality_of_service_are_those_of_kubernetes() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance/functions/podRequests.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("no recorded functions on this machine: nothing checked");
        return;
    };
    let table: Table = yaml::from_str(&text).expect("the table is readable");
    assert!(table.cases.len() >= 99, "{} cases", table.cases.len());
    for Case { mut input, output } in table.cases {
        let name = format!("{:?}", input["metadata"]["name"]);
        // A pod that has ended asks for nothing and is not read; the functions are asked about it all the same.
        if let Some(status) = input.get_mut("status").and_then(yaml::Value::as_mapping_mut) {
            status.remove("phase");
        }
        let text = yaml::to_string(&input).expect("it was read");
        let manifests = parse("pod.yaml", text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let [planned] = &manifests.submissions[..] else { panic!("{name}: one object") };
        let Item::Pod(pod) = &planned.item else { panic!("{name}: a pod") };
        let spec = &pod.template.spec;
        let list = |texts: &BTreeMap<String, String>| -> ResourceList {
            texts.iter().map(|(name, text)| (name.clone(), text.parse::<Quantity>().expect("a quantity"))).collect()
        };
        assert_eq!(spec.held_requests(), list(&output.requests), "{name}: requests");
        assert_eq!(spec.held_limits(), list(&output.limits), "{name}: limits");
        assert_eq!(format!("{:?}", spec.qos()), output.qos_class, "{name}");
    }
}
