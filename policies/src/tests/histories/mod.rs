//! Random clusters, configurations and histories, decided on with `Evaluation::Checked`, which compares every decision with the
//! plain one.
//!
//! A history is known by its seed. `TOWTANK_HISTORIES=FROM..TO` plays others than usual, in each of the sizes.

mod configuration;
mod contenders;
pub(super) mod drawn;
mod history;

use history::Size;
use std::ops::Range;

/// Few nodes: everything is asked about, many pods find no room.
const FEW: Size = Size { nodes: 0..16, decisions: 40 };

/// So many that tables of them have several blocks, most of which do not change.
const BLOCKS: Size = Size { nodes: 60..140, decisions: 40 };

/// So many that not all are looked at.
const SAMPLED: Size = Size { nodes: 140..420, decisions: 40 };

/// Says which history it was, if it is left by a panic.
struct Playing<'a> {
    seed: u64,
    size: &'a Size,
}

impl Drop for Playing<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in the history of seed {} with {:?}", self.seed, self.size);
        }
    }
}

fn play(size: &Size, usual: Range<u64>) {
    for seed in wanted().unwrap_or(usual) {
        let _playing = Playing { seed, size };
        history::play(seed, size);
    }
}

/// The seeds that the environment asks for.
fn wanted() -> Option<Range<u64>> {
    let text = std::env::var("TOWTANK_HISTORIES").ok()?;
    let (from, to) = text.split_once("..").expect("TOWTANK_HISTORIES is FROM..TO");
    Some(from.parse().expect("a number")..to.parse().expect("a number"))
}

#[test]
fn histories_of_few_nodes_are_decided_as_plainly() {
    play(&FEW, 0..4_000);
}

#[test]
fn more_histories_of_few_nodes_are_decided_as_plainly() {
    play(&FEW, 4_000..8_000);
}

#[test]
fn histories_of_several_blocks_of_nodes_are_decided_as_plainly() {
    play(&BLOCKS, 8_000..9_400);
}

#[test]
fn histories_of_sampled_nodes_are_decided_as_plainly() {
    play(&SAMPLED, 9_400..10_000);
}
