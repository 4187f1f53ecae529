//! Production traces in: one module per format below `formats`, all yielding the simulator's own stream of submissions.
//!
//! This crate never draws a random number, never decides about placement, never holds a sorted trace in memory (a format
//! whose rows must be sorted first says so), never trusts a file's name about its content, and never panics on input.
//!
//! [`open_nodes`] and [`open_pods`] are the way in; [`FORMATS`] lists what can be opened. Gzip is recognised by content.
//!
//! ```
//! use towtank_sim::cluster::Cluster;
//! use towtank_traces::{Input, ReplayOptions, find_format};
//!
//! let file = "name,arrival_s,duration_s,cpu_milli,memory_bytes\nweb,0.5,,250,1048576\n";
//! let mut pods = find_format("csv")?.pods(Input::from_bytes("pods.csv", file), &ReplayOptions::default())?;
//! let first = pods.next(&mut Cluster::default())?.expect("one row");
//! assert_eq!(first.at.to_string(), "0.5");
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```

mod classes;
mod clock;
mod error;
mod format;
mod formats;
mod input;
mod json;
mod lines;
mod node_lives;
mod number;
mod options;
pub mod reader;
pub mod record;
mod registry;
pub mod repairs;
mod run_times;
pub mod shapes;
mod table;
mod yaml;

pub use error::TraceError;
pub use format::Format;
pub use input::Input;
pub use options::{GpuMode, NodePick, ReplayOptions, Times, Window};
pub use registry::{FORMATS, find_format, open_nodes, open_pods};
