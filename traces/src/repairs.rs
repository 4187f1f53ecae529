//! Cleaning: what is repaired in a trace, by named rules that are counted.

use crate::error::TraceError;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// A way in which a row is repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The end is before the start, or a run time is negative: the row is left out.
    NegativeDuration,
    /// A name that lives already is submitted again: the later one gets `-2`, `-3`, ... behind its name.
    DuplicateName,
    /// There is no end although the row says that it ended: it runs to the end of the trace.
    MissingEnd,
    /// An end without a beginning: the row is left out.
    MissingStart,
    /// The row is earlier than the one before it in a file that shall be sorted: it is sorted in.
    UnsortedRow,
    /// A request of 0 CPU and 0 memory: it is kept as it is.
    ZeroRequest,
    /// A request that the row leaves blank: what the format's page says is taken.
    MissingRequest,
    /// A time before the trace's start: it happens at the start, unless a window is asked for, which it is before.
    NegativeTime,
    /// A run time that the row leaves blank or marks as unknown where the format wants one: the row is left out.
    MissingDuration,
    /// A change of an object that the row does not have: the row is left out.
    MissingObject,
    /// A part of something that is listed whole as well: the row is left out.
    PartialExecution,
    /// More fields than the format has: they are passed over.
    ExtraColumns,
    /// A share that is above the whole, or usage above what can be counted: it is cut.
    Clipped,
}

/// Every rule, in the order in which they are reported.
pub const RULES: &[Rule] = &[
    Rule::NegativeDuration,
    Rule::DuplicateName,
    Rule::MissingEnd,
    Rule::MissingStart,
    Rule::UnsortedRow,
    Rule::ZeroRequest,
    Rule::MissingRequest,
    Rule::NegativeTime,
    Rule::MissingDuration,
    Rule::MissingObject,
    Rule::PartialExecution,
    Rule::ExtraColumns,
    Rule::Clipped,
];

impl Rule {
    /// The name in `summary.json` and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NegativeDuration => "negative-duration",
            Self::DuplicateName => "duplicate-name",
            Self::MissingEnd => "missing-end",
            Self::MissingStart => "missing-start",
            Self::UnsortedRow => "unsorted-row",
            Self::ZeroRequest => "zero-request",
            Self::MissingRequest => "missing-request",
            Self::NegativeTime => "negative-time",
            Self::MissingDuration => "missing-duration",
            Self::MissingObject => "missing-object",
            Self::PartialExecution => "partial-execution",
            Self::ExtraColumns => "extra-columns",
            Self::Clipped => "clipped",
        }
    }
}

/// The repairs of a run: readers count in it, and whoever opened them reads it at the end. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Repairs {
    strict: bool,
    counts: Arc<[AtomicU64; RULES.len()]>,
    first: Arc<Mutex<Vec<(Rule, String)>>>,
    notes: Arc<Mutex<Vec<String>>>,
}

/// How often a rule was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// The rule.
    pub rule: Rule,
    /// How often.
    pub count: u64,
    /// What was wrong in the first place, with file and line.
    pub first: String,
}

impl Repairs {
    /// Nothing is repaired: what a rule would repair is an error.
    pub fn strict() -> Self {
        Self { strict: true, ..Self::default() }
    }

    /// Counts with these, and is strict if they are or `strict` says so.
    #[must_use]
    pub fn with(&self, strict: bool) -> Self {
        Self { strict: self.strict || strict, ..self.clone() }
    }

    /// Rules as strict as these, which count anew.
    #[must_use]
    pub fn alike(&self) -> Self {
        Self { strict: self.strict, ..Self::default() }
    }

    /// Something that whoever uses the trace should know and that is no repair.
    pub fn note(&self, note: String) {
        self.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(note);
    }

    /// What there was to say.
    pub fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Counts one repair; `what` says where and what is wrong, and is called for the first of each rule only.
    ///
    /// # Errors
    /// What `what` says, if the rules are strict.
    pub fn repair(&self, rule: Rule, what: impl FnOnce() -> TraceError) -> Result<(), TraceError> {
        if self.strict {
            return Err(what());
        }
        if self.counts[rule as usize].fetch_add(1, Ordering::Relaxed) == 0 {
            let message = what().to_string();
            self.first.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((rule, message));
        }
        Ok(())
    }

    /// What was repaired so far, in the order of [`RULES`].
    pub fn report(&self) -> Vec<Repaired> {
        let first = self.first.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let of = |rule: &Rule| {
            let count = self.counts[*rule as usize].load(Ordering::Relaxed);
            let place = first.iter().find(|(of, _)| of == rule).map(|(_, place)| place.clone());
            (count > 0).then(|| Repaired { rule: *rule, count, first: place.unwrap_or_default() })
        };
        RULES.iter().filter_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: u64) -> TraceError {
        TraceError::Read { file: "pods.csv".into(), line, message: "odd".into() }
    }

    #[test]
    fn repairs_are_counted_by_rule_with_the_first_place() {
        let repairs = Repairs::default();
        let reader = repairs.clone();
        for line in [7, 9] {
            reader.repair(Rule::ZeroRequest, || error(line)).unwrap();
        }
        let report = repairs.report();
        assert_eq!(report.len(), 1);
        assert_eq!((report[0].rule.name(), report[0].count), ("zero-request", 2));
        assert_eq!(report[0].first, error(7).to_string());
    }

    #[test]
    fn strict_rules_repair_nothing() {
        assert!(Repairs::strict().repair(Rule::ZeroRequest, || error(7)).is_err());
    }

    #[test]
    fn every_rule_is_listed_in_its_place() {
        for (i, rule) in RULES.iter().enumerate() {
            assert_eq!(*rule as usize, i, "{}", rule.name());
        }
    }
}
