//! Of which classes of pods a thread beside the run has been told.

use super::slots::place;
use towtank_sim::model::ClassId;

/// The classes that have been told of, by number, and have not been forgotten since: then others may have their numbers.
#[derive(Debug, Default)]
pub(super) struct ToldClasses(Vec<bool>);

impl ToldClasses {
    /// Whether a class has been told of.
    #[inline]
    pub(super) fn has(&self, class: ClassId) -> bool {
        self.0.get(class.index()) == Some(&true)
    }

    /// A class is told of.
    pub(super) fn add(&mut self, class: ClassId) {
        *place(&mut self.0, class.index()) = true;
    }

    /// These numbers may mean other classes from now on.
    pub(super) fn forget(&mut self, classes: &[ClassId]) {
        for class in classes {
            if let Some(told) = self.0.get_mut(class.index()) {
                *told = false;
            }
        }
    }
}
