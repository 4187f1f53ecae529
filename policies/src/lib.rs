//! What may be swapped: filter and score plugins and whole scheduler profiles.
