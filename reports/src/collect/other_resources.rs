//! Resources that have no column of their own.

use std::fmt::Write as _;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::resources::{ResourceId, Resources};

/// Resources beyond CPU, memory and the count of pods, as `NAME=AMOUNT;…`.
pub(super) fn others(resources: &Resources, cluster: &Cluster) -> String {
    let mut text = String::new();
    for (id, amount) in resources.iter() {
        if ![ResourceId::CPU, ResourceId::MEMORY, ResourceId::PODS].contains(&id) {
            let separator = if text.is_empty() { "" } else { ";" };
            let _ = write!(text, "{separator}{}={amount}", cluster.resources.name(id));
        }
    }
    text
}
