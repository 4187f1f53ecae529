//! Recorded decisions of the real scheduler, for the fields that the plain-pod plugins read.

use crate::config::{Document, ParsedConfig};
use crate::factory::BuildContext;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::affinity::{NodeAffinity, NodeSelector, NodeSelectorTerm, PreferredNode};
use towtank_sim::model::labels::{Labels, Operator, Requirement};
use towtank_sim::model::node::{NodeImage, NodeSpec};
use towtank_sim::model::pod::{ActualResources, Container, HostPort, InitContainer, NewPod, PodSpec, Run, Usage};
use towtank_sim::model::resources::ResourceList;
use towtank_sim::model::taint::{Taint, Toleration, TolerationOperator};
use towtank_sim::model::volume::{Volume, VolumeSource};
use towtank_sim::model::{ClassId, NodeId};
use towtank_sim::random::Streams;
use towtank_sim::scheduler::FeatureGates;
use towtank_sim::scheduler::{Cycle, PreScore, Profile};

/// A recorded decision.
pub(crate) struct Case {
    pub(crate) cluster: Cluster,
    pub(crate) class: ClassId,
    pub(crate) profile: Profile,
    pub(crate) expect: Expect,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Expect {
    pub(crate) gated: Option<Rejection>,
    pub(crate) infeasible: BTreeMap<String, Rejection>,
    pub(crate) feasible: BTreeMap<String, Total>,
    #[serde(rename = "skippedScores")]
    pub(crate) skipped_scores: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Rejection {
    #[serde(default)]
    pub(crate) plugin: String,
    pub(crate) code: String,
    pub(crate) reasons: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Total {
    pub(crate) total: i64,
    pub(crate) scores: BTreeMap<String, i64>,
}

impl Rejection {
    /// Plugin, code and reasons.
    pub(crate) fn parts(&self) -> (String, String, Vec<String>) {
        (self.plugin.clone(), self.code.clone(), self.reasons.clone())
    }
}

/// The recorded cases of a folder (`hand` or `random`) whose names begin so: name and text.
pub(crate) fn cases(folder: &str, prefix: &str) -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance/decisions").join(folder);
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut cases: Vec<(String, String)> = entries
        .map(|entry| entry.expect("the folder is readable").path())
        .map(|path| (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), path))
        .filter(|(name, _)| name.starts_with(prefix))
        .map(|(name, path)| (name, std::fs::read_to_string(path).expect("the case is readable")))
        .collect();
    cases.sort();
    cases
}

impl Case {
    pub(crate) fn read(text: &str) -> Self {
        let file: File = Document { file: "case", text }.read().unwrap_or_else(|e| panic!("{e}"));
        let config = section(text, "config:").map_or_else(ParsedConfig::default, |text| {
            ParsedConfig::read(&text, "config").unwrap_or_else(|e| panic!("{e}"))
        });
        let context = BuildContext { streams: Streams::new(1), gates: FeatureGates::default() };
        let profile = crate::build(&config, &context).profiles.remove(0);
        let mut cluster = Cluster::default();
        for object in file.objects.iter().filter(|object| object.kind == "Node") {
            cluster.add_node(object.node()).expect("names are unique");
        }
        for object in file.objects.iter().filter(|o| o.kind == "Pod" && o.status.phase.as_deref() != Some("Succeeded"))
        {
            let class = cluster.intern(object.pod());
            let name = object.metadata.name.clone().into();
            let new = NewPod { name, class, owner: None, run: Run::Forever, usage: Usage::default(), status: None };
            cluster.create_pod(new).expect("no quota");
        }
        let class = cluster.intern(file.pod.pod());
        Self { cluster, class, profile, expect: file.expect }
    }

    pub(crate) fn cycle(&self) -> Cycle<'_> {
        Cycle::new(&self.cluster, self.class, None)
    }

    /// The normalised scores by plugin, in the profile's order, with weights; `None` for a plugin that skips.
    pub(crate) fn scores(&self, feasible: &[NodeId]) -> Vec<(&'static str, i64, Option<Vec<i64>>)> {
        let cycle = self.cycle();
        let score = |&(index, weight): &(usize, i64)| {
            let plugin = &self.profile.plugins[index];
            let scores = match plugin.pre_score(&cycle, feasible) {
                PreScore::Skip => None,
                PreScore::Same(score) => Some(vec![score; feasible.len()]),
                PreScore::Ask(scorer) => {
                    let mut scores: Vec<i64> = feasible.iter().map(|id| scorer.score(self.cluster.node(*id))).collect();
                    scorer.normalize(&mut scores);
                    Some(scores)
                }
            };
            (plugin.name(), weight, scores)
        };
        self.profile.score.iter().map(score).collect()
    }
}

