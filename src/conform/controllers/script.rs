//! The document of a script.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use towtank_sim::time::SimTime;

/// A recorded run of controllers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::conform) struct Script {
    pub(in crate::conform) name: String,
    pub(super) controllers: Vec<String>,
    #[serde(default)]
    pub(in crate::conform) covers: Vec<String>,
    #[serde(default)]
    pub(in crate::conform) note: String,
    pub(super) nodes: Option<Vec<Value>>,
    #[serde(default)]
    pub(super) kubelet: Kubelets,
    #[serde(default)]
    pub(super) options: BTreeMap<String, f64>,
    pub(super) steps: Vec<Step>,
    pub(super) end: f64,
    #[serde(default)]
    pub(in crate::conform) interchangeable: Vec<String>,
    pub(in crate::conform) expect: Value,
}

/// What happens from outside at one time: one of the fields.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Step {
    pub(super) at: f64,
    pub(super) apply: Option<Vec<Value>>,
    pub(super) patch: Option<Patch>,
    pub(super) delete: Option<Deletion>,
    pub(super) pods: Option<PodStep>,
    pub(super) node: Option<Value>,
    pub(super) fail: Option<Fail>,
    pub(super) load: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Patch {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) merge: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deletion {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) grace: Option<f64>,
}

/// The kubelet changes pods.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PodStep {
    pub(super) select: String,
    pub(super) set: PodState,
    #[serde(default)]
    pub(super) exit: i32,
    pub(super) reason: Option<String>,
    pub(super) condition: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum PodState {
    Ready,
    NotReady,
    Succeeded,
    Failed,
}

/// The API server refuses the next so many requests.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fail {
    pub(super) verb: String,
    pub(super) kind: String,
    #[serde(rename = "name")]
    pub(super) _name: String,
    pub(super) count: u32,
    pub(super) code: u16,
    pub(super) reason: String,
    pub(super) message: String,
}

/// How kubelets behave: a default, and rules of which the first that matches a pod overrides it.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kubelets {
    #[serde(default)]
    pub(super) default: BTreeMap<String, f64>,
    #[serde(default)]
    pub(super) rules: Vec<BTreeMap<String, Value>>,
}

/// How one pod behaves: seconds, of which -1 is never.
#[derive(Clone, Copy, Debug)]
pub(super) struct Behaviour {
    pub(super) schedule: f64,
    pub(super) start: f64,
    pub(super) ready: f64,
    pub(super) run: Option<f64>,
    pub(super) exit: i32,
    pub(super) stop: f64,
    pub(super) stop_exit: i32,
}

const FIELDS: [&str; 7] = ["schedule", "start", "ready", "run", "exit", "stop", "stopExit"];

impl Script {
    /// Whether times are rounded, so that the order within one of them says nothing.
    pub(in crate::conform) fn is_rounded(&self) -> bool {
        self.note.contains("order within one t is not defined")
    }

    /// Replaces the numbers of what upstream takes at random.
    pub(in crate::conform) fn generalise(&self, rows: &mut [Value]) {
        for owner in &self.interchangeable {
            let start = if owner == "nodes" { "n".to_owned() } else { format!("{owner}.") };
            for row in rows.iter_mut() {
                for field in ["name", "node"] {
                    let number = row[field].as_str().and_then(|name| name.strip_prefix(&start));
                    if number.is_some_and(|number| !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit())) {
                        row[field] = format!("{start}*").into();
                    }
                }
            }
        }
    }
}

impl Kubelets {
    pub(super) fn not_modelled(&self) -> Vec<String> {
        let rules = self.rules.iter().flat_map(BTreeMap::keys);
        let unknown = self
            .default
            .keys()
            .chain(rules)
            .filter(|field| !FIELDS.contains(&field.as_str()) && !["pods", "image"].contains(&field.as_str()));
        unknown.map(|field| format!("the kubelet's `{field}`")).collect()
    }

    /// How the pod of this name in the recording and with this image behaves.
    pub(super) fn behaviour(&self, name: &str, image: &str) -> Behaviour {
        let matches = |rule: &&BTreeMap<String, Value>| {
            let glob = |field: &str, text: &str| {
                rule.get(field).and_then(Value::as_str).is_none_or(|pattern| glob(pattern, text))
            };
            glob("pods", name) && glob("image", image)
        };
        let rule = self.rules.iter().find(matches);
        let get = |field: &str| {
            let of_rule = rule.and_then(|rule| rule.get(field)).and_then(Value::as_f64);
            of_rule.or_else(|| self.default.get(field).copied())
        };
        Behaviour {
            schedule: get("schedule").unwrap_or(0.0),
            start: get("start").unwrap_or(1.3),
            ready: get("ready").unwrap_or(1.6),
            run: get("run").filter(|run| *run >= 0.0),
            exit: get("exit").unwrap_or(0.0) as i32,
            stop: get("stop").unwrap_or(1.2),
            stop_exit: get("stopExit").unwrap_or(143.0) as i32,
        }
    }
}

/// Whether a pattern of the kind that shells have matches a text: `*`, `?` and sets such as `[1-3]`.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    fn go(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|skip| go(rest, &text[skip..])),
            Some((b'?', rest)) => !text.is_empty() && go(rest, &text[1..]),
            Some((b'[', rest)) => {
                let Some(end) = rest.iter().position(|c| *c == b']') else { return false };
                let Some((first, others)) = text.split_first() else { return false };
                in_set(&rest[..end], *first) && go(&rest[end + 1..], others)
            }
            Some((c, rest)) => text.first() == Some(c) && go(rest, &text[1..]),
        }
    }
    go(pattern.as_bytes(), text.as_bytes())
}

fn in_set(set: &[u8], c: u8) -> bool {
    match set {
        [from, b'-', to, rest @ ..] => (*from..=*to).contains(&c) || in_set(rest, c),
        [one, rest @ ..] => *one == c || in_set(rest, c),
        [] => false,
    }
}

/// Recorded seconds, which are whole milliseconds.
pub(super) fn time(seconds: f64) -> Option<SimTime> {
    let millis = (seconds * 1000.0).round();
    (0.0..=1e12).contains(&millis).then(|| SimTime(millis as i64 * 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_a_shell() {
        assert!(glob("web.1.*", "web.1.12") && glob("job.[1-3]", "job.2") && glob("job.i[024].*", "job.i2.1"));
        assert!(glob("*", "") && glob("a?c", "abc") && !glob("web.1", "web.1.2") && !glob("job.[12]", "job.3"));
    }
}
