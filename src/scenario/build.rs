//! From a scenario to a simulation that can be run.

use super::disruptions::Disruptions;
use super::model::read_model;
use super::read::Scenario;
use super::recorded::{RecordedWarnings, TraceReading};
use super::schema::{ClusterPart, CountingSpec, LatencySpec, TieBreakSpec, WorkloadPart};
use crate::diagnostic::Diagnostic;
use std::any::Any;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use towtank_policies::cel::Selector;
use towtank_policies::research::batch::{self, BatchParts, Order, Rule, UnknownPart};
use towtank_policies::{BuildContext, NamedPolicy, ParsedConfig, Registry, UnknownPolicy, profile_by_name};
use towtank_sim::admission::{self, QuotaResync};
use towtank_sim::autoscaling::cluster_autoscaler::ClusterAutoscaler;
use towtank_sim::autoscaling::horizontal::{HorizontalController, HorizontalPodAutoscaler, HorizontalSettings};
use towtank_sim::batch::{BatchScheduler, Counting};
use towtank_sim::disruption::{Drains, MachineFailures, TaintEviction};
use towtank_sim::dra::ResourceClaimController;
use towtank_sim::engine::{Simulation, Until};
use towtank_sim::gang::PodGroupController;
use towtank_sim::invariants::Audit;
use towtank_sim::model::pod::DEFAULT_SCHEDULER;
use towtank_sim::model::target_workload::TargetWorkload;
use towtank_sim::node::kubelet::{Kubelet, KubeletSettings, Latency};
use towtank_sim::node::lifecycle::NodeLifecycle;
use towtank_sim::scheduler::{
    AttemptLatency, Evaluation, FeatureGates, Inspected, Profile, QueueSettings, Scheduler, SchedulerSettings,
};
use towtank_sim::source::Source;
use towtank_sim::storage::{EphemeralVolumeController, VolumeController, VolumeSettings};
use towtank_traces::TraceError;
use towtank_traces::repairs::Repairs;
use towtank_workloads::controllers;
use towtank_workloads::controllers::cron_job::CronJob;
use towtank_workloads::generate::PodGenerator;
use towtank_workloads::manifest::{self, Item, ManifestSource, Manifests, Origin, Planned};
use towtank_workloads::schema::{DistributionSpec, Seconds};

const POLICIES_HELP: &str = "`towtank policies` lists the policies; a file is given by its path";

/// The scheduler's configuration, read once for any number of runs.
#[derive(Debug)]
pub struct SchedulerChoice {
    /// What it is called in reports.
    pub label: String,
    config: ParsedConfig,
    /// Which of several best nodes is taken.
    pub tie_break: TieBreakSpec,
    batch: Option<BatchChoice>,
}

/// A batch scheduler.
#[derive(Clone, Debug)]
struct BatchChoice {
    parts: BatchParts,
    /// The `spec.schedulerName` of its pods.
    scheduler_name: String,
}

/// A simulation and what the user should know about it.
pub struct Prepared {
    /// The simulation.
    pub simulation: Simulation,
    /// What of the input has no effect, or may not mean what it seems to.
    pub warnings: Vec<String>,
    /// The pods that are expected to come, where the run needs to know.
    pub target_workload: Option<Arc<TargetWorkload>>,
    /// What is repaired in its traces: the counts grow while it runs.
    pub repairs: Repairs,
    /// What is said of the Kubernetes objects in its traces; likewise.
    pub recorded: RecordedWarnings,
    /// Whether every profile of the scheduler keeps pods off nodes that have too little for them.
    fits: bool,
}

impl Prepared {
    /// The observer that checks the invariants every so many notes.
    pub fn audit(&self, every: u64) -> Audit {
        let audit = Audit::every(every);
        if self.fits { audit } else { audit.without("used_within_allocatable") }
    }
}

impl SchedulerChoice {
    /// What the scenario itself says: a configuration file, a named policy, or kube-scheduler's defaults.
    ///
    /// # Errors
    /// The file cannot be used, or no policy has the name.
    pub fn of(scenario: &Scenario) -> Result<Self, Diagnostic> {
        Self::with_plugins(scenario, Registry::default())
    }

