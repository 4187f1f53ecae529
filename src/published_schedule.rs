//! A published schedule of jobs, to be compared with a run's: the table of jobs that Batsim writes.

use crate::diagnostic::Diagnostic;
use csv::StringRecord;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use towtank_reports::data::PublishedJob;

/// The first bytes of every gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The columns that are read; others are passed over.
const COLUMNS: [&str; 4] = ["job_id", "submission_time", "starting_time", "allocated_resources"];

/// Reads `_jobs.csv` of Batsim, plain or packed with gzip. Jobs that never started are left out.
///
/// Source: `oar-team/batsim` on GitHub, `docs/output-jobs.rst`. Times are in seconds; machines are numbers and ranges `first-last`, joined by
/// blanks.
///
/// # Errors
/// The file cannot be read, a column is missing, or a field is not what it should be: with its line.
pub(crate) fn read(path: &Path) -> Result<Vec<PublishedJob>, Diagnostic> {
    let unreadable = |error: &std::io::Error| Diagnostic::unreadable(path, error);
    let mut file = BufReader::new(File::open(path).map_err(|error| unreadable(&error))?);
    let packed = file.fill_buf().map_err(|error| unreadable(&error))?.starts_with(&GZIP);
    let file: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut reader = csv::Reader::from_reader(file);
    let broken = |error: &csv::Error| Diagnostic::in_file(path, format!("cannot be read: {error}"));
    let header = reader.headers().map_err(|error| broken(&error))?.clone();
    let mut places = [0; COLUMNS.len()];
    for (place, name) in places.iter_mut().zip(COLUMNS) {
        *place = header.iter().position(|field| field.trim() == name).ok_or_else(|| {
            Diagnostic::in_file(path, format!("no column `{name}`: expected the table of jobs of Batsim")).at(1, 1)
        })?;
    }
    let mut jobs = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| broken(&error))?;
        let line = record.position().map_or(0, csv::Position::line) as usize;
        let job = job(&record, places).map_err(|why| Diagnostic::in_file(path, why).at(line, 1))?;
        jobs.extend(job);
    }
    Ok(jobs)
}

fn job(record: &StringRecord, places: [usize; COLUMNS.len()]) -> Result<Option<PublishedJob>, String> {
    let [name, submitted, started, machines] = places.map(|place| record.get(place).unwrap_or_default().trim());
    if started.is_empty() || started.starts_with('-') {
        return Ok(None);
    }
    Ok(Some(PublishedJob {
        name: name.to_owned(),
        submitted_ns: nanoseconds(COLUMNS[1], submitted)?,
        started_ns: nanoseconds(COLUMNS[2], started)?,
        machines: numbers(machines)?,
    }))
}

fn nanoseconds(column: &str, text: &str) -> Result<i64, String> {
    let seconds: Option<f64> = text.parse().ok().filter(|seconds: &f64| (0.0..9e9).contains(seconds));
    let seconds = seconds.ok_or_else(|| format!("{column}: `{text}`: expected seconds, 0 or more"))?;
    Ok((seconds * 1e9).round() as i64)
}

/// `0-3 7` as 0, 1, 2, 3, 7.
fn numbers(text: &str) -> Result<Vec<u32>, String> {
    let mut numbers = Vec::new();
    for range in text.split_whitespace() {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let ends = first.parse::<u32>().ok().zip(last.parse::<u32>().ok());
        let (first, last) =
            ends.filter(|(first, last)| first <= last && last - first < 10_000_000).ok_or_else(|| {
                format!("{}: `{range}`: expected the number of a machine, or a range such as 2-5", COLUMNS[3])
            })?;
        numbers.extend(first..=last);
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn read_text(text: &str) -> Result<Vec<PublishedJob>, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        read(file.path()).map_err(|error| error.to_string())
    }

    const HEADER: &str = "job_id,submission_time,starting_time,allocated_resources\n";

    #[test]
    fn jobs_with_ranges_of_machines() {
        let jobs = read_text(&format!("{HEADER}7,0.5,1.25,3 0-1\nx,0,-1,\n")).unwrap();
        let (submitted_ns, started_ns) = (500_000_000, 1_250_000_000);
        assert_eq!(jobs, [PublishedJob { name: "7".to_owned(), submitted_ns, started_ns, machines: vec![0, 1, 3] }]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let wrong = |text: &str| read_text(text).unwrap_err();
        assert!(wrong("job_id,submission_time\n").contains("no column `starting_time`"));
        let error = wrong(&format!("{HEADER}7,0,1,0\n8,0,soon,0\n"));
        assert!(error.contains(":3:1") && error.contains("`soon`"), "{error}");
        assert!(wrong(&format!("{HEADER}7,0,1,5-2\n")).contains("`5-2`"));
    }
}
