//! How far a sweep is: a bar on a terminal, and a line now and then where that is read later.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// In a log, lines are this far apart at least.
const BETWEEN_LINES: Duration = Duration::from_secs(30);

/// Counts runs that have ended, from all threads.
pub(super) struct Progress {
    bar: ProgressBar,
    /// Without a terminal: when the last line was written.
    log: Option<Mutex<Instant>>,
    began: Instant,
    all: usize,
    /// Those that an earlier sweep had made: they took no time.
    before: usize,
}

impl Progress {
    /// Nothing has ended yet but the runs that were made before.
    pub(super) fn new(all: usize, before: usize) -> Self {
        let began = Instant::now();
        let is_terminal = std::io::stderr().is_terminal();
        let bar = if is_terminal {
            let style = ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {pos} of {len} runs{msg}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
            let bar = ProgressBar::new(all as u64).with_style(style);
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        } else {
            ProgressBar::hidden()
        };
        bar.set_position(before as u64);
        Self { bar, log: (!is_terminal).then(|| Mutex::new(began)), began, all, before }
    }

    /// One more run has ended.
    pub(super) fn ended(&self) {
        self.bar.inc(1);
        let done = usize::try_from(self.bar.position()).unwrap_or(self.all);
        let left = left(self.began.elapsed(), done.saturating_sub(self.before), self.all.saturating_sub(done));
        let left = left.map_or_else(String::new, |left| format!(", about {} left", told(left)));
        if let Some(last) = &self.log {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.elapsed() >= BETWEEN_LINES {
                *last = Instant::now();
                anstream::eprintln!("{done} of {} runs{left}", self.all);
            }
        }
        self.bar.set_message(left);
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// The time for the runs that are left, if they take as long as those that have ended; `None` before the first has.
fn left(elapsed: Duration, ended: usize, left: usize) -> Option<Duration> {
    (ended > 0).then(|| Duration::try_from_secs_f64(elapsed.as_secs_f64() / ended as f64 * left as f64).ok()).flatten()
}

/// As people say it: `5s`, `3m`, `2h 10m`.
fn told(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m"),
        (hours, minutes) => format!("{hours}h {minutes}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_before_takes_no_time() {
        assert_eq!(left(Duration::from_mins(1), 0, 90), None);
        assert_eq!(left(Duration::from_mins(1), 3, 90), Some(Duration::from_mins(30)));
        assert_eq!(left(Duration::MAX, 1, usize::MAX), None);
        assert_eq!([59, 61, 7800].map(|seconds| told(Duration::from_secs(seconds))), ["59s", "1m", "2h 10m"]);
    }
}
