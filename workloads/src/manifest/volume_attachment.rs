//! VolumeAttachments.
//!
//! Source: `pkg/apis/storage/validation/validation.go`, `validateVolumeAttachmentSpec`.

use super::convert::Reading;
use super::field::{At, FieldError};
use super::kind::Kind;
use super::objects::Item;
use super::volumes::check_driver;
use super::words::require;
use k8s_openapi::api::storage::v1 as storage;
use towtank_sim::storage::VolumeAttachment;

pub(super) const KIND: Kind =
    Kind { name: VolumeAttachment::KIND, api_version: "storage.k8s.io/v1", namespaced: false, read };

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let spec = reading.typed::<storage::VolumeAttachment>()?.spec;
    let at = At::ROOT.key("spec");
    check_driver(&spec.attacher, &at.key("attacher"))?;
    require(&spec.node_name, &at.key("nodeName"))?;
    let volume_name = spec.source.persistent_volume_name.filter(|name| !name.is_empty());
    if volume_name.is_some() == spec.source.inline_volume_spec.is_some() {
        let why = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
        return Err(at.key("source").required(why));
    }
    let body = VolumeAttachment {
        attacher: spec.attacher.as_str().into(),
        node_name: spec.node_name.as_str().into(),
        volume_name: volume_name.map(Into::into),
    };
    Ok(Some(Item::object(reading, body)))
}
