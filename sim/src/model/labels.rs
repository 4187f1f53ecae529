//! Labels and the selectors over them.

use super::list_map::ListMap;

/// A label set, in key order.
pub type Labels = ListMap<String, String>;

/// How one requirement compares. `Gt` and `Lt` exist for nodes only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operator {
    /// The value is one of those given.
    In,
    /// The key is absent, or its value is none of those given.
    NotIn,
    /// The key is present.
    Exists,
    /// The key is absent.
    DoesNotExist,
    /// The value is an integer above the one given.
    Gt,
    /// The value is an integer below the one given.
    Lt,
}

/// One condition on a label (or, in `matchFields`, on a field).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Requirement {
    /// The label key, or the field's name.
    pub key: String,
    /// The comparison.
    pub operator: Operator,
    /// What to compare with; empty for `Exists` and `DoesNotExist`.
    pub values: Vec<String>,
}

impl Requirement {
    /// Whether `value`, the key's value if there is one, satisfies the requirement.
    ///
    /// Source: `apimachinery/pkg/labels/selector.go`, `Requirement.Matches`.
    pub fn matches(&self, value: Option<&str>) -> bool {
        match self.operator {
            Operator::In => value.is_some_and(|v| self.values.iter().any(|w| w == v)),
            Operator::NotIn => value.is_none_or(|v| self.values.iter().all(|w| w != v)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Gt => self.compare(value).is_some_and(|(have, want)| have > want),
            Operator::Lt => self.compare(value).is_some_and(|(have, want)| have < want),
        }
    }

    fn compare(&self, value: Option<&str>) -> Option<(i64, i64)> {
        let [want] = self.values.as_slice() else { return None };
        Some((value?.parse().ok()?, want.parse().ok()?))
    }
}

/// A label selector: all `match_labels` and all `expressions` must hold. Empty, it selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LabelSelector {
    /// Keys that must have exactly these values.
    pub match_labels: Labels,
    /// Further conditions.
    pub expressions: Vec<Requirement>,
}

impl LabelSelector {
    /// Whether the labels satisfy the selector.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.expressions.iter().all(|r| r.matches(labels.get(&r.key).map(String::as_str)))
    }

    /// Whether the selector selects everything.
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.expressions.is_empty()
    }
}
