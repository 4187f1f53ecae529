//! Production traces in: one module per format below `formats`, all yielding the simulator's own stream of submissions.
//!
//! This crate never draws a random number (but for the shuffles of published runs, in [`order`]), never decides about placement, never holds a sorted trace in memory, and never panics on
//! input.
//!
//! A [`Format`] opens a [`Reader`](reader::Reader), which gives [`Record`](record::Record)s in the order of the file;
//! [`replay`] makes sources of a simulation of them. [`FORMATS`] lists what can be opened, [`detect`] tells a file's format. Gzip is
//! recognised by content.
//!
//! ```
//! use towtank_sim::cluster::Cluster;
//! use towtank_sim::source::Source;
//! use towtank_traces::{Context, Inputs, find_format, replay};
//!
//! let file = Inputs::from_bytes("pods.csv", "name,arrival_s,duration_s,cpu_milli,memory_bytes\nweb,0.5,,250,1048576\n");
//! let context = Context::default();
//! let mut pods = replay::pods(find_format("csv")?.read_pods(&file, &context)?, &context)?;
//! let first = pods.next(&mut Cluster::default())?.expect("one row");
//! assert_eq!(first.at.to_string(), "0.5");
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```

mod alibaba_task;
mod classes;
mod clock;
mod error;
mod format;
mod formats;
mod input;
mod json;
mod json_list;
mod lines;
mod number;
mod options;
pub mod order;
#[cfg(feature = "parquet")]
mod parquet;
mod parts;
mod pods_per_node;
pub mod reader;
pub mod record;
mod registry;
pub mod repairs;
pub mod replay;
mod run_times;
mod schema;
pub mod shapes;
mod spec;
pub mod statistics;
pub mod stream;
mod table;
pub mod writers;
mod yaml;

pub use error::TraceError;
pub use format::{Context, Format, Gives, Head, TableInfo, TestedOn};
pub use input::{Input, InputFile, Inputs};
pub use options::{GpuMode, Machine, MemoryUnit, NodePick, ReplayOptions, RequestedMemory, Times, Window};
pub use pods_per_node::pods_per_node;
pub use registry::{FORMATS, detect, find_format};
pub use replay::{open_nodes, open_pods};
