//! Synthetic generation.
