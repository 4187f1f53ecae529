//! What the store does to objects that are neither pods nor nodes.

use super::{Change, Charge, Cluster, Object, ObjectExists, ResourceQuota};
use crate::model::ObjectId;

impl Cluster {
    /// Creates an object.
    ///
    /// # Errors
    /// One of this kind, namespace and name exists.
    pub fn create_object(
        &mut self,
        namespace: &str,
        name: &str,
        owner: Option<ObjectId>,
        body: Box<dyn Object>,
    ) -> Result<ObjectId, ObjectExists> {
        let uid = self.next_uid;
        let id = self.objects.insert(namespace, name, owner, uid, self.now, body)?;
        self.next_uid += 1;
        self.fingerprint.fold_name(name);
        self.admission.forget();
        self.quotas.created(id, &self.objects);
        self.recount_quota(id);
        self.emit(Change::ObjectCreated(id));
        Ok(id)
    }

    /// Changes an object of type `T`. Nothing happens when it is gone or of another type.
    pub fn update_object<T: Object, R>(&mut self, id: ObjectId, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.objects.keep_previous(id);
        let result = change(self.objects.get_mut::<T>(id)?);
        self.recount_quota(id);
        self.objects.fold(id, &mut self.fingerprint);
        self.emit(Change::ObjectChanged(id));
        Some(result)
    }

    /// As [`Cluster::update_object`], of what is wanted of the object: its [generation](super::ObjectMeta::generation) grows.
    pub fn update_spec<T: Object, R>(&mut self, id: ObjectId, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.objects.next_generation(id);
        self.update_object(id, change)
    }

    /// Replaces what an object says. It [keeps its status](Object::keep_status), unless statuses are as given. Nothing happens when it is
    /// gone.
    pub fn replace_object(&mut self, id: ObjectId, mut body: Box<dyn Object>) {
        if let Some(old) = self.objects.entry(id).filter(|_| !self.statuses_as_given) {
            body.keep_status(&*old.body);
        }
        self.objects.keep_previous(id);
        if self.objects.replace(id, body) {
            self.admission.forget();
            self.recount_quota(id);
            self.objects.fold(id, &mut self.fingerprint);
            self.emit(Change::ObjectChanged(id));
        }
    }

    /// Sets `spec.replicas` of an object that has a scale subresource; whether it has and the number is a new one.
    pub fn scale(&mut self, id: ObjectId, replicas: u32) -> bool {
        let changed = self.objects.scale(id, replicas);
        if changed {
            self.fingerprint.fold(self.now, 2, &[u64::from(id.number()), u64::from(replicas)]);
            self.emit(Change::ObjectChanged(id));
        }
        changed
    }

    /// Removes an object. Its dependents are the garbage collector's business.
    pub fn remove_object(&mut self, id: ObjectId) {
        if self.objects.leave(id) {
            self.admission.forget();
            self.quotas.removed(id);
            self.emit(Change::ObjectRemoved(id));
        }
    }

    /// The quotas of a namespace, by name.
    pub fn quotas_of(&self, namespace: &str) -> impl Iterator<Item = (&str, &ResourceQuota)> + '_ {
        self.quotas.of(namespace, &self.objects)
    }

    /// Charges an object that is a new or changed quota for the pods that exist.
    pub(super) fn recount_quota(&mut self, id: ObjectId) {
        let Some(namespace) = self.objects.meta(id).map(|meta| meta.namespace.clone()) else { return };
        let Some(quota) = self.objects.get_mut::<ResourceQuota>(id) else { return };
        let pods = self.pods.iter().filter(|(id, pod)| !pod.is_finished() && !self.pods.is_leaving(*id));
        let charges = pods.map(|(_, pod)| (self.classes.get(pod.class), Charge::of(pod)));
        quota.recount(charges.filter(|(class, _)| class.spec.namespace == namespace));
    }
}
