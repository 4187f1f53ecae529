//! Traces in another order than that of their files.

use super::build::in_trace;
use super::read::Scenario;
use super::recorded::TraceReading;
use super::trace::{NodeTraceSpec, PodTraceSpec, ReplaySpec, TimesSpec};
use crate::diagnostic::Diagnostic;
use serde::Deserialize;
use std::path::PathBuf;
use towtank_sim::source::{Source, SourceError};
use towtank_traces::order::{Arrangement, NodeList, PodList, arrivals, numbered, read_arrivals, read_ranks};
use towtank_traces::{Context, ReplayOptions, Times, open_nodes, open_pods, pods_per_node};

/// The order in which the pods of a trace arrive: exactly one of `shuffle` and `arrivals`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PodOrderSpec {
    /// Shuffled from the seed as the runs of the FGD paper are.
    #[serde(default)]
    pub shuffle: bool,
    /// With `shuffle`: the multiple of the cluster's GPUs to which the demand is brought, by clones or by leaving pods out.
    pub tuning_ratio: Option<f64>,
    /// A file that lists the names: `seq`, `name` and perhaps `seed`.
    pub arrivals: Option<PathBuf>,
    /// Another seed than the scenario's.
    pub seed: Option<u64>,
}

/// The order in which the nodes of a trace are created: exactly one of `shuffle` and `ranks`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NodeOrderSpec {
    /// As the same generator numbers them after it has shuffled the pods of the workload's trace.
    #[serde(default)]
    pub shuffle: bool,
    /// A file that lists the ranks: `sn`, `rank` and perhaps `seed`.
    pub ranks: Option<PathBuf>,
    /// Another seed than the scenario's, for `ranks`.
    pub seed: Option<u64>,
}

impl Scenario {
    /// The nodes of a trace, as this part of the cluster wants them.
    pub(super) fn node_source(
        &self,
        field: &str,
        trace: &NodeTraceSpec,
        reading: &TraceReading,
    ) -> Result<Box<dyn Source>, Diagnostic> {
        let mut source = self.nodes_of(field, trace, reading)?;
        if let Some(order) = &trace.order {
            let wrong = |why| self.error(&format!("{field}.trace.order"), why);
            let names = match (order.shuffle, &order.ranks) {
                (true, None) if order.seed.is_some() => {
                    return Err(wrong("the seed of `shuffle` stands in the order of the workload's trace"));
                }
                (true, None) => self.arrangement(field)?.nodes,
                (false, Some(path)) => {
                    let seed = order.seed.unwrap_or(self.spec.seed);
                    read_ranks(&self.path(path), seed).map_err(|error| in_trace(self, field, &error))?
                }
                _ => return Err(wrong("expected exactly one of shuffle, ranks")),
            };
            source = numbered(source, names);
        }
        Ok(match trace.pods_per_node {
            Some(pods) => pods_per_node(source, pods),
            None => source,
        })
    }

    /// The pods of a trace, as this part of the workload wants them.
    pub(super) fn pod_source(
        &self,
        field: &str,
        trace: &PodTraceSpec,
        reading: &TraceReading,
    ) -> Result<Box<dyn Source>, Diagnostic> {
        let Some(order) = &trace.order else { return self.pods_of(field, trace, false, reading) };
        let wrong = |why| self.error(&format!("{field}.trace.order"), why);
        if !matches!(trace.options.times, TimesSpec::ArrivalsOnly) {
            return Err(wrong("pods in another order have no times: expected `options: { times: arrivals-only }`"));
        }
        if trace.options.from.is_some() || trace.options.to.is_some() {
            return Err(wrong("pods in another order have no times: expected neither options.from nor options.to"));
        }
        let names = match (order.shuffle, &order.arrivals) {
            (true, None) => self.arrangement(field)?.pods,
            (false, Some(path)) => {
                if order.tuning_ratio.is_some() {
                    return Err(wrong("tuningRatio goes with `shuffle`"));
                }
                let seed = order.seed.unwrap_or(self.spec.seed);
                read_arrivals(&self.path(path), seed).map_err(|error| in_trace(self, field, &error))?
            }
            _ => return Err(wrong("expected exactly one of shuffle, arrivals")),
        };
        Ok(arrivals(self.pods_of(field, trace, true, reading)?, names, trace.options.interval.0))
    }

