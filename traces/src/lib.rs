//! Production traces in: one file per format, all yielding the same stream of events.
