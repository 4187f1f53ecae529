//! Made-up charts of every kind, some of data that has troubled one.

use towtank_reports::charts::bars::{Bar, BarChart, BarSeries};
use towtank_reports::charts::distribution::Distribution;
use towtank_reports::charts::heat_map::{HeatColumns, HeatMapChart, HeatRow};
use towtank_reports::charts::lines::{Line, LineChart};
use towtank_reports::charts::scatter::{Better, ScatterChart, ScatterPoint, ScatterSeries};
use towtank_reports::charts::spread::{SpreadChart, SpreadSeries, SpreadShape};
use towtank_reports::charts::{Chart, Scale};

use crate::demo::Noise;

/// Charts of every kind that no run shows, and of data that troubles them.
pub(crate) fn charts() -> Vec<(&'static str, Chart)> {
    let names = |count: usize| (0..count).map(|i| format!("policy-{i}")).collect::<Vec<_>>();
    let long = "a name that is so long that it can never be written in full anywhere, with 42 at its end: 42";
    let mut noise = Noise::new(3);
    let mut bar = |base: f64| {
        let value = base * (0.8 + 0.4 * noise.next());
        let interval = Some((value * 0.93, value * 1.07));
        Some(Bar { value, interval, published: (base > 4.0).then_some(value * 1.02) })
    };
    let bars = |categories: Vec<String>, series: Vec<BarSeries>, y: Scale| BarChart {
        title: "Bars".to_owned(),
        across: "list of pods".to_owned(),
        categories,
        y,
        series,
        published: "published".to_owned(),
    };
    let mut group = |label: &str, count: usize| BarSeries {
        label: label.to_owned(),
        bars: (0..count).map(|category| bar(3.0 + category as f64)).collect(),
    };
    let few = vec!["default".to_owned(), "gpushare40".to_owned(), "gpushare100".to_owned()];
    let y = || Scale::new("unallocated (% of GPUs)");
    let three = ["random", "best-fit", "fgd"].map(|label| group(label, 3)).to_vec();
    let twenty = names(20).iter().map(|label| group(label, 9)).collect();
    let longest = vec![group(long, 3), group("b", 3)];
    let below = vec![BarSeries {
        label: "difference".to_owned(),
        bars: [-2.0, 0.0, 1.5].map(|value| Some(Bar { value, ..Bar::default() })).to_vec(),
    }];
    let logged = vec![BarSeries {
        label: "wait".to_owned(),
        bars: [0.0, 0.002, 9000.0].map(|value| Some(Bar { value, ..Bar::default() })).to_vec(),
    }];
    let log = Scale { log: true, durations: true, ..Scale::new("longest wait") };
    let mut noise = Noise::new(8);
    let line = |index: usize, label: &str, places: usize| {
        let value = |place: usize| 20.0 + index as f64 * 3.0 + 8.0 * (place as f64 / places as f64 * 5.0).sin();
        let points: Vec<(f64, f64)> =
            (0..places).map(|place| (place as f64 * 130.0 / places as f64, value(place))).collect();
        let band = points.iter().map(|(_, value)| (value - 1.0, value + 1.5)).collect();
        let published = points.iter().step_by(places / 5 + 1).map(|(at, value)| (*at, value + 0.6)).collect();
        Line { label: label.to_owned(), points, band, published }
    };
    let lines = |lines: Vec<Line>, x: Scale, y: Scale| LineChart {
        title: "Lines".to_owned(),
        x,
        y,
        lines,
        published: "published".to_owned(),
    };
    let x = || Scale::new("arrived demand (% of GPUs)");
    let constant = vec![Line { label: "one".to_owned(), points: vec![(5.0, 7.0)], ..Line::default() }];
    let decades: Vec<(f64, f64)> = (0..9).map(|i| (f64::from(i), [0.0, 1e-7, 1e12][i as usize % 3])).collect();
    let decades = vec![Line { label: "huge".to_owned(), points: decades, ..Line::default() }];
    let spread = |shape, log: bool, labels: Vec<String>, categories: usize, noise: &mut Noise| {
        let mut samples = |index: usize| {
            let number = |noise: &mut Noise| (-noise.next().max(1e-9).ln()).powi(2) * (1.0 + index as f64 * 0.3);
            Distribution::of_numbers((0..200).map(|_| number(noise)).collect::<Vec<_>>())
        };
        let series = labels.iter().enumerate().map(|(index, label)| SpreadSeries {
            label: label.clone(),
            samples: (0..categories).map(|_| samples(index)).collect(),
        });
        Chart::Spread(SpreadChart {
            title: "Spread".to_owned(),
            across: if categories > 1 { "nodes".to_owned() } else { String::new() },
            categories: (0..categories)
                .map(|i| if categories > 1 { format!("{} nodes", 24 + 8 * i) } else { String::new() })
                .collect(),
            y: Scale { durations: true, log, ..Scale::new("mean wait") },
            series: series.collect(),
            shape,
            samples: "seeds".to_owned(),
        })
    };
    let equal = Chart::Spread(SpreadChart {
        title: "Equal samples".to_owned(),
        categories: vec![String::new()],
        y: Scale::new("nodes"),
        series: vec![
            SpreadSeries { label: "one".to_owned(), samples: vec![Distribution::of_numbers([4.0])] },
            SpreadSeries { label: "same".to_owned(), samples: vec![Distribution::of_numbers([5.0; 9])] },
        ],
        shape: SpreadShape::Violin,
        samples: "seeds".to_owned(),
        ..SpreadChart::default()
    });
    let trade_off = |count: usize, noise: &mut Noise| {
        let series = names(count).into_iter().map(|label| {
            let (x, y) = (20.0 + 20.0 * noise.next(), 3.0 / (0.2 + noise.next()));
            let point = ScatterPoint { at: (x, y), across: Some((x - 0.7, x + 0.7)), up: Some((y * 0.9, y * 1.1)) };
            ScatterSeries { label, points: vec![point], published: Vec::new() }
        });
        Chart::Scatter(ScatterChart {
            title: "Nodes against waiting".to_owned(),
            x: Scale::new("nodes in use"),
            y: Scale { durations: true, ..Scale::new("mean wait") },
            series: series.collect(),
            front: Some((Better::Lower, Better::Lower)),
            published: String::new(),
        })
    };
    let table = HeatMapChart {
        title: "Mean wait".to_owned(),
        description: "Mean wait by policy and load.".to_owned(),
        columns: HeatColumns::Names(
            "load".to_owned(),
            ["low", "middle", "high", "a name without room beside others"].map(str::to_owned).to_vec(),
        ),
        row: "policy".to_owned(),
        rows: names(5)
            .into_iter()
            .enumerate()
            .map(|(row, label)| HeatRow {
                label,
                members: 1,
                values: (0..4).map(|column| (row + column != 3).then_some(10.0 + (row * column) as f64)).collect(),
            })
            .collect(),
        value: "mean wait (s)".to_owned(),
        range: (10.0, 22.0),
        blank: "no run".to_owned(),
        remark: String::new(),
    };
    vec![
        ("bars", Chart::Bars(bars(few.clone(), three, y()))),
        ("bars-twenty", Chart::Bars(bars((0..9).map(|i| format!("workload-{i}")).collect(), twenty, y()))),
        (
            "bars-long",
            Chart::Bars(bars(vec![long.to_owned(), "b".to_owned(), long.to_owned()], longest, Scale::new(long))),
        ),
        ("bars-below", Chart::Bars(bars(few.clone(), below, Scale::new("difference (s)")))),
        ("bars-log", Chart::Bars(bars(few, logged, log))),
        (
            "lines",
            Chart::Lines(lines(
                vec![line(0, "gpu-random", 131), line(1, "best-fit", 131), line(2, "fgd", 131)],
                x(),
                y(),
            )),
        ),
        (
            "lines-few",
            Chart::Lines(lines((0..3).map(|i| line(i, &format!("policy-{i}"), 5)).collect(), Scale::new("nodes"), y())),
        ),
        (
            "lines-twenty",
            Chart::Lines(lines(
                names(20).iter().enumerate().map(|(i, label)| line(i, label, 9)).collect(),
                Scale::new("nodes"),
                y(),
            )),
        ),
        ("lines-one", Chart::Lines(lines(constant, x(), y()))),
        ("lines-log", Chart::Lines(lines(decades.clone(), x(), Scale { log: true, ..y() }))),
        ("lines-huge", Chart::Lines(lines(decades, x(), y()))),
        ("box", spread(SpreadShape::Box, false, names(3), 3, &mut noise)),
        ("box-one", spread(SpreadShape::Box, true, names(4), 1, &mut noise)),
        ("violin", spread(SpreadShape::Violin, true, names(3), 1, &mut noise)),
        ("violin-twenty", spread(SpreadShape::Violin, false, names(20), 2, &mut noise)),
        ("violin-equal", equal),
        ("trade-off", trade_off(6, &mut noise)),
        ("trade-off-twenty", trade_off(20, &mut noise)),
        ("heat-map", Chart::HeatMap(table)),
        ("empty", Chart::empty(long, long)),
    ]
}