    /// As [`SchedulerChoice::of`], for a program that brings plugins of its own: the scenario's configuration file can name
    /// them.
    ///
    /// # Errors
    /// As for [`SchedulerChoice::of`]; or a plugin that is brought has the name of another one.
    pub fn with_plugins(scenario: &Scenario, plugins: Registry<'_>) -> Result<Self, Diagnostic> {
        let spec = &scenario.spec.scheduler;
        let mut choice = match (&spec.config, &spec.policy) {
            (Some(_), Some(_)) => {
                return Err(scenario.error("spec.scheduler", "expected at most one of config, policy"));
            }
            (Some(path), None) => Self::from_file(&scenario.path(path), scenario, plugins)?,
            (None, Some(name)) => Self::named(name, scenario)
                .map_err(|error| scenario.error("spec.scheduler.policy", &error.to_string()).help(POLICIES_HELP))?,
            (None, None) => Self::named("default", scenario).map_err(|error| Diagnostic::new(error.to_string()))?,
        };
        if let Some(batch) = &spec.batch {
            if spec.policy.is_some() {
                return Err(scenario.error("spec.scheduler", "expected at most one of batch, policy"));
            }
            let field = |name: &str, why: &UnknownPart| {
                scenario.error(&format!("spec.scheduler.batch.{name}"), &why.to_string())
            };
            let parts = BatchParts {
                order: Order::parse(&batch.order).map_err(|why| field("order", &why))?,
                backfilling: Rule::parse(&batch.backfilling).map_err(|why| field("backfilling", &why))?,
                counting: match batch.counting {
                    CountingSpec::Machines => Counting::Machines,
                    CountingSpec::Capacity => Counting::Capacity,
                },
            };
            choice.label = match parts.backfilling {
                Rule::None => batch.order.clone(),
                _ => format!("{} ({})", batch.backfilling, batch.order),
            };
            choice.batch = Some(BatchChoice { parts, scheduler_name: batch.scheduler_name.clone() });
        }
        Ok(choice)
    }

    /// A policy as the command line names it: a name, or a file with a `KubeSchedulerConfiguration` or a `Policy`.
    ///
    /// # Errors
    /// Neither a known name nor a usable file.
    pub fn parse(text: &str, scenario: &Scenario) -> Result<Self, Diagnostic> {
        if Self::is_file(text) {
            Self::from_file(Path::new(text), scenario, Registry::default())
        } else {
            Self::named(text, scenario).map_err(|error| Diagnostic::new(error.to_string()).help(POLICIES_HELP))
        }
    }

    /// Whether what the command line names is a file and not a name.
    pub(crate) fn is_file(text: &str) -> bool {
        text.contains(['/', '\\']) || Path::new(text).extension().is_some()
    }

    fn named(name: &str, scenario: &Scenario) -> Result<Self, UnknownPolicy> {
        if let Some(policy) = batch::by_name(name) {
            let batch = BatchChoice { parts: policy.parts, scheduler_name: DEFAULT_SCHEDULER.to_owned() };
            let default = Self::named("default", scenario)?;
            return Ok(Self { batch: Some(batch), label: name.to_owned(), ..default });
        }
        Ok(Self::of_policy(profile_by_name(name)?, scenario))
    }

    /// Whether a plugin of it measures fragmentation.
    pub(super) fn needs_target_workload(&self) -> bool {
        self.config.uses("FGD")
    }

    fn of_policy(policy: &NamedPolicy, scenario: &Scenario) -> Self {
        let own = policy.tie_break.map(TieBreakSpec::of).unwrap_or_default();
        let tie_break = scenario.spec.scheduler.tie_break.unwrap_or(own);
        Self { label: policy.name.to_owned(), config: policy.config(), tie_break, batch: None }
    }

    fn from_file(path: &Path, scenario: &Scenario, plugins: Registry<'_>) -> Result<Self, Diagnostic> {
        let gates = scenario.feature_gates()?;
        let text = std::fs::read_to_string(path).map_err(|error| Diagnostic::unreadable(path, &error))?;
        let config = ParsedConfig::read_with_plugins(&text, &path.display().to_string(), gates, plugins)
            .map_err(|error| Diagnostic::new(error.to_string()))?;
        let label = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let tie_break = scenario.spec.scheduler.tie_break.unwrap_or_default();
        Ok(Self { label, config, tie_break, batch: None })
    }

