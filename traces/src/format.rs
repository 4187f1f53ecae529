//! What a trace format is.

use crate::error::TraceError;
use crate::input::{InputFile, Inputs};
use crate::options::ReplayOptions;
use crate::reader::Reader;
use crate::repairs::Repairs;
use crate::schema::Schema;
use std::path::Path;

/// A trace format.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// The name in scenario files.
    pub name: &'static str,
    /// The module that reads it.
    pub module: &'static str,
    /// What it is, in one sentence.
    pub about: &'static str,
    /// What its files are and which columns or fields they have.
    pub tables: &'static [TableInfo],
    /// What its reader was tried on.
    pub tested_on: TestedOn,
    /// Whether a file looks like one of its files.
    pub(crate) detect: fn(&Head<'_>) -> bool,
    /// Opens its nodes; `None` if it knows none.
    pub(crate) nodes: Option<Open>,
    /// Opens its pods; `None` if it knows none.
    pub(crate) pods: Option<Open>,
}

/// A file of a format, or a table in several files, as its users see it.
#[derive(Clone, Copy, Debug)]
pub struct TableInfo {
    /// Its name, or how its files are called.
    pub name: &'static str,
    /// What is read from it.
    pub gives: Gives,
    /// Its columns or fields; in brackets those that may be absent. Those that are passed over are not listed.
    pub columns: &'static str,
    /// Whether its rows are in order of time, so that they can be streamed.
    pub sorted: bool,
}

/// What is read from a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// Nodes.
    Nodes,
    /// Pods and jobs.
    Pods,
    /// Both, from the same file.
    Both,
}

impl Gives {
    /// The word for tables and lists.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nodes => "nodes",
            Self::Pods => "pods",
            Self::Both => "nodes and pods",
        }
    }
}

/// What a format's reader was tried on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestedOn {
    /// Real data of this format.
    Data,
    /// Real data of its nodes; its pods as in [`TestedOn::SchemaRows`].
    NodeData,
    /// Rows that were written for the tests after the format's published schema.
    SchemaRows,
}

impl TestedOn {
    /// The words for tables and lists.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Data => "real data",
            Self::NodeData => "real nodes and rows of its schema",
            Self::SchemaRows => "rows of its schema",
        }
    }
}

/// What a reader is opened with.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// How the trace is read.
    pub options: ReplayOptions,
    /// Where repairs are counted.
    pub repairs: Repairs,
}

/// Opens a trace's nodes or pods.
pub(crate) type Open = fn(&Inputs, &Context) -> Result<Box<dyn Reader>, TraceError>;

/// The beginning of a file: its name and its first bytes, unpacked.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The file's name, with its folder.
    pub name: &'a str,
    /// At most 8 KiB.
    pub bytes: &'a [u8],
}

impl Head<'_> {
    /// Whether the file begins with the header of such a table.
    pub(crate) fn is_table(&self, schema: &Schema) -> bool {
        schema.is_header(self.first_row(schema.separator))
    }

    /// The fields of the first row that is not blank, as far as they are text.
    pub(crate) fn first_row(&self, separator: u8) -> impl Iterator<Item = &str> {
        let bytes = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.bytes);
        let first = bytes.split(|b| *b == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
        first.split(move |b| *b == separator).map(|field| {
            let field = field.trim_ascii();
            let field = field.strip_prefix(b"\"").and_then(|f| f.strip_suffix(b"\"")).unwrap_or(field);
            std::str::from_utf8(field).unwrap_or_default().trim()
        })
    }
}

impl Format {
    /// Whether it knows nodes.
    pub fn gives_nodes(&self) -> bool {
        self.nodes.is_some()
    }

    /// Whether it knows pods.
    pub fn gives_pods(&self) -> bool {
        self.pods.is_some()
    }

    /// Whether nodes and pods are told by the same files, or by files that know each other by name.
    pub fn is_one(&self) -> bool {
        self.tables.iter().any(|table| table.gives == Gives::Both)
    }

    /// The nodes of a trace as records.
    ///
    /// # Errors
    /// The format has no nodes, or the files cannot be opened or are of another kind.
    pub fn read_nodes(&self, inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
        let open = self.nodes.ok_or(TraceError::NoSuchPart { format: self.name, part: "nodes" })?;
        open(inputs, context)
    }

    /// The pods of a trace as records.
    ///
    /// # Errors
    /// The format has no pods, or the files cannot be opened or are of another kind.
    pub fn read_pods(&self, inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
        let open = self.pods.ok_or(TraceError::NoSuchPart { format: self.name, part: "pods" })?;
        open(inputs, context)
    }
}

/// Deals files out to the tables that they belong to, by name, or where the name does not tell by header. The answer has one list for
/// each schema.
///
/// # Errors
/// A file that was named belongs to none of them; those that were found in a folder are passed over.
pub(crate) fn deal(inputs: &Inputs, schemas: &[&'static Schema]) -> Result<Vec<Vec<InputFile>>, TraceError> {
    let mut dealt = vec![Vec::new(); schemas.len()];
    for file in inputs.files() {
        let (mut bytes, mut readable) = (Vec::new(), Ok(()));
        let by_name = schemas.iter().position(|schema| schema.is_named(&file.name));
        let table = by_name.or_else(|| {
            readable = file.read_head(&mut bytes);
            let head = Head { name: &file.name, bytes: &bytes };
            schemas.iter().position(|schema| head.is_table(schema))
        });
        match table {
            Some(table) => dealt[table].push(file.clone()),
            None if file.named => {
                readable?;
                let expected = schemas.iter().map(|schema| schema.what).collect::<Vec<_>>().join(", ");
                return Err(TraceError::UnknownTable { file: file.name.clone(), expected });
            }
            None => {}
        }
    }
    Ok(dealt)
}

/// The files of a format's only table, or of one of two that have headers: those that were named, and of those that were found in
/// folders the ones with its header, and CSV files that are of none of the others. What else is there (a description, checksums) is
/// passed over; a table with a mistake in its header is not.
pub(crate) fn only(
    inputs: &Inputs,
    schema: &'static Schema,
    others: &[&'static Schema],
) -> Result<Vec<InputFile>, TraceError> {
    inputs.several(schema.what, |head| {
        let name = head.name.strip_suffix(".gz").unwrap_or(head.name);
        let is_csv = Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        head.is_table(schema) || (is_csv && !others.iter().any(|other| head.is_table(other)))
    })
}

/// The error that a format needs a table that none of the files is.
pub(crate) fn no_table(inputs: &Inputs, schema: &Schema) -> TraceError {
    let file = inputs.files().first().map_or_else(|| "".into(), |file| file.name.clone());
    TraceError::NoTable { file, what: schema.what, names: schema.files.join(", ") }
}
