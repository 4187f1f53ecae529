//! Every figure, on every shape of data.

use towtank_reports::data::{Heatmap, Latencies, NANOS_PER_SECOND, Run, Sample};
use towtank_reports::draw::{Mark, Medium, Picture, Text};
use towtank_reports::figures::{COMPARE, RUN};

use crate::demo;

/// Runs of every shape that has ever troubled a plot, by name.
fn shapes() -> Vec<(&'static str, Run)> {
    let mut no_latencies = demo::run("default", 3, 3600, 60, 3);
    no_latencies.scheduling = Latencies::default();
    no_latencies.startup = Latencies::default();
    vec![
        ("nothing", Run::default()),
        ("a day", demo::day("default", 7)),
        ("149 days on 5,000 nodes", demo::run("default", 3, 149 * 86_400, 86_400, 5000)),
        ("ten minutes on one node", demo::run("default", 5, 600, 5, 1)),
        ("a dozen named nodes", demo::run("default", 5, 7200, 20, 12)),
        ("an instant", demo::run("default", 5, 0, 5, 2)),
        ("no latencies", no_latencies),
        ("one sample", one_sample()),
        ("constants and zeros", constants()),
        ("very large numbers", large()),
    ]
}

fn one_sample() -> Run {
    let mut run = Run::default();
    run.series.push(Sample { time_ns: 7, pods_pending: 3, pods_running: 4, nodes_total: 1, nodes_ready: 1 });
    run.series.set_resource("cpu", 4000, 1000);
    run.heatmap = Heatmap::new("cpu", 10);
    let node = run.heatmap.add_node("only");
    run.heatmap.begin_sample(7);
    run.heatmap.set(node, 1, 4);
    run.scheduling.push(NANOS_PER_SECOND);
    run.startup.push(0);
    run
}

fn constants() -> Run {
    let mut run = Run::default();
    for time in 0..50 {
        run.series.push(Sample {
            time_ns: time * NANOS_PER_SECOND,
            nodes_total: 2,
            nodes_ready: 2,
            ..Sample::default()
        });
        run.series.set_resource("cpu", 4000, 4000);
        run.series.set_resource("memory", 0, 0);
    }
    // From nothing to months, and most of them nothing.
    run.scheduling = [0; 600].into_iter().chain((0..380).map(|i| 1 << (i % 53))).collect();
    run.startup = [0; 3].into_iter().collect();
    run
}

fn large() -> Run {
    let mut run = Run::default();
    for time in [0, i64::MAX / 2, i64::MAX] {
        run.series.push(Sample { time_ns: time, pods_pending: i64::MAX, ..Sample::default() });
        run.series.set_resource("memory", i64::MAX, i64::MAX);
        run.series.set_resource("example.com/a-resource-with-a-name-of-sixty-three-characters-in-all", 1, i64::MAX);
    }
    run.scheduling = [i64::MAX, 1].into_iter().collect();
    run
}

/// All figures of a run, alone and compared with others, by name.
fn all(run: &Run) -> Vec<(&'static str, Picture)> {
    let mut pictures: Vec<_> =
        RUN.iter().map(|figure| (figure.name, (figure.chart)(run).draw(Medium::SCREEN))).collect();
    let labels =
        ["default", "best-fit", "random", "a policy whose name is so long that no legend could ever hold all of it"];
    let mut runs: Vec<Run> = labels.iter().map(|label| Run { label: (*label).to_owned(), ..run.clone() }).collect();
    runs[1] = Run { label: "nothing".to_owned(), ..Run::default() };
    pictures.extend(COMPARE.iter().map(|figure| (figure.name, (figure.chart)(&runs).draw(Medium::SCREEN))));
    pictures
}

fn texts(picture: &Picture) -> Vec<&Text> {
    let mut texts = Vec::new();
    for mark in &picture.marks {
        if let Mark::Text(text) = mark {
            texts.push(text);
        }
    }
    texts
}

#[test]
fn no_label_leaves_the_page_or_covers_another() {
    for (shape, run) in shapes() {
        for (name, picture) in all(&run) {
            let texts = texts(&picture);
            for (index, one) in texts.iter().enumerate() {
                let ((left, top), (right, bottom)) = one.bounds();
                assert!(
                    left >= 0.0 && top >= 0.0 && right <= picture.width && bottom <= picture.height,
                    "{name} of {shape}: {:?} leaves the page",
                    one.text
                );
                for other in &texts[..index] {
                    let ((l, t), (r, b)) = other.bounds();
                    let apart = left >= r || l >= right || top + 2.0 >= b || t + 2.0 >= bottom;
                    assert!(apart, "{name} of {shape}: {:?} and {:?} overlap", one.text, other.text);
                }
            }
        }
    }
}

#[test]
fn every_mark_is_a_finite_place_on_the_page() {
    for (shape, run) in shapes() {
        for (name, picture) in all(&run) {
            let (width, height) = (picture.width, picture.height);
            let mut check = |&(x, y): &(f64, f64)| {
                let inside = (-0.01..=width + 0.01).contains(&x) && (-0.01..=height + 0.01).contains(&y);
                assert!(inside, "{name} of {shape}: ({x}, {y}) is not on a page of {width} × {height}");
            };
            for mark in &picture.marks {
                match mark {
                    Mark::Line { points, .. } | Mark::Area { points, .. } => points.iter().for_each(&mut check),
                    Mark::Rect { from, to, .. } => [from, to].into_iter().for_each(&mut check),
                    Mark::Text(text) => check(&text.at),
                }
            }
        }
    }
}

#[test]
fn the_same_data_gives_the_same_bytes() {
    let run = demo::run("default", 7, 3600, 60, 30);
    for ((name, one), (_, two)) in all(&run).into_iter().zip(all(&run.clone())) {
        assert_eq!(one.svg().unwrap(), two.svg().unwrap(), "{name}");
        let png = one.png().unwrap();
        assert_eq!(png, two.png().unwrap(), "{name}");
        assert!(png.starts_with(b"\x89PNG\r\n") && png.len() > 10_000, "{name}: {} bytes", png.len());
    }
}

#[test]
fn both_formats_take_every_shape() {
    for (shape, run) in shapes() {
        for (name, picture) in all(&run) {
            let svg = picture.svg().unwrap();
            assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{name} of {shape}");
            assert!(svg.len() < 1_500_000, "{name} of {shape}: {} bytes", svg.len());
            assert!(!picture.description.is_empty(), "{name} of {shape}");
        }
    }
}

#[test]
fn missing_data_is_said_in_words() {
    for (name, picture) in all(&Run::default()) {
        assert!(texts(&picture).iter().any(|text| text.text == "no data"), "{name}");
        assert!(picture.description.contains("no data"), "{name}: {}", picture.description);
    }
}

#[test]
fn descriptions_carry_the_numbers() {
    let scheduling = (1..=100).map(|second| second * NANOS_PER_SECOND).collect();
    let run = Run { scheduling, ..Run::default() };
    let figure = RUN.iter().find(|figure| figure.name == "scheduling-latency").unwrap();
    insta::assert_snapshot!((figure.chart)(&run).draw(Medium::SCREEN).description, @"Scheduling latency as a cumulative distribution. 100 pods: median 50 s, 90th percentile 90 s, 99th 99 s, longest 100 s.");
}
