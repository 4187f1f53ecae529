//! What volumes of in-tree types are to the CSI drivers that have taken them over.
//!
//! Source: `csi-translation-lib/{translate.go,plugins/}`.

use super::persistent_volume::{PersistentVolume, PersistentVolumeSource};
use crate::model::affinity::{NodeSelector, NodeSelectorTerm};
use crate::model::labels::{Labels, Operator, Requirement};
use crate::model::node::{REGION_LABEL, ZONE_LABEL};
use crate::model::volume::InTreeVolume;
use std::borrow::Cow;
use std::collections::BTreeSet;
use thiserror::Error;

/// The zone label before Kubernetes 1.17.
const BETA_ZONE_LABEL: &str = "failure-domain.beta.kubernetes.io/zone";
/// The region label before Kubernetes 1.17.
const BETA_REGION_LABEL: &str = "failure-domain.beta.kubernetes.io/region";
/// What stands between the zones of a label.
const ZONE_DELIMITER: &str = "__";

/// An in-tree plugin and the CSI driver that has taken over its volumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsiMigration {
    /// The in-tree plugin, as classes name it as their provisioner.
    pub plugin: &'static str,
    /// The CSI driver.
    pub driver: &'static str,
    /// Whether the scheduler counts and places the volumes as the driver's. For the other plugins it leaves the matter to
    /// the kubelets.
    pub is_on: bool,
    /// The node label by which the driver knows zones, for those that have one.
    topology_key: Option<&'static str>,
}

/// A CSI driver's volume.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CsiVolume<'a> {
    /// The driver.
    pub driver: Cow<'a, str>,
    /// How the driver calls the volume.
    pub handle: Cow<'a, str>,
}

/// A volume that has no equivalent.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct TranslationError(String);

const AWS_EBS: CsiMigration =
    migration("kubernetes.io/aws-ebs", "ebs.csi.aws.com", Some("topology.ebs.csi.aws.com/zone"));
const AZURE_DISK: CsiMigration = migration("kubernetes.io/azure-disk", "disk.csi.azure.com", None);
const AZURE_FILE: CsiMigration =
    CsiMigration { is_on: false, ..migration("kubernetes.io/azure-file", "file.csi.azure.com", None) };
const CINDER: CsiMigration =
    migration("kubernetes.io/cinder", "cinder.csi.openstack.org", Some("topology.cinder.csi.openstack.org/zone"));
const GCE_PD: CsiMigration = migration("kubernetes.io/gce-pd", "pd.csi.storage.gke.io", Some("topology.gke.io/zone"));
const PORTWORX: CsiMigration = migration("kubernetes.io/portworx-volume", "pxd.portworx.com", None);
const VSPHERE: CsiMigration =
    CsiMigration { is_on: false, ..migration("kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com", None) };

const ALL: [CsiMigration; 7] = [AWS_EBS, AZURE_DISK, AZURE_FILE, CINDER, GCE_PD, PORTWORX, VSPHERE];

impl CsiMigration {
    /// That of the in-tree plugin of this name.
    pub fn of_plugin(name: &str) -> Option<Self> {
        ALL.into_iter().find(|migration| migration.plugin == name)
    }

    /// Whether volumes of this plugin belong to one zone, so that one made for a node is reachable from its zone only.
    pub const fn is_zonal(self) -> bool {
        self.topology_key.is_some() || matches!(self.plugin.as_bytes(), b"kubernetes.io/azure-disk")
    }
}

impl InTreeVolume {
    /// The plugin and the driver.
    pub const fn migration(&self) -> CsiMigration {
        match self {
            Self::GcePersistentDisk(_) => GCE_PD,
            Self::AwsElasticBlockStore(_) => AWS_EBS,
            Self::AzureDisk { .. } => AZURE_DISK,
            Self::AzureFile => AZURE_FILE,
            Self::Cinder(_) => CINDER,
            Self::Portworx(_) => PORTWORX,
            Self::Vsphere => VSPHERE,
        }
    }

    /// The CSI volume that it is when a pod names it directly.
    ///
    /// # Errors
    /// It has no equivalent.
    pub fn inline_csi(&self) -> Result<CsiVolume<'_>, TranslationError> {
        match self {
            Self::GcePersistentDisk(name) => Ok(self.csi(gce_handle("zones", "UNSPECIFIED", name))),
            _ => self.persistent_csi(&Labels::new()),
        }
    }

    /// The CSI volume that it is as the source of a PersistentVolume with these labels.
    ///
    /// # Errors
    /// It has no equivalent.
    pub fn persistent_csi(&self, labels: &Labels) -> Result<CsiVolume<'_>, TranslationError> {
        let handle = match self {
            Self::GcePersistentDisk(name) => gce_persistent_handle(name, labels)?.into(),
            Self::AwsElasticBlockStore(id) => ebs_volume_id(id)?.into(),
            Self::AzureDisk { uri, kind } if kind.eq_ignore_ascii_case("Managed") => Cow::from(uri),
            Self::AzureDisk { kind, .. } => {
                return Err(TranslationError(format!("kind({kind}) is not supported in csi migration")));
            }
            Self::Cinder(id) | Self::Portworx(id) => id.into(),
            Self::AzureFile | Self::Vsphere => Cow::from(""),
        };
        Ok(self.csi(handle))
    }

    fn csi<'a>(&self, handle: impl Into<Cow<'a, str>>) -> CsiVolume<'a> {
        CsiVolume { driver: self.migration().driver.into(), handle: handle.into() }
    }
}

