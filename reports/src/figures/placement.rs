//! How full each node was over time, as a heat map.

use super::Figure;
use crate::charts::timeline::seconds;
use crate::data::{Heatmap, Run};
use crate::draw::{Anchor, Axis, Color, Frame, Legend, Panel, Picture, Stroke, Swatch, Tick, fit, theme};
use crate::units;

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "placement",
    title: "Placement",
    caption: "One row per node, or per group of neighbouring nodes when there are many; the darker, the fuller. A \
              spreading policy colours all rows alike, a packing one leaves rows pale.",
    draw,
};

const TITLE: &str = "Placement: how full each node is";

/// More rows than this could not be told apart: nodes are then drawn in groups.
const MOST_ROWS: usize = 50;
/// Up to so many nodes are named; beyond, they are numbered.
const MOST_NAMES: usize = 16;

fn draw(run: &Run) -> Picture {
    let map = &run.heatmap;
    let (nodes, mut columns) = (map.nodes().len(), map.columns_ns().len());
    if nodes == 0 || columns == 0 {
        return Picture::no_data(TITLE, "no node was sampled");
    }
    let group = nodes.div_ceil(MOST_ROWS);
    let rows = nodes.div_ceil(group);
    let mut edges: Vec<f64> = map.columns_ns().iter().copied().chain([map.end_ns()]).map(seconds).collect();
    // A column that begins when the run ends has no width; the only one gets one.
    if edges[columns] <= edges[columns - 1] {
        if columns > 1 {
            edges.pop();
            columns -= 1;
        } else {
            edges[1] = edges[0] + 1.0;
        }
    }
    let x = Axis::time(edges[0], edges[columns]);
    let y = node_axis(map, rows, group);
    let left = Panel::left_for([&y]);

    let mut legend = Legend::new(theme::MARGIN, theme::WIDTH);
    legend.add(Swatch::Box(theme::BLANK), "no such node");
    let resource = units::resource_title(map.resource());
    let each = if group > 1 { format!("each row: mean of {group} nodes") } else { "each row: a node".to_owned() };
    let height = (rows as f64 * 22.0).clamp(44.0, 230.0);
    let frame = Frame { title: String::new(), remark: String::new(), top: 48.0, left, height, x_labels: true };
    let panel = Panel::new(frame, x, y);

    let description = format!(
        "{TITLE}: {resource} allocated on {} nodes, {each}. Over all nodes {} at the start, {} at the end.",
        units::count(nodes as u64),
        map.mean(0..nodes, 0).map_or("nothing".to_owned(), units::percent),
        map.mean(0..nodes, columns - 1).map_or("nothing".to_owned(), units::percent),
    );
    let mut picture = Picture::new(panel.end().ceil(), description);
    picture.text((theme::MARGIN, 20.0), TITLE, theme::TITLE_SIZE, true, Anchor::Start, theme::INK);
    cells(&mut picture, &panel, map, &edges, (rows, group));
    panel.axes(&mut picture);
    legend.draw(&mut picture, 28.0);
    scale(&mut picture, &format!("{resource} allocated"), &each);
    picture
}

/// Names or numbers of the rows, the first one on top.
fn node_axis(map: &Heatmap, rows: usize, group: usize) -> Axis {
    let nodes = map.nodes().len();
    if nodes <= MOST_NAMES {
        let mut axis = Axis::linear("", rows as f64, 1.0, true);
        axis.range = (0.0, rows as f64);
        let middle = |row: usize| (rows - row) as f64 - 0.5;
        let named = map.nodes().iter().enumerate().rev();
        axis.ticks = named
            .map(|(row, name)| Tick { value: middle(row), label: fit(name, 120.0, theme::TICK_SIZE, false) })
            .collect();
        axis
    } else {
        // Numbered from the top, so the axis runs downwards.
        let mut axis = Axis::linear("node", nodes as f64, 5.0, true);
        let high = (rows * group) as f64;
        axis.ticks.retain(|tick| tick.value <= high);
        for tick in &mut axis.ticks {
            tick.value = high - tick.value;
        }
        axis.ticks.reverse();
        axis.range = (0.0, high);
        axis
    }
}

fn cells(picture: &mut Picture, panel: &Panel, map: &Heatmap, edges: &[f64], (rows, group): (usize, usize)) {
    // Neighbours overlap a little: anti-aliased edges that only touch let the paper shine through.
    const OVERLAP: f64 = 1.0;
    let ((left, top), (right, bottom)) = panel.corners();
    picture.rect((left, top), (right, bottom), theme::BLANK);
    let nodes = map.nodes().len();
    let row_height = (bottom - top) / rows as f64;
    let columns = edges.len() - 1;
    for row in 0..rows {
        let members = row * group..((row + 1) * group).min(nodes);
        let color = |column| map.mean(members.clone(), column).map(theme::heat);
        let y = top + row as f64 * row_height;
        let mut column = 0;
        while column < columns {
            let shade: Option<Color> = color(column);
            let start = column;
            while column < columns && color(column) == shade {
                column += 1;
            }
            if let Some(shade) = shade {
                let to = ((panel.x(edges[column]) + OVERLAP).min(right), (y + row_height + OVERLAP).min(bottom));
                picture.rect((panel.x(edges[start]), y), to, shade);
            }
        }
    }
}

/// The colour scale, at the right end of the legend's row.
fn scale(picture: &mut Picture, label: &str, remark: &str) {
    const WIDTH: f64 = 96.0;
    let right = theme::WIDTH - theme::MARGIN - 8.0;
    let (top, bottom, baseline) = (31.5, 41.5, 36.5 + theme::TICK_SIZE * 0.36);
    let end = right - 42.0;
    picture.text((right, baseline), "100 %", theme::TICK_SIZE, false, Anchor::End, theme::INK);
    for step in 0..32 {
        let from = end - WIDTH + f64::from(step) * WIDTH / 32.0;
        picture.rect((from, top), (from + WIDTH / 32.0, bottom), theme::heat(f64::from(step) / 31.0));
    }
    let frame = [(end - WIDTH, top), (end, top), (end, bottom), (end - WIDTH, bottom), (end - WIDTH, top)];
    picture.line(frame.to_vec(), Stroke::solid(theme::AXIS, 0.6));
    let at = (end - WIDTH - 5.0, baseline);
    picture.text(
        at,
        &format!("{}  0", fit(label, 190.0, theme::TICK_SIZE, false)),
        theme::TICK_SIZE,
        false,
        Anchor::End,
        theme::INK,
    );
    picture.text((right, 20.0), remark, theme::TICK_SIZE, false, Anchor::End, theme::MUTED);
}
