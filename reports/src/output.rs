//! The output directory: everything appears at once, or nothing does.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::draw::RenderError;
use crate::page::PageError;

/// What may stand at the top of an output directory, and what it is.
///
/// A directory that holds anything else is somebody's own, and is never replaced.
pub const LAYOUT: &[(&str, &str)] = &[
    ("summary.json", "the run in numbers; of a comparison, one entry per run"),
    ("verdicts.txt", "of a comparison over several seeds: what they say of each policy beside the first one"),
    ("pods.csv", "one line per pod: where it went, and when"),
    ("pods.parquet", "the same"),
    ("jobs.csv", "one line per job, a group of pods: when it started, and where"),
    ("jobs.parquet", "the same"),
    ("nodes.csv", "one line per node: when it was there, and how full"),
    ("nodes.parquet", "the same"),
    ("attempts.csv", "one line per scheduling attempt: what came of it"),
    ("attempts.parquet", "the same"),
    ("timeseries.csv", "the cluster's state at every sample"),
    ("timeseries.parquet", "the same"),
    ("curves.csv", "metrics over something else than time, where a run has any"),
    ("events.jsonl", "what happened, one Kubernetes Event per line"),
    ("metrics.prom", "metrics at the end, in OpenMetrics text"),
    ("plots", "every figure as SVG and PNG, and what it shows as CSV"),
    ("report.html", "everything to read, in one file"),
    ("replay.json", "what is needed to play the run again"),
    ("runs", "of a comparison: one such directory per run"),
];

/// Why an output directory could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The path exists and is a file, or has no name of its own (such as `/`).
    #[error("cannot write to {}: it is not a directory that could be replaced", path.display())]
    NotADirectory {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The directory exists and holds something that towtank does not write.
    #[error(
        "will not replace {}: it contains {entry:?}, which is not part of a towtank output; choose another directory or \
         move it away",
        path.display()
    )]
    NotOurs {
        /// The directory.
        path: PathBuf,
        /// The first such thing in it, in alphabetical order.
        entry: String,
    },
    /// The directory has tables of a sweep, and not the journal that they are made of.
    #[error("will not replace {}: its {file} is missing, or of something else; choose another directory or move it away", path.display())]
    NoJournal {
        /// The directory.
        path: PathBuf,
        /// The journal.
        file: &'static str,
    },
    /// Parquet is asked for, which this program was built without.
    #[error("this program was built without Parquet: build it with `--features parquet`")]
    NoParquet,
    /// Somebody else is writing there.
    #[error("{}: another sweep is writing here: wait for it, or choose another directory", path.display())]
    Busy {
        /// The directory.
        path: PathBuf,
    },
    /// A figure or a page could not be made of the data: a bug of ours.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: `create`, `write`, `replace`, `read`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// What is written to a file at a time, in bytes: events alone may come to gigabytes.
const BUFFER: usize = 1 << 16;

impl From<RenderError> for OutputError {
    fn from(error: RenderError) -> Self {
        Self::Page(error.into())
    }
}

/// A directory under construction beside its final place; [`OutputDir::commit`] moves it there.
///
/// Until then the final place is untouched. Dropped without a commit, it leaves no trace.
#[derive(Debug)]
pub struct OutputDir {
    /// The final place, without symbolic links or dots.
    target: PathBuf,
    /// The final place as it was given, for messages.
    given: PathBuf,
    staging: PathBuf,
    /// Parents that did not exist, outermost first: removed again unless the output arrives.
    created_parents: Vec<PathBuf>,
}

impl OutputDir {
    /// Checks that the target can be written and starts an empty directory beside it.
    ///
    /// To be called before a simulation starts, so that hours of work do not end in a full disk's neighbour. Missing
    /// parents are made. A target that is an empty directory, or an earlier output, will be replaced.
    ///
    /// # Errors
    /// [`OutputError`], with nothing changed on disk.
    pub fn create(given: &Path) -> Result<Self, OutputError> {
        let target = resolve(given)?;
        check_replaceable(&target, given)?;
        let Some(parent) = target.parent() else {
            return Err(OutputError::NotADirectory { path: given.to_owned() });
        };
        let mut created_parents: Vec<PathBuf> =
            parent.ancestors().take_while(|path| !path.exists()).map(Path::to_path_buf).collect();
        created_parents.reverse();
        let staging = PathBuf::new();
        let mut dir = Self { target: target.clone(), given: given.to_owned(), staging, created_parents };
        // From here on, dropping `dir` tidies up.
        fs::create_dir_all(parent).map_err(io_error("create", given))?;
        dir.staging = new_dir(&target).map_err(io_error("create", given))?;
        Ok(dir)
    }

