//! Processes that are killed and disks that fill up: a clear error or a clean resumption, and never half of a result.
//!
//! A disk that is full, and a kill while something is written, are made by a limit on the size of files. Where a file would exceed it, the
//! system takes what fits, and then either refuses the rest, or kills the process if that has not asked to be spared (`SIGXFSZ`).
#![cfg(unix)]

use crate::support::{Folder, listing, repository};
use crate::sweep::{TABLES, folder};
use proptest::prelude::*;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus, Output, Stdio};

/// What happens when a file would grow beyond the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beyond {
    /// An error, as of a disk that is full.
    Refused,
    /// The process is killed.
    Killed,
}

/// Runs the program while no file may grow beyond so many blocks of 512 bytes.
fn limited(folder: &Folder, blocks: u64, beyond: Beyond, args: &[&str]) -> Output {
    let trap = if beyond == Beyond::Refused { "trap '' XFSZ; " } else { "" };
    let command = format!("{trap}ulimit -c 0; ulimit -f {blocks}; exec \"$@\"");
    Command::new("sh")
        .current_dir(folder.path())
        .args(["-c", &command, "sh", env!("CARGO_BIN_EXE_towtank")])
        .args(args)
        .output()
        .expect("a shell")
}

fn was_killed(status: ExitStatus) -> bool {
    status.signal().is_some()
}

fn same_tables(folder: &Folder, one: &str, other: &str) {
    for table in TABLES {
        assert_eq!(folder.read(&format!("{one}/{table}")), folder.read(&format!("{other}/{table}")), "{table}");
    }
}

const SWEEP: [&str; 4] = ["sweep", "experiment.yaml", "--out", "out"];
const RESUME: [&str; 5] = ["sweep", "experiment.yaml", "--out", "out", "--resume"];

#[test]
fn a_sweep_on_a_full_disk_says_so_and_goes_on_when_there_is_room() {
    let folder = folder();
    folder.run(&["sweep", "experiment.yaml", "--out", "whole"]).expect(0);
    let size = folder.read("whole/runs.jsonl").len() as u64 / 512;
    for (blocks, jobs) in [(0, "1"), (1, "2"), (size / 2, "2"), (size, "1")] {
        let args = [&RESUME[..], &["--jobs", jobs]].concat();
        let full = limited(&folder, blocks, Beyond::Refused, &args);
        let said = String::from_utf8_lossy(&full.stderr);
        assert_eq!(full.status.code(), Some(3), "{blocks} blocks: {said}");
        assert!(said.contains("error: cannot write to out/runs.jsonl: File too large"), "{blocks} blocks: {said}");
        let journal = folder.read("out/runs.jsonl");
        assert!(journal.is_empty() || journal.ends_with('\n'), "what does not fit is taken back");
        assert!(!folder.path().join("out/runs.csv").exists());
    }
    folder.run(&RESUME).expect(0);
    same_tables(&folder, "whole", "out");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each time it is killed when its journal has grown by so much, in the middle of a row or between two.
    #[test]
    fn a_sweep_that_is_killed_again_and_again_loses_and_repeats_nothing(
        steps in prop::collection::vec((1_u64..40, 1_usize..4), 1..5)
    ) {
        let folder = folder();
        folder.run(&["sweep", "experiment.yaml", "--out", "whole"]).expect(0);
        let mut blocks = 0;
        for (more, jobs) in steps {
            blocks += more;
            let jobs = jobs.to_string();
            let ended = limited(&folder, blocks, Beyond::Killed, &[&RESUME[..], &["--jobs", &jobs]].concat());
            prop_assert!(was_killed(ended.status) || ended.status.success(), "{:?}", ended);
        }
        let rows = |folder: &Folder| folder.read("out/runs.jsonl").lines().count().saturating_sub(1);
        let before = folder.path().join("out/runs.jsonl").exists().then(|| {
            let whole = folder.read("out/runs.jsonl");
            let end = whole.rfind('\n').map_or(0, |end| end + 1);
            whole[..end].lines().count().saturating_sub(1)
        });
        let said = folder.run(&RESUME).expect(0);
        let made_before = format!("{} of them made before", before.unwrap_or(0));
        prop_assert!(before.unwrap_or(0) == 0 || said.stdout.contains(&made_before), "{}", said.stdout);
        prop_assert_eq!(rows(&folder), 24);
        same_tables(&folder, "whole", "out");
    }

    /// The same by the signal that nothing can prepare for, whenever it comes.
    #[test]
    fn a_sweep_survives_sigkill(sizes in prop::collection::vec(0_u64..20_000, 1..5)) {
        let folder = folder();
        folder.run(&["sweep", "experiment.yaml", "--out", "whole"]).expect(0);
        let mut bytes = 0;
        for more in sizes {
            bytes += more;
            let mut sweep = Command::new(env!("CARGO_BIN_EXE_towtank"))
                .current_dir(folder.path())
                .args(RESUME)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("the program starts");
            let journal = folder.path().join("out/runs.jsonl");
            while std::fs::metadata(&journal).map_or(0, |file| file.len()) < bytes
                && sweep.try_wait().expect("a state").is_none()
            {
                std::thread::yield_now();
            }
            sweep.kill().expect("killed, or at its end");
            sweep.wait().expect("an end");
        }
        folder.run(&RESUME).expect(0);
        same_tables(&folder, "whole", "out");
    }
}

