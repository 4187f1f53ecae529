//! What recordings call things: `OWNER.n` for the nth object that an owner had made for it.

use std::collections::BTreeMap;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::{ObjectId, PodId};

#[derive(Debug, Default)]
pub(super) struct Names {
    pods: BTreeMap<u64, String>,
    objects: BTreeMap<ObjectId, String>,
    /// By real name, longest first when they are looked for in a text.
    real: Vec<(String, String)>,
    counts: BTreeMap<String, u32>,
    by_name: BTreeMap<String, PodId>,
}

impl Names {
    /// A pod exists: the name that it has from now on.
    pub(super) fn pod_created(&mut self, id: PodId, cluster: &Cluster) -> String {
        let Some(pod) = cluster.pod(id) else { return String::new() };
        let name = match pod.owner.and_then(|owner| cluster.objects().meta(owner)) {
            None => pod.name.to_string(),
            Some(owner) if owner.kind == "StatefulSet" => pod.name.to_string(),
            Some(owner) => {
                let of = self.objects.get(&owner.id).cloned().unwrap_or_else(|| owner.name.to_string());
                match (owner.kind, pod.completion()) {
                    (_, Some(part)) => self.next(&format!("{of}.i{}", part.index)),
                    ("DaemonSet", None) => {
                        let spec = &cluster.class_of(pod).spec;
                        let terms = spec.node_affinity.required.iter().flat_map(|required| &required.terms);
                        let fields = terms.flat_map(|term| &term.fields).find(|field| field.key == "metadata.name");
                        let node = fields.and_then(|field| field.values.first()).map_or("", String::as_str);
                        self.next(&format!("{of}.{node}"))
                    }
                    _ => self.next(&of),
                }
            }
        };
        self.real.push((pod.name.to_string(), name.clone()));
        self.pods.insert(pod.uid, name.clone());
        self.by_name.insert(name.clone(), id);
        name
    }

    /// An object exists.
    pub(super) fn object_created(&mut self, id: ObjectId, cluster: &Cluster) -> String {
        let Some(meta) = cluster.objects().meta(id) else { return String::new() };
        let owner = meta.owner.and_then(|owner| self.objects.get(&owner).cloned());
        let name = match owner {
            None => meta.name.to_string(),
            Some(owner) if meta.kind == "ControllerRevision" => self.next(&format!("{owner}.rev")),
            Some(owner) => self.next(&owner),
        };
        self.real.push((meta.name.to_string(), name.clone()));
        self.objects.insert(id, name.clone());
        name
    }

    fn next(&mut self, owner: &str) -> String {
        let count = self.counts.entry(owner.to_owned()).or_default();
        *count += 1;
        let dot = if owner.rsplit('.').next() == Some("rev") { "" } else { "." };
        format!("{owner}{dot}{count}")
    }

    /// What a pod is called.
    pub(super) fn pod(&self, id: PodId, cluster: &Cluster) -> String {
        let known = cluster.pod(id).and_then(|pod| self.pods.get(&pod.uid));
        known.cloned().unwrap_or_default()
    }

    /// What an object is called.
    pub(super) fn object(&self, id: ObjectId) -> String {
        self.objects.get(&id).cloned().unwrap_or_default()
    }

    /// The pod that was called so last.
    pub(super) fn find_pod(&self, name: &str) -> Option<PodId> {
        self.by_name.get(name).copied()
    }

    /// A text of a controller in which real names are replaced.
    pub(super) fn replace_in(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let mut real: Vec<&(String, String)> = self.real.iter().filter(|(real, name)| real != name).collect();
        real.sort_by_key(|(real, _)| std::cmp::Reverse(real.len()));
        for (real, name) in real {
            if text.contains(real.as_str()) {
                text = text.replace(real.as_str(), name);
            }
        }
        // The words of an admission step through which a script's refusals come.
        match text.split_once("\" is forbidden: ") {
            Some((before, words)) => {
                format!("{}{words}", before.rsplit_once("pods \"").map_or(before, |(start, _)| start))
            }
            None => text,
        }
    }
}
