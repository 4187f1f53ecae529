//! NodeLabel: nodes must have certain labels or lack them, or are preferred if they do, whatever the labels' values.

use crate::config::{ArgsSource, ConfigError, Invalid, PluginArgs, Step, or_default};
use crate::factory::Factory;
use crate::lasting::{filter_by_node, score_by_node};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::labels::Labels;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::{
    Cycle, Dependence, Events, FeatureGates, Filter, Lasting, LastingScore, MAX_NODE_SCORE, NodePart, Plugin, Points,
    PreFilter, PreScore, Score, Verdict,
};

/// The plugin.
///
/// Source: `pkg/scheduler/framework/plugins/nodelabel/node_label.go` of 1.22.
#[derive(Clone, Debug)]
pub struct NodeLabel {
    args: Arc<NodeLabelArgs>,
}

struct Wishes(Arc<NodeLabelArgs>);

/// Its arguments.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NodeLabelArgs {
    #[serde(rename = "apiVersion")]
    _api_version: Option<IgnoredAny>,
    #[serde(rename = "kind")]
    _kind: Option<IgnoredAny>,
    /// Labels that a node must have.
    #[serde(deserialize_with = "or_default")]
    pub present_labels: Vec<String>,
    /// Labels that a node must not have.
    #[serde(deserialize_with = "or_default")]
    pub absent_labels: Vec<String>,
    /// Labels that a node had better have.
    #[serde(deserialize_with = "or_default")]
    pub present_labels_preference: Vec<String>,
    /// Labels that a node had better not have.
    #[serde(deserialize_with = "or_default")]
    pub absent_labels_preference: Vec<String>,
}

/// Reads the arguments.
pub(crate) fn prepare(args: &ArgsSource<'_>) -> Result<Factory, ConfigError> {
    let args: Arc<NodeLabelArgs> = Arc::new(args.read()?);
    Ok(Arc::new(move |_| Box::new(NodeLabel { args: Arc::clone(&args) })))
}

impl Plugin for NodeLabel {
    fn name(&self) -> &'static str {
        "NodeLabel"
    }

    fn points(&self) -> Points {
        Points::FILTER.and(Points::SCORE)
    }

    fn pre_filter<'c>(&'c self, _cycle: &Cycle<'c>) -> PreFilter<'c> {
        PreFilter::Ask(Box::new(Wishes(Arc::clone(&self.args))))
    }

    fn filter_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn pre_score<'c>(&'c self, _cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        if !self.args.has_preferences() {
            return PreScore::Same(0);
        }
        PreScore::Ask(Box::new(Wishes(Arc::clone(&self.args))))
    }

    fn score_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn lasting(&self, _class: &PodClass, _cluster: &Cluster) -> Lasting {
        let score = if self.args.has_preferences() {
            score_by_node(NodePart::Spec, Wishes(Arc::clone(&self.args)))
        } else {
            LastingScore::Same(0)
        };
        Lasting {
            filter: filter_by_node(NodePart::Spec, Some(Wishes(Arc::clone(&self.args)))),
            score,
            ..Lasting::default()
        }
    }

    fn events(&self) -> Events {
        Events::NODE_ADD.and(Events::NODE_LABEL)
    }
}

impl Filter for Wishes {
    fn filter(&self, node: &Node) -> Verdict {
        let labels = &node.spec.labels;
        let present = self.0.present_labels.iter().all(|label| labels.contains_key(label));
        if present && !self.0.absent_labels.iter().any(|label| labels.contains_key(label)) {
            Verdict::Fits
        } else {
            Verdict::unresolvable("node(s) didn't have the requested labels")
        }
    }
}

impl Score for Wishes {
    /// The share of the preferences that the node meets.
    fn score(&self, node: &Node) -> i64 {
        let labels: &Labels = &node.spec.labels;
        let present = self.0.present_labels_preference.iter().filter(|label| labels.contains_key(label)).count();
        let absent = self.0.absent_labels_preference.iter().filter(|label| !labels.contains_key(label)).count();
        let all = self.0.present_labels_preference.len() + self.0.absent_labels_preference.len();
        MAX_NODE_SCORE * (present + absent) as i64 / all as i64
    }
}

impl NodeLabelArgs {
    fn has_preferences(&self) -> bool {
        !self.present_labels_preference.is_empty() || !self.absent_labels_preference.is_empty()
    }
}

impl PluginArgs for NodeLabelArgs {
    const KIND: &'static str = "NodeLabelArgs";

    fn validate(&self, _gates: FeatureGates) -> Result<(), Invalid> {
        let pairs = [
            ("presentLabels", &self.present_labels, "absentLabels", &self.absent_labels),
            (
                "presentLabelsPreference",
                &self.present_labels_preference,
                "absentLabelsPreference",
                &self.absent_labels_preference,
            ),
        ];
        for (present_key, present, absent_key, absent) in pairs {
            if let Some((index, label)) = present.iter().enumerate().find(|(_, label)| absent.contains(label)) {
                let detail = format!("{label} is in {present_key} and in {absent_key}");
                return Err(Invalid::value([Step::Key(present_key), Step::Index(index)], label, &detail));
            }
        }
        Ok(())
    }
}
