//! A model as YAML: one line per shape, with what it was learned from behind it.

use super::{Fit, Model, ModelShape};
use std::fmt::Write as _;
use towtank_sim::model::Quantity;
use towtank_sim::model::affinity::NodeSelector;
use towtank_sim::model::labels::Operator;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::random::Distribution;

const MEBIBYTE: i64 = 1 << 20;

/// The whole file.
pub(super) fn yaml(model: &Model, name: &str, source: &str) -> String {
    let mut text = String::new();
    let days = model.seconds / 86_400.0;
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "# Learned from {} submissions of {source} in {days:.2} days. `distance` is the largest one between the distribution \
         functions\n# of the model and of the trace (Kolmogorov and Smirnov).\napiVersion: towtank.dev/v1alpha1\nkind: \
         WorkloadModel\nmetadata: {{ name: {name} }}\nspec:\n  arrivals:\n    hourly: {{ perHour: [{}] }}",
        model.submissions,
        model.per_hour.map(number).join(", "),
    );
    if let Some(fit) = &model.run_time {
        let _ = writeln!(text, "  duration: {} # distance {:.3}", plain(&fit.distribution), fit.distance);
    }
    text.push_str("  shapes:\n");
    for shape in &model.shapes {
        let _ = writeln!(text, "    - {{ {} }} # {}", fields(shape).join(", "), remark(shape));
    }
    text
}

fn fields(shape: &ModelShape) -> Vec<String> {
    let mut fields = vec![format!("weight: {}", shape.count)];
    let spec = &shape.spec;
    // A shape's own fields have no affinity.
    if let Some(affinity) = affinity(spec) {
        fields.push(template(spec, &affinity));
    } else {
        fields.push(format!("requests: {}", requests(spec)));
        if let Some(gpu) = spec.gpu {
            fields.push(format!("gpu: {{ count: {}, milli: {} }}", gpu.count, gpu.milli));
        }
        if !spec.labels.is_empty() {
            fields.push(format!("labels: {}", texts(&spec.labels)));
        }
        if !spec.node_selector.is_empty() {
            fields.push(format!("nodeSelector: {}", texts(&spec.node_selector)));
        }
    }
    if let Some(pods) = &shape.pods {
        fields.push(format!("pods: {}", plain(&pods.distribution)));
    }
    if shape.gang {
        fields.push("gang: true".to_owned());
        if let Some(factor) = &shape.estimate_factor {
            fields.push(format!("estimateFactor: {}", plain(&factor.distribution)));
        }
    }
    if shape.endless {
        fields.push("endless: true".to_owned());
    }
    if let Some(fit) = &shape.run_time {
        fields.push(format!("duration: {}", plain(&fit.distribution)));
    }
    if shape.failure > 0.0 {
        fields.push(format!("failureProbability: {}", number(shape.failure)));
    }
    fields
}

fn remark(shape: &ModelShape) -> String {
    let mut words = vec![format!("{} submissions", shape.count)];
    if shape.stands_for > 1 {
        words.push(format!("of {} shapes", shape.stands_for));
    }
    if let Some(Fit { distance, .. }) = &shape.run_time {
        words.push(format!("distance {distance:.3}"));
    }
    words.join(", ")
}

fn requests(spec: &PodSpec) -> String {
    let containers = spec.containers.iter().flat_map(|container| &container.requests);
    let amount = |name: &str, quantity: &Quantity| match quantity.value() {
        bytes if name == "memory" && bytes > 0 && bytes % MEBIBYTE == 0 => format!("{}Mi", bytes / MEBIBYTE),
        _ => text(&quantity.to_string()),
    };
    let all: Vec<String> =
        containers.map(|(name, quantity)| format!("{}: {}", key(name), amount(name, quantity))).collect();
    format!("{{ {} }}", all.join(", "))
}

