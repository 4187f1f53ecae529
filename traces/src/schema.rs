//! What a kind of file looks like.

/// A table of a trace: a file, or several parts of one, whose rows have the same columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema {
    /// "a file of ...", for messages.
    pub(crate) what: &'static str,
    /// What is part of the name of its files or of their folder, in lower case; empty where any name will do.
    pub(crate) files: &'static [&'static str],
    /// Whether its files begin with the names of their columns.
    pub(crate) header: Header,
    /// What stands between two fields.
    pub(crate) separator: u8,
    /// Columns that must be there.
    pub(crate) required: &'static [&'static str],
    /// Columns that may be there.
    pub(crate) optional: &'static [&'static str],
    /// What columns with a name of the user's choice start with.
    pub(crate) prefixes: &'static [&'static str],
    /// All columns in their order, for files without a header; required and optional ones, and others that nobody reads.
    pub(crate) order: &'static [&'static str],
    /// Other names of columns, in lower case, and the columns that they mean.
    pub(crate) aliases: &'static [(&'static str, &'static str)],
    /// What a column is that has none of these names.
    pub(crate) unknown: Unknown,
}

/// Whether files begin with the names of their columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    /// They do. Columns may be in any order.
    Row,
    /// As published they do not, and columns are in the order of [`Schema::order`]; but copies may: a first row in which a known name
    /// stands is a header.
    Perhaps,
}

/// What becomes of columns without meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// They are an error, unless they start with `x-`: the file is written by people.
    Refused,
    /// They are passed over: the trace says more than is read.
    PassedOver,
}

impl Schema {
    /// A table with a header and commas, as a base for others.
    pub(crate) const CSV: Self = Self {
        what: "",
        files: &[],
        header: Header::Row,
        separator: b',',
        required: &[],
        optional: &[],
        prefixes: &[],
        order: &[],
        aliases: &[],
        unknown: Unknown::PassedOver,
    };

    /// The column that a name in a header means: names are compared without regard to case and to blanks around them.
    pub(crate) fn column(&self, header: &str) -> Option<&'static str> {
        let same = |name: &&&'static str| name.eq_ignore_ascii_case(header);
        let named = self.required.iter().chain(self.optional).chain(self.order).find(same).copied();
        named.or_else(|| {
            self.aliases.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(header)).map(|(_, name)| *name)
        })
    }

    /// Whether a name in a header is that of a column of the user's choice.
    pub(crate) fn is_prefixed(&self, header: &str) -> bool {
        self.prefixes.iter().any(|prefix| header.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()))
    }

    /// Whether these are the names of its columns: all that must be there.
    pub(crate) fn is_header<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> bool {
        let found: Vec<_> = names.into_iter().filter_map(|name| self.column(name)).collect();
        self.required.iter().all(|name| found.contains(name))
    }

    /// Whether a file of this name is one of its files, as far as the name can tell. The name of the folder counts, because parts
    /// of a table often lie in a folder with its name.
    pub(crate) fn is_named(&self, file: &str) -> bool {
        let lower = file.to_ascii_lowercase();
        let mut parts = lower.rsplit(['/', '\\']);
        let (name, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        self.files.iter().any(|part| name.contains(part)) || self.files.contains(&folder)
    }
}