    /// Starts a file, given by its path inside the directory with forward slashes, such as `plots/utilization.svg`.
    ///
    /// # Errors
    /// [`OutputError::Io`] where the system refuses.
    pub fn file(&self, path: &str) -> Result<OutputFile, OutputError> {
        let top = path.split('/').next().unwrap_or(path);
        assert!(LAYOUT.iter().any(|(name, _)| *name == top), "{path:?} is not in the layout of an output directory");
        let full = self.staging.join(path);
        if let Some(folder) = full.parent() {
            fs::create_dir_all(folder).map_err(io_error("create", &self.given.join(path)))?;
        }
        let file = File::create(&full).map_err(io_error("create", &self.given.join(path)))?;
        Ok(OutputFile { writer: BufWriter::with_capacity(BUFFER, file), path: self.given.join(path) })
    }

    /// A file that may be started later, when it turns out to be needed; see [`OutputDir::file`].
    pub fn later(&self, path: &str) -> LaterFile {
        assert!(LAYOUT.iter().any(|(name, _)| *name == path), "{path:?} is not in the layout of an output directory");
        LaterFile { full: self.staging.join(path), path: self.given.join(path) }
    }

    /// Writes a whole file at once; see [`OutputDir::file`].
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> Result<(), OutputError> {
        let mut file = self.file(path)?;
        file.write_all(content.as_ref()).map_err(io_error("write", &file.path))?;
        file.finish()
    }

    /// Moves the finished directory to its place and returns it, as it was given. An earlier output there is moved aside
    /// first and removed last, so that at any moment one of the two is complete.
    ///
    /// # Errors
    /// [`OutputError`]; the earlier output, if any, is back in its place then.
    pub fn commit(self) -> Result<PathBuf, OutputError> {
        let (target, given) = (&self.target, &self.given);
        // Somebody may have put something there in the meantime.
        check_replaceable(target, given)?;
        if !target.exists() {
            fs::rename(&self.staging, target).map_err(io_error("create", given))?;
            return Ok(given.clone());
        }
        let aside = unused(target, "previous");
        fs::rename(target, &aside).map_err(io_error("replace", given))?;
        if let Err(source) = fs::rename(&self.staging, target) {
            // Best effort: the first error is the one to tell.
            let _ = fs::rename(&aside, target);
            return Err(OutputError::Io { action: "replace", path: given.clone(), source });
        }
        fs::remove_dir_all(&aside).map_err(io_error("remove", &aside))?;
        Ok(given.clone())
    }
}

impl Drop for OutputDir {
    fn drop(&mut self) {
        // After a commit there is nothing left to remove, and a parent that is in use stays: both are fine.
        let _ = fs::remove_dir_all(&self.staging);
        for parent in self.created_parents.iter().rev() {
            let _ = fs::remove_dir(parent);
        }
    }
}

/// A file at the top of an [`OutputDir`] that has not been started.
#[derive(Debug)]
pub struct LaterFile {
    full: PathBuf,
    path: PathBuf,
}

impl LaterFile {
    /// Starts the file.
    ///
    /// # Errors
    /// [`OutputError::Io`] where the system refuses.
    pub fn create(self) -> Result<OutputFile, OutputError> {
        let file = File::create(&self.full).map_err(io_error("create", &self.path))?;
        Ok(OutputFile { writer: BufWriter::with_capacity(BUFFER, file), path: self.path })
    }
}

/// A file being written in an [`OutputDir`]; its errors carry its path.
#[derive(Debug)]
pub struct OutputFile {
    writer: BufWriter<File>,
    path: PathBuf,
}

impl OutputFile {
    /// Where it will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what is still buffered; a file that is dropped without it may be incomplete.
    pub fn finish(mut self) -> Result<(), OutputError> {
        self.writer.flush().map_err(io_error("write", &self.path))
    }

    /// Turns an error of writing to this file into one that names it.
    pub fn error(&self, source: io::Error) -> OutputError {
        OutputError::Io { action: "write", path: self.path.clone(), source }
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Writes a single file, which appears whole or not at all and replaces one that is there. Missing folders are made.
///
/// # Errors
/// [`OutputError::Io`] where the system refuses.
pub fn write_file(path: &Path, content: &[u8]) -> Result<(), OutputError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(io_error("create", folder))?;
    }
    let partial = beside(path, "partial");
    let written = fs::write(&partial, content).and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written.map_err(io_error("write", path))
}

/// A hidden path beside the target, this process's own.
fn beside(target: &Path, word: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{word}-{}", std::process::id()))
}

/// A new hidden directory beside the target.
fn new_dir(target: &Path) -> io::Result<PathBuf> {
    loop {
        let path = unused(target, "partial");
        match fs::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return created.map(|()| path),
        }
    }
}

/// A hidden path beside the target that nothing is at. A run that was killed leaves things behind, and in a container the next one is the same
/// process by number.
fn unused(target: &Path, word: &str) -> PathBuf {
    let first = beside(target, word);
    let numbered = |number: u32| {
        let mut name = first.clone().into_os_string();
        name.push(format!("-{number}"));
        PathBuf::from(name)
    };
    std::iter::once(first.clone())
        .chain((2..u32::MAX).map(numbered))
        .find(|path| path.symlink_metadata().is_err())
        .unwrap_or(first)
}

