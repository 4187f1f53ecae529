//! Which pods and nodes arguments mean: namespaces and label selectors.

use crate::config::{Invalid, Step};
use serde::Deserialize;
use std::collections::BTreeMap;
use towtank_sim::descheduler::PodView;
use towtank_sim::model::labels::{LabelSelector, Operator, Requirement};

/// Namespaces by name: those that are included, or all but those that are excluded.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Namespaces {
    include: Vec<String>,
    exclude: Vec<String>,
}

impl Namespaces {
    pub(super) fn has(&self, namespace: &str) -> bool {
        let among = |list: &[String]| list.iter().any(|name| name == namespace);
        (self.include.is_empty() || among(&self.include)) && !among(&self.exclude)
    }

    pub(super) fn validate(&self) -> Result<(), Invalid> {
        if self.include.is_empty() || self.exclude.is_empty() {
            return Ok(());
        }
        Err(Invalid::forbidden([Step::Key("namespaces")], "only one of include and exclude can be set"))
    }

    /// As [`Self::validate`], where nothing may be included.
    pub(super) fn validate_exclusion(&self) -> Result<(), Invalid> {
        if self.include.is_empty() {
            return Ok(());
        }
        let path = [Step::Key("evictableNamespaces"), Step::Key("include")];
        Err(Invalid::forbidden(path, "only exclude can be set"))
    }
}

/// A label selector as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "Written")]
pub(super) struct Selector(LabelSelector);

impl Selector {
    pub(super) fn selects(&self, pod: &PodView<'_>) -> bool {
        self.0.matches(&pod.class.spec.labels)
    }

    pub(super) const fn labels(&self) -> &LabelSelector {
        &self.0
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Written {
    match_labels: BTreeMap<String, String>,
    match_expressions: Vec<Expression>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expression {
    key: String,
    operator: Comparison,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Clone, Copy, Deserialize)]
enum Comparison {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl From<Written> for Selector {
    fn from(written: Written) -> Self {
        let expressions = written.match_expressions.into_iter().map(|Expression { key, operator, values }| {
            let operator = match operator {
                Comparison::In => Operator::In,
                Comparison::NotIn => Operator::NotIn,
                Comparison::Exists => Operator::Exists,
                Comparison::DoesNotExist => Operator::DoesNotExist,
            };
            Requirement { key, operator, values }
        });
        let match_labels = written.match_labels.into_iter().collect();
        Self(LabelSelector { match_labels, expressions: expressions.collect() })
    }
}

/// A label selector in one line: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1,m<2`.
///
/// Source: `apimachinery/pkg/labels/selector.go`, `Parse`.
pub(super) fn parse_label_selector(text: &str) -> Result<Vec<Requirement>, String> {
    let mut depth = 0_usize;
    let mut parts = vec![String::new()];
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match letter {
            ',' if depth == 0 => parts.push(String::new()),
            _ => parts.last_mut().expect("there is one").push(letter),
        }
    }
    let empty = parts.iter().all(|part| part.trim().is_empty());
    if empty { Ok(Vec::new()) } else { parts.iter().map(|part| requirement(part.trim())).collect() }
}

fn requirement(text: &str) -> Result<Requirement, String> {
    let new = |key: &str, operator: Operator, values: &[&str]| {
        let key = key.trim();
        if key.is_empty() || key.contains(|c: char| c.is_whitespace() || "()=!<>".contains(c)) {
            return Err(format!(
                "{text:?} is no requirement: expected a label's key, as in a=b, a!=b, a in (b,c), a or !a"
            ));
        }
        let values = values.iter().map(|value| value.trim().to_owned()).collect();
        Ok(Requirement { key: key.to_owned(), operator, values })
    };
    if let Some((head, list)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        let values: Vec<&str> = list.split(',').collect();
        let head = head.trim();
        if let Some(key) = head.strip_suffix(" notin") {
            return new(key, Operator::NotIn, &values);
        }
        return new(head.strip_suffix(" in").unwrap_or_default(), Operator::In, &values);
    }
    if let Some((key, value)) = text.split_once("!=") {
        return new(key, Operator::NotIn, &[value]);
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return new(key, Operator::In, &[value]);
    }
    if let Some((key, value)) = text.split_once('>') {
        return new(key, Operator::Gt, &[value]);
    }
    if let Some((key, value)) = text.split_once('<') {
        return new(key, Operator::Lt, &[value]);
    }
    match text.strip_prefix('!') {
        Some(key) => new(key, Operator::DoesNotExist, &[]),
        None => new(text, Operator::Exists, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_in_one_line_has_every_operator() {
        let parsed = parse_label_selector("a=b, c==d,e!=f,g in (h, i),j notin (k),l,!m,n>1,o<2").expect("good");
        let got: Vec<_> = parsed.iter().map(|r| (&*r.key, r.operator, r.values.join("|"))).collect();
        let text = |list: &str| list.to_owned();
        assert_eq!(
            got,
            [
                ("a", Operator::In, text("b")),
                ("c", Operator::In, text("d")),
                ("e", Operator::NotIn, text("f")),
                ("g", Operator::In, text("h|i")),
                ("j", Operator::NotIn, text("k")),
                ("l", Operator::Exists, text("")),
                ("m", Operator::DoesNotExist, text("")),
                ("n", Operator::Gt, text("1")),
                ("o", Operator::Lt, text("2")),
            ]
        );
        assert!(parse_label_selector("").expect("good").is_empty());
        for wrong in ["=b", "a b", "a,,b", "within (a)", "(a)"] {
            assert!(parse_label_selector(wrong).is_err(), "{wrong}");
        }
    }
}
