//! The crate from outside: real files, the texts of errors, properties.

mod damage;
mod errors;

mod files;
mod formats;
mod generic;
mod openb;
mod options;
mod order;
mod properties;
mod rules;

use std::path::{Path, PathBuf};
use towtank_sim::cluster::Cluster;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::{NewPod, PodClass};
use towtank_sim::source::{Source, Work};
use towtank_sim::time::SimTime;
use towtank_traces::{Context, Inputs, ReplayOptions, TraceError, find_format, replay};

/// A file beside the repository, for tests on real data.
fn shared(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(path)
}

/// Everything that a source says, and the cluster that knows its classes.
struct Read {
    cluster: Cluster,
    work: Vec<(SimTime, Work)>,
}

fn drain(mut source: Box<dyn Source>) -> Result<Read, String> {
    let mut cluster = Cluster::default();
    let mut work = Vec::new();
    while let Some(mut submission) = source.next(&mut cluster).map_err(|e| e.to_string())? {
        if let Work::Pod(pod) = &mut submission.work {
            pod.class = cluster.intern_submitted(pod.class.clone()).into();
        }
        assert!(work.last().is_none_or(|(at, _)| *at <= submission.at), "time went back");
        work.push((submission.at, submission.work));
    }
    assert!(source.next(&mut cluster).unwrap().is_none(), "an ended source stays ended");
    Ok(Read { cluster, work })
}

fn context(options: &ReplayOptions) -> Context {
    Context { options: options.clone(), ..Context::default() }
}

/// The context of a run, and one that counts with it.
fn shared_context() -> (Context, Context) {
    let all = Context::default();
    let one = Context { repairs: all.repairs.with(false), ..Context::default() };
    (all, one)
}

fn nodes(format: &str, text: impl Into<Vec<u8>>, options: &ReplayOptions) -> Result<Read, String> {
    let (inputs, context) = (Inputs::from_bytes("nodes.csv", text), context(options));
    let reader = find_format(format).unwrap().read_nodes(&inputs, &context).map_err(|e| e.to_string())?;
    drain(Box::new(replay::nodes(reader, &context).map_err(|e| e.to_string())?))
}

fn pods(format: &str, text: impl Into<Vec<u8>>, options: &ReplayOptions) -> Result<Read, String> {
    pods_in(format, text, &context(options))
}

fn pods_in(format: &str, text: impl Into<Vec<u8>>, context: &Context) -> Result<Read, String> {
    let inputs = Inputs::from_bytes("pods.csv", text);
    let reader = find_format(format).unwrap().read_pods(&inputs, context).map_err(|e| e.to_string())?;
    drain(Box::new(replay::pods(reader, context).map_err(|e| e.to_string())?))
}

fn open_nodes(format: &str, path: &Path, options: &ReplayOptions) -> Result<Box<dyn Source>, TraceError> {
    towtank_traces::open_nodes(format, &[path.to_owned()], &context(options), None)
}

fn open_pods(format: &str, path: &Path, options: &ReplayOptions) -> Result<Box<dyn Source>, TraceError> {
    towtank_traces::open_pods(format, &[path.to_owned()], &context(options), None)
}

impl Read {
    fn node_specs(&self) -> impl Iterator<Item = &NodeSpec> {
        self.work.iter().filter_map(|(_, work)| if let Work::Node(spec) = work { Some(&**spec) } else { None })
    }

    fn class_of(&self, pod: &NewPod) -> &PodClass {
        self.cluster.classes.get(pod.class.class().expect("a class, see `drain`"))
    }

    /// The pods; of a group with its pods, what each of them is.
    fn pods(&self) -> impl Iterator<Item = (SimTime, &NewPod, &PodClass)> {
        self.work.iter().filter_map(|(at, work)| match work {
            Work::Pod(pod) => Some((*at, pod, self.class_of(pod))),
            Work::Gang(gang) => Some((*at, &gang.pod, self.class_of(&gang.pod))),
            _ => None,
        })
    }

    /// One line per submission, for comparisons.
    fn lines(&self) -> Vec<String> {
        let line = |(at, work): &(SimTime, Work)| match work {
            Work::Node(spec) => format!("{at} + {}", spec.name),
            Work::RemoveNode(name) => format!("{at} - {name}"),
            Work::Pod(pod) => {
                format!("{at} {} {:?} {:?} {:?}", pod.name, pod.run, pod.usage, self.class_of(pod).spec)
            }
            other => format!("{at} {other:?}"),
        };
        self.work.iter().map(line).collect()
    }
}
