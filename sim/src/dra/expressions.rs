//! The expressions of an object, with their places in its manifest.

use super::{ClaimSpec, DeviceClass, RequestForm, ResourceClaim, ResourceClaimTemplate};
use crate::cluster::Object;
use std::any::Any;

/// A CEL expression of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression<'o> {
    /// The text.
    pub text: &'o str,
    /// The way to it from the root of the object.
    pub path: Vec<Step>,
}

/// One step into an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into a mapping.
    Key(&'static str),
    /// Into a sequence.
    Index(usize),
}

/// The CEL expressions of an object, none for an object of another kind. Whoever knows the language checks them with
/// this when the object is submitted.
pub fn expressions(object: &dyn Object) -> Vec<Expression<'_>> {
    let object: &dyn Any = object;
    let spec = Step::Key("spec");
    let mut found = Vec::new();
    if let Some(class) = object.downcast_ref::<DeviceClass>() {
        selectors(&class.selectors, &[spec], &mut found);
    } else if let Some(claim) = object.downcast_ref::<ResourceClaim>() {
        requests(&claim.spec, &[spec], &mut found);
    } else if let Some(template) = object.downcast_ref::<ResourceClaimTemplate>() {
        requests(&template.spec, &[spec, spec], &mut found);
    }
    found
}

fn requests<'o>(spec: &'o ClaimSpec, prefix: &[Step], found: &mut Vec<Expression<'o>>) {
    for (i, request) in spec.requests.iter().enumerate() {
        let mut at = prefix.to_vec();
        at.extend([Step::Key("devices"), Step::Key("requests"), Step::Index(i)]);
        match &request.form {
            RequestForm::Exactly(devices) => {
                at.push(Step::Key("exactly"));
                selectors(&devices.selectors, &at, found);
            }
            RequestForm::FirstAvailable(alternatives) => {
                at.push(Step::Key("firstAvailable"));
                for (j, alternative) in alternatives.iter().enumerate() {
                    at.push(Step::Index(j));
                    selectors(&alternative.devices.selectors, &at, found);
                    at.pop();
                }
            }
        }
    }
}

fn selectors<'o>(texts: &'o [String], prefix: &[Step], found: &mut Vec<Expression<'o>>) {
    for (i, text) in texts.iter().enumerate() {
        let steps = [Step::Key("selectors"), Step::Index(i), Step::Key("cel"), Step::Key("expression")];
        found.push(Expression { text, path: prefix.iter().copied().chain(steps).collect() });
    }
}