#[test]
fn an_earlier_result_that_is_damaged_or_of_something_else_is_named() {
    let folder = folder();
    // Rows stand in the order in which their runs ended: with one job, in that of the experiment.
    folder.run(&[&SWEEP[..], &["--jobs", "1"]].concat()).expect(0);
    let journal = folder.read("out/runs.jsonl");
    let lines: Vec<&str> = journal.lines().collect();
    let second = lines[1];
    let twice = format!("{}\n{second}\n{second}\n", lines[0]);
    let other = lines[0].replace("\"sizes\"", "\"weights\"") + "\n";
    for (content, code, expected) in [
        (
            b"\xff\xfe\x00\x01 no journal\n".to_vec(),
            3,
            "will not replace out: its runs.jsonl is missing, or of something else",
        ),
        (
            b"{\"scenario\": \"x\"}\n".to_vec(),
            3,
            "will not replace out: its runs.jsonl is missing, or of something else",
        ),
        (other.into_bytes(), 2, "out: holds a sweep of the experiment weights, and this is the experiment sizes"),
        (twice.into_bytes(), 2, "out: the run 2, low, default, seed 1 is there twice"),
        (
            journal.replace("\"seed\":2", "\"seed\":9").into_bytes(),
            2,
            "seed 9 is not part of the experiment as it is now",
        ),
        (journal.replace("\"curves\"", "\"curve\"").into_bytes(), 2, "out/runs.jsonl:2:"),
        (journal.replace("0.1.0", "0.0.9").into_bytes(), 2, "holds a sweep of towtank 0.0.9, and this is towtank"),
    ] {
        folder.write("out/runs.jsonl", &content);
        let tables = TABLES.map(|table| folder.read(&format!("out/{table}")));
        let refused = folder.run(&RESUME).expect(code);
        assert!(refused.stderr.contains(expected), "{expected}: {}", refused.stderr);
        assert_eq!(TABLES.map(|table| folder.read(&format!("out/{table}"))), tables, "nothing is touched");
    }
    // A part of the first line, as of a sweep that was killed when it began.
    folder.write("out/runs.jsonl", &lines[0][..20]);
    folder.run(&RESUME).expect(0);
    assert_eq!(folder.read("out/runs.jsonl").lines().count(), 25);
    // A folder with names like ours and no journal is somebody's own.
    std::fs::remove_file(folder.path().join("out/runs.jsonl")).expect("removed");
    for args in [&SWEEP[..], &RESUME] {
        let refused = folder.run(args).expect(3);
        assert!(
            refused.stderr.contains("will not replace out: its runs.jsonl is missing, or of something else"),
            "{}",
            refused.stderr
        );
    }
    std::fs::create_dir(folder.path().join("out/runs.jsonl")).expect("a folder");
    folder.run(&RESUME).expect(3);
}

#[test]
fn shards_that_are_cut_or_of_other_inputs_are_never_put_together() {
    let folder = folder();
    for (shard, out) in [("0/2", "a"), ("1/2", "b")] {
        folder.run(&["sweep", "experiment.yaml", "--shard", shard, "--out", out]).expect(0);
    }
    let merge = ["sweep", "experiment.yaml", "--merge", "a", "b", "--out", "all"];
    let journal = folder.read("b/runs.jsonl");
    folder.write("b/runs.jsonl", &journal[..journal.len() - 40]);
    let cut = folder.run(&merge).expect(2);
    assert!(cut.stderr.contains("is missing: it belongs to shard 1/2"), "{}", cut.stderr);
    folder.write("b/runs.jsonl", journal.replace("\"index\":1", "\"index\":0"));
    let moved = folder.run(&merge).expect(2);
    assert!(moved.stderr.contains("is not of shard 0/2"), "{}", moved.stderr);
    folder.write("b/runs.jsonl", &journal);
    let scenario = folder.read("scenario.yaml");
    folder.write("scenario.yaml", scenario.replace("mean: 5m", "mean: 6m"));
    let changed = folder.run(&merge).expect(2);
    assert!(changed.stderr.contains("was made of other inputs than those that are there now"), "{}", changed.stderr);
    assert!(!folder.path().join("all").exists());
    folder.write("scenario.yaml", scenario);
    let into = folder.run(&["sweep", "experiment.yaml", "--merge", "a", "b", "--out", "a"]).expect(2);
    assert!(into.stderr.contains("a: is a shard, and where they shall be put together"), "{}", into.stderr);
    folder.run(&merge).expect(0);
    folder.run(&merge).expect(0);
}

