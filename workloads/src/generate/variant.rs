//! Shapes as pods are made of them: one for each variant, its template read.

use super::shape::{Amounts, Shape};
use crate::manifest::read_template;
use crate::template::RunTime;
use crate::yaml::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use towtank_sim::model::Quantity;
use towtank_sim::model::gpu::GpuRequest;
use towtank_sim::model::labels::Labels;
use towtank_sim::model::pod::{PodSpec, RestartPolicy};
use towtank_sim::model::resources::ResourceList;
use towtank_sim::model::taint::Toleration;

/// What stands for the variant's number.
const NUMBER: &str = "{n}";

/// One kind of pod.
#[derive(Debug)]
pub(super) struct Variant {
    /// The place of its shape in the generator.
    pub(super) shape: usize,
    /// How often it comes, relative to the others.
    pub(super) weight: f64,
    /// How its pods end, if the shape says so.
    pub(super) run: Option<RunTime>,
    /// Its pods' specification, without what is drawn for each of them.
    spec: Arc<PodSpec>,
}

/// What is wrong with a shape: the path below it, and what it is.
pub(super) type ShapeError = (String, String);

impl Variant {
    /// The variants of a shape, and what of it has no effect.
    pub(super) fn all(place: usize, shape: &Shape, namespace: &str) -> Result<(Vec<Self>, Vec<String>), ShapeError> {
        let count = shape.variants.unwrap_or(1);
        let mut warnings = Vec::new();
        let mut variants = Vec::new();
        for number in 0..count {
            let number = shape.variants.map(|_| number.to_string());
            let (spec, of_template) = match &shape.template {
                None => (Arc::new(spec(shape, namespace, number.as_deref())), None),
                Some(template) => {
                    if let Some(field) = said_twice(shape) {
                        return Err((field.to_owned(), "the template says it: expected one of the two".to_owned()));
                    }
                    let mut template = template.clone();
                    fill_in(&mut template, number.as_deref());
                    let below = |path: String| format!("template{}{path}", if path.is_empty() { "" } else { "." });
                    let (read, heard) =
                        read_template(&template, namespace).map_err(|(path, message)| (below(path), message))?;
                    // Variants differ in a number only: what has no effect in the first has none in the others.
                    if variants.is_empty() {
                        warnings = heard;
                    }
                    (read.spec, (!read.run.is_forever()).then_some(read.run))
                }
            };
            if shape.endless && shape.duration.is_some() {
                return Err(("endless".to_owned(), "there is a duration, too: expected one of the two".to_owned()));
            }
            let own = shape.duration.as_ref();
            let own = own.map(|spec| RunTime::Drawn { seconds: spec.distribution.clone(), fails: false });
            let own = if shape.endless { Some(RunTime::Forever) } else { own };
            let weight = shape.weight / f64::from(count);
            variants.push(Self { shape: place, weight, run: own.or(of_template), spec });
        }
        Ok((variants, warnings))
    }

    /// The same, with more tolerations.
    pub(super) fn tolerating(mut self, more: &[Toleration]) -> Self {
        if !more.is_empty() {
            Arc::make_mut(&mut self.spec).tolerations.extend_from_slice(more);
        }
        self
    }

    /// The specification of pods for which these amounts were drawn.
    pub(super) fn spec(&self, [cpu, memory]: Amounts) -> PodSpec {
        let mut spec = (*self.spec).clone();
        // A template without containers is refused.
        if let Some(container) = spec.containers.first_mut() {
            let requests = &mut container.requests;
            requests.extend(cpu.map(|milli| ("cpu".to_owned(), Quantity::from_milli(milli))));
            requests.extend(memory.map(|bytes| ("memory".to_owned(), Quantity::from_units(bytes))));
        }
        spec
    }
}

/// The specification of pods of a shape without a template.
fn spec(shape: &Shape, namespace: &str, number: Option<&str>) -> PodSpec {
    let requests: ResourceList = shape.requests.iter().map(|(name, q)| (name.clone(), q.0)).collect();
    PodSpec {
        namespace: namespace.into(),
        labels: numbered(&shape.labels, number),
        priority_class: shape.priority_class.as_deref().map(Into::into),
        gpu: shape.gpu.map(|gpu| GpuRequest { count: gpu.count, milli: gpu.milli }),
        node_selector: numbered(&shape.node_selector, number),
        tolerations: shape.tolerations.clone(),
        restart_policy: RestartPolicy::Never,
        ..PodSpec::with_requests(requests)
    }
}

/// The first field that a template has a place for.
fn said_twice(shape: &Shape) -> Option<&'static str> {
    let said = [
        ("requests", !shape.requests.is_empty()),
        ("gpu", shape.gpu.is_some()),
        ("labels", !shape.labels.is_empty()),
        ("nodeSelector", !shape.node_selector.is_empty()),
        ("tolerations", !shape.tolerations.is_empty()),
        ("priorityClass", shape.priority_class.is_some()),
    ];
    said.into_iter().find(|(_, said)| *said).map(|(field, _)| field)
}

fn numbered(labels: &BTreeMap<String, String>, number: Option<&str>) -> Labels {
    let Some(number) = number else { return labels.clone().into() };
    labels.iter().map(|(key, value)| (key.clone(), value.replace(NUMBER, number))).collect()
}

/// Puts the number where [`NUMBER`] stands for it, in every text of the template.
fn fill_in(value: &mut Value, number: Option<&str>) {
    let Some(number) = number else { return };
    match value {
        Value::String(text) if text.contains(NUMBER) => *text = text.replace(NUMBER, number),
        Value::Sequence(items) => items.iter_mut().for_each(|item| fill_in(item, Some(number))),
        Value::Mapping(map) => map.iter_mut().for_each(|(_, value)| fill_in(value, Some(number))),
        _ => {}
    }
}
