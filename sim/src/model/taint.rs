//! Taints and tolerations.

use crate::time::Span;
use std::fmt;

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// Such pods are not scheduled onto the node.
    NoSchedule,
    /// The scheduler would rather not.
    PreferNoSchedule,
    /// They are neither scheduled onto the node nor left running on it.
    NoExecute,
}

/// A mark on a node that repels pods.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Taint {
    /// The key.
    pub key: String,
    /// The value, possibly empty.
    pub value: String,
    /// What it does.
    pub effect: Effect,
}

/// How a toleration compares with a taint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TolerationOperator {
    /// Key and value are equal.
    #[default]
    Equal,
    /// The key is equal, or the toleration has none and so tolerates every key.
    Exists,
    /// The taint's value is an integer below the toleration's.
    Lt,
    /// The taint's value is an integer above the toleration's.
    Gt,
}

/// Leave to be on a node in spite of a taint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Toleration {
    /// The taint's key; empty with `Exists` for all keys.
    pub key: String,
    /// The comparison.
    pub operator: TolerationOperator,
    /// The taint's value for `Equal`, the bound for `Lt` and `Gt`.
    pub value: String,
    /// The effect that is tolerated; `None` for every effect.
    pub effect: Option<Effect>,
    /// For `NoExecute`: how long the pod may stay after the taint came; `None` for ever.
    pub seconds: Option<Span>,
}

impl Toleration {
    /// Whether this toleration covers the taint.
    ///
    /// Source: `api/core/v1/toleration.go`, `ToleratesTaint` (`Lt` and `Gt` are numeric comparisons behind the gate
    /// `TaintTolerationComparisonOperators`; here they always work).
    pub fn tolerates(&self, taint: &Taint) -> bool {
        if self.effect.is_some_and(|effect| effect != taint.effect) {
            return false;
        }
        if !self.key.is_empty() && self.key != taint.key {
            return false;
        }
        let numbers = || Some((decimal(&taint.value)?, decimal(&self.value)?));
        match self.operator {
            TolerationOperator::Equal => self.value == taint.value,
            TolerationOperator::Exists => true,
            TolerationOperator::Lt => numbers().is_some_and(|(taint, bound)| taint < bound),
            TolerationOperator::Gt => numbers().is_some_and(|(taint, bound)| taint > bound),
        }
    }
}

/// The integer that a text is in canonical form: `05`, `+5` and `-0` are none.
///
/// Source: `apimachinery/pkg/api/validate/content/decimal_int.go`.
fn decimal(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

impl Effect {
    /// The name in manifests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::PreferNoSchedule => "PreferNoSchedule",
            Self::NoExecute => "NoExecute",
        }
    }
}

impl std::str::FromStr for Effect {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "NoSchedule" => Ok(Self::NoSchedule),
            "PreferNoSchedule" => Ok(Self::PreferNoSchedule),
            "NoExecute" => Ok(Self::NoExecute),
            _ => Err(format!("`{text}` is not a taint effect: expected NoSchedule, PreferNoSchedule or NoExecute")),
        }
    }
}

impl fmt::Display for Taint {
    /// `{key: value}`, as the scheduler's messages have it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}: {}}}", self.key, self.value)
    }
}
