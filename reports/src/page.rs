//! The page: everything to read about a run, or about several, in one self-contained HTML file.
//!
//! It needs no network, follows the reader's choice of light or dark, and works without sight of its figures: each has a description with
//! its main numbers. Without scripts it shows its numbers and its figures; with them, figures can be zoomed, and a page of one run tells
//! of single nodes and pods. It says nothing that differs between two runs of the same inputs.

mod column;
mod compare;
mod distinct;
mod experiment;
mod figure;
mod live;
mod numbers;
mod pack;
mod plot;
mod pods;
mod run;
mod shell;

pub use compare::compare_page;
pub(crate) use compare::compare_page_with;
pub use experiment::{ExperimentPage, ExperimentTable};
pub(crate) use live::Lives;
pub use run::run_page;
pub(crate) use run::run_page_with;

/// What is said about runs that have everything in common but what is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// What they have in common, where there are several of these; may be empty.
    pub about: String,
    /// One sentence for each comparison.
    pub sentences: Vec<String>,
}

/// Why a page could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// A figure could not be drawn.
    #[error(transparent)]
    Figure(#[from] crate::draw::RenderError),
    /// The template could not be filled.
    #[error("could not fill the page's template: {0}")]
    Template(#[from] askama::Error),
}
