//! `towtank policies`.

use super::print;
use crate::exit::Failure;
use std::fmt::Write as _;
use towtank_policies::named::POLICIES;
use towtank_policies::registry::{PLUGINS, UNMODELLED};
use towtank_policies::research::batch;

/// Lists named policies and plugins.
pub(super) fn policies() -> Result<(), Failure> {
    let mut text = String::from("Policies, for --policy and spec.scheduler.policy:\n");
    for policy in POLICIES {
        let _ = writeln!(text, "  {:<21} {}", policy.name, policy.about);
    }
    text.push_str("\nBatch policies, which start whole jobs, for the same places:\n");
    for policy in batch::POLICIES {
        let _ = writeln!(text, "  {:<21} {}", policy.name, policy.about);
    }
    text.push_str("\nPlugins, for a KubeSchedulerConfiguration:\n");
    for plugin in PLUGINS {
        let _ = writeln!(text, "  {:<32} {}", plugin.name, plugin.about);
    }
    let _ = writeln!(text, "\nIn-tree plugins that are read but have no effect yet:\n  {}", UNMODELLED.join(" "));
    print(&text)
}
