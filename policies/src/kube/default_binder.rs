//! DefaultBinder: writes the chosen node into the pod. The scheduler itself does that here; the plugin is its name.

use towtank_sim::scheduler::{Events, Plugin, Points};

/// The plugin.
///
/// Source: `defaultbinder/default_binder.go`.
#[derive(Clone, Copy, Debug)]
pub struct DefaultBinder;

impl Plugin for DefaultBinder {
    fn name(&self) -> &'static str {
        "DefaultBinder"
    }

    fn points(&self) -> Points {
        Points::BIND
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}
