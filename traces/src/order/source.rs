//! Sources that play what another source lists, in an order of names.

use super::arrangement::ListedPod;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use thiserror::Error;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::gpu::WHOLE;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::NewPod;
use towtank_sim::model::target_workload::{PodShape, ShapeCounts};
use towtank_sim::model::{ClassId, Name};
use towtank_sim::source::{Source, SourceError, Submission, Work};
use towtank_sim::time::{SimTime, Span};

/// What a list of pods has in it.
#[derive(Clone, Debug, Default)]
pub struct PodList {
    /// The pods, in the order of the list.
    pub pods: Vec<ListedPod>,
    /// How often each shape occurs.
    pub shapes: ShapeCounts,
}

/// What a list of nodes has in it.
#[derive(Clone, Debug, Default)]
pub struct NodeList {
    /// The names, in the order of the list.
    pub names: Vec<Arc<str>>,
    /// Thousandths of GPU devices, of all nodes together.
    pub gpus_milli: i64,
}

/// Why an order does not go with its list.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
enum OrderError {
    #[error("{file}: nothing is called `{name}`, which the order names")]
    NotListed { file: String, name: Arc<str> },
    #[error("{file}: the order leaves out `{name}`: expected every node in it")]
    LeftOut { file: String, name: Arc<str> },
    #[error("{file}: the order names `{name}` twice: expected each node once")]
    Twice { file: String, name: Arc<str> },
    #[error("{file}: arrival {number} comes too late to be counted: expected a time within 292 years")]
    TooLate { file: String, number: usize },
    #[error("{file}: lists something else than {expected}, which cannot be put into another order")]
    Other { file: String, expected: &'static str },
}

impl PodList {
    /// Everything that a source of pods lists.
    ///
    /// # Errors
    /// The source fails.
    pub fn read(source: &mut dyn Source) -> Result<Self, SourceError> {
        let mut scratch = Cluster::default();
        let mut list = Self::default();
        let mut counts: Vec<u64> = Vec::new();
        while let Some(submission) = source.next(&mut scratch)? {
            let Work::Pod(pod) = submission.work else { continue };
            let id = scratch.intern_submitted(pod.class);
            let class = id.index();
            counts.resize(counts.len().max(class + 1), 0);
            counts[class] += 1;
            let gpu = scratch.classes.get(id).spec.gpu;
            let (gpus, gpu_milli) = gpu.map_or((0, 0), |request| (request.count, request.milli));
            list.pods.push(ListedPod { name: pod.name.as_ref().into(), gpus, gpu_milli });
        }
        for (class, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
            list.shapes.add(PodShape::of(scratch.classes.get(ClassId(class as u32))), count);
        }
        Ok(list)
    }
}

impl NodeList {
    /// Everything that a source of nodes lists.
    ///
    /// # Errors
    /// The source fails.
    pub fn read(source: &mut dyn Source) -> Result<Self, SourceError> {
        let mut scratch = Cluster::default();
        let mut list = Self::default();
        while let Some(submission) = source.next(&mut scratch)? {
            let Work::Node(node) = submission.work else { continue };
            list.gpus_milli += i64::from(node.devices) * i64::from(WHOLE);
            list.names.push(node.name);
        }
        Ok(list)
    }
}

/// The pods of a source in this order of names, one every `interval`; none of the source's times counts. A name that comes again is
/// a clone, called `NAME-clone-1`, `NAME-clone-2` and so on. Pods that the order does not name are left out.
pub fn arrivals(source: Box<dyn Source>, order: Vec<Arc<str>>, interval: Span) -> Box<dyn Source> {
    let clones = FxHashMap::default();
    Box::new(Arrivals { listed: None, source, order: order.into_iter().enumerate(), interval, clones })
}

/// The nodes of a source in this order of names, all of them there from the start.
pub fn numbered(source: Box<dyn Source>, order: Vec<Arc<str>>) -> Box<dyn Source> {
    Box::new(Numbered { nodes: None, source, order })
}

struct Arrivals {
    source: Box<dyn Source>,
    /// The pods by name, once the source has been read.
    listed: Option<FxHashMap<Arc<str>, NewPod>>,
    order: std::iter::Enumerate<std::vec::IntoIter<Arc<str>>>,
    interval: Span,
    /// The number of the last clone of each name that came again; 0 for a name that came once.
    clones: FxHashMap<Arc<str>, u32>,
}

impl Arrivals {
    /// The pods by name.
    fn read(&mut self, cluster: &mut Cluster) -> Result<FxHashMap<Arc<str>, NewPod>, SourceError> {
        let mut listed = FxHashMap::default();
        while let Some(submission) = self.source.next(cluster)? {
            let Work::Pod(pod) = submission.work else {
                let file = self.source.name().to_owned();
                return Err(OrderError::Other { file, expected: "pods" }.into());
            };
            // It may be the turn of its pods at any time.
            let class = cluster.intern_submitted(pod.class).into();
            listed.insert(Arc::from(&*pod.name), NewPod { class, ..pod });
        }
        Ok(listed)
    }