    /// The batch scheduler, if there is one, with the `spec.schedulerName` of its pods. It asks the filters of their profile, or else
    /// those of the first one.
    fn batch_scheduler(&self, context: &BuildContext) -> Option<(&str, BatchScheduler)> {
        let batch = self.batch.as_ref()?;
        let mut profiles = towtank_policies::build(&self.config, context).profiles;
        let own = profiles.iter().position(|profile| *profile.name == *batch.scheduler_name).unwrap_or(0);
        let profile = Profile { name: batch.scheduler_name.as_str().into(), ..profiles.swap_remove(own) };
        Some((&batch.scheduler_name, BatchScheduler::new(profile, batch.parts.build())))
    }
}

impl Scenario {
    /// The feature gates that the scenario switches.
    fn feature_gates(&self) -> Result<FeatureGates, Diagnostic> {
        let mut gates = FeatureGates::default();
        for (name, on) in &self.spec.scheduler.feature_gates {
            let Some(gate) = FeatureGates::find(name) else {
                let known: Vec<&str> = FeatureGates::ALL.iter().map(|gate| gate.name).collect();
                let why = format!(
                    "`{name}` is not a feature gate that has an effect here: expected one of {}",
                    known.join(", ")
                );
                return Err(self.error(&format!("spec.scheduler.featureGates.{name}"), &why));
            };
            gates.set(gate, *on);
        }
        Ok(gates)
    }

    /// Reads everything that the scenario names and makes the simulation.
    ///
    /// # Errors
    /// The first input that cannot be used.
    pub fn prepare(&self, scheduler: &SchedulerChoice, evaluation: Evaluation) -> Result<Prepared, Diagnostic> {
        self.prepare_inspecting(scheduler, evaluation, None)
    }

    /// The same simulation, in which the attempts of one pod are inspected.
    ///
    /// # Errors
    /// As [`Scenario::prepare`].
    pub fn prepare_inspecting(
        &self,
        scheduler: &SchedulerChoice,
        evaluation: Evaluation,
        inspected: Option<Inspected>,
    ) -> Result<Prepared, Diagnostic> {
        let mut simulation = Simulation::new(self.spec.seed);
        simulation.cluster.admission = admission::kubernetes();
        simulation.cluster.epoch_second = self.epoch_second;
        let mut builder = Builder {
            scenario: self,
            simulation,
            warnings: Vec::new(),
            fits: true,
            target_workload: None,
            listed: BTreeMap::new(),
            generators: Vec::new(),
            loads_used: Vec::new(),
            reading: TraceReading::new(self.spec.seed),
        };
        builder.controllers(scheduler, evaluation, inspected)?;
        for (i, part) in self.spec.cluster.iter().enumerate() {
            builder.cluster_part(i, part)?;
        }
        for (i, part) in self.spec.workload.iter().enumerate() {
            builder.workload_part(i, part)?;
        }
        builder.check_loads()?;
        let Builder { simulation, warnings, fits, target_workload, reading, .. } = builder;
        Ok(Prepared {
            simulation,
            warnings,
            target_workload,
            repairs: reading.repairs,
            recorded: reading.recorded,
            fits,
        })
    }
}

/// Where an object is listed.
enum Place {
    Manifest(Origin),
    /// In this field of the scenario.
    Field(String),
}

struct Builder<'s> {
    scenario: &'s Scenario,
    simulation: Simulation,
    warnings: Vec<String>,
    fits: bool,
    target_workload: Option<Arc<TargetWorkload>>,
    /// What is listed so far, by kind and name, and where. Nodes of traces are not among it, those are met as they come.
    listed: BTreeMap<(&'static str, String), Place>,
    /// The names of the generators so far.
    generators: Vec<String>,
    /// Which of `spec.autoscaling.load` have found their autoscaler.
    loads_used: Vec<usize>,
    /// What is counted while traces are read.
    reading: TraceReading,
}

