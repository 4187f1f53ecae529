//! Which plugins of a profile have to do with a pod on its way into the queue and onto a node. Most pods have neither claims nor gates, and
//! then nobody has to be asked.

use super::framework::Plugin;
use super::profile::Profile;
use crate::model::pod::{PodClass, PodTraits};

/// The plugins of some extension points, with the pods that they have to do with there.
#[derive(Debug, Default)]
pub(super) struct Askers {
    pre_enqueue: Vec<Asker>,
    reserve: Vec<Asker>,
    pre_bind: Vec<Asker>,
    /// Which traits a pod must lack so that no plugin comes between the decision and the binding; `None` if one does for every pod.
    straight: Option<PodTraits>,
}

#[derive(Clone, Copy, Debug)]
struct Asker {
    plugin: usize,
    /// One of these traits a pod must have; `None` for every pod.
    about: Option<PodTraits>,
}

impl Askers {
    pub(super) fn new(profile: &Profile) -> Self {
        let of = |indices: &[usize], about: fn(&dyn Plugin) -> Option<PodTraits>| {
            let asker = |index: &usize| Asker { plugin: *index, about: about(&*profile.plugins[*index]) };
            indices.iter().map(asker).collect()
        };
        let reserve: Vec<Asker> = of(&profile.reserve, |plugin| plugin.reserves_for());
        let pre_bind: Vec<Asker> = of(&profile.pre_bind, |plugin| plugin.reserves_for());
        let mut late = reserve.iter().chain(&pre_bind).map(|asker| asker.about);
        let traits = late.try_fold(PodTraits::default(), |all, about| Some(all.and(about?)));
        let binds = profile.bind.first().is_none_or(|index| profile.plugins[*index].always_binds());
        let straight = traits.filter(|_| binds && profile.permit.is_empty());
        Self { pre_enqueue: of(&profile.pre_enqueue, |plugin| plugin.holds_back()), reserve, pre_bind, straight }
    }

    /// Whether no plugin has anything to do with a pod between the decision and the binding, and the binding takes nothing that a plugin
    /// chooses.
    pub(super) fn goes_straight(&self, class: &PodClass) -> bool {
        class.spec.gpu.is_none() && self.straight.is_some_and(|traits| !traits.meets(class.traits))
    }

    /// Those of PreEnqueue, in order.
    pub(super) fn pre_enqueue(&self, class: &PodClass, preempting: bool) -> impl Iterator<Item = usize> {
        let asks = move |asker: &&Asker| preempting || asker.asks(class.traits);
        self.pre_enqueue.iter().filter(asks).map(|asker| asker.plugin)
    }

    /// Those of Reserve, in order.
    pub(super) fn reserve(&self, class: &PodClass) -> impl Iterator<Item = usize> {
        self.reserve.iter().filter(|asker| asker.asks(class.traits)).map(|asker| asker.plugin)
    }

    /// Those of PreBind, in order.
    pub(super) fn pre_bind(&self, class: &PodClass) -> impl Iterator<Item = usize> {
        self.pre_bind.iter().filter(|asker| asker.asks(class.traits)).map(|asker| asker.plugin)
    }
}

impl Asker {
    #[inline]
    fn asks(self, traits: PodTraits) -> bool {
        self.about.is_none_or(|about| about.meets(traits))
    }
}
