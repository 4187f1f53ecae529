//! Every figure, on every shape of data, for a screen and for paper.

use std::fmt::Write as _;
use towtank_reports::charts::Chart;
use towtank_reports::data::{NANOS_PER_SECOND, Run};
use towtank_reports::draw::{Mark, Medium, Picture, Text};
use towtank_reports::figures::{self, COMPARE, MEASURED, RUN};

use crate::{demo, demo_charts};

/// All figures of a run, alone and compared with others, by name.
fn all(run: &Run) -> Vec<(String, Chart)> {
    let mut charts: Vec<_> = figures::of_run(run).map(|figure| (figure.name.to_owned(), (figure.chart)(run))).collect();
    let labels =
        ["default", "best-fit", "random", "a policy whose name is so long that no legend could ever hold all of it"];
    let mut runs: Vec<Run> = labels.iter().map(|label| labelled(label, run)).collect();
    runs[1] = Run { label: "nothing".to_owned(), ..Run::default() };
    charts.extend(COMPARE.iter().map(|figure| (figure.name.to_owned(), (figure.chart)(&runs))));
    charts
}

/// A run under another policy.
fn labelled(label: &str, run: &Run) -> Run {
    let mut run = Run { label: label.to_owned(), ..run.clone() };
    label.clone_into(&mut run.summary.policy);
    run
}

/// Every figure of every shape of a run, and every kind of chart, drawn for both media.
fn pictures() -> impl Iterator<Item = (String, Picture)> {
    let of_runs = demo::shapes()
        .into_iter()
        .flat_map(|(shape, run)| all(&run).into_iter().map(move |(name, chart)| (format!("{name} of {shape}"), chart)));
    let others = demo_charts::charts().into_iter().map(|(name, chart)| (name.to_owned(), chart));
    of_runs.chain(others).flat_map(|(name, chart)| {
        let media = [(Medium::SCREEN, "a screen"), (Medium::PAPER, "paper")];
        media.map(|(medium, word)| (format!("{name} on {word}"), chart.draw(medium)))
    })
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
    for (name, picture) in pictures() {
        let texts = texts(&picture);
        for (index, one) in texts.iter().enumerate() {
            let ((left, top), (right, bottom)) = one.bounds();
            assert!(
                left >= 0.0 && top >= 0.0 && right <= picture.width && bottom <= picture.height,
                "{name}: {:?} leaves the page",
                one.text
            );
            for other in &texts[..index] {
                let ((l, t), (r, b)) = other.bounds();
                let apart = left >= r || l >= right || top + 2.0 >= b || t + 2.0 >= bottom;
                assert!(apart, "{name}: {:?} and {:?} overlap", one.text, other.text);
            }
        }
    }
}