impl PersistentVolume {
    /// Where it is reachable from, in the words of the CSI driver that has taken it over: zones by the driver's own label.
    ///
    /// # Errors
    /// It has no equivalent.
    pub fn csi_node_affinity(&self) -> Result<Option<Cow<'_, NodeSelector>>, TranslationError> {
        let as_it_stands = self.node_affinity.as_ref().map(Cow::Borrowed);
        let PersistentVolumeSource::InTree(volume) = &self.source else { return Ok(as_it_stands) };
        volume.persistent_csi(&self.labels)?;
        let Some(key) = volume.migration().topology_key else { return Ok(as_it_stands) };
        let (zone_label, region_label) = self.topology_labels();
        let mut affinity = self.node_affinity.clone().unwrap_or_default();
        let has_values = |label: &str| affinity.expressions().any(|r| r.key == label && !r.values.is_empty());
        let (has_zones, has_regions) = (has_values(zone_label), has_values(region_label));
        if has_zones {
            affinity.rename(zone_label, key);
        } else if let Some(zones) = self.labels.get(zone_label) {
            affinity.restrict(key, zones);
        }
        if region_label == BETA_REGION_LABEL && has_regions {
            affinity.rename(region_label, REGION_LABEL);
        }
        let is_free = affinity.terms.is_empty() && self.node_affinity.is_none();
        Ok((!is_free).then_some(Cow::Owned(affinity)))
    }

    /// The labels for zone and region that it is marked with, the present ones before the old ones.
    ///
    /// Source: `plugins/in_tree_volume.go`, `getTopologyLabel`.
    fn topology_labels(&self) -> (&'static str, &'static str) {
        let selects = |label: &str| {
            self.node_affinity.as_ref().is_some_and(|affinity| affinity.expressions().any(|r| r.key == label))
        };
        let is_labelled = |label: &str| self.labels.contains_key(label);
        let is_old = if selects(ZONE_LABEL) || selects(BETA_ZONE_LABEL) {
            !selects(ZONE_LABEL)
        } else {
            !is_labelled(ZONE_LABEL) && is_labelled(BETA_ZONE_LABEL)
        };
        if is_old { (BETA_ZONE_LABEL, BETA_REGION_LABEL) } else { (ZONE_LABEL, REGION_LABEL) }
    }
}

impl NodeSelector {
    fn expressions(&self) -> impl Iterator<Item = &Requirement> {
        self.terms.iter().flat_map(|term| &term.expressions)
    }

    fn rename(&mut self, from: &str, to: &str) {
        for requirement in self.terms.iter_mut().flat_map(|term| &mut term.expressions) {
            if requirement.key == from {
                to.clone_into(&mut requirement.key);
            }
        }
    }

    /// Asks in every term for one of these zones.
    fn restrict(&mut self, key: &str, zones: &str) {
        let zones: BTreeSet<&str> =
            zones.split(ZONE_DELIMITER).map(str::trim).filter(|zone| !zone.is_empty()).collect();
        if zones.is_empty() {
            return;
        }
        if self.terms.is_empty() {
            self.terms.push(NodeSelectorTerm::default());
        }
        let values: Vec<String> = zones.into_iter().map(str::to_owned).collect();
        for term in &mut self.terms {
            let requirement = Requirement { key: key.to_owned(), operator: Operator::In, values: values.clone() };
            term.expressions.push(requirement);
        }
    }
}

const fn migration(plugin: &'static str, driver: &'static str, topology_key: Option<&'static str>) -> CsiMigration {
    CsiMigration { plugin, driver, is_on: true, topology_key }
}

fn gce_handle(kind: &str, place: &str, name: &str) -> String {
    format!("projects/UNSPECIFIED/{kind}/{place}/disks/{name}")
}

/// Source: `plugins/gce_pd.go`, `TranslateInTreePVToCSI`.
fn gce_persistent_handle(name: &str, labels: &Labels) -> Result<String, TranslationError> {
    let of = |label: &str| labels.get(label).filter(|zones| !zones.is_empty());
    let Some(zones) = of(BETA_ZONE_LABEL).or_else(|| of(ZONE_LABEL)) else {
        return Ok(gce_handle("zones", "UNSPECIFIED", name));
    };
    if !zones.contains(ZONE_DELIMITER) {
        return Ok(gce_handle("zones", zones, name));
    }
    let fail = |why: String| TranslationError(format!("failed to get region from zones: {why}"));
    let mut regions = BTreeSet::new();
    for zone in zones.split(ZONE_DELIMITER) {
        let [locale, region, _] = zone.split('-').collect::<Vec<_>>()[..] else {
            let expected = "zone in unexpected format, expected: {locale}-{region}-{zone}, got: ";
            return Err(fail(format!("{expected}{zone}")));
        };
        regions.insert(format!("{locale}-{region}"));
    }
    match regions.first() {
        Some(region) if regions.len() == 1 => Ok(gce_handle("regions", region, name)),
        _ => Err(fail(format!("multiple or no regions gotten from zones, got: {regions:?}"))),
    }
}

