//! What a kind of manifest is to the reader.

use super::convert::Reading;
use super::field::FieldError;
use super::objects::Item;

/// A kind that is read.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) api_version: &'static str,
    pub(super) namespaced: bool,
    /// Converts an object; `None` for one that has ended and asks for nothing any more.
    pub(super) read: fn(&mut Reading<'_>) -> Result<Option<Item>, FieldError>,
}