    /// What the next pod of this name is called.
    fn name(&mut self, name: Arc<str>, listed: &FxHashMap<Arc<str>, NewPod>) -> Name {
        let Some(last) = self.clones.get_mut(&name) else {
            let first = Name::from(&*name);
            self.clones.insert(name, 0);
            return first;
        };
        loop {
            *last += 1;
            let clone = format!("{name}-clone-{last}");
            if !listed.contains_key(clone.as_str()) {
                return clone.into();
            }
        }
    }
}

impl Source for Arrivals {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn next(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, SourceError> {
        let listed = if let Some(listed) = self.listed.take() { listed } else { self.read(cluster)? };
        let file = || self.source.name().to_owned();
        let Some((number, name)) = self.order.next() else { return Ok(None) };
        let Some(pod) = listed.get(&*name) else {
            return Err(OrderError::NotListed { file: file(), name }.into());
        };
        let at = (number as i64).checked_mul(self.interval.0).map(SimTime);
        let at = at.ok_or_else(|| OrderError::TooLate { file: file(), number })?;
        let (class, run, usage) = (pod.class.clone(), pod.run, pod.usage);
        let pod = NewPod { name: self.name(name, &listed), class, owner: None, run, usage, status: None };
        self.listed = Some(listed);
        Ok(Some(Submission { at, work: Work::Pod(pod) }))
    }
}

struct Numbered {
    source: Box<dyn Source>,
    order: Vec<Arc<str>>,
    nodes: Option<std::vec::IntoIter<NodeSpec>>,
}

impl Numbered {
    fn read(&mut self, cluster: &mut Cluster) -> Result<Vec<NodeSpec>, SourceError> {
        let mut ranks: FxHashMap<Arc<str>, usize> = FxHashMap::default();
        for (rank, name) in self.order.iter().enumerate() {
            if ranks.insert(Arc::clone(name), rank).is_some() {
                let name = Arc::clone(name);
                return Err(OrderError::Twice { file: self.source.name().to_owned(), name }.into());
            }
        }
        let mut nodes: Vec<Option<NodeSpec>> = vec![None; self.order.len()];
        while let Some(submission) = self.source.next(cluster)? {
            let file = self.source.name().to_owned();
            match submission.work {
                Work::Node(node) => match ranks.get(&node.name) {
                    Some(rank) => nodes[*rank] = Some(*node),
                    None => return Err(OrderError::LeftOut { file, name: node.name }.into()),
                },
                _ => return Err(OrderError::Other { file, expected: "nodes that stay" }.into()),
            }
        }
        if let Some(missing) = nodes.iter().position(Option::is_none) {
            let (file, name) = (self.source.name().to_owned(), Arc::clone(&self.order[missing]));
            return Err(OrderError::NotListed { file, name }.into());
        }
        Ok(nodes.into_iter().flatten().collect())
    }
}

impl Source for Numbered {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn next(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, SourceError> {
        if self.nodes.is_none() {
            self.nodes = Some(self.read(cluster)?.into_iter());
        }
        let next = self.nodes.as_mut().and_then(Iterator::next);
        Ok(next.map(|node| Submission { at: SimTime::ZERO, work: Work::Node(Box::new(node)) }))
    }
}
