//! What a reader of the report should be told about.

/// One event worth a line in the report, or several of the same kind that were counted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notable {
    /// When it happened, or when the first of them did: nanoseconds since the scenario's start.
    pub time_ns: i64,
    /// When the last of them happened, or an outage ended; the same as `time_ns` for a single moment.
    pub until_ns: i64,
    /// What sort of event it is.
    pub kind: NotableKind,
    /// One sentence with names and numbers, in plain text.
    pub text: String,
}

/// The sorts of notable events; each has a word and a mark of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotableKind {
    /// A pod was refused by a quota.
    QuotaRefusal,
    /// A node group grew.
    ScaleUp,
    /// A node group shrank.
    ScaleDown,
    /// A node, rack or zone failed.
    Outage,
    /// A failed part came back.
    Repair,
    /// A node was drained.
    Drain,
    /// Pods were evicted or preempted.
    Eviction,
    /// Anything else.
    Other,
}

impl Notable {
    /// An event at a single moment.
    pub fn at(time_ns: i64, kind: NotableKind, text: impl Into<String>) -> Self {
        Self { time_ns, until_ns: time_ns, kind, text: text.into() }
    }
}

impl NotableKind {
    /// The word that names it in a table.
    pub fn word(self) -> &'static str {
        match self {
            Self::QuotaRefusal => "quota",
            Self::ScaleUp => "scale up",
            Self::ScaleDown => "scale down",
            Self::Outage => "outage",
            Self::Repair => "repair",
            Self::Drain => "drain",
            Self::Eviction => "eviction",
            Self::Other => "note",
        }
    }
}
