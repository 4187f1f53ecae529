//! Virtual machines of the Grid Workloads Archive: Bitbrains (GWA-T-12) and Materna (GWA-T-13), a file of readings for each.
//!
//! Source: <http://gwa.ewi.tudelft.nl/datasets/gwa-t-12-bitbrains> and `gwa-t-13-materna`; Shen, van Beek, Iosup, "Statistical
//! Characterization of Business-Critical Workloads Hosted in Cloud Datacenters", CCGrid 2015.
//!
//! A file is a pod, named after it; where files of one name lie in several folders, such as those of the months of `rnd`, the folder's name
//! stands before it. It arrives with its first reading and runs until the last one, and as much longer as lies between the last two (300 s if
//! there is one only). It asks for the most CPUs and memory that it was provisioned with. What it uses of them is the mean over time of its
//! readings, each of which holds until the next one; disk and network are not modelled.
//!
//! The column of times is called milliseconds and holds seconds in the files of Bitbrains, so numbers below 10¹¹ are seconds since 1970 and others
//! milliseconds; those of Materna are dates, `04.11.2015 22:10:18`.

use crate::error::TraceError;
use crate::format::{Context, Format, Gives, TableInfo, TestedOn};
use crate::input::{InputFile, Inputs};
use crate::options::GpuMode;
use crate::reader::{Origin, Reader, Timeline};
use crate::record::{Event, FileId, Place, Record, Submitted};
use crate::repairs::{Repairs, Rule};
use crate::schema::Schema;
use crate::shapes::{Shape, Shapes};
use crate::spec::{Asks, SECOND};
use crate::table::{Column, Row, Table};
use std::collections::BTreeMap;
use std::sync::Arc;
use towtank_sim::model::pod::{Run, Usage};
use towtank_sim::time::Span;

/// The registry's line.
pub(crate) const FORMAT: Format = Format {
    name: "gwa-vm",
    module: "gwa_vm",
    about: "virtual machines of the Grid Workloads Archive, a file each: Bitbrains (GWA-T-12), Materna (GWA-T-13)",
    tables: &[TableInfo {
        name: "*.csv",
        gives: Gives::Pods,
        columns: "Timestamp [ms], CPU cores, CPU capacity provisioned [MHZ], CPU usage [MHZ], Memory capacity provisioned [KB], \
                  Memory usage [KB]",
        sorted: false,
    }],
    tested_on: TestedOn::SchemaRows,
    detect: |head| head.is_table(&READINGS),
    nodes: None,
    pods: Some(open),
};

static READINGS: Schema = Schema {
    what: "a file of readings of a virtual machine",
    separator: b';',
    required: &[
        "Timestamp [ms]",
        "CPU cores",
        "CPU capacity provisioned [MHZ]",
        "CPU usage [MHZ]",
        "Memory capacity provisioned [KB]",
        "Memory usage [KB]",
    ],
    aliases: &[("timestamp", "Timestamp [ms]")],
    ..Schema::CSV
};

/// How long the only reading of a machine holds: the archive's readings are five minutes apart.
const ONE_READING: i64 = 300 * SECOND;

fn open(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let files = inputs.several("files of readings of virtual machines", |head| head.is_table(&READINGS))?;
    let names = names(&files);
    Ok(Box::new(Machines { files, names, next: 0, shapes: Shapes::default(), repairs: context.repairs.clone() }))
}

