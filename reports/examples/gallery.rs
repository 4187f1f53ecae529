//! Draws every figure and page from made-up data into a folder, to be looked at: `gallery FOLDER`.

#[path = "../tests/it/demo.rs"]
mod demo;

use std::path::{Path, PathBuf};

use towtank_reports::comparison::Comparison;
use towtank_reports::data::{Heatmap, Latencies, NANOS_PER_SECOND, Run, Sample, Summary};
use towtank_reports::draw::{Medium, Picture};
use towtank_reports::{figures, page, terminal};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).map(PathBuf::from).ok_or("usage: gallery FOLDER")?;
    std::fs::create_dir_all(&folder)?;
    let cases = [
        ("day", demo::day("default", 7)),
        ("empty", Run::default()),
        ("month", demo::run("default", 3, 149 * 86_400, 300, 5000)),
        ("small", demo::run("default", 5, 600, 5, 1)),
        ("dozen", demo::run("default", 5, 7200, 20, 12)),
        ("single", single()),
        ("zeros", zeros()),
    ];
    for (case, run) in &cases {
        for figure in figures::RUN {
            save(&folder, &format!("{case}-{}", figure.name), &(figure.chart)(run).draw(Medium::SCREEN))?;
        }
        std::fs::write(folder.join(format!("{case}.html")), page::run_page(run, true)?)?;
        println!("--- {case}\n{}", terminal::summary(&run.summary));
    }
    let names = ["kube-default", "best-fit", "a policy with quite a long name that goes on", "random", "first-fit"];
    let runs: Vec<Run> = names.iter().zip(10..).map(|(name, seed)| demo::day(name, seed)).collect();
    for figure in figures::COMPARE {
        save(&folder, figure.name, &(figure.chart)(&runs).draw(Medium::SCREEN))?;
    }
    std::fs::write(folder.join("compare.html"), page::compare_page(&runs, &[])?)?;
    let summaries: Vec<(&str, &Summary)> = runs.iter().map(|run| (run.label.as_str(), &run.summary)).collect();
    println!("{}", terminal::comparison(&Comparison::new(&summaries)));
    Ok(())
}

fn save(folder: &Path, name: &str, picture: &Picture) -> Result<(), Box<dyn std::error::Error>> {
    std::fs::write(folder.join(format!("{name}.png")), picture.png()?)?;
    std::fs::write(folder.join(format!("{name}.svg")), picture.svg()?)?;
    Ok(())
}

/// One sample of everything, and an amount that never changes.
fn single() -> Run {
    let mut run = Run::default();
    run.series.push(Sample { time_ns: 0, pods_pending: 3, pods_running: 4, nodes_total: 1, nodes_ready: 1 });
    run.series.set_resource("cpu", 4000, 1000);
    run.heatmap = Heatmap::new("cpu", 10);
    let node = run.heatmap.add_node("only");
    run.heatmap.begin_sample(0);
    run.heatmap.set(node, 1, 4);
    run.scheduling.push(NANOS_PER_SECOND);
    run.startup.push(0);
    run
}

/// Constant series, and latencies from nothing to months.
fn zeros() -> Run {
    let mut run = Run::default();
    for time in 0..50 {
        run.series.push(Sample {
            time_ns: time * NANOS_PER_SECOND,
            nodes_total: 2,
            nodes_ready: 2,
            ..Sample::default()
        });
        run.series.set_resource("cpu", 4000, 4000);
        run.series.set_resource("memory", 1 << 34, 0);
    }
    run.scheduling = [0; 600].into_iter().chain((0..380).map(|i| 1 << (i % 53))).collect::<Latencies>();
    run.startup = [0; 3].into_iter().collect();
    run
}
