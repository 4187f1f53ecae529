//! DeviceClass: a kind of device, by what its devices must satisfy.

use super::DEVICE_CLASS_RESOURCE_PREFIX;
use crate::cluster::{Cluster, Fingerprint, Object, ObjectMeta};

/// A DeviceClass object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceClass {
    /// CEL expressions, all of which must hold for a device of the class.
    pub selectors: Vec<String>,
    /// The extended resource that stands for one device of the class.
    pub extended_resource_name: Option<String>,
}

impl DeviceClass {
    /// The kind in manifests.
    pub const KIND: &'static str = "DeviceClass";

    /// The class whose devices an extended resource stands for: the one that names it, or, for the resource
    /// `deviceclass.resource.kubernetes.io/NAME`, the class of that name. Of several that name it the youngest counts, and
    /// of those the one whose name is first.
    ///
    /// Source: `staging/src/k8s.io/dynamic-resource-allocation/deviceclass/extendedresourcecache/extendedresourcecache.go`.
    pub fn behind<'c>(resource: &str, cluster: &'c Cluster) -> Option<(&'c ObjectMeta, &'c Self)> {
        let objects = cluster.objects();
        if let Some(name) = resource.strip_prefix(DEVICE_CLASS_RESOURCE_PREFIX) {
            let id = objects.by_name(Self::KIND, "", name)?;
            return Some((objects.meta(id)?, objects.get(id)?));
        }
        let named = objects.of_kind::<Self>(Self::KIND);
        let named = named.filter(|(_, class)| class.extended_resource_name.as_deref() == Some(resource));
        // In order of names, so that the first of the youngest is kept.
        named.reduce(|best, next| if next.0.created > best.0.created { next } else { best })
    }
}

impl Object for DeviceClass {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn snapshot(&self) -> Option<Box<dyn Object>> {
        Some(Box::new(self.clone()))
    }

    fn fold(&self, into: &mut Fingerprint) {
        for selector in &self.selectors {
            into.fold_name(selector);
        }
        into.fold_name(self.extended_resource_name.as_deref().unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SimTime;

    #[test]
    fn of_several_classes_behind_a_resource_the_youngest_counts_and_then_the_name() {
        let mut cluster = Cluster::default();
        let mut class = |name: &str, resource: Option<&str>, at: i64| {
            cluster.now = SimTime(at);
            let body = DeviceClass { extended_resource_name: resource.map(str::to_owned), ..DeviceClass::default() };
            cluster.create_object("", name, None, Box::new(body)).unwrap();
        };
        class("old", Some("example.com/gpu"), 0);
        class("young-b", Some("example.com/gpu"), 5);
        class("young-a", Some("example.com/gpu"), 5);
        class("plain", None, 9);
        let behind = |resource: &str| DeviceClass::behind(resource, &cluster).map(|(meta, _)| meta.name.to_string());
        assert_eq!(behind("example.com/gpu").as_deref(), Some("young-a"));
        assert_eq!(behind("deviceclass.resource.kubernetes.io/plain").as_deref(), Some("plain"));
        assert_eq!(behind("deviceclass.resource.kubernetes.io/none"), None);
        assert_eq!(behind("example.com/other"), None);
    }
}
