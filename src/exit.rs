//! Exit codes and the failures behind them. They are part of the command line's interface.

use crate::diagnostic::Diagnostic;
use std::path::PathBuf;
use std::process::ExitCode;
use thiserror::Error;
use towtank_reports::output::OutputError;
use towtank_sim::engine::RunError;
use towtank_sim::invariants::Violation;

/// Done.
pub const DONE: u8 = 0;
/// The run or the check failed.
pub const FAILED: u8 = 1;
/// The input or the arguments cannot be used.
pub const UNUSABLE_INPUT: u8 = 2;
/// Output could not be written.
pub const OUTPUT: u8 = 3;
/// An error of our own.
pub const INTERNAL: u8 = 70;

/// Why a command did not do what it was asked.
#[derive(Debug, Error)]
pub enum Failure {
    /// Something in a file or an argument.
    #[error("{0}")]
    Input(#[from] Diagnostic),
    /// The run stopped before its end.
    #[error("{0}")]
    Run(RunError),
    /// The audit found an invariant that does not hold.
    #[error("{0}")]
    Audit(#[from] Violation),
    /// A run that is played again is not the same.
    #[error("{0}")]
    Replay(String),
    /// Recordings differ from what the simulator says.
    #[error("{failed} of {played} recorded cases differ")]
    Conformance {
        /// How many.
        failed: usize,
        /// Of how many.
        played: usize,
    },
    /// Recordings that cannot be used; the others were played.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\nerror: "))]
    Recordings(Vec<Diagnostic>),
    /// A run of an experiment failed. The others were made.
    #[error("the run {run}{others}: {source}")]
    Sweep {
        /// Which one.
        run: String,
        /// How many others did, too.
        others: String,
        /// Why.
        source: Box<Failure>,
    },
    /// Runs of an experiment are not what is published of them.
    #[error("{beyond} of {judged} curves are further from the published ones than they may be; see {}", path.display())]
    Published {
        /// How many.
        beyond: usize,
        /// Of how many.
        judged: usize,
        /// The table that says which.
        path: PathBuf,
    },
    /// Results could not be written.
    #[error("{0}")]
    Output(#[from] OutputError),
}

impl Failure {
    /// The exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Input(_) | Self::Recordings(_) => UNUSABLE_INPUT,
            Self::Run(_) | Self::Audit(_) | Self::Replay(_) | Self::Conformance { .. } | Self::Published { .. } => {
                FAILED
            }
            Self::Output(_) => OUTPUT,
            Self::Sweep { source, .. } => return source.exit_code(),
        })
    }
}

impl From<RunError> for Failure {
    /// What a source says is about its file; the rest is about the run.
    fn from(error: RunError) -> Self {
        match &error {
            RunError::Refused { message, .. } if message.ends_with("already exists") => Self::Input(
                Diagnostic::new(error.to_string()).help("another part of the scenario has one of this name"),
            ),
            RunError::Source { .. } | RunError::OutOfOrder { .. } | RunError::Refused { .. } => {
                Self::Input(Diagnostic::new(error.to_string()))
            }
            RunError::Livelock { .. } => Self::Run(error),
        }
    }
}