/// The target without symbolic links or dots, as far as it exists.
fn resolve(target: &Path) -> Result<PathBuf, OutputError> {
    if target.exists() {
        return target.canonicalize().map_err(io_error("read", target));
    }
    std::path::absolute(target).map_err(io_error("read", target))
}

/// Whether the target is absent, an empty directory, or an earlier output with nothing else in it.
fn check_replaceable(target: &Path, given: &Path) -> Result<(), OutputError> {
    if !target.exists() {
        return Ok(());
    }
    if !target.is_dir() {
        return Err(OutputError::NotADirectory { path: given.to_owned() });
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(target).map_err(io_error("read", given))? {
        let entry = entry.map_err(io_error("read", given))?;
        entries.push(entry.file_name().to_string_lossy().into_owned());
    }
    entries.sort();
    let not_ours = |entry: String| OutputError::NotOurs { path: given.to_owned(), entry };
    if let Some(foreign) = entries.iter().find(|entry| !LAYOUT.iter().any(|(name, _)| name == entry)) {
        return Err(not_ours(foreign.clone()));
    }
    match entries.into_iter().next() {
        Some(first) if !is_summary(&target.join("summary.json")) => Err(not_ours(first)),
        _ => Ok(()),
    }
}

/// Whether a file is a `summary.json` of ours.
fn is_summary(path: &Path) -> bool {
    let json = fs::read(path).ok().and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok());
    json.is_some_and(|json| json.get("scenario").or_else(|| json.get("trace")).is_some())
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OutputError {
    let path = path.to_owned();
    move |source| OutputError::Io { action, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(path: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn appears_at_once_and_replaces_an_earlier_output() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("deep/er/out");
        for content in ["one", "two"] {
            let dir = OutputDir::create(&target).unwrap();
            dir.write("summary.json", r#"{"scenario": "x"}"#).unwrap();
            dir.write("plots/a.svg", content).unwrap();
            if content == "one" {
                dir.write("pods.csv", "").unwrap();
                assert!(!target.exists());
            }
            dir.commit().unwrap();
            assert_eq!(fs::read_to_string(target.join("plots/a.svg")).unwrap(), content);
        }
        assert_eq!(listing(&target), ["plots", "summary.json"]);
        assert_eq!(listing(target.parent().unwrap()), ["out"]);
    }

    #[test]
    fn leaves_no_trace_without_commit() {
        let root = tempfile::tempdir().unwrap();
        let dir = OutputDir::create(&root.path().join("deep/er/out")).unwrap();
        dir.write("pods.csv", "half").unwrap();
        drop(dir);
        assert_eq!(listing(root.path()), Vec::<String>::new());
    }

    #[test]
    fn what_a_killed_run_left_is_in_nobodys_way() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("out");
        let killed = OutputDir::create(&target).unwrap();
        killed.write("pods.csv", "half").unwrap();
        let dir = OutputDir::create(&target).unwrap();
        dir.write("summary.json", r#"{"scenario": "x"}"#).unwrap();
        dir.commit().unwrap();
        assert_eq!(listing(&target), ["summary.json"]);
        assert_eq!(listing(&killed.staging), ["pods.csv"]);
    }

    #[test]
    fn refuses_what_is_not_ours() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("mine");
        fs::create_dir(&target).unwrap();
        assert!(OutputDir::create(&target).is_ok(), "an empty directory may be replaced");
        fs::write(target.join("pods.csv"), "").unwrap();
        let told = OutputDir::create(&target).unwrap_err().to_string();
        assert!(told.contains("mine: it contains \"pods.csv\""), "{told}");
        fs::write(target.join("summary.json"), r#"{"scenario": "x"}"#).unwrap();
        assert!(OutputDir::create(&target).is_ok(), "an earlier output may be replaced");
        fs::write(target.join("thesis.tex"), "").unwrap();
        let told = OutputDir::create(&target).unwrap_err().to_string();
        assert!(told.contains("\"thesis.tex\""), "{told}");
        assert_eq!(listing(&target), ["pods.csv", "summary.json", "thesis.tex"]);
    }

    #[test]
    fn tells_path_and_reason() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "").unwrap();
        let told = OutputDir::create(&file).unwrap_err().to_string();
        assert!(told.ends_with("file: it is not a directory that could be replaced"), "{told}");
        let told = OutputDir::create(&file.join("below")).unwrap_err().to_string();
        assert!(told.starts_with("cannot create ") && told.contains("file"), "{told}");
        assert!(matches!(
            OutputDir::create(Path::new("/")),
            Err(OutputError::NotOurs { .. } | OutputError::NotADirectory { .. })
        ));
    }
}
