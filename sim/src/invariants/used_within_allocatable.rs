//! A node that the scheduler has just put a pod on holds no more than its allocatable of what this pod requests, and the pod
//! has the devices that it asked for.
//!
//! It does not hold at all times: allocatable may shrink, and pods with `spec.nodeName` do not ask.

use super::Witness;
use crate::cluster::Cluster;
use crate::observe::Note;

/// Looks at every placement.
pub(super) struct Placements;

impl Witness for Placements {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) -> Result<(), String> {
        let Note::Scheduled { pod, node, .. } = note else { return Ok(()) };
        let Some(pod) = cluster.pod(*pod) else { return Err(format!("{pod} was placed and does not exist")) };
        let (node, class) = (cluster.node(*node), cluster.class_of(pod));
        for (id, amount) in class.requests.iter() {
            let (used, most) = (node.requested.get(id), node.allocatable.get(id));
            if used > most {
                let (resource, name) = (cluster.resources.name(id), node.name());
                let pod = &pod.name;
                return Err(format!("pod {pod} ({resource}: {amount}) brought node {name} to {used} of {most}"));
            }
        }
        let asked = class.spec.gpu.map_or(0, |request| u32::from(request.count));
        let has = pod.devices.0.count_ones();
        if has == asked { Ok(()) } else { Err(format!("pod {} asked for {asked} devices and has {has}", pod.name)) }
    }
}
