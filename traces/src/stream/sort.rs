//! Sorting by time in bounded memory: what does not fit waits in temporary files, each of which is sorted, and these are merged.
//!
//! The sort is stable. Objects and nodes stay in memory, because a cluster keeps them there, too.

use super::encode;
use crate::record::{Event, Record};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Result, Seek, Write};

/// So many files are open at the same time, at most: more are merged into one first.
const RUNS: usize = 64;

/// What is read of a file at once.
const BUFFER: usize = 64 << 10;

/// Takes records in any order.
pub(super) struct Sorter {
    /// The most bytes that are held before they go into a file.
    memory: usize,
    held: Held,
    runs: Vec<File>,
    kept: Vec<Option<Event>>,
}

/// Records in memory: their bytes, and where each is.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    /// Time, beginning and end. The beginning grows with each record, so that equal times keep their order.
    entries: Vec<(i64, u32, u32)>,
}

/// Gives records in order of time.
pub(super) struct Sorted {
    from: From,
    kept: Vec<Option<Event>>,
    bytes: Vec<u8>,
}

enum From {
    Memory { held: Held, next: usize },
    Files(Merge),
}

impl Sorter {
    /// A sorter that holds about so many bytes in memory, at most 2 GiB.
    pub(super) fn new(memory: usize) -> Self {
        Self { memory: memory.clamp(1 << 10, 1 << 31), held: Held::default(), runs: Vec::new(), kept: Vec::new() }
    }

