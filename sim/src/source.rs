//! Where work comes from: traces, generators and manifests, as streams of submissions.

use crate::cluster::{Cluster, Object};
use crate::model::node::NodeSpec;
use crate::model::pod::NewPod;
use crate::model::{ClassId, Name};
use crate::time::{SimTime, Span};
use std::sync::Arc;

/// A source's place in the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u16);

/// Why a source cannot go on. It says file and line where there is one.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// Something asked of the cluster from outside, at a time.
#[derive(Debug)]
pub struct Submission {
    /// When. Never earlier than the source's previous submission.
    pub at: SimTime,
    /// What.
    pub work: Work,
}

/// What is asked.
#[derive(Debug)]
pub enum Work {
    /// Create a pod.
    Pod(NewPod),
    /// Create a PodGroup and the pods that it owns, all at once.
    Gang(Box<Gang>),
    /// Add a node.
    Node(Box<NodeSpec>),
    /// Remove the node of this name, if it still exists, and its pods with it.
    RemoveNode(String),
    /// Create an object.
    Object {
        /// The namespace; empty for kinds that have none.
        namespace: String,
        /// The name.
        name: String,
        /// The object.
        body: Box<dyn Object>,
    },
    /// Delete the pod of this name, if it still exists.
    DeletePod {
        /// The namespace.
        namespace: String,
        /// The name.
        name: String,
        /// How long it may take to stop; `None` for what its specification says, zero to be gone at once.
        grace: Option<Span>,
    },
    /// Replace the node of this name, if it still exists.
    UpdateNode(Box<NodeSpec>),
    /// Remove the node of this name alone, if it still exists. Its pods stay until somebody deletes them.
    DeleteNode(String),
    /// Let the pod of this name say what pods of this class say, if it still exists.
    UpdatePod {
        /// The name.
        name: String,
        /// The class, as submitted: admission may change it.
        class: ClassId,
    },
    /// Replace the object of this kind and name, if it still exists.
    UpdateObject {
        /// The namespace; empty for kinds that have none.
        namespace: String,
        /// The name.
        name: String,
        /// What it says now.
        body: Box<dyn Object>,
    },
    /// Remove the object of this kind and name, if it still exists.
    DeleteObject {
        /// The kind.
        kind: String,
        /// The namespace; empty for kinds that have none.
        namespace: String,
        /// The name.
        name: String,
    },
}

impl Work {
    /// The class that it names.
    pub(crate) const fn class(&self) -> Option<ClassId> {
        match self {
            Self::Pod(pod) => pod.class.class(),
            Self::Gang(gang) => gang.pod.class.class(),
            Self::UpdatePod { class, .. } => Some(*class),
            _ => None,
        }
    }
}

/// A PodGroup with its pods. The group goes with the last of them.
#[derive(Clone, Debug)]
pub struct Gang {
    /// The namespace, which the pods' class names too.
    pub namespace: Arc<str>,
    /// The name of the group. With several pods they are called `NAME-0`, `NAME-1`, ...; a single one has the name itself.
    pub name: Name,
    /// How many pods there are, at least 1.
    pub pods: u32,
    /// How many of them must be able to start together.
    pub min_count: u32,
    /// The run time that the user announced.
    pub estimate: Option<Span>,
    /// What each pod is. Its name and its owner are replaced.
    pub pod: NewPod,
}

/// A stream of submissions in order of time. It is asked for the next one only when the one before has happened, so a
/// month-long trace is never held in memory.
pub trait Source {
    /// Where the submissions come from, for messages: a file, or a generator's name.
    fn name(&self) -> &str;

    /// The next submission, or `None` at the end. Specifications are interned in `cluster`, and nothing else of it is
    /// changed. Those that are interned [for now](Cluster::intern_for_now) may be forgotten before it is asked again, but for what the
    /// submission names: see [`ClassWatch`](crate::cluster::ClassWatch).
    ///
    /// # Errors
    /// Whatever keeps the source from going on; the run stops with it.
    fn next(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, SourceError>;

    /// The prefix of its pods' names, if it gives single pods only that are called `PREFIX-NUMBER`, each by a number of its own.
    fn numbers_pods(&self) -> Option<&str> {
        None
    }

    /// How many nodes it adds, as far as that is known before the run.
    fn new_nodes(&self) -> usize {
        0
    }

    /// Whether the source never ends, so that `until: idle` would never come.
    fn is_endless(&self) -> bool {
        false
    }
}

/// A source of submissions that are known beforehand.
#[derive(Debug)]
pub struct Listed {
    name: String,
    rest: std::vec::IntoIter<Submission>,
}

impl Listed {
    /// A source that gives `submissions` in order of time; those of one time keep their order.
    pub fn new(name: impl Into<String>, mut submissions: Vec<Submission>) -> Self {
        submissions.sort_by_key(|submission| submission.at);
        Self { name: name.into(), rest: submissions.into_iter() }
    }
}

impl Source for Listed {
    fn name(&self) -> &str {
        &self.name
    }

    fn next(&mut self, _cluster: &mut Cluster) -> Result<Option<Submission>, SourceError> {
        let next = self.rest.next();
        if self.rest.len() == 0 {
            // The list may be as long as the cluster is large.
            self.rest = Vec::new().into_iter();
        }
        Ok(next)
    }

    fn new_nodes(&self) -> usize {
        self.rest.as_slice().iter().filter(|submission| matches!(submission.work, Work::Node(_))).count()
    }
}
