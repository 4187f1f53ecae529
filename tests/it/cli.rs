//! The command line as a user types it: transcripts in `tests/cli/`, and how it behaves in pipes.

use crate::support::repository;
use std::io::Read as _;
use std::process::{Command, Stdio};

#[test]
fn transcripts() {
    trycmd::TestCases::new().case("tests/cli/*.toml").case("tests/cli/*.trycmd");
}

/// `towtank policies | head -n 1`, and the same with a run.
#[test]
fn a_reader_that_leaves_is_no_error() {
    for args in [&["policies"][..], &["run", "tests/scenarios/csv.yaml", "--out", "-"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_towtank"))
            .current_dir(repository(""))
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
        assert_eq!(child.wait().expect("an end").code(), Some(0), "{said}");
        assert_eq!(said, "");
    }
}

/// A summary that went nowhere must not look like one that was delivered.
#[test]
fn data_that_cannot_be_written_is_an_error() {
    let Ok(full) = std::fs::File::create("/dev/full") else { return };
    let output = Command::new(env!("CARGO_BIN_EXE_towtank")).arg("policies").stdout(full).output().expect("an end");
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("error: cannot write to standard output: "), "{said}");
}
