//! Which pod is asked about: its name, and what `pods.csv` knows of it before anything is played again.

use super::model::{End, Life, Moment};
use super::{FEW_ATTEMPTS, Options};
use crate::diagnostic::{Diagnostic, Nearest};
use crate::exit::Failure;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::Path;
use towtank_sim::time::{SimTime, Span};

/// The pod that is asked about.
#[derive(Debug)]
pub(super) struct Target {
    /// The namespace, if it is known.
    pub(super) namespace: Option<String>,
    /// The name.
    pub(super) name: String,
    /// The pod's rows of `pods.csv` in order of creation, without refused ones; `None` where the run has written no table.
    rows: Option<Vec<Row>>,
}

/// What is read of a row of `pods.csv`.
#[derive(Clone, Debug, Deserialize)]
struct Row {
    namespace: String,
    name: String,
    outcome: String,
    node: String,
    attempts: u32,
    created_s: f64,
    bound_s: Option<f64>,
    started_s: Option<f64>,
    ended_s: Option<f64>,
}

impl Target {
    /// Finds `NAME` or `NAMESPACE/NAME` among the pods of a run.
    ///
    /// # Errors
    /// The table of pods shows that there is no such pod, or several of this name.
    pub(super) fn find(out: &Path, pod: &str) -> Result<Self, Diagnostic> {
        let (namespace, name) = match pod.split_once('/') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name.to_owned()),
            None => (None, pod.to_owned()),
        };
        let path = out.join("pods.csv");
        if !path.is_file() {
            return Ok(Self { namespace, name, rows: None });
        }
        let unusable = |error: csv::Error| Diagnostic::in_file(&path, error.to_string());
        let mut reader = csv::Reader::from_path(&path).map_err(unusable)?;
        let mut rows: Vec<Row> = Vec::new();
        let mut nearest = Nearest::to(pod);
        for row in reader.deserialize() {
            let row: Row = row.map_err(unusable)?;
            if row.name == name && namespace.as_ref().is_none_or(|wanted| *wanted == row.namespace) {
                rows.push(row);
            } else if rows.is_empty() {
                if namespace.is_some() {
                    nearest.offer(&format!("{}/{}", row.namespace, row.name));
                } else {
                    nearest.offer(&row.name);
                }
            }
        }
        let namespaces: BTreeSet<&str> = rows.iter().map(|row| row.namespace.as_str()).collect();
        match namespaces.len() {
            0 => Err(unknown(pod, &nearest)),
            1 => {
                let namespace = rows.first().map(|row| row.namespace.clone());
                rows.retain(|row| row.outcome != "rejected");
                rows.sort_by(|a, b| a.created_s.total_cmp(&b.created_s));
                Ok(Self { namespace, name, rows: Some(rows) })
            }
            _ => Err(ambiguous(&name, namespaces.into_iter())),
        }
    }

    /// The attempts that have to be inspected. Where it is not known how many there will be, that is all.
    pub(super) fn inspected(&self, options: &Options) -> Vec<RangeInclusive<u32>> {
        if let Some(asked) = &options.attempts {
            return vec![asked.clone()];
        }
        match self.rows.as_deref() {
            Some([row]) if row.attempts > FEW_ATTEMPTS => vec![1..=1, row.attempts..=row.attempts],
            _ => vec![1..=u32::MAX],
        }
    }

    /// The attempt after which there is nothing more to see. With several pods of this name, or when the last one is never
    /// bound, the run is played to its end: how the queue went on is part of the answer.
    pub(super) fn last_attempt(&self, options: &Options) -> Option<u32> {
        let only = match self.rows.as_deref() {
            Some([row]) => Some(row),
            Some(_) => return None,
            None => None,
        };
        match (&options.attempts, only) {
            (Some(asked), Some(row)) => Some((*asked.end()).min(row.attempts)),
            (Some(asked), None) if self.namespace.is_some() => Some(*asked.end()),
            (None, Some(row)) if row.bound_s.is_some() => Some(row.attempts),
            _ => None,
        }
    }

    /// Completes lives that were not played to their end by what the table says of them, and compares what both know.
    ///
    /// # Errors
    /// The run went another way than the table says.
    pub(super) fn check(&self, lives: &mut [Life], to_the_end: bool) -> Result<(), Failure> {
        let Some(rows) = &self.rows else { return Ok(()) };
        for (row, life) in rows.iter().zip(lives) {
            let end = row.end();
            if to_the_end && (&end.outcome, &end.node) != (&life.end.outcome, &life.end.node) {
                return Err(Failure::Replay(format!(
                    "played again, pod {}/{} is {} and not {} as pods.csv says; was the run made by another build of \
                     towtank?",
                    row.namespace, row.name, life.end.outcome, end.outcome
                )));
            }
            if !to_the_end {
                let bound = life.end.node.take();
                if bound.is_some() && bound != end.node {
                    return Err(Failure::Replay(format!(
                        "played again, pod {}/{} is bound to another node than pods.csv says; was the run made by another \
                         build of towtank?",
                        row.namespace, row.name
                    )));
                }
                life.end = end;
            }
        }
        Ok(())
    }
}

impl Row {
    fn end(&self) -> End {
        let moment = |seconds: f64| Moment(SimTime::ZERO + Span::try_from_secs_f64(seconds).unwrap_or(Span::ZERO));
        End {
            outcome: self.outcome.clone(),
            node: (!self.node.is_empty()).then(|| self.node.clone()),
            bound: self.bound_s.map(moment),
            started: self.started_s.map(moment),
            ended: self.ended_s.map(moment),
        }
    }
}

/// There is no such pod.
pub(super) fn unknown(pod: &str, nearest: &Nearest) -> Diagnostic {
    nearest.hint().into_iter().fold(Diagnostic::new(format!("the run has no pod `{pod}`")), Diagnostic::help)
}

/// Pods of one name in several namespaces.
pub(super) fn ambiguous<'a>(name: &str, namespaces: impl Iterator<Item = &'a str>) -> Diagnostic {
    let full: Vec<String> = namespaces.map(|namespace| format!("{namespace}/{name}")).collect();
    Diagnostic::new(format!("several namespaces have a pod `{name}`: expected one of {}", full.join(", ")))
}