/// Shards that were made where the experiment has another path are the same shards.
#[test]
fn shards_are_put_together_in_another_place() {
    let folder = folder();
    let policy = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";
    let experiment = folder.read("experiment.yaml").replace("best-fit]", "policy.yaml]");
    for place in ["there", "here"] {
        folder.write(&format!("{place}/experiment.yaml"), &experiment);
        folder.write(&format!("{place}/scenario.yaml"), folder.read("scenario.yaml"));
        folder.write(&format!("{place}/policy.yaml"), policy);
    }
    folder.run(&["sweep", "there/experiment.yaml", "--shard", "0/1", "--out", "shard"]).expect(0);
    folder.run(&["sweep", "here/experiment.yaml", "--merge", "shard", "--out", "all"]).expect(0);
    assert_eq!(folder.read("shard/runs.csv"), folder.read("all/runs.csv"));
}

#[test]
fn a_run_that_cannot_write_or_is_killed_leaves_the_earlier_one_as_it_was() {
    let folder = Folder::new();
    let scenario = repository("tests/scenarios/csv.yaml");
    let args = ["run", scenario.to_str().expect("UTF-8"), "--out", "out"];
    folder.run(&args).expect(0);
    let before = listing(folder.path());
    let sizes: Vec<u64> = before
        .iter()
        .filter_map(|name| std::fs::metadata(folder.path().join(name)).ok())
        .filter(std::fs::Metadata::is_file)
        .map(|file| file.len().div_ceil(512))
        .collect();
    let content =
        |folder: &Folder| before.iter().map(|name| std::fs::read(folder.path().join(name)).ok()).collect::<Vec<_>>();
    let earlier = content(&folder);
    let largest = sizes.iter().copied().max().unwrap_or_default();
    for blocks in [0, 1, 2, 8, 16, 40, largest / 2] {
        let full = limited(&folder, blocks, Beyond::Refused, &[&args[..], &["--seed", "9"]].concat());
        let said = String::from_utf8_lossy(&full.stderr);
        assert_eq!(full.status.code(), Some(3), "{blocks} blocks: {said}");
        assert!(said.contains("cannot write out/") && said.contains("File too large"), "{blocks} blocks: {said}");
        assert_eq!(listing(folder.path()), before, "{blocks} blocks: nothing is left behind");
        assert!(content(&folder) == earlier, "{blocks} blocks: the earlier output is whole");
    }
    for blocks in [0, 8, largest / 2] {
        let killed = limited(&folder, blocks, Beyond::Killed, &args);
        assert!(was_killed(killed.status), "{killed:?}");
        assert!(content(&folder) == earlier, "{blocks} blocks: the earlier output is whole");
    }
    // What killed runs left beside it is in nobody's way.
    folder.run(&[&args[..], &["--seed", "9"]].concat()).expect(0);
    assert!(content(&folder) != earlier);
}

#[test]
fn an_earlier_run_whose_summary_is_cut_is_not_replaced() {
    let folder = Folder::new();
    let scenario = repository("tests/scenarios/csv.yaml");
    let args = ["run", scenario.to_str().expect("UTF-8"), "--out", "out", "--set", "observe.figures=false"];
    folder.run(&args).expect(0);
    let summary = folder.read("out/summary.json");
    for content in ["", &summary[..summary.len() / 2], "[1, 2]"] {
        folder.write("out/summary.json", content);
        let refused = folder.run(&args).expect(3);
        let expected = "will not replace out: its summary.json is missing, or of something else";
        assert!(refused.stderr.contains(expected), "{}", refused.stderr);
        assert_eq!(folder.read("out/summary.json"), content);
    }
}

#[test]
fn standard_output_on_a_full_disk_is_an_error() {
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else {
        return eprintln!("skipped: there is no /dev/full");
    };
    let scenario = repository("tests/scenarios/csv.yaml");
    let ended = Command::new(env!("CARGO_BIN_EXE_towtank"))
        .args(["run", scenario.to_str().expect("UTF-8"), "--out", "-"])
        .stdout(full)
        .output()
        .expect("the program starts");
    assert_eq!(ended.status.code(), Some(3), "{ended:?}");
    assert!(
        String::from_utf8_lossy(&ended.stderr).contains("cannot write to standard output: No space left"),
        "{ended:?}"
    );
}
