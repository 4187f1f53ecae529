//! How full each node was over time, in bounded memory.

use super::NANOS_PER_SECOND;

/// Allocated fraction of one resource, by node and time.
///
/// Columns are equally wide in time, one second at first. When a sample lies beyond the last of `max_columns` columns,
/// neighbours are merged and columns become twice as wide, so a month costs what an hour costs. A cell is the mean over its
/// samples; a node that did not exist has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heatmap {
    resource: String,
    nodes: Vec<String>,
    starts_ns: Vec<i64>,
    end_ns: i64,
    width_ns: i64,
    max_columns: usize,
    /// By column, then by node: a sample fills one column after the other. A column may be shorter than `nodes`, and the rest of
    /// it is empty.
    cells: Vec<Vec<Cell>>,
    /// By node, the permille that the next sample takes, or [`BLANK`].
    now: Vec<u16>,
}

/// What stands for a node that is not there, or has nothing of the resource.
const BLANK: u16 = u16::MAX;

/// Sum of permille and number of samples.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cell {
    permille: u32,
    samples: u32,
}

impl Heatmap {
    /// Columns kept by default: about one per three pixels of a printed figure.
    pub const DEFAULT_COLUMNS: usize = 160;

    /// An empty heat map of a resource, by its Kubernetes name, with at most `max_columns` columns (at least 2, even).
    pub fn new(resource: &str, max_columns: usize) -> Self {
        Self {
            resource: resource.to_owned(),
            nodes: Vec::new(),
            starts_ns: Vec::new(),
            end_ns: 0,
            width_ns: NANOS_PER_SECOND,
            max_columns: max_columns.max(2).next_multiple_of(2),
            cells: Vec::new(),
            now: Vec::new(),
        }
    }

    /// Adds a row and returns its index. Rows are drawn in this order, so neighbours should belong together.
    pub fn add_node(&mut self, name: &str) -> usize {
        self.nodes.push(name.to_owned());
        self.now.push(BLANK);
        self.nodes.len() - 1
    }

    /// Takes a sample at a time (nanoseconds since the start, increasing): every node as it was [set](Heatmap::set) last.
    pub fn sample(&mut self, time_ns: i64) {
        self.end_ns = self.end_ns.max(time_ns);
        while time_ns / self.width_ns >= self.max_columns as i64 {
            self.halve();
        }
        while self.starts_ns.len() as i64 <= time_ns / self.width_ns {
            self.starts_ns.push(self.starts_ns.len() as i64 * self.width_ns);
            self.cells.push(Vec::new());
        }
        let Some(column) = self.cells.last_mut() else { return };
        column.resize(self.now.len(), Cell::default());
        for (cell, now) in column.iter_mut().zip(&self.now).filter(|(_, now)| **now != BLANK) {
            cell.permille += u32::from(*now);
            cell.samples += 1;
        }
    }

    /// How wide columns are now, in nanoseconds: a sampler that looks a few times per column sees enough.
    pub fn column_width_ns(&self) -> i64 {
        self.width_ns
    }

    /// How one node is from now on: allocated against capacity, in the same unit. A node without capacity for the resource is left blank.
    pub fn set(&mut self, node: usize, allocated: i64, capacity: i64) {
        self.now[node] = if capacity <= 0 {
            BLANK
        } else {
            let permille = match allocated.max(0).checked_mul(1000) {
                Some(thousandfold) => thousandfold / capacity,
                None => (i128::from(allocated) * 1000 / i128::from(capacity)) as i64,
            };
            permille.min(1000) as u16
        };
    }

    /// All nodes are blank from now on, until they are set.
    pub fn clear(&mut self) {
        self.now.fill(BLANK);
    }

    /// Says when the simulation ended, which is where the last column ends (nanoseconds since the start).
    pub fn finish(&mut self, end_ns: i64) {
        self.end_ns = self.end_ns.max(end_ns);
    }

    /// Kubernetes' name of the resource that is shown.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Row names in drawing order.
    pub fn nodes(&self) -> &[String] {
        &self.nodes
    }

    /// Start of each column, in nanoseconds since the scenario's start.
    pub fn columns_ns(&self) -> &[i64] {
        &self.starts_ns
    }

    /// End of the last column, in nanoseconds since the scenario's start.
    pub fn end_ns(&self) -> i64 {
        self.end_ns
    }

    /// Mean fraction (0 to 1) over a range of nodes in one column; `None` where none of them has a value.
    pub fn mean(&self, nodes: std::ops::Range<usize>, column: usize) -> Option<f64> {
        let (mut permille, mut samples) = (0u64, 0u64);
        for cell in nodes.filter_map(|node| self.cells[column].get(node)) {
            permille += u64::from(cell.permille);
            samples += u64::from(cell.samples);
        }
        (samples > 0).then(|| permille as f64 / samples as f64 / 1000.0)
    }

    /// Merges neighbouring columns; each is then twice as wide.
    fn halve(&mut self) {
        let columns = std::mem::take(&mut self.cells);
        let mut columns = columns.into_iter();
        while let Some(mut first) = columns.next() {
            let second = columns.next().unwrap_or_default();
            first.resize(first.len().max(second.len()), Cell::default());
            for (cell, other) in first.iter_mut().zip(&second) {
                cell.permille += other.permille;
                cell.samples += other.samples;
            }
            self.cells.push(first);
        }
        self.starts_ns = self.starts_ns.chunks(2).map(|pair| pair[0]).collect();
        self.width_ns *= 2;
    }
}

impl Default for Heatmap {
    fn default() -> Self {
        Self::new("cpu", Self::DEFAULT_COLUMNS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stay_bounded_and_means_stay_exact() {
        let mut map = Heatmap::new("cpu", 4);
        let node = map.add_node("a");
        for sample in 0..9 {
            map.set(node, sample * 100, 1000);
            map.sample(sample * NANOS_PER_SECOND);
        }
        map.finish(9 * NANOS_PER_SECOND);
        assert_eq!(map.columns_ns(), [0, 4, 8].map(|second| second * NANOS_PER_SECOND));
        let means: Vec<_> = (0..3).map(|column| map.mean(0..1, column)).collect();
        assert_eq!(means, [Some(0.15), Some(0.55), Some(0.8)]);
    }

    #[test]
    fn absent_nodes_are_blank_and_full_is_one() {
        let mut map = Heatmap::new("cpu", 4);
        map.sample(0);
        let late = map.add_node("late");
        let none = map.add_node("no-gpu");
        map.set(late, i64::MAX, i64::MAX - 1);
        map.set(none, 1, 0);
        map.sample(NANOS_PER_SECOND);
        map.clear();
        map.sample(2 * NANOS_PER_SECOND);
        assert_eq!(map.mean(0..1, 0), None);
        assert_eq!(map.mean(0..1, 1), Some(1.0));
        assert_eq!(map.mean(0..1, 2), None);
        assert_eq!(map.mean(1..2, 1), None);
        assert_eq!(map.mean(0..0, 1), None);
    }
}