impl Builder<'_> {
    /// Adds what reacts. The order is that in which controllers hear of a change.
    fn controllers(
        &mut self,
        choice: &SchedulerChoice,
        evaluation: Evaluation,
        inspected: Option<Inspected>,
    ) -> Result<(), Diagnostic> {
        let spec = &self.scenario.spec;
        let gates = self.scenario.feature_gates()?;
        let mut context = BuildContext::new(self.simulation.streams(), gates);
        context.target_workload = self.scenario.target_workload(choice)?;
        self.target_workload.clone_from(&context.target_workload);
        let config = towtank_policies::build(&choice.config, &context);
        let settings = SchedulerSettings {
            queue: QueueSettings {
                initial_backoff: config.initial_backoff,
                max_backoff: config.max_backoff,
                pop_from_backoff: gates.enabled(FeatureGates::SCHEDULER_POP_FROM_BACKOFF_Q),
            },
            latency: latency(&spec.scheduler.latency)
                .map_err(|why| self.scenario.error("spec.scheduler.latency", why))?,
            tie_break: choice.tie_break.rule(),
            evaluation,
        };
        self.warnings.extend(config.warnings);
        self.fits = config.profiles.iter().all(|profile| {
            let filters = |name: &str| profile.filter.iter().any(|&index| profile.plugins[index].name() == name);
            filters("NodeResourcesFit") && filters("NodeGpuShare")
        });
        let kubelet = KubeletSettings {
            pull: drawn(spec.kubelet.pull_latency.as_ref()),
            init: drawn(spec.kubelet.init_latency.as_ref()),
            start: drawn(spec.kubelet.start_latency.as_ref()),
            ready: drawn(spec.kubelet.ready_latency.as_ref()),
            stop: drawn(spec.kubelet.stop_latency.as_ref()),
        };
        let disruptions = Disruptions::new(&spec.disruptions)
            .map_err(|(index, why)| self.scenario.error(&format!("spec.disruptions[{index}]"), &why))?;
        if let Some(index) = spec.disruptions.iter().position(|one| one.random_failures.is_some())
            && self.scenario.until == Until::Idle
        {
            let why = "random failures go on for ever, so `until: idle` may never come";
            let diagnostic = self.scenario.error(&format!("spec.disruptions[{index}]"), why);
            return Err(diagnostic.help("give the scenario an `until` such as 24h"));
        }

        let mut profiles = config.profiles;
        if let Some((name, scheduler)) = choice.batch_scheduler(&context) {
            if settings.latency != AttemptLatency::None {
                return Err(self.scenario.error("spec.scheduler.latency", "batch policies decide in no time"));
            }
            self.simulation.add_controller(Box::new(scheduler));
            profiles.retain(|profile| *profile.name != *name);
        }
        if !profiles.is_empty() {
            let mut scheduler = Scheduler::new(profiles, settings);
            if let Some(inspected) = inspected {
                scheduler = scheduler.inspecting(inspected);
            }
            self.simulation.add_controller(Box::new(scheduler));
        }
        self.simulation.add_controller(Box::<PodGroupController>::default());
        self.simulation.add_controller(Box::new(Kubelet::new(kubelet)));
        for controller in controllers::all() {
            self.simulation.add_controller(controller);
        }
        self.simulation.add_controller(Box::<ResourceClaimController>::default());
        let volumes = VolumeSettings { provisioning: drawn(spec.storage.provisioning_latency.as_ref()) };
        self.simulation.add_controller(Box::new(EphemeralVolumeController));
        self.simulation.add_controller(Box::new(VolumeController::new(volumes)));
        self.simulation.add_controller(Box::new(NodeLifecycle::default()));
        self.simulation.add_controller(Box::new(TaintEviction::new()));
        self.simulation.add_controller(Box::new(QuotaResync::new()));
        if !(disruptions.failures.is_empty() && disruptions.random.is_empty()) {
            self.simulation.add_controller(Box::new(MachineFailures::new(disruptions.failures, disruptions.random)));
        }
        if !disruptions.drains.is_empty() {
            self.simulation.add_controller(Box::new(Drains::new(disruptions.drains)));
        }
        self.simulation.add_controller(Box::new(HorizontalController::new(HorizontalSettings::default())));
        if let Some((descheduler, warnings)) = self.scenario.descheduler()? {
            self.warnings.extend(warnings);
            self.simulation.add_controller(Box::new(descheduler));
        }
        self.autoscaler(choice, &context)
    }

    fn autoscaler(&mut self, choice: &SchedulerChoice, context: &BuildContext) -> Result<(), Diagnostic> {
        let spec = &self.scenario.spec.autoscaling;
        if spec.node_groups.is_empty() {
            return Ok(());
        }
        let mut groups = Vec::new();
        for (i, group) in spec.node_groups.iter().enumerate() {
            let field = |why: String| self.scenario.error(&format!("spec.autoscaling.nodeGroups[{i}]"), &why);
            if spec.node_groups[..i].iter().any(|other| other.name == group.name) {
                return Err(field(format!("name `{}` is listed twice", group.name)));
            }
            groups.push(group.group().map_err(field)?);
        }
        // The autoscaler asks the scheduler's own filters, through plugins of its own.
        let profiles = towtank_policies::build(&choice.config, context).profiles;
        let settings = spec
            .cluster
            .settings()
            .map_err(|(field, why)| self.scenario.error(&format!("spec.autoscaling.cluster.{field}"), &why))?;
        let autoscaler = ClusterAutoscaler::new(groups, profiles, settings);
        self.simulation.add_controller(Box::new(autoscaler));
        Ok(())
    }

    fn cluster_part(&mut self, index: usize, part: &ClusterPart) -> Result<(), Diagnostic> {
        let field = format!("spec.cluster[{index}]");
        match (&part.trace, &part.manifests, &part.generate) {
            (Some(trace), None, None) => {
                self.simulation.add_source(self.scenario.node_source(&field, trace, &self.reading)?);
            }
            (None, Some(paths), None) => self.manifests(paths)?,
            (None, None, Some(spec)) => {
                let field = format!("{field}.generate");
                for node in spec.nodes() {
                    self.list(("Node", node.name.to_string()), Place::Field(field.clone()))?;
                }
                let name = format!("{}: {field}", self.scenario.file.display());
                self.simulation.add_source(Box::new(spec.source(name)));
            }
            _ => return Err(self.in_part(&field, "expected exactly one of trace, manifests, generate")),
        }
        Ok(())
    }

    fn workload_part(&mut self, index: usize, part: &WorkloadPart) -> Result<(), Diagnostic> {
        let field = format!("spec.workload[{index}]");
        match (&part.trace, &part.manifests, &part.generate) {
            (Some(trace), None, None) => {
                self.simulation.add_source(self.scenario.pod_source(&field, trace, &self.reading)?);
            }
            (None, Some(paths), None) => self.manifests(paths)?,
            (None, None, Some(generator)) => self.generator(&field, generator)?,
            _ => return Err(self.in_part(&field, "expected exactly one of trace, manifests, generate")),
        }
        Ok(())
    }

    fn generator(&mut self, field: &str, generator: &PodGenerator) -> Result<(), Diagnostic> {
        if self.generators.contains(&generator.name) {
            let why = format!(
                "a second generator `{}`: the name must be unique, it names the random streams",
                generator.name
            );
            return Err(self.in_part(field, &why));
        }
        self.generators.push(generator.name.clone());
        let generator = match &generator.model {
            Some(path) => generator.clone().with_model(read_model(&self.scenario.path(path))?),
            None => generator.clone(),
        };
        let name = generator.name.clone();
        let source =
            generator.source(self.simulation.streams(), self.scenario.epoch_second).map_err(|why| {
                match &*why.field {
                    "" => self.in_part(field, &why.to_string()),
                    below => self.in_part(&format!("{field}.generate.{below}"), &why.message),
                }
            })?;
        self.warnings.extend_from_slice(source.warnings());
        if source.is_endless() && self.scenario.until == Until::Idle {
            return Err(self
                .in_part(field, &format!("generator `{name}` never ends, so `until: idle` would never come"))
                .help("give the generator a `count` or an `until`, or the scenario an `until` such as 24h"));
        }
        self.simulation.add_source(Box::new(source));
        Ok(())
    }

    /// A CronJob and `until: idle` do not go together.
    fn check_cron_jobs(&self, manifests: &Manifests) -> Result<(), Diagnostic> {
        let is_endless = |planned: &&Planned| {
            let Item::Object { body, .. } = &planned.item else { return false };
            let body: &dyn Any = &**body;
            body.downcast_ref::<CronJob>().is_some_and(|cron_job| !cron_job.suspend)
        };
        match manifests.submissions.iter().find(is_endless) {
            Some(planned) if self.scenario.until == Until::Idle => {
                let why = "a CronJob never ends, so `until: idle` would never come";
                let diagnostic = Diagnostic::new(format!("{}: {why}", planned.origin.place()));
                Err(diagnostic.help("give the scenario an `until` such as 24h"))
            }
            _ => Ok(()),
        }
    }

    fn in_part(&self, field: &str, why: &str) -> Diagnostic {
        self.scenario.error(field, why)
    }

    fn manifests(&mut self, paths: &[PathBuf]) -> Result<(), Diagnostic> {
        let paths = self.scenario.paths(paths);
        let in_manifest = |error: manifest::ManifestError| Diagnostic::new(error.to_string());
        let mut manifests = manifest::load(&paths).map_err(in_manifest)?;
        manifests.check_expressions(|text| Selector::compile(text).map(drop)).map_err(in_manifest)?;
        self.warnings.extend(manifests.warnings.iter().map(ToString::to_string));
        self.check_cron_jobs(&manifests)?;
        for planned in &manifests.submissions {
            let identity = match &planned.item {
                Item::Node(node) => ("Node", node.name.to_string()),
                Item::Pod(pod) => ("Pod", format!("{}/{}", pod.template.spec.namespace, pod.name)),
                Item::Object { namespace, name, body } if namespace.is_empty() => (body.kind(), name.clone()),
                Item::Object { namespace, name, body } => (body.kind(), format!("{namespace}/{name}")),
            };
            self.list(identity, Place::Manifest(planned.origin.clone()))?;
        }
        self.loads(&mut manifests);
        let name = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        let streams = self.simulation.streams();
        self.simulation.add_source(Box::new(ManifestSource::new(name, manifests, streams)));
        Ok(())
    }

    /// Notes that an object is listed; the parts of a scenario must not list one twice.
    fn list(&mut self, identity: (&'static str, String), place: Place) -> Result<(), Diagnostic> {
        let Some(first) = self.listed.get(&identity) else {
            self.listed.insert(identity, place);
            return Ok(());
        };
        let (kind, name) = identity;
        let first = match first {
            Place::Manifest(origin) => origin.place().to_string(),
            Place::Field(field) => field.clone(),
        };
        let why = format!("{kind} \"{name}\" is listed twice: first at {first}");
        Err(match place {
            Place::Manifest(origin) => Diagnostic::new(format!("{}: {why}", origin.place())),
            Place::Field(field) => self.in_part(&field, &why),
        })
    }

    /// Puts the scenario's load curves into the autoscalers that they are for.
    fn loads(&mut self, manifests: &mut Manifests) {
        for (i, load) in self.scenario.spec.autoscaling.load.iter().enumerate() {
            let (target_namespace, target_name) = load.target();
            for planned in &mut manifests.submissions {
                let Item::Object { namespace, name, body } = &mut planned.item else { continue };
                let body: &mut dyn Any = &mut **body;
                let Some(autoscaler) = body.downcast_mut::<HorizontalPodAutoscaler>() else { continue };
                if namespace == target_namespace && name == target_name {
                    autoscaler.load = Some(load.curve.0.clone());
                    self.loads_used.push(i);
                }
            }
        }
    }

    fn check_loads(&self) -> Result<(), Diagnostic> {
        for (i, load) in self.scenario.spec.autoscaling.load.iter().enumerate() {
            if !self.loads_used.contains(&i) {
                let field = format!("spec.autoscaling.load[{i}].autoscaler");
                let why = format!("no manifest has a HorizontalPodAutoscaler `{}`", load.autoscaler);
                return Err(self.scenario.error(&field, &why));
            }
        }
        Ok(())
    }
}

