//! The shape of the house: who may know whom, what may stand where. Every sentence of ARCHITECTURE.md that can be checked by
//! reading the sources is checked here.

use crate::support::{listing, repository, root};
use std::collections::BTreeSet;
use std::fs;

const CRATES: [&str; 5] = ["sim", "workloads", "policies", "traces", "reports"];

/// No source file is longer. Most are much shorter; one that grows past this is two ideas.
const MAX_LINES: usize = 600;

/// The Rust sources below a folder of the repository, by path.
fn sources(folder: &str) -> Vec<(String, String)> {
    let files = listing(&repository(folder));
    let paths = files.into_iter().map(|file| format!("{folder}/{file}"));
    paths.filter(|path| path.ends_with(".rs")).map(|path| (path.clone(), read(&path))).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All sources of the program, tests in files of their own left out.
fn program() -> Vec<(String, String)> {
    let folders = CRATES.iter().map(|name| format!("{name}/src")).chain(["src".to_owned()]);
    folders.flat_map(|folder| sources(&folder)).collect()
}

/// A line without what a comment says.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// The dependencies that a manifest declares, tests included.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut within = false;
    let mut names = BTreeSet::new();
    for line in read(manifest).lines() {
        if line.starts_with('[') {
            within = line.contains("dependencies") && !line.contains("workspace.dependencies");
        } else if within && let Some(name) = line.split(['.', '=', ' ']).next().filter(|name| !name.is_empty()) {
            names.insert(name.to_owned());
        }
    }
    names
}

#[test]
fn crates_know_sim_and_none_another() {
    for name in CRATES {
        let known = dependencies(&format!("{name}/Cargo.toml"));
        let ours: Vec<_> = known.into_iter().filter(|name| name.starts_with("towtank")).collect();
        let expected: &[&str] = if name == "sim" { &[] } else { &["towtank-sim"] };
        assert_eq!(ours, expected, "{name}/Cargo.toml");
    }
}

#[test]
fn sim_is_nearly_free_of_dependencies() {
    let known = dependencies("sim/Cargo.toml");
    for heavy in ["serde_yaml", "clap", "csv", "plotters", "rayon", "indicatif", "k8s-openapi"] {
        assert!(!known.contains(heavy), "sim depends on {heavy}");
    }
}

#[test]
fn sim_never_asks_the_machine() {
    let forbidden =
        ["HashMap", "HashSet", "Instant", "SystemTime", "std::env", "std::thread", "std::fs", "println!", "thread_rng"];
    for (path, text) in sources("sim/src") {
        let program = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        for (number, line) in program.lines().enumerate() {
            for word in forbidden {
                let found = code(line).replace("FxHashMap", "").replace("FxHashSet", "").contains(word);
                // Recorded cases are read from files by tests alone.
                let test = path.contains("/tests") || path.ends_with("conformance.rs") || path.contains("testing");
                assert!(!found || test, "{path}:{}: {word}", number + 1);
            }
        }
    }
}

/// So that a successor of the library is a small change.
#[test]
fn one_module_of_each_crate_reads_yaml() {
    for folder in CRATES.iter().map(|name| format!("{name}/src")).chain(["src".to_owned()]) {
        let all = sources(&folder);
        let named = all.iter().filter(|(path, text)| {
            let program = text.split("#[cfg(test)]").next().unwrap_or_default();
            !path.ends_with("tests.rs")
                && !path.contains("/tests/")
                && program.lines().any(|l| code(l).contains("serde_yaml"))
        });
        let named: Vec<&str> = named.map(|(path, _)| path.as_str()).collect();
        assert!(named.len() <= 1, "{folder}: serde_yaml is named in {named:?}");
    }
}

#[test]
fn every_crate_says_what_it_never_does() {
    for folder in CRATES.iter().map(|name| format!("{name}/src")).chain(["src".to_owned()]) {
        let text = read(&format!("{folder}/lib.rs"));
        let opening: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(opening.join(" ").contains("never"), "{folder}/lib.rs opens without `never`");
    }
}

#[test]
fn files_are_short() {
    for (path, text) in program() {
        let lines = text.lines().count();
        assert!(lines <= MAX_LINES, "{path} has {lines} lines");
    }
}

#[test]
fn nothing_is_unsafe_and_nothing_is_left_to_do() {
    for (path, text) in program() {
        for (number, line) in text.lines().enumerate() {
            let at = format!("{path}:{}", number + 1);
            assert!(!code(line).contains("unsafe "), "{at}: unsafe");
            for word in ["todo!", "unimplemented!", "dbg!", "TODO", "FIXME", "XXX"] {
                assert!(!line.contains(word), "{at}: {word}");
            }
        }
    }
}

/// Paths of one machine have no place in what others clone.
#[test]
fn nothing_names_a_machine() {
    let folders = ["src", "examples", "tests"].into_iter().chain(CRATES);
    let forbidden = [["/wo", "rk/"].concat(), ["/ho", "me/"].concat(), ["/Us", "ers/"].concat()];
    for folder in folders {
        for file in listing(&repository(folder)) {
            let path = root().join(folder).join(&file);
            let Ok(text) = fs::read_to_string(&path) else { continue };
            for word in &forbidden {
                assert!(!text.contains(word), "{folder}/{file}: {word}");
            }
        }
    }
}
