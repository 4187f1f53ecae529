//! PriorityClasses.

use super::convert::Reading;
use super::field::{At, FieldError};
use super::kind::Kind;
use super::objects::Item;
use k8s_openapi::api::scheduling::v1 as scheduling;
use towtank_sim::admission::PriorityClass;

pub(super) const KIND: Kind =
    Kind { name: PriorityClass::KIND, api_version: "scheduling.k8s.io/v1", namespaced: false, read };

/// The largest priority that a user may give; larger ones belong to the system's own classes.
const HIGHEST_USER_PRIORITY: i32 = 1_000_000_000;

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let class: scheduling::PriorityClass = reading.typed()?;
    let value = class.value.unwrap_or(0);
    if value > HIGHEST_USER_PRIORITY && !reading.name.starts_with("system-") {
        return Err(At::ROOT.key("value").error(format_args!("`{value}` is too large: expected at most 1000000000")));
    }
    let preempts = match class.preemption_policy.as_deref() {
        None | Some("PreemptLowerPriority") => true,
        Some("Never") => false,
        Some(other) => {
            let at = At::ROOT.key("preemptionPolicy");
            return Err(at.error(format_args!("`{other}` is not a policy: expected PreemptLowerPriority or Never")));
        }
    };
    let global_default = class.global_default.unwrap_or(false);
    Ok(Some(Item::object(reading, PriorityClass { value, global_default, preempts })))
}
