//! Where pods were put when their places were last looked for.
//!
//! Source: `cluster-autoscaler/simulator/scheduling/hints.go`.

use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The names of nodes, by the uids of pods. What was not asked for between two calls of [`Hints::drop_old`] is forgotten.
#[derive(Debug, Default)]
pub(super) struct Hints {
    current: FxHashMap<u64, Arc<str>>,
    old: FxHashMap<u64, Arc<str>>,
}

impl Hints {
    pub(super) fn get(&self, pod: u64) -> Option<&Arc<str>> {
        self.current.get(&pod).or_else(|| self.old.get(&pod))
    }

    pub(super) fn set(&mut self, pod: u64, node: &Arc<str>) {
        self.current.insert(pod, Arc::clone(node));
    }

    pub(super) fn drop_old(&mut self) {
        self.old = std::mem::take(&mut self.current);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_used_again_is_forgotten() {
        let mut hints = Hints::default();
        hints.set(1, &"n".into());
        hints.set(2, &"m".into());
        hints.drop_old();
        assert_eq!(hints.get(1).map(|name| &**name), Some("n"));
        hints.set(1, &"o".into());
        hints.drop_old();
        assert_eq!((hints.get(1).map(|name| &**name), hints.get(2)), (Some("o"), None));
    }
}
