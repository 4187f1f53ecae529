//! Policies of batch schedulers: the order of the queue, and who may start before whom. Each is a name in [`POLICIES`].
//!
//! A job takes the lowest-numbered machines that it may have; machines are numbered in the order in which nodes came.

pub mod conservative;
pub mod easy;
pub mod fifo;
pub mod gang;
pub mod sjf;

use crate::suggest::did_you_mean;
use thiserror::Error;
use towtank_sim::batch::{Backfilling, BatchPolicy, Counting, JobOrder};

/// A batch policy that can be asked for by name.
#[derive(Clone, Copy, Debug)]
pub struct NamedBatchPolicy {
    /// The name.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// What it is made of.
    pub parts: BatchParts,
}

/// What a batch policy is made of. Every combination is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchParts {
    /// The order of the queue.
    pub order: Order,
    /// Who may start before whom.
    pub backfilling: Rule,
    /// What is counted.
    pub counting: Counting,
}

/// The order of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// [`fifo::Arrival`].
    Arrival,
    /// [`sjf::ShortestFirst`].
    ShortestFirst,
}

/// Who may start before whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// [`fifo::InOrder`].
    None,
    /// [`gang::AllOrNothing`].
    AllOrNothing,
    /// [`easy::Easy`].
    Easy,
    /// [`conservative::Conservative`].
    Conservative,
}

/// No part has this name.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{name}` is not known{hint}: expected one of {known}")]
pub struct UnknownPart {
    name: String,
    hint: String,
    known: String,
}

/// The policies.
#[rustfmt::skip]
pub const POLICIES: &[NamedBatchPolicy] = &[
    policy("fifo", "jobs start in the order of their arrival", Order::Arrival, Rule::None, Counting::Machines),
    policy("sjf", "jobs start in the order of their announced run times, the shortest first", Order::ShortestFirst, Rule::None, Counting::Machines),
    policy("gang", "gangs start together or not at all: every job that fits, in the order of arrival", Order::Arrival, Rule::AllOrNothing, Counting::Machines),
    policy("easy", "EASY backfilling with a reservation of certain machines for the first job", Order::Arrival, Rule::Easy, Counting::Machines),
    policy("easy-textbook", "EASY backfilling that counts spare capacity, as Mu'alem and Feitelson have it", Order::Arrival, Rule::Easy, Counting::Capacity),
    policy("conservative", "conservative backfilling: a reservation of capacity for every job", Order::Arrival, Rule::Conservative, Counting::Capacity),
    policy("conservative-machines", "conservative backfilling with reservations of certain machines", Order::Arrival, Rule::Conservative, Counting::Machines),
];

const fn policy(
    name: &'static str,
    about: &'static str,
    order: Order,
    backfilling: Rule,
    counting: Counting,
) -> NamedBatchPolicy {
    NamedBatchPolicy { name, about, parts: BatchParts { order, backfilling, counting } }
}

/// The batch policy of this name.
pub fn by_name(name: &str) -> Option<&'static NamedBatchPolicy> {
    POLICIES.iter().find(|policy| policy.name == name)
}

impl BatchParts {
    /// The policy, anew for each run.
    pub fn build(self) -> BatchPolicy {
        let order: Box<dyn JobOrder> = match self.order {
            Order::Arrival => Box::new(fifo::Arrival),
            Order::ShortestFirst => Box::new(sjf::ShortestFirst),
        };
        let backfilling: Box<dyn Backfilling> = match self.backfilling {
            Rule::None => Box::new(fifo::InOrder),
            Rule::AllOrNothing => Box::new(gang::AllOrNothing),
            Rule::Easy => Box::new(easy::Easy),
            Rule::Conservative => Box::<conservative::Conservative>::default(),
        };
        BatchPolicy { order, backfilling, counting: self.counting }
    }
}

impl Order {
    const ALL: [(&'static str, Self); 2] = [("arrival", Self::Arrival), ("shortest-first", Self::ShortestFirst)];

    /// The order of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn parse(name: &str) -> Result<Self, UnknownPart> {
        find(name, &Self::ALL)
    }
}

impl Rule {
    const ALL: [(&'static str, Self); 4] = [
        ("none", Self::None),
        ("all-or-nothing", Self::AllOrNothing),
        ("easy", Self::Easy),
        ("conservative", Self::Conservative),
    ];

    /// The rule of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn parse(name: &str) -> Result<Self, UnknownPart> {
        find(name, &Self::ALL)
    }
}

fn find<T: Copy>(name: &str, all: &[(&'static str, T)]) -> Result<T, UnknownPart> {
    all.iter().find(|(known, _)| *known == name).map(|(_, value)| *value).ok_or_else(|| UnknownPart {
        name: name.to_owned(),
        hint: did_you_mean(name, all.iter().map(|(known, _)| *known)),
        known: all.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", "),
    })
}
