//! Scalars of the configuration that must be one of a known set.

use crate::registry;
use crate::suggest::did_you_mean;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::fmt;

/// The name of a plugin: one of ours, or one of upstream's that is not modelled yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PluginName(pub(super) &'static str);

/// The name of a plugin to disable, or `*` for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DisabledName(pub(super) &'static str);

/// The only version that is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct ApiVersion;

/// The only kind that is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind;

/// Reads a text with a function, so that the error carries the place of the text.
struct Text<F>(F);

impl<F: FnOnce(&str) -> Result<T, String>, T> Visitor<'_> for Text<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}

macro_rules! from_text {
    ($type:ty, $read:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text($read))
            }
        }
    };
}

from_text!(PluginName, |name: &str| plugin(name).map(Self));
from_text!(DisabledName, |name: &str| if name == "*" { Ok(Self("*")) } else { plugin(name).map(Self) });
from_text!(ApiVersion, |text: &str| expect(text, "kubescheduler.config.k8s.io/v1").map(|()| Self));
from_text!(Kind, |text: &str| expect(text, "KubeSchedulerConfiguration").map(|()| Self));

fn plugin(name: &str) -> Result<&'static str, String> {
    let known = registry::PLUGINS.iter().map(|entry| entry.name).chain(registry::UNMODELLED.iter().copied());
    let hint = did_you_mean(name, known.clone());
    known.clone().find(|known| *known == name).ok_or_else(|| format!("unknown plugin `{name}`{hint}"))
}

fn expect(text: &str, expected: &str) -> Result<(), String> {
    if text == expected { Ok(()) } else { Err(format!("`{text}`: expected {expected}")) }
}
