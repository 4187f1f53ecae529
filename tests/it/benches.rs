//! The scenarios that are measured: anyone can run those that need no files, and the table names all of them.

use crate::support::{listing, repository};
use std::fs;
use towtank::scenario::{Overrides, Scenario, SchedulerChoice};
use towtank::sim::scheduler::Evaluation;

/// The names and texts of the scenarios.
fn scenarios() -> Vec<(String, String)> {
    let folder = repository("benches/scenarios");
    let read = |file: String| {
        let text = fs::read_to_string(folder.join(&file)).expect("a text");
        text.contains("kind: Scenario").then(|| (file.trim_end_matches(".yaml").to_owned(), text))
    };
    listing(&folder).into_iter().filter_map(read).collect()
}

#[test]
fn those_without_files_begin_to_place_pods() {
    let mut count = 0;
    for (name, _) in scenarios().into_iter().filter(|(_, text)| !text.contains("trace:")) {
        count += 1;
        let file = repository("benches/scenarios").join(format!("{name}.yaml"));
        let overrides = Overrides { until: Some("1s".to_owned()), ..Overrides::default() };
        let scenario = Scenario::read(&file, &overrides).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(scenario.name, name);
        let scheduler = SchedulerChoice::of(&scenario).unwrap_or_else(|error| panic!("{error}"));
        let mut prepared = scenario.prepare(&scheduler, Evaluation::Indexed).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(prepared.warnings, [""; 0], "{name}");
        prepared.simulation.run(scenario.until, &mut []).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(prepared.simulation.cluster.counters().bound > 0, "{name} binds nothing");
    }
    assert!(count > 10, "only {count} scenarios were found");
}

#[test]
fn the_table_names_all_of_them() {
    let table = fs::read_to_string(repository("benches/README.md")).expect("a text");
    for (name, _) in scenarios() {
        assert!(table.contains(&format!("`{name}`")), "benches/README.md does not name {name}");
    }
}
