//! How full each node was over time, as a heat map.

use super::Figure;
use crate::charts::Chart;
use crate::charts::heat_map::{HeatColumns, HeatMapChart, HeatRow};
use crate::charts::timeline::seconds;
use crate::data::{Heatmap, Run};
use crate::units;

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "placement",
    title: "Placement",
    caption: "One row per node, or per group of neighbouring nodes when there are many; the darker, the fuller. A \
              spreading policy colours all rows alike, a packing one leaves rows pale.",
    chart,
};

const TITLE: &str = "Placement: how full each node is";

/// More rows than this could not be told apart: nodes are then drawn in groups.
const MOST_ROWS: usize = 50;

fn chart(run: &Run) -> Chart {
    let map = &run.heatmap;
    let (nodes, mut columns) = (map.nodes().len(), map.columns_ns().len());
    if nodes == 0 || columns == 0 {
        return Chart::empty(TITLE, "no node was sampled");
    }
    let mut edges: Vec<f64> = map.columns_ns().iter().copied().chain([map.end_ns()]).map(seconds).collect();
    // A column that begins when the run ends has no width; the only one is a second wide at least.
    if columns == 1 {
        edges[1] = edges[1].max(edges[0] + 1.0);
    } else if edges[columns] <= edges[columns - 1] {
        edges.pop();
        columns -= 1;
    }
    let group = nodes.div_ceil(MOST_ROWS);
    let resource = units::resource_title(map.resource());
    let each = if group > 1 { format!("each row: mean of {group} nodes") } else { "each row: a node".to_owned() };
    let mean = |column| map.mean(0..nodes, column).map_or("nothing".to_owned(), units::percent);
    Chart::HeatMap(HeatMapChart {
        title: TITLE.to_owned(),
        description: format!(
            "{TITLE}: {resource} allocated on {} nodes, {each}. Over all nodes {} at the start, {} at the end.",
            units::count(nodes as u64),
            mean(0),
            mean(columns - 1),
        ),
        columns: HeatColumns::Times(edges),
        row: "node".to_owned(),
        rows: (0..nodes).step_by(group).map(|first| row(map, first..(first + group).min(nodes), columns)).collect(),
        value: format!("{resource} allocated (%)"),
        range: (0.0, 100.0),
        blank: "no such node".to_owned(),
        remark: each,
    })
}

fn row(map: &Heatmap, members: std::ops::Range<usize>, columns: usize) -> HeatRow {
    let names = &map.nodes()[members.clone()];
    let label = match names {
        [first, .., last] => format!("{first} to {last}"),
        names => names.concat(),
    };
    let values = (0..columns).map(|column| Some(map.mean(members.clone(), column)? * 100.0)).collect();
    HeatRow { label, members: members.len(), values }
}