/// A top-level section of a text, moved to the left.
fn section(text: &str, key: &str) -> Option<String> {
    let mut lines = text.lines().skip_while(|line| *line != key);
    lines.next()?;
    Some(lines.map_while(|line| line.strip_prefix("  ")).flat_map(|line| [line, "\n"]).collect())
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    objects: Vec<Object>,
    pod: Object,
    expect: Expect,
}

#[derive(Deserialize)]
struct Object {
    kind: String,
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    namespace: Option<String>,
    #[serde(default)]
    labels: Labels,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    unschedulable: bool,
    taints: Vec<TaintFields>,
    node_name: Option<String>,
    priority: Option<i32>,
    node_selector: Labels,
    affinity: AffinityFields,
    tolerations: Vec<TolerationFields>,
    scheduling_gates: Vec<Named>,
    containers: Vec<ContainerFields>,
    init_containers: Vec<ContainerFields>,
    overhead: BTreeMap<String, String>,
    resources: ResourceFields,
    volumes: Vec<VolumeFields>,
    host_network: bool,
    host_users: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    allocatable: BTreeMap<String, String>,
    images: Vec<ImageFields>,
    declared_features: Vec<String>,
    phase: Option<String>,
    container_statuses: Vec<ContainerStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContainerStatus {
    name: String,
    #[serde(default)]
    allocated_resources: BTreeMap<String, String>,
    resources: Option<ResourceFields>,
}

/// A volume; of its sources, only images are read.
#[derive(Deserialize)]
struct VolumeFields {
    name: String,
    image: Option<ImageSource>,
}

#[derive(Deserialize)]
struct ImageSource {
    reference: String,
}

#[derive(Deserialize)]
struct RestartRule {
    action: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ImageFields {
    names: Vec<String>,
    size_bytes: i64,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct TaintFields {
    key: String,
    #[serde(default)]
    value: String,
    effect: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TolerationFields {
    key: String,
    operator: Option<String>,
    value: String,
    effect: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AffinityFields {
    node_affinity: NodeAffinityFields,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NodeAffinityFields {
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    required: Option<SelectorFields>,
    #[serde(rename = "preferredDuringSchedulingIgnoredDuringExecution")]
    preferred: Vec<PreferenceFields>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SelectorFields {
    node_selector_terms: Vec<TermFields>,
}

#[derive(Deserialize)]
struct PreferenceFields {
    weight: i32,
    preference: TermFields,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct TermFields {
    match_expressions: Vec<RequirementFields>,
    match_fields: Vec<RequirementFields>,
}

#[derive(Deserialize)]
struct RequirementFields {
    key: String,
    operator: String,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerFields {
    name: String,
    image: String,
    resources: ResourceFields,
    ports: Vec<PortFields>,
    restart_policy: Option<String>,
    restart_policy_rules: Vec<RestartRule>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResourceFields {
    requests: BTreeMap<String, String>,
    limits: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PortFields {
    container_port: u16,
    #[serde(default)]
    host_port: u16,
    #[serde(default, rename = "hostIP")]
    host_ip: String,
    protocol: Option<String>,
}

impl Object {
    fn node(&self) -> NodeSpec {
        let taint = |t: &TaintFields| Taint {
            key: t.key.clone(),
            value: t.value.clone(),
            effect: t.effect.parse().expect("a taint effect"),
        };
        NodeSpec {
            name: self.metadata.name.as_str().into(),
            labels: self.metadata.labels.clone(),
            taints: self.spec.taints.iter().map(taint).collect(),
            unschedulable: self.spec.unschedulable,
            allocatable: list(&self.status.allocatable),
            images: self
                .status
                .images
                .iter()
                .map(|image| NodeImage { names: image.names.clone(), size: image.size_bytes })
                .collect(),
            declared_features: self.status.declared_features.clone(),
            ..NodeSpec::default()
        }
    }

    fn pod(&self) -> PodSpec {
        let spec = &self.spec;
        let affinity = &spec.affinity.node_affinity;
        let mut pod = PodSpec {
            namespace: self.metadata.namespace.as_deref().unwrap_or("default").into(),
            labels: self.metadata.labels.clone(),
            priority: spec.priority,
            containers: spec.containers.iter().map(|c| c.container(spec.host_network)).collect(),
            init_containers: spec
                .init_containers
                .iter()
                .map(|c| InitContainer {
                    container: c.container(spec.host_network),
                    sidecar: c.restart_policy.as_deref() == Some("Always"),
                })
                .collect(),
            requests: list(&spec.resources.requests),
            limits: list(&spec.resources.limits),
            overhead: list(&spec.overhead),
            host_network: spec.host_network,
            host_users: spec.host_users.unwrap_or(true),
            node_name: spec.node_name.as_deref().map(Into::into),
            node_selector: spec.node_selector.clone(),
            node_affinity: NodeAffinity {
                required: affinity
                    .required
                    .as_ref()
                    .map(|s| NodeSelector { terms: s.node_selector_terms.iter().map(TermFields::term).collect() }),
                preferred: affinity
                    .preferred
                    .iter()
                    .map(|p| PreferredNode { weight: p.weight, term: p.preference.term() })
                    .collect(),
            },
            tolerations: spec.tolerations.iter().map(TolerationFields::toleration).collect(),
            scheduling_gates: spec.scheduling_gates.iter().map(|gate| gate.name.clone()).collect(),
            volumes: spec.volumes.iter().filter_map(VolumeFields::image).collect(),
            ..PodSpec::default()
        };
        // As the API server does it: a pod with limits requests what its containers request.
        if !pod.limits.is_empty() {
            let of_containers = pod.of_containers(|container| container.requests.clone());
            for (name, quantity) in of_containers.into_iter().chain(pod.limits.clone()) {
                pod.requests.entry(name).or_insert(quantity);
            }
        }
        for container in &mut pod.containers {
            let status = self.status.container_statuses.iter().find(|status| status.name == container.name);
            container.actual = status.and_then(ContainerStatus::actual).map(Box::new);
        }
        pod
    }
}

impl VolumeFields {
    fn image(&self) -> Option<Volume> {
        let reference = self.image.as_ref()?.reference.clone();
        Some(Volume { name: self.name.clone(), source: VolumeSource::Image { reference } })
    }
}

impl ContainerStatus {
    fn actual(&self) -> Option<ActualResources> {
        let resources = self.resources.as_ref()?;
        Some(ActualResources {
            requests: list(&resources.requests),
            limits: list(&resources.limits),
            allocated: list(&self.allocated_resources),
        })
    }
}

impl ContainerFields {
    fn container(&self, host_network: bool) -> Container {
        let mut requests = list(&self.resources.limits);
        requests.extend(list(&self.resources.requests));
        let port = |p: &PortFields| HostPort {
            ip: if p.host_ip.is_empty() { "0.0.0.0".to_owned() } else { p.host_ip.clone() },
            protocol: p.protocol.clone().unwrap_or_else(|| "TCP".to_owned()),
            port: if p.host_port == 0 && host_network { p.container_port } else { p.host_port },
        };
        Container {
            name: self.name.clone(),
            image: self.image.clone(),
            requests,
            limits: list(&self.resources.limits),
            host_ports: self.ports.iter().map(port).filter(|p| p.port != 0).collect(),
            restarts_all: self.restart_policy_rules.iter().any(|rule| rule.action == "RestartAllContainers"),
            ..Container::default()
        }
    }
}

impl TermFields {
    fn term(&self) -> NodeSelectorTerm {
        let list = |fields: &[RequirementFields]| fields.iter().map(RequirementFields::requirement).collect();
        NodeSelectorTerm { expressions: list(&self.match_expressions), fields: list(&self.match_fields) }
    }
}

impl RequirementFields {
    fn requirement(&self) -> Requirement {
        let operator = match self.operator.as_str() {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            "Gt" => Operator::Gt,
            "Lt" => Operator::Lt,
            other => panic!("operator {other}"),
        };
        Requirement { key: self.key.clone(), operator, values: self.values.clone() }
    }
}

impl TolerationFields {
    fn toleration(&self) -> Toleration {
        let operator = match self.operator.as_deref() {
            None | Some("Equal") => TolerationOperator::Equal,
            Some("Exists") => TolerationOperator::Exists,
            Some("Lt") => TolerationOperator::Lt,
            Some("Gt") => TolerationOperator::Gt,
            Some(other) => panic!("operator {other}"),
        };
        let effect = self.effect.as_deref().filter(|e| !e.is_empty()).map(|e| e.parse().expect("a taint effect"));
        Toleration { key: self.key.clone(), operator, value: self.value.clone(), effect, seconds: None }
    }
}

fn list(texts: &BTreeMap<String, String>) -> ResourceList {
    texts.iter().map(|(name, text)| (name.clone(), text.parse().expect("a quantity"))).collect()
}
