//! An explanation for reading: plain text in aligned columns.

use super::FEW_ATTEMPTS;
use super::model::{
    Attempt, Because, Choice, Details, End, Explanation, Life, Moment, NodeVerdict, Outcome, QueueMove, Scores,
};
use std::fmt::Write as _;
use towtank_reports::units::{count, moment};

/// Of a longer table of attempts only so many rows at either end are printed.
const ROWS_AT_AN_END: usize = 10;
/// How many nodes stand beside each other in a table of scores.
const COLUMNS: usize = 5;

/// The whole explanation.
pub fn explanation(explanation: &Explanation) -> String {
    let Explanation { pod, scenario, policy, seed, refusals, lives } = explanation;
    let mut text = format!("Pod {pod} in scenario {scenario} (policy {policy}, seed {seed})\n");
    for refusal in refusals {
        let _ = writeln!(text, "\nRefused at admission at {}: {}", at(refusal.at), refusal.message);
    }
    for life in lives {
        text.push('\n');
        text.push_str(&self::life(life));
    }
    text
}

fn life(life: &Life) -> String {
    let mut text = format!("Created   {}, priority {}\n", at(life.created), life.priority);
    let _ = writeln!(text, "End       {}", end(&life.end));
    if life.attempts.len() > FEW_ATTEMPTS as usize {
        text.push('\n');
        text.push_str(&attempts(&life.attempts));
    }
    for attempt in &life.attempts {
        if let Some(details) = &attempt.details {
            text.push('\n');
            text.push_str(&self::attempt(attempt, details));
        }
    }
    if !life.since.is_empty() {
        text.push_str(if life.attempts.is_empty() { "\nIn the queue\n" } else { "\nIn the queue since then\n" });
        for one in &life.since {
            let _ = writeln!(text, "  {}", queue_move(one));
        }
    }
    text
}

/// What became of the pod.
fn end(end: &End) -> String {
    let mut text = end.outcome.clone();
    if let Some(ended) = end.ended {
        let _ = write!(text, " at {}", at(ended));
    }
    if let Some(bound) = end.bound {
        let _ = write!(text, "; bound to {} at {}", end.node.as_deref().unwrap_or("a node"), at(bound));
    }
    if let Some(started) = end.started {
        let _ = write!(text, ", started at {}", at(started));
    }
    text
}

