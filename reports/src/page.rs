//! The page: everything to read about a run, or about several, in one self-contained HTML file.
//!
//! It needs no network and no script, follows the reader's choice of light or dark, and works without sight of its
//! figures: each has a description with its main numbers. It says nothing that differs between two runs of the same inputs.

mod compare;
mod figure;
mod live;
mod pack;
mod plot;
mod run;
mod shell;

pub use compare::compare_page;
pub use run::run_page;

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