#[test]
fn every_mark_is_a_finite_place_on_the_page() {
    for (name, picture) in pictures() {
        let (width, height) = (picture.width, picture.height);
        let mut check = |&(x, y): &(f64, f64)| {
            let inside = (-0.01..=width + 0.01).contains(&x) && (-0.01..=height + 0.01).contains(&y);
            assert!(inside, "{name}: ({x}, {y}) is not on a page of {width} × {height}");
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

#[test]
fn the_same_data_gives_the_same_bytes() {
    let run = demo::small("default", 7);
    for ((name, one), (_, two)) in all(&run).into_iter().zip(all(&run.clone())) {
        let (one, two) = (one.draw(Medium::PAPER), two.draw(Medium::PAPER));
        assert_eq!(one.svg().unwrap(), two.svg().unwrap(), "{name}");
        let png = one.png().unwrap();
        assert_eq!(png, two.png().unwrap(), "{name}");
        assert!(png.starts_with(b"\x89PNG\r\n") && png.len() > 10_000, "{name}: {} bytes", png.len());
    }
}

#[test]
fn drawings_are_well_formed_and_their_words_are_text() {
    for (name, picture) in pictures() {
        let svg = picture.svg().unwrap();
        assert!(svg.len() < 1_500_000, "{name}: {} bytes", svg.len());
        assert!(!picture.description.is_empty(), "{name}");
        let words = well_formed(&svg).unwrap_or_else(|why| panic!("{name}: {why}"));
        for text in texts(&picture) {
            assert!(words.contains(&text.text.trim().to_owned()), "{name}: {:?} is not among {words:?}", text.text);
        }
    }
}

/// Checks that elements are closed in their order and references are known, and gives the words between them.
fn well_formed(svg: &str) -> Result<Vec<String>, String> {
    let mut open: Vec<&str> = Vec::new();
    let mut words = Vec::new();
    let mut rest = svg.trim();
    while let Some(tag) = rest.strip_prefix('<') {
        let (inside, after) = tag.split_once('>').ok_or("an element does not end")?;
        let name = inside.split([' ', '/', '\n']).find(|part| !part.is_empty()).unwrap_or_default();
        if inside.starts_with('/') {
            let last = open.pop();
            if last != Some(name) {
                return Err(format!("{name} is closed within {last:?}"));
            }
        } else if !inside.ends_with('/') {
            open.push(name);
        }
        if inside.matches('"').count() % 2 == 1 || inside.contains("NaN") || inside.contains("inf") {
            return Err(format!("<{inside}>"));
        }
        let (text, next) = after.split_at(after.find('<').unwrap_or(after.len()));
        let mut plain = text.trim().to_owned();
        for (reference, letter) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")] {
            plain = plain.replace(reference, letter);
        }
        words.extend(Some(plain).filter(|plain| !plain.is_empty()));
        rest = next;
    }
    if open.is_empty() && rest.is_empty() { Ok(words) } else { Err(format!("{open:?} is not closed: {rest}")) }
}

#[test]
fn missing_data_is_said_in_words() {
    let figures = all(&Run::default()).into_iter();
    let measured = MEASURED.iter().map(|(_, figure)| (figure.name.to_owned(), (figure.chart)(&Run::default())));
    for (name, chart) in figures.chain(measured) {
        let picture = chart.draw(Medium::SCREEN);
        assert!(texts(&picture).iter().any(|text| text.text == "no data"), "{name}");
        assert!(picture.description.contains("no data"), "{name}: {}", picture.description);
        assert_eq!(chart.data().rows(), 0, "{name}");
    }
}

#[test]
fn descriptions_carry_the_numbers() {
    let scheduling = (1..=100).map(|second| second * NANOS_PER_SECOND).collect();
    let run = Run { scheduling, ..Run::default() };
    let figure = RUN.iter().find(|figure| figure.name == "scheduling-latency").unwrap();
    insta::assert_snapshot!((figure.chart)(&run).draw(Medium::SCREEN).description, @"Scheduling latency as a cumulative distribution. 100 pods: median 50 s, 90th percentile 90 s, 99th 99 s, longest 100 s.");
}

/// The first lines of the table of each figure, of a small cluster.
#[test]
fn tables_have_units_and_what_is_drawn() {
    let run = demo::small("default", 5);
    let runs = [labelled("default", &run), labelled("best-fit", &demo::small("best-fit", 6))];
    let of_run = figures::of_run(&run).map(|figure| (figure.name, (figure.chart)(&run).data()));
    let compared = COMPARE.iter().map(|figure| (figure.name, (figure.chart)(&runs).data()));
    let mut text = String::new();
    for (name, data) in of_run.chain(compared) {
        let csv = String::from_utf8(data.csv()).unwrap();
        let first: Vec<&str> = csv.lines().take(3).collect();
        let _ = write!(text, "{name}, {} rows\n{}\n\n", data.rows(), first.join("\n"));
    }
    insta::assert_snapshot!(text, @"
    utilization, 121 rows
    time_s,cpu_allocated_percent,memory_allocated_percent,nvidia_com_gpu_allocated_percent,pods_allocated_percent
    0,40.88125,28.6171553587,50,4.77272727273
    60,41.67734375,29.1745507169,51.5625,5

    capacity, 121 rows
    time_s,cpu_allocated_cores,cpu_capacity_cores,memory_allocated_gib,memory_capacity_gib,nvidia_com_gpu_allocated,nvidia_com_gpu_capacity,pods_allocated,pods_capacity
    0,52.328,128,146.519835437,512,32,64,21,440
    60,53.347,128,149.373699671,512,33,64,22,440

    pods-and-nodes, 121 rows
    time_s,pods_pending,pods_running,nodes_ready,nodes
    0,0,17,4,4
    60,0,18,4,4

    pods-by-state, 121 rows
    time_s,pods_running,pods_starting,pods_pending,nodes_ready,nodes_not_ready
    0,17,0,0,4,0
    60,17,1,0,4,0

    scheduling-latency, 1 rows
    scheduling_latency_s,pods_up_to_it_percent
    0,100

    startup-latency, 32 rows
    startup_latency_s,pods_up_to_it_percent
    6,5
    7,10

    placement, 452 rows
    node,nodes,from_s,to_s,cpu_allocated_percent
    zone-a-pool-0000,1,0,64,53.65
    zone-a-pool-0000,1,64,128,54.2

    fragmentation, 121 rows
    time_s,fragmented_gpus,idle_gpus
    0,8,32
    60,7.859,31.372

    gantt, 80 rows
    pod,node,state,from_s,to_s
    batch-00,node-0,starting,65,95
    batch-00,node-0,running,95,455

    jobs, 14 rows
    job,node,state,from_s,to_s
    job-0,node-0,running,65,365
    job-3,node-2 to node-3,running,438,738

    job-waits, 28 rows
    origin,submission_s,wait_s
    simulated,65,0
    simulated,438,0

    compare-utilization, 121 rows
    time_s,cpu_allocated_default_percent,cpu_allocated_best_fit_percent,memory_allocated_default_percent,memory_allocated_best_fit_percent,nvidia_com_gpu_allocated_default_percent,nvidia_com_gpu_allocated_best_fit_percent,pods_allocated_default_percent,pods_allocated_best_fit_percent
    0,40.88125,41.3921875,28.6171553587,28.9745365444,50,51.5625,4.77272727273,4.77272727273
    60,41.67734375,41.61875,29.1745507169,29.1333378953,51.5625,51.5625,5,4.77272727273

    compare-pods-and-nodes, 121 rows
    time_s,pending_pods_default,pending_pods_best_fit,ready_nodes_default,ready_nodes_best_fit
    0,0,0,4,4
    60,0,0,4,4

    compare-scheduling-latency, 3 rows
    series,scheduling_latency_s,pods_up_to_it_percent
    default,0,100
    best-fit,0,97.5

    compare-startup-latency, 60 rows
    series,startup_latency_s,pods_up_to_it_percent
    default,6,5
    default,7,10

    compare-latency-spread, 210 rows
    latency,series,pods,part,latency_s,density_per_e_fold
    scheduling,best-fit,1,whisker low,25.5,
    scheduling,best-fit,1,quartile 1,25.5,

    compare-trade-off, 2 rows
    series,nvidia_com_gpu_allocated_mean_percent,mean_scheduling_latency_s,on_the_front
    default,82.7083333333,0,1
    best-fit,85.7682291667,0.6375,1
    ");
}
