//! An inspection in pictures.

use towtank_reports::charts::lines::{Line, LineChart};
use towtank_reports::charts::{Chart, Scale};
use towtank_reports::units::{self, resource_title};
use towtank_sim::model::gpu::GPU_MILLI;
use towtank_traces::statistics::{Bins, Level, Spread, Statistics};

const NANOS: f64 = 1e9;

/// A capacity above so many times the demand is told and not drawn.
const MOST_CAPACITY: f64 = 4.0;

/// The figures, by the names of their files.
pub fn all(found: &Statistics) -> Vec<(String, Chart)> {
    let time = Time::of(found.end);
    let mut figures = vec![
        ("arrivals".to_owned(), arrivals(found, time)),
        ("run-time".to_owned(), distribution("How long submissions run", "run time", &found.run_time)),
    ];
    if found.waited.count() > 0 {
        let figure = distribution("How long submissions waited when they were recorded", "wait", &found.waited);
        figures.push(("recorded-wait".to_owned(), figure));
    }
    for (name, level) in &found.demand {
        let file = name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        figures.push((format!("demand-{file}"), demand(name, level, found.capacity.get(name), time)));
    }
    figures
}

/// The unit in which a time is written.
#[derive(Clone, Copy)]
struct Time {
    nanos: f64,
    name: &'static str,
}

impl Time {
    fn of(end: i64) -> Self {
        let (seconds, name) = match end as f64 / NANOS {
            end if end > 4.0 * 86_400.0 => (86_400.0, "d"),
            end if end > 3.0 * 3600.0 => (3600.0, "h"),
            end if end > 120.0 => (60.0, "min"),
            _ => (1.0, "s"),
        };
        Self { nanos: seconds * NANOS, name }
    }

    fn scale(self) -> Scale {
        Scale { label: format!("time ({})", self.name), from: Some(0.0), ..Scale::default() }
    }

    /// A value for each bin, in the middle of its time.
    fn points(self, bins: &Bins, value: impl Fn(&towtank_traces::statistics::Bin) -> f64) -> Vec<(f64, f64)> {
        let middle = |place: usize| (place as f64 + 0.5) * bins.width() as f64 / self.nanos;
        bins.all().iter().enumerate().map(|(place, bin)| (middle(place), value(bin))).collect()
    }
}

fn arrivals(found: &Statistics, time: Time) -> Chart {
    let hours = found.arrivals.width() as f64 / NANOS / 3600.0;
    let line = Line {
        label: "submissions".to_owned(),
        points: time.points(&found.arrivals, |bin| bin.sum as f64 / hours),
        ..Line::default()
    };
    Chart::Lines(LineChart {
        title: "Submissions".to_owned(),
        x: time.scale(),
        y: Scale { label: "per hour".to_owned(), from: Some(0.0), ..Scale::default() },
        lines: vec![line],
        published: String::new(),
    })
}

fn demand(name: &str, level: &Level, capacity: Option<&Level>, time: Time) -> Chart {
    let (divisor, unit) = match name {
        "cpu" => (1000.0, " (cores)"),
        "memory" => ((1_u64 << 30) as f64, " (GiB)"),
        GPU_MILLI => (1000.0, " (GPUs)"),
        _ => (1.0, ""),
    };
    let line = |label: &str, level: &Level, peak: bool| Line {
        label: label.to_owned(),
        points: time.points(&level.bins, |bin| {
            let mean = bin.sum as f64 / level.bins.width() as f64;
            if peak { bin.peak as f64 / divisor } else { mean / divisor }
        }),
        ..Line::default()
    };
    let mut lines = vec![line("mean demand", level, false), line("peak demand", level, true)];
    // A capacity that is far above would leave nothing to see of the demand.
    let far = capacity.filter(|capacity| capacity.peak as f64 > MOST_CAPACITY * level.peak as f64);
    match (capacity, far) {
        (Some(capacity), None) => lines.push(line("capacity", capacity, true)),
        (_, Some(far)) => {
            lines[1].label = format!("peak demand (capacity {})", units::short(far.peak as f64 / divisor));
        }
        (None, None) => {}
    }
    Chart::Lines(LineChart {
        title: format!("{} in demand, if each pod starts at once", resource_title(name)),
        x: time.scale(),
        y: Scale { label: format!("{}{unit}", resource_title(name)), from: Some(0.0), ..Scale::default() },
        lines,
        published: String::new(),
    })
}

fn distribution(title: &str, what: &str, spread: &Spread) -> Chart {
    let points = spread.cumulative().into_iter().filter(|(value, _)| *value > 0);
    let line = Line {
        label: "submissions".to_owned(),
        points: points.map(|(value, share)| (value as f64 / NANOS, share * 100.0)).collect(),
        ..Line::default()
    };
    Chart::Lines(LineChart {
        title: title.to_owned(),
        x: Scale { log: true, durations: true, ..Scale::new(what) },
        y: Scale { label: "submissions (%)".to_owned(), from: Some(0.0), to: Some(100.0), ..Scale::default() },
        lines: vec![line],
        published: String::new(),
    })
}