/// `vol-1` of `aws://zone/vol-1`, `aws:///vol-1` or `vol-1`.
///
/// Source: `plugins/aws_ebs.go`, `KubernetesVolumeIDToEBSVolumeID`.
fn ebs_volume_id(id: &str) -> Result<&str, TranslationError> {
    let Some(rest) = id.strip_prefix("aws://") else { return Ok(id) };
    let path = rest.split_once('/').map_or("", |(_, path)| path).trim_matches('/');
    if path.starts_with("vol-") && !path.contains('/') {
        return Ok(path);
    }
    let why = format!("Invalid format for AWS volume ({id})");
    Err(TranslationError(format!("failed to translate Kubernetes ID to EBS Volume ID {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::volume::VolumeMode;
    use crate::storage::{ReclaimPolicy, VolumePhase};

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn volume(source: InTreeVolume, labels: Labels, zone_key: Option<&str>) -> PersistentVolume {
        let requirement =
            |key: &str| Requirement { key: key.to_owned(), operator: Operator::In, values: vec!["us-a-b".into()] };
        let term = |key: &str| NodeSelectorTerm { expressions: vec![requirement(key)], fields: Vec::new() };
        PersistentVolume {
            labels,
            capacity: crate::model::Quantity::from_units(1),
            access_modes: Vec::new(),
            storage_class: "".into(),
            volume_mode: VolumeMode::Filesystem,
            attributes_class: None,
            source: PersistentVolumeSource::InTree(source),
            claim_ref: None,
            node_affinity: zone_key.map(|key| NodeSelector { terms: vec![term(key)] }),
            reclaim_policy: ReclaimPolicy::Retain,
            phase: VolumePhase::Available,
            deleting: false,
        }
    }

    #[test]
    fn disks_have_the_handles_of_their_drivers() {
        let gce = InTreeVolume::GcePersistentDisk("d".into());
        let handle =
            |source: &InTreeVolume, labels: &Labels| source.persistent_csi(labels).map(|v| v.handle.into_owned());
        for (zones, want) in [
            ("", "projects/UNSPECIFIED/zones/UNSPECIFIED/disks/d"),
            ("us-east1-b", "projects/UNSPECIFIED/zones/us-east1-b/disks/d"),
            ("us-east1-b__us-east1-c", "projects/UNSPECIFIED/regions/us-east1/disks/d"),
        ] {
            assert_eq!(handle(&gce, &labels(&[(ZONE_LABEL, zones)])).as_deref(), Ok(want), "{zones}");
        }
        assert!(handle(&gce, &labels(&[(ZONE_LABEL, "a__b")])).is_err(), "no region in these names");
        let ebs = |id: &str| handle(&InTreeVolume::AwsElasticBlockStore(id.into()), &Labels::new());
        for id in ["vol-1", "aws://us-east-1a/vol-1", "aws:///vol-1"] {
            assert_eq!(ebs(id).as_deref(), Ok("vol-1"), "{id}");
        }
        let why = ebs("aws://zone/disk").expect_err("no volume id").to_string();
        assert!(why.ends_with("Invalid format for AWS volume (aws://zone/disk)"), "{why}");
        let azure = |kind: &str| InTreeVolume::AzureDisk { uri: "u".into(), kind: kind.into() };
        assert_eq!(handle(&azure("managed"), &Labels::new()).as_deref(), Ok("u"));
        assert!(handle(&azure("Dedicated"), &Labels::new()).is_err());
    }

    #[test]
    fn zones_go_by_the_driver_s_label() {
        let ebs = || InTreeVolume::AwsElasticBlockStore("vol-1".into());
        let keys = |volume: &PersistentVolume| {
            let affinity = volume.csi_node_affinity().expect("translates");
            affinity.map(|a| a.expressions().map(|r| format!("{} {}", r.key, r.values.join(","))).collect::<Vec<_>>())
        };
        let own = |zones: &str| Some(vec![format!("topology.ebs.csi.aws.com/zone {zones}")]);
        assert_eq!(keys(&volume(ebs(), Labels::new(), None)), None, "nothing says where it is");
        for label in [ZONE_LABEL, BETA_ZONE_LABEL] {
            assert_eq!(keys(&volume(ebs(), Labels::new(), Some(label))), own("us-a-b"), "affinity by {label}");
            assert_eq!(keys(&volume(ebs(), labels(&[(label, "b__a")]), None)), own("a,b"), "label {label}");
        }
        let azure = InTreeVolume::AzureDisk { uri: "u".into(), kind: "Managed".into() };
        assert_eq!(keys(&volume(azure, Labels::new(), Some(ZONE_LABEL))), Some(vec![format!("{ZONE_LABEL} us-a-b")]));
    }
}
