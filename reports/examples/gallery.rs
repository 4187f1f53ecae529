//! Draws every figure and page from made-up data into a folder, to be looked at: `gallery FOLDER`. Each figure is there for a screen
//! and for paper, and on data of every shape that has ever troubled one.

#[path = "../tests/it/demo.rs"]
mod demo;
#[path = "../tests/it/demo_charts.rs"]
mod demo_charts;

use std::path::{Path, PathBuf};

use towtank_reports::charts::Chart;
use towtank_reports::comparison::Comparison;
use towtank_reports::data::{Run, Summary};
use towtank_reports::draw::Medium;
use towtank_reports::{figures, page, terminal};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let folder = std::env::args().nth(1).map(PathBuf::from).ok_or("usage: gallery FOLDER")?;
    std::fs::create_dir_all(&folder)?;
    for (case, run) in demo::shapes() {
        let case = case.replace(' ', "-");
        for figure in figures::of_run(&run) {
            save(&folder, &format!("{case}-{}", figure.name), &(figure.chart)(&run))?;
        }
        std::fs::write(folder.join(format!("{case}.html")), page::run_page(&run, true)?)?;
        println!("--- {case}\n{}", terminal::summary(&run.summary));
    }
    let names = ["kube-default", "best-fit", "a policy with quite a long name that goes on", "random", "first-fit"];
    let runs: Vec<Run> = names.iter().zip(10..).map(|(name, seed)| demo::day(name, seed)).collect();
    compared(&folder, "compare", &runs)?;
    let seeds: Vec<Run> = (0..6).map(|seed| demo::day(names[seed as usize / 3], seed)).collect();
    compared(&folder, "seeds", &seeds)?;
    let many: Vec<Run> =
        (0..20).map(|number| demo::small(&format!("policy-{number} with a rather long name"), number)).collect();
    compared(&folder, "twenty", &many)?;
    std::fs::write(folder.join("compare.html"), page::compare_page(&runs, &[])?)?;
    let summaries: Vec<(&str, &Summary)> = runs.iter().map(|run| (run.label.as_str(), &run.summary)).collect();
    println!("{}", terminal::comparison(&Comparison::new(&summaries)));
    for (name, chart) in demo_charts::charts() {
        save(&folder, &format!("chart-{name}"), &chart)?;
    }
    Ok(())
}

fn compared(folder: &Path, case: &str, runs: &[Run]) -> Outcome {
    for figure in figures::COMPARE {
        save(folder, &format!("{case}-{}", figure.name), &(figure.chart)(runs))?;
    }
    Ok(())
}

fn save(folder: &Path, name: &str, chart: &Chart) -> Outcome {
    for (medium, end) in [(Medium::SCREEN, ""), (Medium::PAPER, ".paper")] {
        let picture = chart.draw(medium);
        std::fs::write(folder.join(format!("{name}{end}.png")), picture.png()?)?;
        std::fs::write(folder.join(format!("{name}{end}.svg")), picture.svg()?)?;
    }
    std::fs::write(folder.join(format!("{name}.csv")), chart.data().csv())?;
    Ok(())
}