/// What a reader says is about the trace's file, or about how the scenario asks for it.
pub(super) fn in_trace(scenario: &Scenario, field: &str, error: &TraceError) -> Diagnostic {
    match error {
        TraceError::UnknownFormat { .. } => {
            let format = format!("{field}.trace.format");
            scenario.error(&format, &error.to_string()).help("`towtank formats` lists them")
        }
        TraceError::NoSuchPart { .. } => {
            let help = "`towtank formats` says what there is";
            scenario.error(&format!("{field}.trace"), &error.to_string()).help(help)
        }
        TraceError::Option { option: "order.seed", .. } => {
            scenario.error(&format!("{field}.trace.order"), &error.to_string())
        }
        TraceError::Option { .. } => scenario.error(&format!("{field}.trace.options"), &error.to_string()),
        _ => Diagnostic::new(error.to_string()),
    }
}

fn latency(spec: &LatencySpec) -> Result<AttemptLatency, &'static str> {
    match (&spec.constant, &spec.per_node) {
        (None, None) => Ok(AttemptLatency::None),
        (Some(span), None) => Ok(AttemptLatency::Constant(span.0)),
        (None, Some(per)) => Ok(AttemptLatency::PerNode { base: per.base.0, per_node: per.each.0 }),
        _ => Err("expected at most one of constant, perNode"),
    }
}

fn drawn(spec: Option<&DistributionSpec<Seconds>>) -> Latency {
    spec.map_or(Latency::None, |spec| Latency::Drawn(spec.distribution.clone()))
}
