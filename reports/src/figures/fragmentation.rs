//! Idle GPUs over time, and what of them is fragmented.

use super::Figure;
use crate::charts::timeline::{self, TimeLine, TimePanel, Timeline};
use crate::data::{Run, Series};
use crate::draw::{Axis, Picture, theme};
use crate::{stats, units};

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "fragmentation",
    title: "Fragmentation of the GPUs",
    caption: "GPU devices that no pod holds (line), and what of them the pods that are expected cannot use, weighted with \
              how popular they are (filled). The gap between the two could be used.",
    draw,
};

const TITLE: &str = "Fragmentation of the GPUs";

/// Thousandths of a device.
const MILLI: f64 = 1000.0;

fn draw(run: &Run) -> Picture {
    let series = &run.series;
    let Some(range) = timeline::range([series]) else {
        return Picture::no_data(TITLE, "the run was not sampled");
    };
    let (Some(idle), Some(fragmented)) = (series.counter(Series::GPU_IDLE), series.counter(Series::GPU_FRAGMENTED))
    else {
        return Picture::no_data(TITLE, "fragmentation was not measured");
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
        y: Axis::linear("GPUs", highest, 4.0, false),
        lines: vec![
            TimeLine {
                label: "fragmented".to_owned(),
                color: theme::PALETTE[3],
                dash: theme::DASHES[0],
                fill: Some(theme::FILLS[3]),
                points: column(fragmented),
            },
            TimeLine {
                label: "idle".to_owned(),
                color: theme::INK,
                dash: theme::DASHES[1],
                fill: None,
                points: column(idle),
            },
        ],
    };
    Timeline {
        title: TITLE.to_owned(),
        description: format!("{TITLE} over time. {remark}."),
        panels: vec![panel],
        outages: timeline::outages(&run.notable),
        range,
        panel_height: 160.0,
    }
    .draw()
}
