//! The progress bar: simulated time, events per second, an estimate. It is shown on a terminal only.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;
use std::time::Duration;
use towtank_sim::engine::Until;
use towtank_sim::observe::{NoteKinds, Observer};
use towtank_sim::time::SimTime;

/// Shows how far a run is.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar for a run until `until` on standard error, hidden when that is not a terminal.
    pub(crate) fn new(until: Until) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self { bar: ProgressBar::hidden() };
        }
        let bar = match until {
            Until::Time(end) => ProgressBar::new(seconds(end))
                .with_style(style("{elapsed_precise} [{bar:30}] {percent:>3} %, simulated {msg}, about {eta} left")),
            Until::Idle => ProgressBar::new_spinner().with_style(style("{elapsed_precise} {spinner} simulated {msg}")),
        };
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Progress {
    fn interest(&self) -> NoteKinds {
        NoteKinds::NONE
    }

    fn progress(&mut self, now: SimTime, events: u64) {
        self.bar.set_position(seconds(now));
        let elapsed = self.bar.elapsed().as_secs_f64();
        let rate = if elapsed > 0.0 { events as f64 / elapsed } else { 0.0 };
        self.bar.set_message(format!("{}, {events} events, {rate:.0} events/s", clock(seconds(now))));
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

fn seconds(at: SimTime) -> u64 {
    u64::try_from(at.0 / 1_000_000_000).unwrap_or(0)
}

/// `2d 03:04:05`.
fn clock(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let time = format!("{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
    if days > 0 { format!("{days}d {time}") } else { time }
}
