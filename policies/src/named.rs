//! Policies with a short name: whole configurations for comparisons.

use crate::config::ParsedConfig;
use crate::research::batch;
use crate::suggest::did_you_mean;
use thiserror::Error;

/// A policy that can be asked for by name.
#[derive(Clone, Copy, Debug)]
pub struct NamedPolicy {
    /// The name.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// What stands for it in a profile, after `schedulerName`.
    profile: &'static str,
}

/// No policy has this name.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("unknown policy `{name}`{hint}")]
pub struct UnknownPolicy {
    name: String,
    hint: String,
}

/// The policies. `default` is kube-scheduler's default profile. Each other one has the default filters and one scorer of
/// weight 1. Those that are defined on all nodes look at all of them (`percentageOfNodesToScore: 100`).
#[rustfmt::skip]
pub const POLICIES: &[NamedPolicy] = &[
    NamedPolicy { name: "default", about: "kube-scheduler's default profile", profile: "" },
    NamedPolicy { name: "least-allocated", about: "default filters, scored by NodeResourcesFit LeastAllocated alone", profile: "\n    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: NodeResourcesFit, weight: 1 }] } }\n    pluginConfig: [{ name: NodeResourcesFit, args: { scoringStrategy: { type: LeastAllocated } } }]" },
    NamedPolicy { name: "most-allocated", about: "default filters, scored by NodeResourcesFit MostAllocated alone", profile: "\n    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: NodeResourcesFit, weight: 1 }] } }\n    pluginConfig: [{ name: NodeResourcesFit, args: { scoringStrategy: { type: MostAllocated } } }]" },
    NamedPolicy { name: "random", about: "default filters, scored by Random alone", profile: "\n    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: Random, weight: 1 }] } }" },
    NamedPolicy { name: "best-fit", about: "default filters, scored by BestFit alone, all nodes looked at", profile: "\n    percentageOfNodesToScore: 100\n    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: BestFit, weight: 1 }] } }" },
    NamedPolicy { name: "worst-fit", about: "default filters, scored by WorstFit alone, all nodes looked at", profile: "\n    percentageOfNodesToScore: 100\n    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: WorstFit, weight: 1 }] } }" },
    NamedPolicy { name: "first-fit", about: "default filters, scored by FirstFit alone, all nodes looked at", profile: "\n    percentageOfNodesToScore: 100\n    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: FirstFit, weight: 1 }] } }" },
    NamedPolicy { name: "round-robin", about: "default filters, scored by RoundRobin alone, all nodes looked at", profile: "\n    percentageOfNodesToScore: 100\n    plugins: { multiPoint: { enabled: [{ name: RoundRobin }] }, score: { disabled: [{ name: '*' }], enabled: [{ name: RoundRobin, weight: 1 }] } }" },
];

/// The policy of this name.
///
/// # Errors
/// No policy has this name; the message has the nearest one.
pub fn profile_by_name(name: &str) -> Result<&'static NamedPolicy, UnknownPolicy> {
    POLICIES.iter().find(|policy| policy.name == name).ok_or_else(|| UnknownPolicy {
        name: name.to_owned(),
        hint: did_you_mean(
            name,
            POLICIES.iter().map(|policy| policy.name).chain(batch::POLICIES.iter().map(|policy| policy.name)),
        ),
    })
}

impl NamedPolicy {
    /// The configuration that it stands for, as text.
    pub fn yaml(&self) -> String {
        format!(
            "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n  - schedulerName: \
             default-scheduler{}\n",
            self.profile
        )
    }

    /// The configuration that it stands for.
    pub fn config(&self) -> ParsedConfig {
        ParsedConfig::read(&self.yaml(), self.name).expect("named policies are valid; a test reads each of them")
    }
}
