//! Numbers as people read them: durations, shares, amounts of a resource.

use crate::data::NANOS_PER_SECOND;
use towtank_sim::model::gpu::GPU_MILLI;

/// How amounts of one resource are written: the unit's name, and how many base units it has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ResourceUnit {
    /// Such as `cores` or `GiB`; empty for plain counts.
    pub name: &'static str,
    /// Base units (milli-CPU, bytes, counts) in one of these.
    pub size: f64,
}

impl ResourceUnit {
    /// The unit in which amounts up to `largest` (base units) of a resource read best.
    pub fn of(resource: &str, largest: i64) -> Self {
        let unit = |name, size| Self { name, size };
        match resource {
            "cpu" => unit("cores", 1000.0),
            GPU_MILLI => unit("GPUs", 1000.0),
            _ if is_bytes(resource) => {
                let steps: [(&str, i32); 5] = [("PiB", 50), ("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
                let fits = |&(_, shift): &(&str, i32)| largest as f64 >= 2f64.powi(shift + 1);
                steps.into_iter().find(fits).map_or(unit("B", 1.0), |(name, shift)| unit(name, 2f64.powi(shift)))
            }
            _ => unit("", 1.0),
        }
    }

    /// An amount in base units, with its unit: `12.5 GiB`.
    pub fn write(&self, amount: i64) -> String {
        let number = short(amount as f64 / self.size);
        if self.name.is_empty() { number } else { format!("{number} {}", self.name) }
    }
}

/// A resource's name as a heading: `CPU`, `Memory`, `Pods`, and any other as Kubernetes writes it.
pub fn resource_title(resource: &str) -> &str {
    match resource {
        "cpu" => "CPU",
        "memory" => "Memory",
        "pods" => "Pods",
        "ephemeral-storage" => "Ephemeral storage",
        GPU_MILLI => "GPU shares",
        other => other,
    }
}

/// A duration in seconds, in the unit that suits it, with three digits: `850 ms`, `12.5 s`, `3.20 h`.
pub fn duration(seconds: f64) -> String {
    const STEPS: [(f64, f64, &str); 6] = [
        (1e-6, 1e-9, "ns"),
        (1e-3, 1e-6, "µs"),
        (1.0, 1e-3, "ms"),
        (120.0, 1.0, "s"),
        (7200.0, 60.0, "min"),
        (172_800.0, 3600.0, "h"),
    ];
    if seconds == 0.0 {
        return "0 s".to_owned();
    }
    let (size, name) = STEPS
        .into_iter()
        .find(|&(below, ..)| seconds.abs() < below)
        .map_or((86_400.0, "d"), |(_, size, name)| (size, name));
    format!("{} {name}", short(seconds / size))
}

/// A duration that may be missing; a dash stands for "no samples".
pub fn optional_duration(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "–".to_owned(), duration)
}

/// A moment since the scenario's start, as days and a clock: `06:30:00`, `3 d 06:30:00`.
pub fn moment(nanoseconds: i64) -> String {
    let seconds = nanoseconds / NANOS_PER_SECOND;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let clock = format!("{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
    if days == 0 { clock } else { format!("{days} d {clock}") }
}

/// A fraction as a percentage with one decimal: `63.1 %`.
pub fn percent(fraction: f64) -> String {
    format!("{:.1} %", fraction * 100.0)
}

/// A whole number with its thousands set apart: `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Bytes with a binary unit: `123 MiB`.
pub fn bytes(bytes: u64) -> String {
    let amount = i64::try_from(bytes).unwrap_or(i64::MAX);
    ResourceUnit::of("memory", amount).write(amount)
}

/// About three digits, without superfluous ones: `0.25`, `12.5`, `640`, `12,300`.
pub fn short(number: f64) -> String {
    let magnitude = number.abs();
    if magnitude >= 99.95 {
        let sign = if number < 0.0 { "-" } else { "" };
        return format!("{sign}{}", count(magnitude.round() as u64));
    }
    let decimals = if magnitude >= 9.995 { 1 } else { 2 };
    let text = format!("{number:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number of an axis whose ticks are `step` apart: `0.0004`, `2.5`, `1,250`, `20 M`; as many decimals as tell neighbours apart.
pub fn in_steps(number: f64, step: f64) -> String {
    const LARGE: [(f64, &str); 5] = [(1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M")];
    if let Some((size, name)) = LARGE.into_iter().find(|(size, _)| step.abs() >= size / 10.0 && number.abs() >= *size) {
        return format!("{} {name}", in_steps(number / size, step / size));
    }
    let decimals = (0..12_i32).find(|&decimals| {
        let scaled = step.abs() * 10f64.powi(decimals);
        (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1e-6)
    });
    let decimals = decimals.unwrap_or(12) as usize;
    let text = format!("{:.decimals$}", number.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), count);
    let point = if fraction.is_empty() { "" } else { "." };
    let is_zero = whole == "0" && fraction.is_empty();
    format!("{}{whole}{point}{fraction}", if number < 0.0 && !is_zero { "-" } else { "" })
}

/// A number of any size, as it stands on a logarithmic axis: `0.0001`, `20`, `5,000`, `2 M`, `1e-6`.
pub fn plain(number: f64) -> String {
    if number != 0.0 && number.abs() < 0.9e-4 { format!("{number:e}") } else { in_steps(number, number) }
}

fn is_bytes(resource: &str) -> bool {
    matches!(resource, "memory" | "ephemeral-storage" | "storage") || resource.starts_with("hugepages-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_choose_their_unit() {
        let table = [
            (0.0, "0 s"),
            (4e-9, "4 ns"),
            (0.000_25, "250 µs"),
            (0.0125, "12.5 ms"),
            (1.0, "1 s"),
            (119.0, "119 s"),
            (150.0, "2.5 min"),
            (9000.0, "2.5 h"),
            (12_873_600.0, "149 d"),
        ];
        for (seconds, expected) in table {
            assert_eq!(duration(seconds), expected);
        }
    }

    #[test]
    fn amounts_choose_their_unit() {
        let table = [
            ("cpu", 96_000, "96 cores"),
            ("cpu", 250, "0.25 cores"),
            ("memory", 3 << 30, "3 GiB"),
            ("memory", 5 << 40, "5 TiB"),
            ("memory", 100, "100 B"),
            ("hugepages-2Mi", 64 << 20, "64 MiB"),
            ("nvidia.com/gpu", 6212, "6,212"),
        ];
        for (resource, amount, expected) in table {
            assert_eq!(ResourceUnit::of(resource, amount).write(amount), expected);
        }
    }

    #[test]
    fn moments_counts_and_shares() {
        assert_eq!(moment(23_400 * NANOS_PER_SECOND), "06:30:00");
        assert_eq!(moment((3 * 86_400 + 61) * NANOS_PER_SECOND), "3 d 00:01:01");
        assert_eq!([count(0), count(999), count(1000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(percent(0.6314), "63.1 %");
        assert_eq!(bytes(123 << 20), "123 MiB");
        assert_eq!([short(99.96), short(-1500.0), short(0.1), short(10.0)], ["100", "-1,500", "0.1", "10"]);
    }
}
