//! Idle GPUs over time, and what of them is fragmented.

use super::Figure;
use crate::charts::Chart;
use crate::charts::timeline::{self, Ink, TimeLine, TimePanel, Timeline};
use crate::data::{Run, Series};
use crate::draw::Axis;
use crate::{stats, units};

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "fragmentation",
    title: "Fragmentation of the GPUs",
    caption: "GPU devices that no pod holds (line), and what of them the pods that are expected cannot use, weighted with \
              how popular they are (filled). The gap between the two could be used.",
    chart,
};

const TITLE: &str = "Fragmentation of the GPUs";

/// Thousandths of a device.
const MILLI: f64 = 1000.0;

fn chart(run: &Run) -> Chart {
    let series = &run.series;
    let Some(range) = timeline::range([series]) else {
        return Chart::empty(TITLE, "the run was not sampled");
    };
    let (Some(idle), Some(fragmented)) = (series.counter(Series::GPU_IDLE), series.counter(Series::GPU_FRAGMENTED))
    else {
        return Chart::empty(TITLE, "fragmentation was not measured");
    };
    let end = series.times_ns.last().copied().unwrap_or(0);
    let mean = |values: &[i64]| {
        let only = values.first().copied().unwrap_or(0);
        stats::time_weighted_mean(&series.times_ns, values, end).unwrap_or(only) as f64 / MILLI
    };
    let column = |values: &[i64]| timeline::points(series, |row| Some(values[row] as f64 / MILLI));
    let highest = idle.iter().copied().max().unwrap_or(0) as f64 / MILLI;
    let remark =
        format!("mean {} idle, {} of them fragmented", units::short(mean(idle)), units::short(mean(fragmented)));
    let panel = TimePanel {
        title: "Idle GPUs".to_owned(),
        remark: remark.clone(),
        unit: "GPUs".to_owned(),
        y: Axis::linear("GPUs", highest, 4.0, false),
        lines: vec![
            TimeLine {
                label: "fragmented".to_owned(),
                column: "fragmented".to_owned(),
                ink: Ink::of(3, 0).filled(),
                points: column(fragmented),
                ..TimeLine::default()
            },
            TimeLine {
                label: "idle".to_owned(),
                column: "idle".to_owned(),
                ink: Ink::of(6, 1),
                points: column(idle),
                ..TimeLine::default()
            },
        ],
    };
    Chart::Timeline(Timeline {
        title: TITLE.to_owned(),
        description: format!("{TITLE} over time. {remark}."),
        panels: vec![panel],
        outages: timeline::outages(&run.notable),
        range,
        panel_height: 160.0,
    })
}
