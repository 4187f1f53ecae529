//! Jobs.

use super::{ObjectKind, body, nothing, numbers};
use serde_json::{Map, Value};
use towtank_sim::cluster::ObjectEntry;
use towtank_workloads::controllers::Job;

pub(super) const KIND: ObjectKind =
    ObjectKind { name: "Job", by: "job", created: |_, _| Map::new(), wanted: nothing, status, at_end: nothing };

fn status(entry: &ObjectEntry) -> Map<String, Value> {
    let status = &body::<Job>(entry).status;
    numbers([
        ("active", status.active.into()),
        ("succeeded", status.succeeded.into()),
        ("failed", status.failed.into()),
    ])
}
