//! A trace of ten million rows: how fast it streams, from the file to the submissions of a run, and how much memory that takes.
//!
//! It prints its figures itself, because memory is that of the whole process and one pass takes seconds. The file is written first,
//! into the system's folder of temporary files. `--rows N` makes it longer or shorter.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use towtank::sim::cluster::Cluster;
use towtank::traces::stream::Stream;
use towtank::traces::{Context, Inputs, ReplayOptions, find_format, open_pods};

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    // `cargo test` and `cargo bench` bring arguments of their own.
    let mut rows = if std::env::args().any(|arg| arg == "--bench") { 10_000_000 } else { 10_000 };
    let mut arguments = std::env::args().skip_while(|arg| arg != "--rows").skip(1);
    if let Some(given) = arguments.next().and_then(|text| text.parse().ok()) {
        rows = given;
    }
    match measure(rows) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(rows: u64) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("pods.csv");
    write(&path, rows)?;
    println!("{rows} rows, {} MB", std::fs::metadata(&path)?.len() / 1_000_000);
    report("records, in order of time", rows, || records(&path, None))?;
    report("submissions of a run", rows, || submissions(&path))?;
    report("records, sorted in temporary files", rows, || records(&path, Some(false)))
}

/// Rows with names, times and shapes as clusters have them: 1,000 shapes, and users in a column that is read.
fn write(path: &PathBuf, rows: u64) -> Result<(), Failure> {
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    writeln!(file, "name,arrival_s,duration_s,cpu_milli,memory_bytes,priority,user")?;
    for i in 0..rows {
        // Multiplied by odd numbers, so that neighbours differ.
        let (shape, user) = (i.wrapping_mul(2_654_435_761) % 1000, i.wrapping_mul(40_503) % 500);
        let (cpu, memory) = (100 + shape % 40 * 50, (shape / 40 + 1) << 27);
        writeln!(
            file,
            "pod-{i},{}.{:03},{},{cpu},{memory},{},user-{user}",
            i / 100,
            i % 100 * 10,
            i % 3600,
            shape % 3
        )?;
    }
    Ok(file.flush()?)
}

fn records(path: &PathBuf, sorted: Option<bool>) -> Result<u64, Failure> {
    let context = Context { options: ReplayOptions { sorted, ..ReplayOptions::default() }, ..Context::default() };
    let inputs = Inputs::open(std::slice::from_ref(path))?;
    let mut stream = Stream::new(find_format("csv")?.read_pods(&inputs, &context)?, &context)?;
    let mut count = 0;
    while stream.next_record()?.is_some() {
        count += 1;
    }
    Ok(count)
}

fn submissions(path: &PathBuf) -> Result<u64, Failure> {
    let mut source = open_pods("csv", std::slice::from_ref(path), &Context::default(), None)?;
    let (mut cluster, mut count) = (Cluster::default(), 0);
    while source.next(&mut cluster)?.is_some() {
        count += 1;
    }
    Ok(count)
}

fn report(what: &str, rows: u64, pass: impl FnOnce() -> Result<u64, Failure>) -> Result<(), Failure> {
    let (started, cpu_before) = (Instant::now(), cpu_seconds());
    let count = pass()?;
    assert_eq!(count, rows, "{what}");
    let millions = |seconds: f64| rows as f64 / seconds / 1e6;
    let wall = millions(started.elapsed().as_secs_f64());
    let cpu = cpu_seconds().zip(cpu_before).map(|(after, before)| millions(after - before));
    let cpu = cpu.map_or_else(String::new, |rate| format!(", {rate:.2} million per CPU second"));
    let memory = peak_memory().map_or_else(String::new, |bytes| format!(", at most {} MB so far", bytes / 1_000_000));
    println!("{what}: {wall:.2} million rows/s{cpu}{memory}");
    Ok(())
}

/// The time that this thread has been on a processor, where the system tells: the wall clock counts others' work on a machine that
/// is shared.
fn cpu_seconds() -> Option<f64> {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    times.split(' ').next()?.parse::<u64>().ok().map(|nanos| nanos as f64 / 1e9)
}

/// The largest resident memory of this process in bytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
