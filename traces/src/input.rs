//! The files of a trace: named, opened when they are read, unpacked where they are compressed.

use crate::error::{self, TraceError};
use crate::format::Head;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The first bytes of every gzip member (RFC 1952, section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The first bytes of every Parquet file.
const PARQUET_MAGIC: [u8; 4] = *b"PAR1";

const BUFFER: usize = 1 << 16;

/// So much is read of a file to see what it is.
const HEAD: u64 = 8 << 10;

/// Folders below folders are looked into so deep.
const DEPTH: usize = 8;

/// The files of a trace, in the order in which they are read. None is opened before it is read, so that a trace may have
/// thousands of parts.
#[derive(Clone, Debug, Default)]
pub struct Inputs(Vec<InputFile>);

/// One file of a trace.
#[derive(Clone, Debug)]
pub struct InputFile {
    /// The name by which messages call it.
    pub name: Arc<str>,
    /// Whether it was named, and not found in a folder that was: a file of no use is an error only then.
    pub named: bool,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Path(PathBuf),
    Bytes(Arc<[u8]>),
}

/// The bytes of an opened file and the name by which messages call it.
pub struct Input {
    /// The file's name.
    pub file: Arc<str>,
    /// Its bytes, unpacked.
    pub reader: Box<dyn Read + Send>,
}

impl Inputs {
    /// Files, and folders with everything in and below them in the order of their names. Hidden files are passed over.
    ///
    /// # Errors
    /// A file or folder is not there or may not be read, or there is no file at all.
    pub fn open(paths: &[PathBuf]) -> Result<Self, TraceError> {
        let mut files = Vec::new();
        for path in paths {
            if fs_error(path, path.metadata())?.is_dir() {
                folder(path, DEPTH, &mut files)?;
            } else {
                files.push(InputFile::new(path, true));
            }
        }
        if files.is_empty() {
            let file = paths.first().map_or_else(String::new, |path| path.display().to_string()).into();
            let source = std::io::Error::other("there is no file in it");
            return Err(TraceError::Open { file, source });
        }
        Ok(Self(files))
    }

    /// One file whose bytes are in memory already, gzip or not, under the name that messages shall give it.
    pub fn from_bytes(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self(Vec::new()).and(name, bytes)
    }

    /// These, and one more whose bytes are in memory.
    #[must_use]
    pub fn and(mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.0.push(InputFile { name: name.into(), named: true, content: Content::Bytes(bytes.into().into()) });
        self
    }

    /// The one file of a format that has one; of those that were found in a folder, the only one that `detect` knows.
    pub(crate) fn single(
        &self,
        expected: &'static str,
        detect: impl Fn(&Head<'_>) -> bool,
    ) -> Result<&InputFile, TraceError> {
        let files = self.of_use(detect);
        match files[..] {
            [file] => Ok(file),
            [] => {
                let file = self.0.first().map_or_else(|| "".into(), |file| Arc::clone(&file.name));
                Err(TraceError::NotThis { file, expected, problem: "nothing here looks like one".to_owned() })
            }
            [_, second, ..] => {
                let problem = "a second file, where one is the whole trace".to_owned();
                Err(TraceError::NotThis { file: Arc::clone(&second.name), expected, problem })
            }
        }
    }

    /// The files of a format that may have several, of which there must be one; as [`Inputs::of_use`].
    pub(crate) fn several(
        &self,
        expected: &'static str,
        detect: impl Fn(&Head<'_>) -> bool,
    ) -> Result<Vec<InputFile>, TraceError> {
        let files: Vec<InputFile> = self.of_use(detect).into_iter().cloned().collect();
        if files.is_empty() {
            let file = self.0.first().map_or_else(|| "".into(), |file| Arc::clone(&file.name));
            return Err(TraceError::NotThis { file, expected, problem: "nothing here looks like one".to_owned() });
        }
        Ok(files)
    }

    /// The files that were named, and those found in folders that `detect` knows.
    pub(crate) fn of_use(&self, detect: impl Fn(&Head<'_>) -> bool) -> Vec<&InputFile> {
        let of_use = |file: &&InputFile| file.named || detect(&Head { name: &file.name, bytes: &file.head() });
        self.0.iter().filter(of_use).collect()
    }

    /// The files.
    pub fn files(&self) -> &[InputFile] {
        &self.0
    }
}

impl InputFile {
    fn new(path: &Path, named: bool) -> Self {
        Self { name: path.display().to_string().into(), named, content: Content::Path(path.to_owned()) }
    }

    /// Where it lies; `None` for bytes in memory.
    pub fn path(&self) -> Option<&Path> {
        match &self.content {
            Content::Path(path) => Some(path),
            Content::Bytes(_) => None,
        }
    }

    /// Opens it. Whether it is gzip is read from its first bytes; several members in a row are one file.
    ///
    /// # Errors
    /// The file is not there, is a folder or may not be read.
    pub fn open(&self) -> Result<Input, TraceError> {
        let failed = |source| TraceError::Open { file: Arc::clone(&self.name), source };
        let reader = match &self.content {
            Content::Path(path) => {
                let mut file = BufReader::with_capacity(BUFFER, File::open(path).map_err(failed)?);
                if file.fill_buf().map_err(failed)?.starts_with(&PARQUET_MAGIC) {
                    parquet(file.into_inner()).map_err(failed)?
                } else {
                    unpack(file).map_err(failed)?
                }
            }
            Content::Bytes(bytes) if bytes.starts_with(&PARQUET_MAGIC) => parquet_bytes(bytes).map_err(failed)?,
            Content::Bytes(bytes) => unpack(Cursor::new(Arc::clone(bytes))).map_err(failed)?,
        };
        Ok(Input { file: Arc::clone(&self.name), reader })
    }

    /// The first bytes of its unpacked content, at most 8 KiB, to see what it is. What cannot be read is not there.
    pub fn head(&self) -> Vec<u8> {
        let mut head = Vec::new();
        let _ = self.read_head(&mut head);
        head
    }

    /// Reads the first bytes; those that could be read are there even if others could not.
    pub(crate) fn read_head(&self, head: &mut Vec<u8>) -> Result<(), TraceError> {
        let broken = |error: std::io::Error| TraceError::Read {
            file: Arc::clone(&self.name),
            line: 1,
            message: error::io(&error),
        };
        self.open()?.reader.take(HEAD).read_to_end(head).map(drop).map_err(broken)
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("file", &self.file).finish_non_exhaustive()
    }
}

fn folder(path: &Path, depth: usize, files: &mut Vec<InputFile>) -> Result<(), TraceError> {
    let mut entries = Vec::new();
    for entry in fs_error(path, std::fs::read_dir(path))? {
        let entry = fs_error(path, entry)?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            entries.push(entry.path());
        }
    }
    entries.sort();
    for entry in entries {
        if !fs_error(&entry, entry.metadata())?.is_dir() {
            files.push(InputFile::new(&entry, false));
        } else if depth > 0 {
            folder(&entry, depth - 1, files)?;
        }
    }
    Ok(())
}

fn fs_error<T>(path: &Path, result: std::io::Result<T>) -> Result<T, TraceError> {
    result.map_err(|source| TraceError::Open { file: path.display().to_string().into(), source })
}

/// The rows of a Parquet file as text.
#[cfg(feature = "parquet")]
fn parquet(file: impl parquet::file::reader::ChunkReader + 'static) -> std::io::Result<Box<dyn Read + Send>> {
    Ok(Box::new(crate::parquet::rows(file)?))
}

#[cfg(feature = "parquet")]
fn parquet_bytes(bytes: &[u8]) -> std::io::Result<Box<dyn Read + Send>> {
    parquet(bytes::Bytes::copy_from_slice(bytes))
}

#[cfg(not(feature = "parquet"))]
fn parquet_bytes(bytes: &[u8]) -> std::io::Result<Box<dyn Read + Send>> {
    parquet(bytes)
}

#[cfg(not(feature = "parquet"))]
fn parquet<F>(_: F) -> std::io::Result<Box<dyn Read + Send>> {
    Err(std::io::Error::other("it is Parquet, and this program was built without the feature `parquet`"))
}

fn unpack(mut reader: impl BufRead + Send + 'static) -> std::io::Result<Box<dyn Read + Send>> {
    if reader.fill_buf()?.starts_with(&GZIP_MAGIC) {
        return Ok(Box::new(MultiGzDecoder::new(reader)));
    }
    Ok(Box::new(reader))
}
