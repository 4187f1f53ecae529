//! Snapshots of a cluster: what `kubectl get ... -o yaml` or `-o json` prints, one file or several documents in one.
//!
//! Every object is applied at the start, in the order in which it is listed: nodes with their capacity, pods with the node on which they
//! run, and whatever else is there. Objects are as the API server gave them; whoever reads manifests knows what they mean.

use crate::error::TraceError;
use crate::format::{Context, Format, Gives, Head, TableInfo, TestedOn};
use crate::input::Inputs;
use crate::json::{self, At, Document};
use crate::reader::{Listed, Reader, Timeline};
use crate::record::{Event, Record};
use crate::yaml;
use serde_json::Value;
use std::sync::Arc;

const WHAT: &str = "Kubernetes objects with apiVersion, kind and metadata, or lists of them";

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "kubectl",
    module: "kubectl",
    about: "a snapshot of a cluster, as `kubectl get ... -o yaml` or `-o json` prints it",
    tables: &[TableInfo {
        name: "*.yaml or *.json",
        gives: Gives::Both,
        columns: "Kubernetes objects, or lists of them: apiVersion, kind, metadata, spec, status",
        sorted: true,
    }],
    tested_on: TestedOn::SchemaRows,
    detect,
    nodes: Some(open),
    pods: Some(open),
};

fn detect(head: &Head<'_>) -> bool {
    let has = |word: &[u8]| head.bytes.windows(word.len()).any(|bytes| bytes == word);
    let is_kubernetes = has(b"apiVersion") && has(b"kind") && !has(b"audit.k8s.io") && !has(b"applied_objs");
    is_kubernetes && head.bytes.iter().all(|b| *b != 0)
}

fn open(inputs: &Inputs, _: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let (file, bytes) = json::read_all(inputs.single("a snapshot of a cluster", detect)?.open()?)?;
    let documents = match bytes.trim_ascii_start().first() {
        None => Vec::new(),
        Some(b'{' | b'[') => vec![json::parse(&file, 1, &bytes, WHAT)?],
        Some(_) => yaml::documents(&bytes).map_err(|(line, column, problem)| TraceError::Json {
            file: Arc::clone(&file),
            line,
            column,
            problem: problem.into(),
            expected: format!("{WHAT}, as YAML or").into(),
        })?,
    };
    drop(bytes);
    let several = documents.len() > 1;
    let mut records = Vec::new();
    for (i, value) in documents.iter().enumerate() {
        let prefix = if several { format!("document {}", i + 1) } else { String::new() };
        let document = Document { prefix, ..Document::whole(&file) };
        if !value.is_null() {
            objects(&document.at(value), None, &mut records)?;
        }
    }
    if records.is_empty() {
        return Err(TraceError::EmptyDocument { file, expected: WHAT.into() });
    }
    Ok(Box::new(Listed::of_objects(file, Timeline::SORTED, records)))
}

/// Takes an object, or the objects of a list. `default` is what the items of a typed list leave out.
fn objects(at: &At<'_>, default: Option<(&str, &str)>, records: &mut Vec<Record>) -> Result<(), TraceError> {
    let text = |key, default: Option<&str>| match (at.find(key)?, default) {
        (Some(field), _) => Ok(field.text("a text")?.to_owned()),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => at.key(key, WHAT).map(|_| String::new()),
    };
    let api_version = text("apiVersion", default.map(|(version, _)| version))?;
    let kind = text("kind", default.map(|(_, kind)| kind))?;
    if let Some(item) = kind.strip_suffix("List")
        && let Some(items) = at.find("items")?
    {
        let default = (!item.is_empty()).then_some((api_version.as_str(), item));
        return items.items()?.try_for_each(|value| objects(&value, default, records));
    }
    let metadata = at.key("metadata", WHAT)?;
    metadata.key("name", "the object's name")?.text("the object's name")?;
    let mut object = at.value.clone();
    for (key, text) in [("apiVersion", api_version), ("kind", kind)] {
        object.as_object_mut().map(|map| map.insert(key.to_owned(), Value::String(text)));
    }
    records.push(Record::on_line(records.len() as u64 + 1, 0, Event::Applied(Box::new(object))));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let inputs = Inputs::from_bytes("snapshot.yaml", text);
        let mut reader = open(&inputs, &Context::default()).map_err(|error| error.to_string())?;
        let mut names = Vec::new();
        while let Some(record) = reader.next().unwrap() {
            let Event::Applied(object) = record.event else { panic!("an object") };
            let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            names.push([text("/apiVersion"), text("/kind"), text("/metadata/name")].join(" "));
        }
        Ok(names)
    }

    #[test]
    fn lists_and_documents_in_yaml_and_json() {
        let yaml = "\
kind: List
apiVersion: v1
items:
- { apiVersion: v1, kind: Node, metadata: { name: n } }
- { apiVersion: apps/v1, kind: Deployment, metadata: { name: d } }
---
---
kind: PodList
apiVersion: v1
items:
- { metadata: { name: p } }
";
        assert_eq!(read(yaml).unwrap(), ["v1 Node n", "apps/v1 Deployment d", "v1 Pod p"]);
        let json = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}"#;
        assert_eq!(read(json).unwrap(), ["v1 Pod p"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let error = |text| read(text).unwrap_err();
        assert!(error("").contains("the file is empty"));
        assert!(error("---\n").contains("the file is empty"));
        assert!(error("a: [1").starts_with("snapshot.yaml: line "), "{}", error("a: [1"));
        assert!(error("just words").contains("is no object"));
        assert!(error("{kind: Pod}").contains("column"), "{}", error("{kind: Pod}"));
        assert_eq!(
            error("kind: PodList\napiVersion: v1\nitems: [{metadata: {}}]\n"),
            "snapshot.yaml: items[0].metadata.name: is missing: expected the object's name"
        );
        assert!(error("kind: Pod\n---\nkind: Pod\n").starts_with("snapshot.yaml: document 1.apiVersion: is missing"));
    }
}
