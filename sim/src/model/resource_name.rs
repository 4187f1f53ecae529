//! The names of resources: there are many lists of amounts by name, and few names.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// Names that take no memory of their own.
const USUAL: [&str; 7] =
    ["cpu", "memory", "ephemeral-storage", "pods", "nvidia.com/gpu", super::gpu::GPU_MILLI, "hugepages-2Mi"];

/// The name of a resource.
#[derive(Clone)]
pub struct ResourceName(Kept);

#[derive(Clone)]
enum Kept {
    /// Its place in [`USUAL`].
    Usual(u8),
    Other(Arc<str>),
}

impl ResourceName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kept::Usual(place) => USUAL[usize::from(*place)],
            Kept::Other(name) => name,
        }
    }
}

impl From<&str> for ResourceName {
    fn from(name: &str) -> Self {
        let usual = USUAL.iter().position(|usual| *usual == name);
        Self(usual.map_or_else(|| Kept::Other(name.into()), |place| Kept::Usual(place as u8)))
    }
}

impl From<String> for ResourceName {
    fn from(name: String) -> Self {
        name.as_str().into()
    }
}

impl From<&String> for ResourceName {
    fn from(name: &String) -> Self {
        name.as_str().into()
    }
}

impl From<ResourceName> for String {
    fn from(name: ResourceName) -> Self {
        name.as_str().to_owned()
    }
}

impl Deref for ResourceName {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for ResourceName {
    fn as_ref(&self) -> &str {
        self
    }
}

impl fmt::Display for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl PartialEq for ResourceName {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Kept::Usual(a), Kept::Usual(b)) => a == b,
            (Kept::Other(a), Kept::Other(b)) => a == b,
            // A usual name is always kept as one.
            _ => false,
        }
    }
}

impl PartialEq<str> for ResourceName {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl Eq for ResourceName {}

impl PartialOrd for ResourceName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ResourceName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for ResourceName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Kept::Usual(place) => place.hash(state),
            Kept::Other(name) => name.hash(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_and_other_names_are_texts() {
        let names = ["memory", "cpu", "example.com/card", "a"];
        let mut sorted = names.map(ResourceName::from);
        sorted.sort();
        assert_eq!(sorted.each_ref().map(|name| &**name), ["a", "cpu", "example.com/card", "memory"]);
        assert_eq!(sorted[2], ResourceName::from("example.com/card".to_owned()));
        assert_ne!(sorted[1], sorted[2]);
        assert_eq!(size_of::<ResourceName>(), 16);
    }
}
