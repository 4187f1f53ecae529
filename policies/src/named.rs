//! Policies with a short name: whole configurations for comparisons.

use crate::config::ParsedConfig;
use crate::research::batch;
use crate::suggest::did_you_mean;
use thiserror::Error;
use towtank_sim::scheduler::TieBreak;

/// A policy that can be asked for by name.
#[derive(Clone, Copy, Debug)]
pub struct NamedPolicy {
    /// The name.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Which of several best nodes is taken, where that is part of what the policy is.
    pub tie_break: Option<TieBreak>,
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

/// The policies. `default` is kube-scheduler's default profile. Each other one has the default filters, and one scorer of
/// weight 1, another order of the queue, or both. Those that are defined on all nodes look at all of them (`percentageOfNodesToScore: 100`). From `gpu-random` on they
/// are those of Weng et al., "Beware of Fragmentation", USENIX ATC 2023, with its rule among equals.
#[rustfmt::skip]
pub const POLICIES: &[NamedPolicy] = &[
    policy("default", "kube-scheduler's default profile", None, ""),
    policy("least-allocated", "default filters, scored by NodeResourcesFit LeastAllocated alone", None, "\n    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: NodeResourcesFit, weight: 1 }] } }\n    pluginConfig: [{ name: NodeResourcesFit, args: { scoringStrategy: { type: LeastAllocated } } }]"),
    policy("most-allocated", "default filters, scored by NodeResourcesFit MostAllocated alone", None, "\n    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: NodeResourcesFit, weight: 1 }] } }\n    pluginConfig: [{ name: NodeResourcesFit, args: { scoringStrategy: { type: MostAllocated } } }]"),
    policy("random", "default filters, scored by Random alone", None, "\n    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: Random, weight: 1 }] } }"),
    policy("best-fit", "default filters, scored by BestFit alone, all nodes looked at", None, "\n    percentageOfNodesToScore: 100\n    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: BestFit, weight: 1 }] } }"),
    policy("worst-fit", "default filters, scored by WorstFit alone, all nodes looked at", None, "\n    percentageOfNodesToScore: 100\n    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: WorstFit, weight: 1 }] } }"),
    policy("first-fit", "default filters, scored by FirstFit alone, all nodes looked at", None, "\n    percentageOfNodesToScore: 100\n    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: FirstFit, weight: 1 }] } }"),
    policy("round-robin", "default filters, scored by RoundRobin alone, all nodes looked at", None, "\n    percentageOfNodesToScore: 100\n    plugins: { multiPoint: { enabled: [{ name: RoundRobin }] }, score: { disabled: [{ name: '*' }], enabled: [{ name: RoundRobin, weight: 1 }] } }"),
    policy("first-fit-decreasing", "first-fit, and of the pods that wait the largest first", None, "\n    percentageOfNodesToScore: 100\n    plugins: { queueSort: { disabled: [{ name: '*' }], enabled: [{ name: LargestFirst }] }, score: { disabled: [{ name: '*' }], enabled: [{ name: FirstFit, weight: 1 }] } }"),
    policy("best-fit-decreasing", "best-fit, and of the pods that wait the largest first", None, "\n    percentageOfNodesToScore: 100\n    plugins: { queueSort: { disabled: [{ name: '*' }], enabled: [{ name: LargestFirst }] }, score: { disabled: [{ name: '*' }], enabled: [{ name: BestFit, weight: 1 }] } }"),
    policy("power-of-two-choices", "default filters, scored by PowerOfKChoices with k = 2 alone, all nodes looked at", None, "\n    percentageOfNodesToScore: 100\n    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: PowerOfKChoices, weight: 1 }] } }"),
    policy("drf", "default filters and scores; the namespace with the smallest dominant share is next", None, "\n    plugins: { queueSort: { disabled: [{ name: '*' }], enabled: [{ name: DominantResourceFairness }] } }"),
    policy("gpu-random", "any feasible node and GPU device alike, all nodes looked at", Some(TieBreak::Random), "\n    percentageOfNodesToScore: 100\n    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: AnyNode, weight: 1 }] } }\n    pluginConfig: [{ name: NodeGpuShare, args: { deviceChoice: Random } }]"),
    policy("dot-prod", "default filters, scored by DotProd alone, all nodes looked at, the oldest among equals", Some(TieBreak::First), "\n    percentageOfNodesToScore: 100\n    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: DotProd, weight: 1 }] } }"),
    policy("gpu-clustering", "default filters, scored by GpuClustering alone, all nodes looked at, the oldest among equals", Some(TieBreak::First), "\n    percentageOfNodesToScore: 100\n    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: GpuClustering, weight: 1 }] } }"),
    policy("gpu-packing", "default filters, scored by GpuPacking alone, all nodes looked at, the oldest among equals", Some(TieBreak::First), "\n    percentageOfNodesToScore: 100\n    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: GpuPacking, weight: 1 }] } }"),
    policy("gpu-best-fit", "default filters, scored by GpuBestFit alone, all nodes looked at, the oldest among equals", Some(TieBreak::First), "\n    percentageOfNodesToScore: 100\n    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: GpuBestFit, weight: 1 }] } }"),
    policy("fgd", "default filters, scored by FGD alone, all nodes looked at, the oldest among equals", Some(TieBreak::First), "\n    percentageOfNodesToScore: 100\n    plugins: { multiPoint: { enabled: [{ name: FGD }] }, score: { disabled: [{ name: '*' }], enabled: [{ name: FGD, weight: 1 }] } }"),
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

const fn policy(
    name: &'static str,
    about: &'static str,
    tie_break: Option<TieBreak>,
    profile: &'static str,
) -> NamedPolicy {
    NamedPolicy { name, about, tie_break, profile }
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
