//! An inspection for a terminal.

use super::{Inspection, Numbers};
use std::fmt::Write as _;
use towtank_reports::units::{self, ResourceUnit, count, duration, percent, resource_title, short};

/// Width of the words at the start of a line.
const WORD: usize = 22;

/// The numbers as text.
pub fn text(found: &Inspection) -> String {
    let mut text = String::new();
    let mut line = |word: &str, rest: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", format!("{word:<WORD$}{rest}").trim_end());
    };
    line("Trace", &format!("{} ({})", found.trace, found.format));
    line("Submissions", &submissions(found));
    if found.objects > 0 {
        line("Kubernetes objects", &count(found.objects));
    }
    if found.users + found.queues > 0 {
        line("Users, queues", &format!("{}, {}", count(found.users), count(found.queues)));
    }
    if let (Some(first), Some(last)) = (found.first_submission, found.last_submission) {
        let rate = found.per_hour.map_or_else(String::new, |rate| format!(", {} per hour", short(rate)));
        line("Submitted", &format!("from {} to {}{rate}", duration(first), duration(last)));
        line("Over at", &format!("{}, if each starts when it is submitted", duration(found.end)));
        line("By hour of its day", &by_hour(&found.by_hour));
    }
    line("", "");
    line("", &["p50", "p90", "p99", "max", "mean"].map(|word| format!("{word:>14}")).concat());
    let mut spread = |word: &str, numbers: &Numbers, write: &dyn Fn(f64) -> String| {
        if numbers.count > 0 {
            let all = [numbers.p50, numbers.p90, numbers.p99, numbers.max, numbers.mean];
            line(word, &all.map(|number| format!("{:>14}", number.map_or_else(String::new, write))).concat());
        }
    };
    spread("time between", &found.between, &duration);
    spread("run time", &found.run_time, &duration);
    spread("recorded wait", &found.waited, &duration);
    if found.pods_per_submission.max.is_some_and(|max| max > 1.0) {
        spread("pods of a submission", &found.pods_per_submission, &short);
    }
    for (name, numbers) in &found.requests {
        spread(&format!("{} of a pod", resource_title(name)), numbers, &|amount| {
            ResourceUnit::of(name, amount as i64).write(amount as i64)
        });
    }
    if !found.demand.is_empty() {
        line("", "");
        line(
            "At a time",
            &["mean", "peak", "when", "capacity", "peak share"].map(|word| format!("{word:>14}")).concat(),
        );
    }
    for (name, demand) in &found.demand {
        let unit = ResourceUnit::of(name, demand.peak);
        let capacity = demand.capacity.map_or_else(String::new, |amount| ResourceUnit::of(name, amount).write(amount));
        let share = demand.peak_share.map_or_else(String::new, percent);
        let cells =
            [unit.write(demand.mean as i64), unit.write(demand.peak), duration(demand.peak_at), capacity, share];
        line(resource_title(name), &cells.map(|cell| format!("{cell:>14}")).concat());
    }
    if found.nodes > 0 {
        line("Nodes", &format!("{} at most", count(found.nodes.unsigned_abs())));
    }
    if !found.commonest.is_empty() {
        line("", "");
        line("Shapes", &count(found.shapes as u64));
    }
    for shape in &found.commonest {
        let requests: Vec<String> = shape.requests.iter().map(|(name, amount)| format!("{name} {amount}")).collect();
        line(&format!("{:>8}  {:>9}", percent(shape.share), count(shape.submissions)), &requests.join(", "));
    }
    if !found.repairs.is_empty() {
        line("", "");
        for (rule, times) in &found.repairs {
            line("Repaired", &format!("{rule}: {}", count(*times)));
        }
    }
    text
}

fn submissions(found: &Inspection) -> String {
    let mut words = vec![count(found.submissions)];
    if found.pods != found.submissions {
        words.push(format!("of {} pods", count(found.pods)));
    }
    let parts =
        [("gangs", found.gangs), ("fail", found.failed), ("never end", found.endless), ("are killed", found.killed)];
    let parts: Vec<String> =
        parts.iter().filter(|(_, n)| *n > 0).map(|(word, n)| format!("{} {word}", units::count(*n))).collect();
    if !parts.is_empty() {
        words.push(format!("({})", parts.join(", ")));
    }
    words.join(" ")
}

/// Hour by hour, in tenths of the busiest one.
fn by_hour(hours: &[u64; 24]) -> String {
    const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = hours.iter().copied().max().unwrap_or(0).max(1);
    hours.iter().map(|hour| BARS[(hour * 8).div_ceil(most) as usize]).collect()
}
