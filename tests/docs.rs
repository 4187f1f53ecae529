//! The documentation against the program: its scenarios run, its commands parse, its outputs are the program's, its links
//! lead somewhere.
//!
//! A fenced block takes part through a comment on the line before it:
//!
//! - `<!-- file: PATH -->`: a file; all files of a page stand in one folder.
//! - `<!-- scenario: PATH -->`: a file that is a scenario; it must run without a warning.
//! - `<!-- source: PATH -->`: a file of the repository, without the tests at its end.
//! - `<!-- output -->`: the first line is a command, the rest is what it prints.
//! - `<!-- output after: run SCENARIO ... -->`: the same, about the output of a run, whatever name the page gives to its directory.
//!
//! `UPDATE_DOCS=1 cargo test --test docs` writes the outputs anew.

// The figures of the manual are drawn from the made-up runs that the reports are tested with, and not from all of them.
#[allow(dead_code)]
#[path = "../reports/tests/it/demo.rs"]
mod demo;
#[path = "docs/figures.rs"]
mod figures;

use clap::Parser as _;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use towtank::cli::Cli;
use towtank::scenario::{Overrides, Scenario, SchedulerChoice};
use towtank::sim::scheduler::Evaluation;

/// The command as the README shows it, before there is an installed program.
const FROM_SOURCE: &str = "cargo run --release -- ";

/// A fenced block.
struct Block {
    /// What the comment before it says.
    mark: String,
    language: String,
    /// The number of its first line, counted from 0.
    first: usize,
    lines: Vec<String>,
}

#[test]
fn scenarios_run_without_warnings() {
    let mut count = 0;
    for page in pages() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let blocks = blocks(&read(&page));
        for (block, file) in blocks.iter().filter_map(|block| Some((block, block.file()?))) {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("below the folder")).expect("created");
            fs::write(path, block.lines.join("\n") + "\n").expect("written");
        }
        for scenario in blocks.iter().filter_map(|block| block.mark.strip_prefix("scenario: ")) {
            count += 1;
            let problem = run(&folder.path().join(scenario)).err();
            assert_eq!(problem, None, "{}: {scenario}", page.display());
        }
    }
    assert!(count > 5, "only {count} scenarios were found");
}

fn run(scenario: &Path) -> Result<(), String> {
    let scenario = Scenario::read(scenario, &Overrides::default()).map_err(|e| e.to_string())?;
    let scheduler = SchedulerChoice::of(&scenario).map_err(|e| e.to_string())?;
    let mut prepared = scenario.prepare(&scheduler, Evaluation::default()).map_err(|e| e.to_string())?;
    if let Some(warning) = prepared.warnings.first() {
        return Err(format!("warning: {warning}"));
    }
    prepared.simulation.run(scenario.until, &mut []).map_err(|e| e.to_string())?;
    if prepared.simulation.cluster.counters().bound == 0 { Err("no pod was bound".to_owned()) } else { Ok(()) }
}

#[test]
fn commands_parse() {
    let mut count = 0;
    for page in pages() {
        for block in blocks(&read(&page)).iter().filter(|block| block.language == "console") {
            for command in block.commands() {
                let Some(words) = arguments(&command) else { continue };
                count += 1;
                if let Err(error) = Cli::try_parse_from(&words)
                    && error.use_stderr()
                {
                    panic!("{}: {command}\n{error}", page.display());
                }
            }
        }
    }
    assert!(count > 10, "only {count} commands were found");
}

#[test]
fn outputs_are_the_programs() {
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let mut stale = String::new();
    let mut runs = BTreeMap::new();
    for page in pages() {
        let text = read(&page);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for block in blocks(&text).iter().rev().filter(|block| block.mark.starts_with("output")) {
            let command = block.commands().next().expect("a command");
            let printed = match block.mark.strip_prefix("output after: ") {
                Some(run) => {
                    let folder = runs.entry(run.to_owned()).or_insert_with(|| output_of(run));
                    printed(&command, |program, words| {
                        program.arg(&words[1]).arg(folder.path().join("out")).args(&words[3..]);
                    })
                }
                None => output(&command),
            };
            if masked(&printed) == masked(&block.lines[1..]) {
                continue;
            }
            let _ = writeln!(stale, "{}: {command}", page.display());
            lines.splice(block.first + 1..block.first + block.lines.len(), printed);
        }
        if update {
            fs::write(&page, lines.join("\n") + "\n").expect("written");
        }
    }
    if !update {
        assert_eq!(stale, "", "print something else now; UPDATE_DOCS=1 cargo test --test docs writes them anew");
    }
}

#[test]
fn sources_are_shown_as_they_are() {
    for page in pages() {
        for block in blocks(&read(&page)) {
            let Some(path) = block.mark.strip_prefix("source: ") else { continue };
            let file = read(&root().join(path));
            let shown = file.split("\n#[cfg(test)]").next().unwrap_or_default();
            assert_eq!(block.lines.join("\n"), shown.trim_end(), "{}: {path}", page.display());
        }
    }
}

/// What a command prints on standard output. Tables and figures go nowhere.
fn output(command: &str) -> Vec<String> {
    printed(command, |program, words| {
        program.args(&words[1..]);
        if matches!(words[1].as_str(), "run" | "compare") && !words.iter().any(|word| word == "--help") {
            program.args(["--out", "-"]);
        }
    })
}