    /// Everything that a trace of pods lists, in the order of its file and whatever part of it is played.
    pub(super) fn pod_list(&self, field: &str, trace: &PodTraceSpec) -> Result<PodList, Diagnostic> {
        PodList::read(&mut *self.pods_of(field, trace, true, &TraceReading::new(self.spec.seed))?)
            .map_err(|error| said(&error))
    }

    /// The shuffle of the scenario's one trace of nodes and one trace of pods.
    fn arrangement(&self, field: &str) -> Result<Arrangement, Diagnostic> {
        let mut nodes = self.spec.cluster.iter().enumerate().filter_map(|(i, part)| Some((i, part.trace.as_ref()?)));
        let mut pods = self.spec.workload.iter().enumerate().filter_map(|(i, part)| Some((i, part.trace.as_ref()?)));
        let (Some((cluster, nodes)), None, Some((workload, pods)), None) =
            (nodes.next(), nodes.next(), pods.next(), pods.next())
        else {
            let why =
                "to shuffle, the scenario needs one trace of nodes in its cluster and one of pods in its workload";
            return Err(self.error(&format!("{field}.trace.order.shuffle"), why));
        };
        let Some(PodOrderSpec { shuffle: true, tuning_ratio, seed, .. }) = &pods.order else {
            let why = "expected `order: { shuffle: true }` on the workload's trace too: nodes are numbered after it";
            return Err(self.error(&format!("{field}.trace.order.shuffle"), why));
        };
        if tuning_ratio.is_some_and(|ratio| !(ratio > 0.0 && ratio <= 1000.0)) {
            let why = "expected a number above 0 and at most 1000";
            return Err(self.error(&format!("spec.workload[{workload}].trace.order.tuningRatio"), why));
        }
        let seed = seed.unwrap_or(self.spec.seed);
        let Ok(seed) = i64::try_from(seed) else {
            let why = format!("the seed of a shuffle is {seed}: expected at most 9223372036854775807");
            return Err(self.error(&format!("{field}.trace.order.shuffle"), &why));
        };
        let listed = self.pod_list(&format!("spec.workload[{workload}]"), pods)?;
        let mut nodes =
            self.nodes_of(&format!("spec.cluster[{cluster}]"), nodes, &TraceReading::new(self.spec.seed))?;
        let nodes = NodeList::read(&mut *nodes).map_err(|error| said(&error))?;
        Ok(Arrangement::shuffled(&listed.pods, &nodes.names, nodes.gpus_milli, seed, *tuning_ratio))
    }

    /// These paths of the scenario.
    pub(super) fn paths(&self, paths: &[PathBuf]) -> Vec<PathBuf> {
        paths.iter().map(|path| self.path(path)).collect()
    }

    fn trace_context(&self, field: &str, spec: &ReplaySpec, reading: &TraceReading) -> Result<Context, Diagnostic> {
        let options = spec.options(self.spec.seed).map_err(|why| self.error(&format!("{field}.trace"), &why))?;
        Ok(Context { options, repairs: reading.repairs.with(spec.strict || self.strict) })
    }

    fn nodes_of(
        &self,
        field: &str,
        trace: &NodeTraceSpec,
        reading: &TraceReading,
    ) -> Result<Box<dyn Source>, Diagnostic> {
        let context = self.trace_context(field, &trace.options, reading)?;
        let opened = open_nodes(&trace.format, &self.paths(&trace.nodes.0), &context, Some(reading.objects()));
        opened.map_err(|error| in_trace(self, field, &error))
    }

    /// The pods as recorded, or `listed`: all of them in the order of the file.
    fn pods_of(
        &self,
        field: &str,
        trace: &PodTraceSpec,
        listed: bool,
        reading: &TraceReading,
    ) -> Result<Box<dyn Source>, Diagnostic> {
        let mut context = self.trace_context(field, &trace.options, reading)?;
        if listed {
            context.options = ReplayOptions { window: None, times: Times::ArrivalsOnly, ..context.options };
        }
        let opened = open_pods(&trace.format, &self.paths(&trace.pods.0), &context, Some(reading.objects()));
        opened.map_err(|error| in_trace(self, field, &error))
    }
}

/// What a source said on its way.
fn said(error: &SourceError) -> Diagnostic {
    Diagnostic::new(error.to_string())
}
