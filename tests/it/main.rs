//! The end-to-end tests: towtank as its users meet it. One binary, so that it is linked once.
//!
//! Recorded texts are renewed with `INSTA_UPDATE=always`, golden fingerprints with `TOWTANK_UPDATE_GOLDEN=1`; both are to be
//! read before they are committed.

mod errors;
mod recorded;
mod support;
