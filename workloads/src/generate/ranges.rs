//! Fields that are numbers within bounds, and Kubernetes' tolerations and taints.

use crate::manifest::selectors;
use k8s_openapi::api::core::v1 as core;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::fmt;
use towtank_sim::model::taint::{Taint, Toleration};

/// A number above 0.
pub(super) fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    number(deserializer, "a number above 0", |x| x > 0.0)
}

/// A number from 0 to 1.
pub(super) fn fraction<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    number(deserializer, "a number from 0 to 1", |x| (0.0..=1.0).contains(&x))
}

/// A number from 0 to 1 that may be absent.
pub(super) fn optional_fraction<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    fraction(deserializer).map(Some)
}

/// An hour of the day.
pub(super) fn hour<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    number(deserializer, "an hour from 0 to 24", |x| (0.0..=24.0).contains(&x))
}

/// A number of nodes.
pub(super) fn nodes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    number(deserializer, "a whole number from 0 to 1000000", |x| (0.0..=1e6).contains(&x) && x.fract() == 0.0)
        .map(|x| x as u32)
}

/// A number of variants.
pub(super) fn variants<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    number(deserializer, "a whole number from 1 to 100000", |x| (1.0..=1e5).contains(&x) && x.fract() == 0.0)
        .map(|x| Some(x as u32))
}

/// A number of devices of a node.
pub(super) fn devices_of_node<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    number(deserializer, "a whole number from 0 to 16", |x| (0.0..=16.0).contains(&x) && x.fract() == 0.0)
        .map(|x| x as u8)
}

/// A number of devices.
pub(super) fn devices<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    number(deserializer, "a whole number from 1 to 16", |x| (1.0..=16.0).contains(&x) && x.fract() == 0.0)
        .map(|x| x as u8)
}

/// Thousandths of a device.
pub(super) fn milli<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    number(deserializer, "a whole number from 1 to 1000", |x| (1.0..=1000.0).contains(&x) && x.fract() == 0.0)
        .map(|x| x as u16)
}

fn number<'de, D: Deserializer<'de>>(
    deserializer: D,
    expected: &'static str,
    fits: fn(f64) -> bool,
) -> Result<f64, D::Error> {
    struct Bounded(&'static str, fn(f64) -> bool);

    impl Visitor<'_> for Bounded {
        type Value = f64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_f64<E: Error>(self, x: f64) -> Result<f64, E> {
            if (self.1)(x) { Ok(x) } else { Err(E::custom(format_args!("`{x}` is out of range: expected {}", self.0))) }
        }

        fn visit_u64<E: Error>(self, x: u64) -> Result<f64, E> {
            self.visit_f64(x as f64)
        }

        fn visit_i64<E: Error>(self, x: i64) -> Result<f64, E> {
            self.visit_f64(x as f64)
        }
    }

    deserializer.deserialize_any(Bounded(expected, fits))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TolerationFields {
    key: Option<String>,
    operator: Option<String>,
    value: Option<String>,
    effect: Option<String>,
    toleration_seconds: Option<i64>,
}

/// Tolerations, checked as in a manifest.
pub(super) fn tolerations<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Toleration>, D::Error> {
    let given: Vec<TolerationFields> = Vec::deserialize(deserializer)?;
    let toleration = |from: TolerationFields| {
        let TolerationFields { key, operator, value, effect, toleration_seconds } = from;
        selectors::read_toleration(&core::Toleration { key, operator, value, effect, toleration_seconds })
    };
    given.into_iter().map(toleration).collect::<Result<_, _>>().map_err(D::Error::custom)
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct TaintFields {
    key: String,
    #[serde(default)]
    value: String,
    effect: String,
}

/// Taints, checked as in a manifest.
pub(super) fn taints<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Taint>, D::Error> {
    let given: Vec<TaintFields> = Vec::deserialize(deserializer)?;
    let taint = |TaintFields { key, value, effect }| {
        selectors::read_taint(&core::Taint { key, value: Some(value), effect, time_added: None })
    };
    given.into_iter().map(taint).collect::<Result<_, _>>().map_err(D::Error::custom)
}