/// A folder in which `out` is the output of a run.
fn output_of(run: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    printed(&format!("towtank {run}"), |program, words| {
        program.args(&words[1..]).arg("--out").arg(folder.path().join("out"));
    });
    folder
}

fn printed(command: &str, add_arguments: impl FnOnce(&mut Command, &[String])) -> Vec<String> {
    let words = arguments(command).expect("a towtank command");
    let mut program = Command::new(env!("CARGO_BIN_EXE_towtank"));
    program.current_dir(root()).env_remove("COLUMNS");
    add_arguments(&mut program, &words);
    let output = program.output().expect("the program runs");
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Lines without what differs between two machines.
fn masked(lines: &[String]) -> Vec<&str> {
    lines.iter().map(|line| if line.starts_with("Took ") { "Took" } else { line }).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut broken = String::new();
    for page in pages() {
        let folder = page.parent().expect("a page has a folder");
        for link in links(&read(&page)) {
            if link.contains("://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { page.clone() } else { folder.join(path) };
            let found = target.exists() && (anchor.is_empty() || anchors(&read(&target)).iter().any(|a| a == anchor));
            if !found {
                let _ = writeln!(broken, "{}: {link}", page.display());
            }
        }
    }
    assert_eq!(broken, "");
}

#[test]
fn the_manual_lists_every_page() {
    let manual = root().join("docs/src");
    let listed: Vec<PathBuf> = links(&read(&manual.join("SUMMARY.md"))).iter().map(|link| manual.join(link)).collect();
    for page in pages().iter().filter(|page| page.starts_with(&manual) && !page.ends_with("SUMMARY.md")) {
        assert!(listed.contains(page), "{} is not in SUMMARY.md", page.display());
    }
}

#[test]
fn the_architecture_page_matches_the_tree() {
    let page = read(&root().join("ARCHITECTURE.md"));
    let code: Vec<&str> = page.split('`').skip(1).step_by(2).collect();
    let folders = ["sim/", "policies/", "workloads/", "traces/", "reports/", "src/", "tests/", "docs/", "benches/"];
    let is_path = |text: &str| {
        folders.iter().any(|folder| text.starts_with(folder))
            && (text.ends_with('/') || Path::new(text).extension().is_some())
    };
    for path in code.iter().filter(|text| is_path(text)) {
        assert!(root().join(path).exists(), "ARCHITECTURE.md: there is no {path}");
    }
    let manifest = read(&root().join("Cargo.toml"));
    let (_, rest) = manifest.split_once("[workspace.dependencies]\n").expect("the workspace's dependencies");
    let lines = rest.lines().take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once(" = "));
    for (name, _) in lines.filter(|(name, _)| !name.starts_with("towtank-")) {
        assert!(code.contains(&name), "ARCHITECTURE.md: dependency {name} has no reason");
    }
}

/// The page is written from the registry, so that no metric is without its definition.
#[test]
fn the_metrics_page_is_the_registrys() {
    let path = root().join("docs/src/reference/metrics.md");
    let page = towtank::reports::metrics::page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).expect("written");
    }
    assert_eq!(read(&path), page, "UPDATE_DOCS=1 cargo test --test docs writes it anew");
}

// ---- reading Markdown ----------------------------------------------------------------------------------------------

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(page: &Path) -> String {
    fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}

/// Every Markdown file at the top, in the manual and beside the examples, in order.
fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root().join(name)).to_vec();
    let mut folders = vec![root().join("docs/src"), root().join("examples")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut mark = String::new();
    let mut open: Option<Block> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.lines.push(line.to_owned()),
            (None, Some(language)) => {
                let (mark, language) = (std::mem::take(&mut mark), language.to_owned());
                open = Some(Block { mark, language, first: number + 1, lines: Vec::new() });
            }
            (None, None) => {
                let comment = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
                comment.unwrap_or_default().clone_into(&mut mark);
            }
        }
    }
    assert!(open.is_none(), "a block without an end");
    blocks
}

impl Block {
    fn file(&self) -> Option<&str> {
        self.mark.strip_prefix("file: ").or_else(|| self.mark.strip_prefix("scenario: "))
    }

    /// The lines that begin with `$`, with those that they go on to after a `\`.
    fn commands(&self) -> impl Iterator<Item = String> {
        let joined = self.lines.join("\n").replace("\\\n", " ");
        let commands: Vec<String> =
            joined.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect();
        commands.into_iter()
    }
}

/// The words of a command of ours, the program's name first; `None` for another program's.
fn arguments(command: &str) -> Option<Vec<String>> {
    let rest = command.strip_prefix("towtank ").or_else(|| command.strip_prefix(FROM_SOURCE))?;
    let rest = rest.split(" | ").next().unwrap_or(rest);
    let rest = rest.split(" > ").next().unwrap_or(rest);
    let words = rest.split_whitespace().map(|word| word.trim_matches('\'').to_owned());
    Some(std::iter::once("towtank".to_owned()).chain(words).collect())
}

/// The targets of the links outside of blocks and code.
fn links(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            prose.extend(line.split('`').step_by(2));
            prose.push('\n');
        }
    }
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target.to_owned()).collect()
}

/// The anchors of a page's headings, as GitHub and mdBook make them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let letter = |c: char| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => c.to_lowercase().next(),
        _ => None,
    };
    headings.map(|heading| heading.chars().filter_map(letter).collect()).collect()
}
