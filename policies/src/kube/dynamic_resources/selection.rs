//! Which devices satisfy the selectors of classes and requests.

use super::pools::Slice;
use crate::cel::{DeviceValue, Selector};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use towtank_sim::dra::Device;

/// Expressions that have been compiled, and what they said of devices.
///
/// It is kept from one scheduling cycle to the next. An answer counts as long as the device is the same as it was.
#[derive(Debug, Default)]
pub struct SelectorCache(RefCell<Known>);

#[derive(Debug, Default)]
struct Known {
    /// By text, with the number of the expression.
    expressions: FxHashMap<String, (usize, Result<Selector, String>)>,
    /// By name of the slice, and index in it.
    devices: FxHashMap<String, Vec<KnownDevice>>,
}

/// What is known of a device.
#[derive(Debug, Default)]
struct KnownDevice {
    driver: String,
    device: Device,
    /// Numbers of expressions, and what they said.
    answers: Vec<(usize, Result<bool, String>)>,
}

/// Of how many slices answers are kept; beyond, all are forgotten.
const MOST_SLICES: usize = 1 << 16;

impl SelectorCache {
    /// Whether a device of a slice satisfies the expression.
    ///
    /// # Errors
    /// What went wrong when the expression was compiled or evaluated.
    pub(super) fn matches(&self, expression: &str, slice: Slice<'_>, index: usize) -> Result<bool, String> {
        let (driver, device) = (&slice.spec.driver, &slice.spec.devices[index]);
        let mut known = self.0.borrow_mut();
        let Known { expressions, devices } = &mut *known;
        if !expressions.contains_key(expression) {
            let number = expressions.len();
            expressions.insert(expression.to_owned(), (number, Selector::compile(expression)));
        }
        let (number, selector) = &expressions[expression];
        let selector = selector.as_ref().map_err(|error| format!("CEL compile error: {error}"))?;
        if !devices.contains_key(slice.name) {
            if devices.len() >= MOST_SLICES {
                devices.clear();
            }
            devices.insert(slice.name.to_owned(), Vec::new());
        }
        let of_slice = devices.get_mut(slice.name).expect("inserted above");
        if of_slice.len() <= index {
            of_slice.resize_with(index + 1, KnownDevice::default);
        }
        let of_device = &mut of_slice[index];
        if of_device.driver != *driver || of_device.device != *device {
            *of_device = KnownDevice { driver: driver.clone(), device: device.clone(), answers: Vec::new() };
        }
        if let Some((_, answer)) = of_device.answers.iter().find(|(mine, _)| mine == number) {
            return answer.clone();
        }
        let answer = DeviceValue::new(driver, device).and_then(|value| selector.matches(&value));
        let answer = answer.map_err(|error| format!("CEL runtime error: {error}"));
        of_device.answers.push((*number, answer.clone()));
        answer
    }
}