/// What the machines of the files are called.
fn names(files: &[InputFile]) -> Vec<String> {
    let parts = files.iter().map(|file| {
        let mut parts = file.name.rsplit(['/', '\\']);
        let (name, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let stem = name.strip_suffix(".gz").unwrap_or(name);
        (stem.rsplit_once('.').map_or(stem, |(stem, _)| stem), folder)
    });
    let parts: Vec<(&str, &str)> = parts.collect();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for (stem, _) in &parts {
        *times.entry(stem).or_default() += 1;
    }
    let name = |&(stem, folder): &(&str, &str)| {
        if times[stem] > 1 && !folder.is_empty() { format!("{folder}-{stem}") } else { stem.to_owned() }
    };
    parts.iter().map(name).collect()
}

struct Machines {
    files: Vec<InputFile>,
    /// Of the machine of each file.
    names: Vec<String>,
    next: usize,
    shapes: Shapes,
    repairs: Repairs,
}

impl Reader for Machines {
    fn file(&self, file: FileId) -> &Arc<str> {
        &self.files[file.0 as usize].name
    }

    fn timeline(&self) -> Timeline {
        Timeline { sorted: false, origin: Origin::First }
    }

    fn next(&mut self) -> Result<Option<Record>, TraceError> {
        while self.next < self.files.len() {
            let number = self.next;
            self.next += 1;
            if let Some(record) = self.machine(number)? {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    fn shapes(&self) -> &Shapes {
        &self.shapes
    }
}

impl Machines {
    /// The machine of a file; `None` if there is no reading of it.
    fn machine(&mut self, number: usize) -> Result<Option<Record>, TraceError> {
        let file = FileId(number as u32);
        let mut table = Table::open(std::slice::from_ref(&self.files[number]), &READINGS, &[])?;
        table.count_from(file.0);
        let columns = Columns::of(&table)?;
        let mut life = Life::default();
        while let Some(row) = table.next_row()? {
            life.add(columns.reading(row)?, row, columns.time, &self.repairs)?;
        }
        let Some((first, at)) = life.first else {
            let (file, expected) = (Arc::clone(self.file(file)), "a reading below the header".to_owned());
            self.repairs.repair(Rule::MissingDuration, || TraceError::Empty { file, expected })?;
            return Ok(None);
        };
        life.hold(life.last_gap);
        let [cores, memory] = [life.cores, life.memory];
        let run = Run::Succeeds(Span(life.time));
        let shape = self.shapes.of([&cores.to_le_bytes()[..], &memory.to_le_bytes()[..]], || {
            let asks = Asks { cpu_milli: Some(cores), memory_bytes: Some(memory), ..Asks::default() };
            Ok(Shape { spec: asks.spec(run, GpuMode::Share) })
        })?;
        let mut pod = Submitted::pod(self.names[number].clone(), shape, run);
        pod.usage = Usage {
            cpu: share(life.cpu_area, life.time, life.capacity).unwrap_or(Usage::default().cpu),
            memory: share(life.memory_area, life.time, memory).unwrap_or(Usage::default().memory),
        };
        Ok(Some(Record { at, place: Place { file, line: first }, event: Event::Submitted(pod) }))
    }
}

/// The mean over time of an area as a part of the whole, in ten-thousandths, at most 6.5535 times the whole; `None` where there is no whole.
fn share(area: i128, time: i64, whole: i64) -> Option<u16> {
    let all = i128::from(time) * i128::from(whole);
    (all > 0).then(|| (area.saturating_mul(10_000).saturating_add(all / 2) / all).min(u16::MAX.into()) as u16)
}

/// The columns that are read.
struct Columns {
    time: Column,
    cores: Column,
    capacity: Column,
    cpu: Column,
    memory: Column,
    used: Column,
}

/// A row: a time in nanoseconds since 1970, CPUs in milli, kHz, and bytes.
struct Reading {
    at: i64,
    cores: i64,
    capacity: i64,
    cpu: i64,
    memory: i64,
    used: i64,
}

impl Columns {
    fn of(table: &Table) -> Result<Self, TraceError> {
        let columns = READINGS.required.iter().map(|name| table.require(name)).collect::<Result<Vec<_>, _>>()?;
        let [time, cores, capacity, cpu, memory, used] = columns.try_into().expect("as many as there are names");
        Ok(Self { time, cores, capacity, cpu, memory, used })
    }

    fn reading(&self, row: Row<'_>) -> Result<Reading, TraceError> {
        let amount = |column, factor, what: &str| {
            row.amount(column, factor, what)?.ok_or_else(|| row.bad(column, "is blank", what))
        };
        Ok(Reading {
            at: time(row, self.time)?,
            cores: amount(self.cores, 1000, "a number of CPUs, 0 or more")?,
            capacity: amount(self.capacity, 1000, "MHz, 0 or more")?,
            cpu: amount(self.cpu, 1000, "MHz, 0 or more")?,
            memory: amount(self.memory, 1024, "KB of memory, 0 or more")?,
            used: amount(self.used, 1024, "KB of memory, 0 or more")?,
        })
    }
}

/// A reading's time in nanoseconds since 1970.
fn time(row: Row<'_>, column: Column) -> Result<i64, TraceError> {
    const EXPECTED: &str = "seconds or milliseconds since 1970, or a date as in 04.11.2015 22:10:18";
    let text = row.text(column)?;
    if let Ok(date) = jiff::civil::DateTime::strptime("%d.%m.%Y %H:%M:%S", text) {
        let instant = date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_second());
        let nanos = instant.and_then(|seconds| seconds.checked_mul(SECOND));
        return nanos.ok_or_else(|| row.bad(column, "is too far away", EXPECTED));
    }
    let number = row.whole(column, EXPECTED)?;
    let unit = if number < 100_000_000_000 { SECOND } else { SECOND / 1000 };
    number.checked_mul(unit).ok_or_else(|| row.bad(column, "is too far away", EXPECTED))
}

/// What is known of a machine after some of its readings.
#[derive(Default)]
struct Life {
    /// The line of the first reading, and its time.
    first: Option<(u64, i64)>,
    last: Option<Reading>,
    /// Between the last two readings.
    last_gap: i64,
    time: i64,
    /// The most of each.
    cores: i64,
    capacity: i64,
    memory: i64,
    /// What is used, times how long.
    cpu_area: i128,
    memory_area: i128,
}

impl Life {
    /// The next reading. One that is not later than the one before it is left out.
    fn add(&mut self, reading: Reading, row: Row<'_>, column: Column, repairs: &Repairs) -> Result<(), TraceError> {
        match &self.last {
            Some(last) if reading.at <= last.at => {
                let error = || row.bad(column, "is not after the reading before it", "readings in order of time");
                return repairs.repair(Rule::UnsortedRow, error);
            }
            Some(last) => {
                self.last_gap = reading.at - last.at;
                self.hold(self.last_gap);
            }
            None => {
                self.first = Some((row.line(), reading.at));
                self.last_gap = ONE_READING;
            }
        }
        self.cores = self.cores.max(reading.cores);
        self.capacity = self.capacity.max(reading.capacity);
        self.memory = self.memory.max(reading.memory);
        self.last = Some(reading);
        Ok(())
    }

    /// The last reading holds for so long.
    fn hold(&mut self, span: i64) {
        let Some(last) = &self.last else { return };
        self.time = self.time.saturating_add(span);
        self.cpu_area += i128::from(last.cpu) * i128::from(span);
        self.memory_area += i128::from(last.used) * i128::from(span);
    }
}