/// The table of all attempts.
fn attempts(attempts: &[Attempt]) -> String {
    let mut rows = vec![[String::new(), "at".to_owned(), "woken by".to_owned(), "result".to_owned()]];
    let left_out = attempts.len().saturating_sub(2 * ROWS_AT_AN_END);
    for (index, attempt) in attempts.iter().enumerate() {
        if left_out > 1 && index == ROWS_AT_AN_END {
            let gap = format!("{} more; --json tells all", count(left_out as u64));
            rows.push(["…".to_owned(), String::new(), String::new(), gap]);
        }
        if left_out > 1 && (ROWS_AT_AN_END..ROWS_AT_AN_END + left_out).contains(&index) {
            continue;
        }
        let number = attempt.number.to_string();
        rows.push([number, at(attempt.at), waker(attempt), result(&attempt.result)]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (number, moment, waker) = (width(0), width(1), width(2));
    let mut text = String::new();
    for [a, b, c, d] in &rows {
        let _ = writeln!(text, "{a:>number$}  {b:<moment$}  {c:<waker$}  {d}");
    }
    text
}

/// The event that brought the pod back from where it waited, which may be some moves ago: a backoff comes after it.
fn waker(attempt: &Attempt) -> String {
    let event = attempt.woken_by.iter().rev().find(|one| one.event != "BackoffComplete").or(attempt.woken_by.last());
    event.map_or_else(String::new, |one| one.event.clone())
}

fn result(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Bound { node, .. } => format!("bound to {node}"),
        // What preemption adds to it is told with the details.
        Outcome::Failed { message, .. } => message.split(". ").next().unwrap_or_default().to_owned(),
        Outcome::Undecided => "not decided before the end".to_owned(),
    }
}

fn attempt(attempt: &Attempt, details: &Details) -> String {
    let mut text = format!("Attempt {} at {}\n", attempt.number, at(attempt.at));
    for (index, one) in attempt.woken_by.iter().enumerate() {
        let label = if index == 0 { "Woken by" } else { "" };
        let _ = writeln!(text, "  {label:<10}{}", queue_move(one));
    }
    if attempt.early {
        text.push_str("            tried before the end of its backoff, because nothing else was there to be tried\n");
    }
    if let Some(node) = &details.nominated {
        let _ = writeln!(text, "  Nominated for {node} since an earlier attempt");
    }
    text.push_str(&verdicts(details));
    for verdict in details.every_node.iter().flatten() {
        text.push_str(&node_verdict(verdict));
    }
    if let Some(scores) = &details.scores {
        text.push_str(&self::scores(scores, details));
    }
    if let Some(choice) = &details.choice {
        let _ = writeln!(text, "  Chosen    {}", self::choice(choice));
    }
    match &attempt.result {
        Outcome::Bound { node, at: bound } => {
            let _ = writeln!(text, "  Result    bound to {node} at {}", at(*bound));
        }
        Outcome::Failed { message, plugins, queue, .. } => {
            let _ = writeln!(text, "  Result    {message}");
            if !plugins.is_empty() {
                let _ = writeln!(text, "            rejected by {}", plugins.join(", "));
            }
            let _ = match queue {
                Some(pool) => writeln!(text, "            waits in the queue: {pool}"),
                None => writeln!(text, "            is no longer there"),
            };
        }
        Outcome::Undecided => text.push_str("  Result    not decided before the end\n"),
    }
    if let Some(preemption) = &attempt.preempts {
        let _ = writeln!(text, "  Preempts  on {}: {}", preemption.node, preemption.victims.join(", "));
    }
    if let Some(node) = &attempt.nominated {
        let _ = writeln!(text, "  Nominated for {node}");
    }
    text
}

/// The nodes in groups.
fn verdicts(details: &Details) -> String {
    let nodes = |n: usize| count(n as u64);
    let mut text = String::new();
    if let Some(rejection) = &details.rejection {
        let (plugin, reason) = (&rejection.plugin, &rejection.reason);
        let _ = writeln!(text, "  Verdicts  {plugin} rejects the pod on all {} nodes: {reason}", nodes(details.nodes));
        return text;
    }
    let _ = writeln!(
        text,
        "  Verdicts  on {} nodes, of which the attempt looked at {} and found {} feasible",
        nodes(details.nodes),
        nodes(details.visited),
        nodes(details.found)
    );
    let sampled = details.visited < details.nodes;
    let seen = |visited: usize| if sampled { format!(" ({} looked at)", nodes(visited)) } else { String::new() };
    let mut rows =
        vec![(format!("{}{}", nodes(details.feasible), seen(details.found)), "feasible".to_owned(), String::new())];
    for group in &details.refused {
        let more = if group.nodes > group.examples.len() { ", …" } else { "" };
        let reason = format!("{} [{}{more}]", group.why.reason, group.examples.join(", "));
        rows.push((format!("{}{}", nodes(group.nodes), seen(group.visited)), group.why.plugin.clone(), reason));
    }
    let number = rows.iter().map(|row| row.0.len()).max().unwrap_or(0);
    let plugin = rows.iter().map(|row| row.1.len()).max().unwrap_or(0);
    for (a, b, c) in rows {
        let line = format!("            {a:>number$}  {b:<plugin$}  {c}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn node_verdict(verdict: &NodeVerdict) -> String {
    let seen = if verdict.visited { "" } else { " (not looked at)" };
    match &verdict.refused {
        None => format!("            {}: feasible{seen}\n", verdict.node),
        Some(why) => format!("            {}: {}: {}{seen}\n", verdict.node, why.plugin, why.reason),
    }
}

/// Plugins as rows, nodes as columns.
fn scores(scores: &Scores, details: &Details) -> String {
    let mut text = String::new();
    if scores.nodes.is_empty() {
        return text;
    }
    let (shown, all) = (count(scores.nodes.len() as u64), count(details.found as u64));
    let _ = writeln!(text, "  Scores    of the best {shown} of {all} nodes, normalised, with the weight in the total");
    let labels: Vec<String> = scores.plugins.iter().map(|by| format!("{} ×{}", by.name, by.weight)).collect();
    let label = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0).max("total".len());
    for nodes in scores.nodes.chunks(COLUMNS) {
        let mut row = |name: &str, cells: Vec<String>| {
            let _ = write!(text, "            {name:<label$}");
            for (cell, node) in cells.iter().zip(nodes) {
                let _ = write!(text, "  {cell:>width$}", width = node.node.len().max(5));
            }
            text.push('\n');
        };
        row("", nodes.iter().map(|node| node.node.clone()).collect());
        for (index, name) in labels.iter().enumerate() {
            row(name, nodes.iter().map(|node| node.scores[index].to_string()).collect());
        }
        row("total", nodes.iter().map(|node| node.total.to_string()).collect());
    }
    if !scores.skipped.is_empty() {
        let _ = writeln!(text, "            no say about this pod: {}", scores.skipped.join(", "));
    }
    text
}

fn choice(choice: &Choice) -> String {
    let node = &choice.node;
    match &choice.because {
        Because::Nominated => format!("{node}: the pod was nominated for it, so no other node was looked at"),
        Because::OnlyOne => format!("{node}: the only feasible node that was found, so nothing was scored"),
        Because::HighestTotal { total } => format!("{node}: the highest total, {total}"),
        Because::Tie { total, nodes, tie_break } => {
            let nodes = count(*nodes as u64);
            format!("{node}: one of {nodes} nodes with the highest total, {total}; tie-break `{tie_break}`")
        }
    }
}

fn queue_move(one: &QueueMove) -> String {
    let from = one.from.as_deref().map_or_else(String::new, |from| format!("from {from} "));
    format!("{} at {}: {from}to {}", one.event, at(one.at), one.to)
}

/// A moment, to the millisecond.
fn at(at: Moment) -> String {
    let nanos = at.0.0;
    format!("{}.{:03}", moment(nanos), nanos.rem_euclid(1_000_000_000) / 1_000_000)
}
