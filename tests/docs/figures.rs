//! The page of figures against the tables of figures: every one is on it, with its picture and the columns of its table.

use super::{demo, read, root};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use towtank::experiment::{Experiment, FIGURE_FIELDS, FIGURE_KINDS, Row};
use towtank_reports::charts::Chart;
use towtank_reports::data::{Curve, Run};
use towtank_reports::draw::Medium;
use towtank_reports::figures::{COMPARE, MEASURED, RUN};

const PAGE: &str = "docs/src/reference/figures.md";
const PICTURES: &str = "docs/src/images/figures";
/// Below this line the page is made.
const MARK: &str = "<!-- made by tests/docs/figures.rs -->\n";

/// An experiment with a figure of every kind.
const EXPERIMENT: &str = r#"apiVersion: towtank.dev/v1alpha1
kind: Experiment
metadata: { name: figures }
spec:
  scenario: scenario.yaml
  axes:
    - { name: nodes, field: until, values: [24, 32, 40] }
  policies: [default, best-fit, random]
  seeds: 1..12
  figures:
    - name: lines
      title: GPUs that are allocated as pods arrive
      kind: lines
      curve: gpu_allocated
      only: { nodes: 24 }
      x: { label: "arrived demand (% of GPUs)" }
      y: { label: "allocated (% of GPUs)" }
    - name: bars
      title: Mean wait by the number of nodes
      kind: bars
      metric: latency.scheduling.mean
      across: nodes
      y: { label: "mean wait (s)" }
    - name: box
      title: Mean wait over twelve seeds
      kind: box
      metric: latency.scheduling.mean
      across: nodes
      y: { label: "mean wait (s)" }
    - name: violin
      title: Mean wait over twelve seeds
      kind: violin
      metric: latency.scheduling.mean
      only: { nodes: 32 }
      y: { label: "mean wait (s)" }
    - name: trade-off
      title: Nodes against waiting
      kind: trade-off
      x: { metric: packing.mean_nodes_in_use, label: "nodes in use", better: lower }
      y: { metric: latency.scheduling.mean, label: "mean wait (s)", better: lower }
    - name: heat-map
      title: Mean wait by policy and number of nodes
      kind: heat-map
      metric: latency.scheduling.mean
      across: nodes
      y: { label: "mean wait (s)" }
    - name: cdf
      title: Mean waits of all runs
      kind: cdf
      metric: latency.scheduling.mean
      x: { label: "mean wait (s)" }
"#;

