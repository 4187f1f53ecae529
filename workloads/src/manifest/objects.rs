//! What manifests say, ready to be submitted.

use super::convert::Reading;
use super::error::{ManifestError, Place};
use super::field::{FieldPath, Step};
use super::locate::Marks;
use crate::template::PodTemplate;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use towtank_sim::cluster::Object;
use towtank_sim::dra;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::GivenStatus;
use towtank_sim::time::SimTime;

/// The content of some manifests.
#[derive(Debug, Default)]
pub struct Manifests {
    /// The objects, in the order in which they are submitted: by time, then by kind in the order of the registry (what
    /// others need comes first), then as listed.
    pub submissions: Vec<Planned>,
    /// What a user should know.
    pub warnings: Vec<Warning>,
}

/// An object to be submitted.
#[derive(Debug)]
pub struct Planned {
    /// When.
    pub at: SimTime,
    /// Where it is written.
    pub origin: Origin,
    /// The controller that its metadata names: kind and name.
    pub owner: Option<(String, String)>,
    /// The object.
    pub item: Item,
}

/// An object of a manifest.
#[derive(Debug)]
pub enum Item {
    /// A node.
    Node(Box<NodeSpec>),
    /// A pod without a controller.
    Pod(PodManifest),
    /// Any other object.
    Object {
        /// The namespace; empty for kinds that have none.
        namespace: String,
        /// The name.
        name: String,
        /// The object.
        body: Box<dyn Object>,
    },
}

/// A pod without a controller.
#[derive(Clone, Debug, PartialEq)]
pub struct PodManifest {
    /// Its name.
    pub name: String,
    /// What it is.
    pub template: PodTemplate,
    /// What it brings with it from the cluster that it was in. Its start is counted from 1970.
    pub status: Option<GivenStatus>,
}

/// Where an object is written. The line is looked up only when it is asked for.
#[derive(Clone)]
pub struct Origin {
    pub(super) file: Arc<Text>,
    pub(super) document: usize,
    pub(super) path: FieldPath,
}

/// A file's name and content.
pub(super) struct Text {
    pub(super) name: PathBuf,
    pub(super) text: String,
}

/// Something that a user should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where, for what concerns one place.
    pub place: Option<Place>,
    /// What.
    pub message: String,
}

impl Manifests {
    /// Checks every expression with `check`, which knows their language.
    ///
    /// # Errors
    /// The first that it refuses, with its place and the reason that it gives.
    pub fn check_expressions(&self, check: impl Fn(&str) -> Result<(), String>) -> Result<(), ManifestError> {
        for planned in &self.submissions {
            let Item::Object { body, .. } = &planned.item else { continue };
            for expression in dra::expressions(&**body) {
                let Err(message) = check(expression.text) else { continue };
                let path = FieldPath(expression.path.iter().map(Step::from).collect());
                let place = planned.origin.place_of(&path);
                return Err(ManifestError::Field { place, path: planned.origin.path.join(&path), message });
            }
        }
        Ok(())
    }
}

impl From<&dra::Step> for Step {
    fn from(step: &dra::Step) -> Self {
        match step {
            dra::Step::Key(key) => Self::Key((*key).to_owned()),
            dra::Step::Index(index) => Self::Index(*index),
        }
    }
}

impl Item {
    /// An object of the simulation, under the name that is being read.
    pub(super) fn object(reading: &Reading<'_>, body: impl Object) -> Self {
        Self::Object { namespace: reading.namespace.clone(), name: reading.name.clone(), body: Box::new(body) }
    }
}

impl Origin {
    /// The place of the object.
    pub fn place(&self) -> Place {
        self.place_of(&FieldPath::default())
    }

    /// The place of a field of the object.
    pub(super) fn place_of(&self, field: &FieldPath) -> Place {
        self.place_among(&Marks::of(&self.file.text), field)
    }

    /// The place of a field of the object, among those of its file.
    pub(super) fn place_among(&self, marks: &Marks<'_>, field: &FieldPath) -> Place {
        let (line, column) = marks.locate(self.document, &self.path.join(field)).unwrap_or((0, 0));
        Place { file: self.file.name.clone(), line, column }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.place())
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)
    }
}
