//! The lives of the pods of a small run.

/// The most pods of which lives are kept.
const MOST_PODS: usize = 300;

/// When the pods of a run were where, if there are not too many of them to tell them apart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lives {
    list: Vec<PodLife>,
    too_many: bool,
}

/// A pod's life. Times are nanoseconds since the scenario's start.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PodLife {
    /// Its name.
    pub name: String,
    /// Its node; `None` if it never had one.
    pub node: Option<String>,
    /// When it was created.
    pub created_ns: i64,
    /// When it was bound.
    pub bound_ns: Option<i64>,
    /// When it started.
    pub started_ns: Option<i64>,
    /// When it ended, or the end of the run.
    pub ended_ns: i64,
}

impl Lives {
    /// Adds a life. One too many drops them all.
    pub fn push(&mut self, life: PodLife) {
        if self.too_many || self.list.len() == MOST_PODS {
            self.too_many = true;
            self.list = Vec::new();
        } else {
            self.list.push(life);
        }
    }

    /// Whether lives are still of use.
    pub fn are_wanted(&self) -> bool {
        !self.too_many
    }

    /// Whether there are any, and not too many.
    pub fn are_few(&self) -> bool {
        !self.list.is_empty()
    }

    /// All of them, in the order in which the pods were created.
    pub fn in_order(&self) -> Vec<&PodLife> {
        let mut lives: Vec<&PodLife> = self.list.iter().collect();
        lives.sort_by(|a, b| a.created_ns.cmp(&b.created_ns).then_with(|| a.name.cmp(&b.name)));
        lives
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_too_many_drops_them_all() {
        let mut lives = Lives::default();
        assert!(!lives.are_few() && lives.are_wanted());
        for _ in 0..MOST_PODS {
            lives.push(PodLife::default());
        }
        assert!(lives.are_few() && lives.in_order().len() == MOST_PODS);
        lives.push(PodLife::default());
        assert!(!lives.are_few() && !lives.are_wanted());
    }
}
