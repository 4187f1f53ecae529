//! The cluster's state over time, one row per sample, stored by column.

/// A sampled time series of the whole cluster.
///
/// A row is the state at one instant and holds until the next row. Columns are stored one after another, so that a month
/// of samples stays small and a figure reads only what it draws.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Series {
    /// Nanoseconds since the scenario's start, strictly increasing.
    pub times_ns: Vec<i64>,
    /// One entry per resource, in the order in which they were first named.
    pub resources: Vec<ResourceSeries>,
    /// Pods that wait for a node.
    pub pods_pending: Vec<i64>,
    /// Pods that are bound to a node and not finished.
    pub pods_running: Vec<i64>,
    /// Nodes that exist.
    pub nodes_total: Vec<i64>,
    /// Nodes that exist and are ready.
    pub nodes_ready: Vec<i64>,
    /// Further numbers by name, such as `quota_refusals`; each column is as long as `times_ns`.
    pub counters: Vec<(String, Vec<i64>)>,
}

/// One resource's columns in a [`Series`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceSeries {
    /// Kubernetes' name for it: `cpu`, `memory`, `pods`, `nvidia.com/gpu`, …
    pub name: String,
    /// What the existing nodes can allocate in total, in base units (milli-CPU, bytes, counts).
    pub capacity: Vec<i64>,
    /// What the pods on them have requested in total, in the same unit.
    pub allocated: Vec<i64>,
}

/// The plain counts of one row; resources and counters follow by [`Series::set_resource`] and [`Series::set_counter`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sample {
    /// Nanoseconds since the scenario's start.
    pub time_ns: i64,
    /// Pods that wait for a node.
    pub pods_pending: i64,
    /// Pods that are bound to a node and not finished.
    pub pods_running: i64,
    /// Nodes that exist.
    pub nodes_total: i64,
    /// Nodes that exist and are ready.
    pub nodes_ready: i64,
}

impl Series {
    /// Counter of the pods on nodes that have not started.
    pub const PODS_STARTING: &'static str = "pods_starting";
    /// Counter of the thousandths of GPU devices that no pod holds.
    pub const GPU_IDLE: &'static str = "gpu_idle_milli";
    /// Counter of those of them that are fragmented.
    pub const GPU_FRAGMENTED: &'static str = "gpu_fragmented_milli";

    /// The values of a counter; `None` if it was never set.
    pub fn counter(&self, name: &str) -> Option<&[i64]> {
        self.counters.iter().find(|(known, _)| known == name).map(|(_, values)| &values[..])
    }

    /// Starts a new row whose resources and counters are all zero until they are set.
    ///
    /// A row at the time of the last row replaces that row; an earlier time is a bug of the caller and panics.
    pub fn push(&mut self, sample: Sample) {
        if let Some(&last) = self.times_ns.last() {
            assert!(sample.time_ns >= last, "samples go forward in time: {} after {last}", sample.time_ns);
            if sample.time_ns == last {
                self.pop();
            }
        }
        self.times_ns.push(sample.time_ns);
        self.pods_pending.push(sample.pods_pending);
        self.pods_running.push(sample.pods_running);
        self.nodes_total.push(sample.nodes_total);
        self.nodes_ready.push(sample.nodes_ready);
        for resource in &mut self.resources {
            resource.capacity.push(0);
            resource.allocated.push(0);
        }
        for (_, values) in &mut self.counters {
            values.push(0);
        }
    }

    /// Sets one resource of the last row, in base units; a resource not seen before was zero until now.
    ///
    /// Does nothing before the first row.
    pub fn set_resource(&mut self, name: &str, capacity: i64, allocated: i64) {
        let rows = self.len();
        let index = self.resources.iter().position(|resource| resource.name == name).unwrap_or_else(|| {
            let zeros = vec![0; rows];
            self.resources.push(ResourceSeries { name: name.to_owned(), capacity: zeros.clone(), allocated: zeros });
            self.resources.len() - 1
        });
        let resource = &mut self.resources[index];
        if let (Some(cap), Some(alloc)) = (resource.capacity.last_mut(), resource.allocated.last_mut()) {
            (*cap, *alloc) = (capacity, allocated);
        }
    }

