//! No input panics. Shipped files are damaged at random; whatever comes of it, the exit code is one that is documented.

use crate::support::{Folder, repository};
use proptest::prelude::*;
use std::fs;

/// The files that are damaged, with the scenario that names them all.
const FILES: [&str; 7] = [
    "quickstart/scenario.yaml",
    "quickstart/kube-scheduler.yaml",
    "quickstart/apps/shop.yaml",
    "quickstart/cluster/namespaces.yaml",
    "small/autoscaling.yaml",
    "small/quota.yaml",
    "small/disruptions.yaml",
];

/// What values become.
const VALUES: [&str; 24] = [
    "",
    "0",
    "-1",
    "1",
    "1e400",
    ".nan",
    "-.inf",
    "99999999999999999999",
    "9223372036854775807",
    "2x",
    "1Ei",
    "9999Ei",
    "0.0000001",
    "-5m",
    "1000000d",
    "''",
    "[]",
    "{}",
    "[[]]",
    "null",
    "true",
    "a/b",
    "\u{1f6a2}",
    "&a",
];

#[derive(Clone, Debug)]
enum Damage {
    /// A line goes.
    Delete(usize),
    /// A line comes twice.
    Repeat(usize),
    /// Two lines change places.
    Swap(usize, usize),
    /// The value after the n-th colon becomes another one.
    Value(usize, usize),
    /// The text ends here.
    Cut(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let n = || 0..10_000_usize;
    prop_oneof![
        1 => n().prop_map(Damage::Delete),
        1 => n().prop_map(Damage::Repeat),
        1 => (n(), n()).prop_map(|(a, b)| Damage::Swap(a, b)),
        6 => (n(), 0..VALUES.len()).prop_map(|(at, value)| Damage::Value(at, value)),
        1 => n().prop_map(Damage::Cut),
    ]
}

impl Damage {
    fn to(&self, text: &str) -> String {
        let mut lines: Vec<&str> = text.lines().collect();
        let count = lines.len().max(1);
        match *self {
            _ if lines.is_empty() => {}
            Self::Delete(line) => drop(lines.remove(line % count)),
            Self::Repeat(line) => lines.insert(line % count, lines[line % count]),
            Self::Swap(one, two) => lines.swap(one % count, two % count),
            Self::Value(at, value) => return with_value(text, at, VALUES[value]),
            Self::Cut(at) => {
                let end = (0..=at % (text.len() + 1)).rev().find(|end| text.is_char_boundary(*end));
                return text[..end.unwrap_or(0)].to_owned();
            }
        }
        lines.join("\n") + "\n"
    }
}

/// The text with another value after one of its colons.
fn with_value(text: &str, at: usize, value: &str) -> String {
    let places: Vec<usize> = text.match_indices(": ").map(|(place, _)| place + 2).collect();
    let Some(&start) = places.get(at % places.len().max(1)) else { return text.to_owned() };
    let end = text[start..].find([',', '}', ']', '\n']).map_or(text.len(), |end| start + end);
    format!("{}{value}{}", &text[..start], &text[end..])
}

/// The shipped files, in a folder of their own.
fn world() -> Folder {
    let folder = Folder::new();
    for name in FILES.into_iter().chain(["quickstart/apps/reindex.yaml"]) {
        let from = name
            .strip_prefix("small/")
            .map_or_else(|| repository("examples").join(name), |small| repository("tests/scenarios").join(small));
        folder.write(name, fs::read(from).expect("a shipped file"));
    }
    for name in ["quota", "web", "budget"] {
        let from = repository("tests/scenarios/manifests").join(format!("{name}.yaml"));
        folder.write(&format!("small/manifests/{name}.yaml"), fs::read(from).expect("a manifest"));
    }
    folder
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_refused_or_used(
        file in 0..FILES.len(),
        damages in proptest::collection::vec(damage(), 1..4),
    ) {
        let folder = world();
        let mut text = folder.read(FILES[file]);
        for damage in &damages {
            text = damage.to(&text);
        }
        folder.write(FILES[file], &text);
        let scenario = if FILES[file].starts_with("small/") { FILES[file] } else { "quickstart/scenario.yaml" };
        let finished = folder.run(&["validate", scenario]);
        prop_assert!([0, 2].contains(&finished.code), "exit {}: {}\n{text}", finished.code, finished.stderr);
        prop_assert!(!finished.stderr.contains("panicked"), "{}\n{text}", finished.stderr);
    }
}
