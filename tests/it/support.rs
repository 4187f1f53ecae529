//! A folder for each test, and the program run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file or folder of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    root().join(path)
}

/// A path in the shared data, if it is beside this checkout.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let path = root().join("../shared").join(path);
    if !path.exists() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

/// The program with these arguments, its current folder being `folder`.
pub(crate) fn towtank(folder: &Path, args: &[&str]) -> Finished {
    towtank_in(folder, args, &[])
}

/// The same, with these variables in its environment.
pub(crate) fn towtank_in(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> Finished {
    let output = Command::new(env!("CARGO_BIN_EXE_towtank"))
        .current_dir(folder)
        .args(args)
        .env_remove("CLICOLOR_FORCE")
        .envs(variables.iter().copied())
        .output()
        .expect("the program starts");
    Finished::new(&output)
}

/// What a run of the program said.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Self {
            code: output.status.code().expect("no signal ended it"),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// The same, after checking the exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}

/// A temporary folder with files in it.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, content).expect("a file");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn run(&self, args: &[&str]) -> Finished {
        towtank(self.path(), args)
    }

    pub(crate) fn run_in(&self, args: &[&str], variables: &[(&str, &str)]) -> Finished {
        towtank_in(self.path(), args, variables)
    }

    /// The names of everything in it, hidden or not, folders with a slash, in alphabetical order.
    pub(crate) fn listing(&self) -> Vec<String> {
        listing(self.path())
    }
}

/// The names of everything below a folder, hidden or not.
pub(crate) fn listing(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    collect(folder, "", &mut names);
    names.sort();
    names
}

fn collect(folder: &Path, prefix: &str, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), names);
        }
        names.push(name);
    }
}