/// The terms of a required node affinity on labels; `None` where there is none.
fn affinity(spec: &PodSpec) -> Option<String> {
    let NodeSelector { terms } = spec.node_affinity.required.as_ref()?;
    let expression = |requirement: &towtank_sim::model::labels::Requirement| {
        let values: Vec<String> = requirement.values.iter().map(|value| text(value)).collect();
        let values = match requirement.operator {
            Operator::Exists | Operator::DoesNotExist => String::new(),
            _ => format!(", values: [{}]", values.join(", ")),
        };
        format!("{{ key: {}, operator: {:?}{values} }}", text(&requirement.key), requirement.operator)
    };
    let term = |term: &towtank_sim::model::affinity::NodeSelectorTerm| {
        let all: Vec<String> = term.expressions.iter().map(expression).collect();
        format!("{{ matchExpressions: [{}] }}", all.join(", "))
    };
    let terms: Vec<String> = terms.iter().map(term).collect();
    Some(format!(
        "{{ nodeAffinity: {{ requiredDuringSchedulingIgnoredDuringExecution: {{ nodeSelectorTerms: [{}] }} }} }}",
        terms.join(", ")
    ))
}

fn template(spec: &PodSpec, affinity: &str) -> String {
    let mut metadata = Vec::new();
    if !spec.labels.is_empty() {
        metadata.push(format!("labels: {}", texts(&spec.labels)));
    }
    if let Some(gpu) = spec.gpu {
        metadata.push(format!(
            "annotations: {{ towtank.dev/gpu-count: \"{}\", towtank.dev/gpu-milli: \"{}\" }}",
            gpu.count, gpu.milli
        ));
    }
    let selector = if spec.node_selector.is_empty() {
        String::new()
    } else {
        format!(", nodeSelector: {}", texts(&spec.node_selector))
    };
    format!(
        "template: {{ metadata: {{ {} }}, spec: {{ restartPolicy: Never, affinity: {affinity}{selector}, containers: [{{ name: \
         main, resources: {{ requests: {} }} }}] }} }}",
        metadata.join(", "),
        requests(spec)
    )
}

fn texts<'t>(pairs: impl IntoIterator<Item = (&'t String, &'t String)>) -> String {
    let all: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{}: {}", key(name), text(value))).collect();
    format!("{{ {} }}", all.join(", "))
}

fn key(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(plain) {
        name.to_owned()
    } else {
        text(name)
    }
}

/// A text in double quotes: JSON's are YAML's.
fn text(value: &str) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A distribution in the words of a scenario.
fn plain(distribution: &Distribution) -> String {
    match distribution {
        Distribution::Constant { value } => format!("{{ constant: {{ value: {} }} }}", number(*value)),
        Distribution::Uniform { min, max } => {
            format!("{{ uniform: {{ min: {}, max: {} }} }}", number(*min), number(*max))
        }
        Distribution::Exponential { mean } => format!("{{ exponential: {{ mean: {} }} }}", number(*mean)),
        Distribution::Normal { mean, stddev } => {
            format!("{{ normal: {{ mean: {}, stddev: {} }} }}", number(*mean), number(*stddev))
        }
        Distribution::LogNormal { median, sigma } => {
            format!("{{ logNormal: {{ median: {}, sigma: {} }} }}", number(*median), number(*sigma))
        }
        Distribution::Weibull { scale, shape } => {
            format!("{{ weibull: {{ scale: {}, shape: {} }} }}", number(*scale), number(*shape))
        }
        Distribution::Pareto { min, alpha } => {
            format!("{{ pareto: {{ min: {}, alpha: {} }} }}", number(*min), number(*alpha))
        }
        Distribution::Quantiles { points } => {
            let points: Vec<String> = points.iter().map(|(p, value)| format!("[{p}, {}]", number(*value))).collect();
            format!("{{ quantiles: {{ points: [{}] }} }}", points.join(", "))
        }
    }
}

/// Six significant digits: more than a trace can tell.
fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = 5 - value.abs().log10().floor() as i32;
    let text = format!("{value:.*}", digits.clamp(0, 12) as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (3.0, "3"),
            (0.25, "0.25"),
            (1234.5678, "1234.57"),
            (0.000_123_456_7, "0.000123457"),
            (12_345_678.9, "12345679"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