    /// Sets one named counter of the last row; a counter not seen before was zero until now.
    ///
    /// Does nothing before the first row.
    pub fn set_counter(&mut self, name: &str, value: i64) {
        let rows = self.len();
        let index = self.counters.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.counters.push((name.to_owned(), vec![0; rows]));
            self.counters.len() - 1
        });
        if let Some(last) = self.counters[index].1.last_mut() {
            *last = value;
        }
    }

    /// Drops every second row: the second, the fourth, …
    pub fn thin(&mut self) {
        let thin = |column: &mut Vec<i64>| *column = column.iter().step_by(2).copied().collect();
        for column in [
            &mut self.times_ns,
            &mut self.pods_pending,
            &mut self.pods_running,
            &mut self.nodes_total,
            &mut self.nodes_ready,
        ] {
            thin(column);
        }
        for resource in &mut self.resources {
            thin(&mut resource.capacity);
            thin(&mut resource.allocated);
        }
        self.counters.iter_mut().for_each(|(_, column)| thin(column));
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.times_ns.len()
    }

    /// Whether there is no row at all.
    pub fn is_empty(&self) -> bool {
        self.times_ns.is_empty()
    }

    /// From the first row to the last, in nanoseconds; 0 for fewer than two rows.
    pub fn span_ns(&self) -> i64 {
        match (self.times_ns.first(), self.times_ns.last()) {
            (Some(first), Some(last)) => last - first,
            _ => 0,
        }
    }

    /// The columns of one resource, by Kubernetes' name.
    pub fn resource(&self, name: &str) -> Option<&ResourceSeries> {
        self.resources.iter().find(|resource| resource.name == name)
    }

    fn pop(&mut self) {
        self.times_ns.pop();
        self.pods_pending.pop();
        self.pods_running.pop();
        self.nodes_total.pop();
        self.nodes_ready.pop();
        for resource in &mut self.resources {
            resource.capacity.pop();
            resource.allocated.pop();
        }
        for (_, values) in &mut self.counters {
            values.pop();
        }
    }
}

impl ResourceSeries {
    /// Allocated as a fraction of capacity at one row; `None` where there is no capacity.
    ///
    /// May exceed 1 for a moment when nodes leave while their pods are still counted.
    pub fn fraction(&self, row: usize) -> Option<f64> {
        let capacity = self.capacity[row];
        (capacity > 0).then(|| self.allocated[row] as f64 / capacity as f64)
    }

    /// Whether no row has any capacity or allocation: such a resource is listed in tables and drawn in no figure.
    pub fn is_idle(&self) -> bool {
        self.capacity.iter().chain(&self.allocated).all(|&amount| amount == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_columns_are_zero_before_they_appear_and_equal_times_replace() {
        let mut series = Series::default();
        series.set_resource("cpu", 1, 1); // before any row: ignored, and no panic
        series.push(Sample { time_ns: 0, ..Sample::default() });
        series.set_resource("cpu", 4000, 1000);
        series.push(Sample { time_ns: 10, pods_pending: 1, ..Sample::default() });
        series.push(Sample { time_ns: 10, pods_pending: 2, ..Sample::default() });
        series.set_resource("nvidia.com/gpu", 8, 2);
        series.set_counter("evictions", 3);

        assert_eq!(series.times_ns, [0, 10]);
        assert_eq!(series.pods_pending, [0, 2]);
        assert_eq!(series.resource("cpu").unwrap().capacity, [4000, 0]);
        assert_eq!(series.resource("nvidia.com/gpu").unwrap().allocated, [0, 2]);
        assert_eq!(series.counters, [("evictions".to_owned(), vec![0, 3])]);
        assert_eq!(series.resource("cpu").unwrap().fraction(0), Some(0.25));
        assert_eq!(series.resource("cpu").unwrap().fraction(1), None);
    }

    #[test]
    #[should_panic(expected = "samples go forward in time: 4 after 5")]
    fn going_back_in_time_is_a_bug_of_the_caller() {
        let mut series = Series::default();
        series.push(Sample { time_ns: 5, ..Sample::default() });
        series.push(Sample { time_ns: 4, ..Sample::default() });
    }
}
