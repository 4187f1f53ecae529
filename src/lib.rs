//! towtank
