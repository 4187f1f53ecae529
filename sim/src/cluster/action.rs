//! Changes of the store that a plugin asks for: plugins look and answer, and what is to change is part of the answer.

use super::{Change, Cluster, Object};
use crate::model::ObjectId;
use std::any::Any;
use std::fmt;

/// What is done to an object.
pub type ObjectChange = Box<dyn FnOnce(&mut dyn Object)>;

/// A change of one object.
pub enum Action {
    /// Change an object, if it is still there.
    Update(ObjectId, ObjectChange),
    /// Create an object, if there is none of its kind, namespace and name.
    Create {
        /// The namespace; empty for kinds that have none.
        namespace: String,
        /// The name.
        name: String,
        /// The controller that owns it.
        owner: Option<ObjectId>,
        /// The object.
        body: Box<dyn Object>,
    },
    /// Remove an object, if it is still there.
    Remove(ObjectId),
}

impl Action {
    /// Changes an object of type `T`. Nothing happens if it is gone or of another type.
    pub fn update<T: Object>(id: ObjectId, change: impl FnOnce(&mut T) + 'static) -> Self {
        Self::Update(
            id,
            Box::new(|body| {
                let body: &mut dyn Any = body;
                if let Some(body) = body.downcast_mut::<T>() {
                    change(body);
                }
            }),
        )
    }
}

impl Cluster {
    /// Performs a change.
    pub fn perform(&mut self, action: Action) {
        match action {
            Action::Update(id, change) => {
                self.objects.keep_previous(id);
                let Some(body) = self.objects.body_mut(id) else { return };
                change(body);
                self.recount_quota(id);
                self.objects.fold(id, &mut self.fingerprint);
                self.emit(Change::ObjectChanged(id));
            }
            Action::Create { namespace, name, owner, body } => {
                // One that exists is what was asked for.
                let _ = self.create_object(&namespace, &name, owner, body);
            }
            Action::Remove(id) => self.remove_object(id),
        }
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Update(id, _) => f.debug_tuple("Update").field(id).finish_non_exhaustive(),
            Self::Create { namespace, name, body, .. } => {
                f.debug_tuple("Create").field(namespace).field(name).field(body).finish()
            }
            Self::Remove(id) => f.debug_tuple("Remove").field(id).finish(),
        }
    }
}