    pub(super) fn push(&mut self, record: Record) -> Result<()> {
        let (at, begin) = (record.at, self.held.bytes.len());
        encode::put(record, &mut self.kept, &mut self.held.bytes);
        self.held.entries.push((at, begin as u32, self.held.bytes.len() as u32));
        if self.held.size() >= self.memory {
            self.spill()?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Sorted> {
        let from = if self.runs.is_empty() {
            self.held.sort();
            From::Memory { held: self.held, next: 0 }
        } else {
            self.spill()?;
            From::Files(Merge::new(self.runs)?)
        };
        Ok(Sorted { from, kept: self.kept, bytes: Vec::new() })
    }

    fn spill(&mut self) -> Result<()> {
        if self.held.entries.is_empty() {
            return Ok(());
        }
        self.held.sort();
        let mut file = BufWriter::with_capacity(BUFFER, tempfile::tempfile()?);
        for (at, begin, end) in &self.held.entries {
            write(&mut file, *at, &self.held.bytes[*begin as usize..*end as usize])?;
        }
        self.runs.push(rewound(file)?);
        self.held.clear();
        if self.runs.len() == RUNS {
            let mut merge = Merge::new(std::mem::take(&mut self.runs))?;
            let mut file = BufWriter::with_capacity(BUFFER, tempfile::tempfile()?);
            let mut bytes = Vec::new();
            while let Some(at) = merge.next(&mut bytes)? {
                write(&mut file, at, &bytes)?;
            }
            self.runs.push(rewound(file)?);
        }
        Ok(())
    }
}

impl Held {
    fn size(&self) -> usize {
        self.bytes.len() + self.entries.len() * size_of::<(i64, u32, u32)>()
    }

    fn sort(&mut self) {
        self.entries.sort_unstable();
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }
}

impl Sorted {
    pub(super) fn next(&mut self) -> Result<Option<Record>> {
        match &mut self.from {
            From::Memory { held, next } => {
                let Some((at, begin, end)) = held.entries.get(*next) else { return Ok(None) };
                *next += 1;
                Ok(Some(encode::get(*at, &held.bytes[*begin as usize..*end as usize], &mut self.kept)))
            }
            From::Files(merge) => {
                let at = merge.next(&mut self.bytes)?;
                Ok(at.map(|at| encode::get(at, &self.bytes, &mut self.kept)))
            }
        }
    }
}

/// Several sorted files as one.
struct Merge {
    runs: Vec<BufReader<File>>,
    /// The next time of each, and its number: of equal times the one that was written first.
    next: BinaryHeap<Reverse<(i64, usize)>>,
}

impl Merge {
    fn new(files: Vec<File>) -> Result<Self> {
        let mut merge = Self { runs: Vec::new(), next: BinaryHeap::new() };
        for (i, file) in files.into_iter().enumerate() {
            let mut run = BufReader::with_capacity(BUFFER, file);
            merge.next.extend(time(&mut run)?.map(|at| Reverse((at, i))));
            merge.runs.push(run);
        }
        Ok(merge)
    }

    /// The time of the next record, and its bytes.
    fn next(&mut self, bytes: &mut Vec<u8>) -> Result<Option<i64>> {
        let Some(mut first) = self.next.peek_mut() else { return Ok(None) };
        let Reverse((at, i)) = *first;
        let run = &mut self.runs[i];
        let mut len = [0; 4];
        run.read_exact(&mut len)?;
        bytes.resize(u32::from_le_bytes(len) as usize, 0);
        run.read_exact(bytes)?;
        match time(run)? {
            Some(next) => *first = Reverse((next, i)),
            None => drop(std::collections::binary_heap::PeekMut::pop(first)),
        }
        Ok(Some(at))
    }
}

fn write(file: &mut impl Write, at: i64, bytes: &[u8]) -> Result<()> {
    file.write_all(&at.to_le_bytes())?;
    file.write_all(&(bytes.len() as u32).to_le_bytes())?;
    file.write_all(bytes)
}

/// The time that stands next in a file; `None` at its end.
fn time(run: &mut impl Read) -> Result<Option<i64>> {
    let mut at = [0; 8];
    match run.read_exact(&mut at) {
        Ok(()) => Ok(Some(i64::from_le_bytes(at))),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

fn rewound(file: BufWriter<File>) -> Result<File> {
    let mut file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{FileId, Place, Submitted};
    use crate::shapes::{NameId, ShapeId};
    use proptest::prelude::*;
    use std::fmt::Debug;
    use towtank_sim::model::pod::{Run, Usage};
    use towtank_sim::time::Span;

    fn records() -> impl Strategy<Value = Vec<Record>> {
        let job = ("[a-z]{1,40}", 0..5_u32, 0..3_u32, any::<Option<i32>>(), any::<(u16, u16, bool)>());
        let record = (-50..50_i64, 0..5_u8, job).prop_map(|(at, kind, (name, n, id, span, (cpu, memory, gang)))| {
            let span = span.map(|span| Span(span.into()));
            let id = (id > 0).then(|| NameId::new(id));
            let event = match kind {
                0 => Event::Killed { namespace: "ns".into(), name: name.as_str().into() },
                1 => Event::NodeRemoved(name.into()),
                _ => Event::Submitted(Submitted {
                    name: name.as_str().into(),
                    shape: ShapeId(n),
                    user: id,
                    queue: None,
                    group: gang.then(|| name.as_str().into()),
                    pods: n + 1,
                    gang,
                    run: span.map_or(Run::Forever, Run::Fails),
                    estimate: span,
                    waited: None,
                    usage: Usage { cpu, memory },
                }),
            };
            Record { at, place: Place { file: FileId(n), line: u64::from(cpu) }, event }
        });
        prop::collection::vec(record, 0..1500)
    }

    fn text(record: &impl Debug) -> String {
        format!("{record:?}")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn sorting_in_files_is_sorting(records in records(), memory in prop::sample::select(vec![1 << 10, 1 << 12, 1 << 20])) {
            let mut sorter = Sorter::new(memory);
            for record in &records {
                sorter.push(record.clone()).unwrap();
            }
            let mut sorted = sorter.finish().unwrap();
            let mut expected = records;
            expected.sort_by_key(|record| record.at);
            for record in expected {
                prop_assert_eq!(text(&sorted.next().unwrap().unwrap()), text(&record));
            }
            prop_assert!(sorted.next().unwrap().is_none());
        }
    }
}