#[test]
fn every_figure_is_on_the_page_as_it_is() {
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let page = read(&root().join(PAGE));
    let (before, _) = page.split_once(MARK).expect("the mark below which the page is made");
    let mut text = format!("{before}{MARK}");
    let mut pictures: Vec<(String, String)> = Vec::new();
    let mut add = |text: &mut String, name: &str, chart: &Chart, caption: &str, more: &str| {
        let data = chart.data();
        assert!(data.rows() > 0, "{name} shows nothing");
        let columns = data.headers().iter().map(|header| format!("`{header}`")).collect::<Vec<_>>().join(", ");
        let picture = chart.draw(Medium::SCREEN);
        let about = picture.description.replace(['[', ']'], "");
        let _ = write!(
            text,
            "\n### {name}\n\n{}. {caption}\n\n![{about}](../images/figures/{name}.svg)\n\n{more}Columns of `{name}.csv`: {columns}.\n",
            capital(chart.kind()),
        );
        pictures.push((format!("{name}.svg"), picture.svg().expect("drawn")));
    };

    text.push_str("\n## Of a run\n");
    let run = demo::small("default", 5);
    for figure in RUN.iter().chain(MEASURED.iter().map(|(_, figure)| figure)) {
        add(&mut text, figure.name, &(figure.chart)(&run), figure.caption, "");
    }
    text.push_str("\n## Of a comparison\n");
    let runs: Vec<Run> = (0..6).map(|seed| demo::small(["default", "best-fit"][seed as usize % 2], 2 + seed)).collect();
    for figure in COMPARE {
        add(&mut text, figure.name, &(figure.chart)(&runs), figure.caption, "");
    }
    text.push_str("\n## Of an experiment\n");
    let (experiment, rows) = experiment();
    let specs: Vec<&str> = EXPERIMENT.split("    - name: ").skip(1).collect();
    assert_eq!(FIGURE_KINDS.len(), experiment.figures.len(), "the example has a figure of every kind");
    for (kind, figure) in FIGURE_KINDS.iter().zip(&experiment.figures) {
        assert_eq!(kind.name, figure.kind);
        let spec = specs.iter().find(|spec| spec.starts_with(&format!("{}\n", figure.name))).expect("its lines");
        let spec: String = spec.lines().fold(String::new(), |mut text, line| {
            let _ = writeln!(
                text,
                "{}{}",
                if text.is_empty() { "- name: " } else { "" },
                line.strip_prefix("    ").unwrap_or(line)
            );
            text
        });
        let fields: Vec<String> = kind.fields.iter().map(|field| format!("`{field}`")).collect();
        let more = format!("Fields: {}.\n\n```yaml\n{spec}```\n\n", fields.join(", "));
        add(
            &mut text,
            &format!("kind-{}", kind.name),
            &figure.chart(&rows),
            &format!("`kind: {}`. {}", kind.name, kind.about),
            &more,
        );
    }

    let folder = root().join(PICTURES);
    if update {
        fs::create_dir_all(&folder).expect("created");
        for (name, svg) in &pictures {
            fs::write(folder.join(name), svg).expect("written");
        }
        fs::write(root().join(PAGE), &text).expect("written");
    }
    let renew = "UPDATE_DOCS=1 cargo test --test docs writes it anew";
    assert!(read(&root().join(PAGE)) == text, "{PAGE} is not what the tables of figures say; {renew}");
    let expected: BTreeSet<String> = pictures.iter().map(|(name, _)| name.clone()).collect();
    let there = fs::read_dir(&folder).expect("the pictures").map(|entry| entry.expect("an entry").file_name());
    let there: BTreeSet<String> = there.map(|name| name.to_string_lossy().into_owned()).collect();
    assert_eq!(there, expected, "the pictures of {PICTURES}");
    for (name, svg) in pictures {
        assert!(read(&folder.join(&name)) == svg, "{PICTURES}/{name} is drawn differently now; {renew}");
    }
}

#[test]
fn common_fields_are_in_the_manual() {
    let page = read(&root().join("docs/src/reference/experiment.md"));
    let fields = FIGURE_KINDS.iter().flat_map(|kind| kind.fields).chain(FIGURE_FIELDS);
    for field in fields {
        let words: Vec<&str> = field.split('.').collect();
        assert!(words.iter().all(|word| page.contains(&format!("`{word}`"))), "experiment.md says nothing of {field}");
    }
    for kind in FIGURE_KINDS {
        assert!(page.contains(&format!("`{}`", kind.name)), "experiment.md says nothing of {}", kind.name);
    }
}

/// The experiment, and made-up rows of all its runs.
fn experiment() -> (Experiment, Vec<Row>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("scenario.yaml"), "").expect("written");
    let file = folder.path().join("experiment.yaml");
    fs::write(&file, EXPERIMENT).expect("written");
    let experiment = Experiment::read(&file).expect("an experiment");
    let row = |run: &towtank::experiment::PlannedRun| {
        let key = run.key.clone();
        let nodes: f64 = key.axes[0].parse().expect("a number");
        let policy = ["default", "best-fit", "random"].iter().position(|name| *name == key.policy).expect("a policy");
        let mut noise = demo::Noise::new(key.seed.unwrap_or(0) * 31 + policy as u64);
        let load = (0..4).map(|_| noise.next()).sum::<f64>() / 4.0;
        let wait = (48.0 - nodes) * (4.0 + policy as f64) * (0.6 + load);
        let used = nodes * (0.95 - 0.12 * (policy % 2) as f64) - 2.0 * load;
        let place = |at: f64| (at, (at * (0.99 - 0.03 * policy as f64)).min(84.0 + 4.0 * load - 3.0 * policy as f64));
        let curve = Curve {
            name: "gpu_allocated".to_owned(),
            unit: "% of GPUs".to_owned(),
            over: "arrived demand, % of GPUs".to_owned(),
            points: (0..=24).map(|step| place(f64::from(step) * 5.0)).collect(),
        };
        let numbers = serde_json::json!({ "latency.scheduling.mean": wait, "packing.mean_nodes_in_use": used });
        let numbers = numbers.as_object().expect("an object").clone();
        Row { key, made_of: String::new(), wall_seconds: 0.0, numbers, curves: vec![curve] }
    };
    let rows = experiment.runs.iter().map(row).collect();
    (experiment, rows)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
