//! How long jobs take.

use super::{Family, Metric, Unit};

/// How long jobs take that are groups of pods.
pub(super) const FAMILY: Family = Family {
    title: "Jobs",
    about: "Jobs are groups of pods that start together (PodGroups); absent where there are none. Wait is start − submission, run time end − \
            start, turnaround end − submission. Source: Feitelson and Rudolph, \"Metrics and Benchmarking for Parallel Job Scheduling\", JSSPP \
            1998; Batsim calls the slowdown stretch.",
    metrics: &[
        Metric::new("jobs.finished", Unit::Count("jobs"), "jobs", "jobs that ended").spoken("finishes"),
        Metric::new("jobs.makespan_seconds", Unit::Seconds, "makespan", "from the start to the end of the last job")
            .by("max end")
            .compared(),
        Metric::new("jobs.mean_wait_seconds", Unit::Seconds, "mean wait of jobs", "mean wait")
            .by("Σ (start − submission) / n")
            .compared(),
        Metric::new("jobs.max_wait_seconds", Unit::Seconds, "longest wait of a job", "longest wait"),
        Metric::new("jobs.mean_turnaround_seconds", Unit::Seconds, "mean turnaround of jobs", "mean turnaround")
            .by("Σ (end − submission) / n")
            .compared(),
        Metric::new("jobs.max_turnaround_seconds", Unit::Seconds, "longest turnaround of a job", "longest turnaround"),
        Metric::new(
            "jobs.mean_slowdown",
            Unit::Ratio,
            "mean slowdown of jobs",
            "mean slowdown, of jobs that took any time",
        )
        .by("Σ turnaround / run time / n"),
        Metric::new("jobs.max_slowdown", Unit::Ratio, "largest slowdown of a job", "largest slowdown"),
        Metric::new("jobs.machine_seconds", Unit::Of("machine-seconds"), "machine time of jobs", "work that was done")
            .by("Σ pods × run time"),
        Metric::new("jobs.published.jobs", Unit::Count("jobs"), "published jobs", "jobs of the published schedule")
            .spoken("has"),
        Metric::new(
            "jobs.published.same_start",
            Unit::Count("jobs"),
            "jobs that start as published",
            "those that start when they should, within a microsecond",
        )
        .spoken("has"),
        Metric::new(
            "jobs.published.same_start_and_machines",
            Unit::Count("jobs"),
            "jobs that are as published",
            "those of them that are on the machines on which they should be",
        )
        .spoken("has"),
    ],
};
