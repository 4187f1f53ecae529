//! Configurations: what is merged, what is refused and in which words.

use crate::config::{
    ArgsSource, DefaultPreemptionArgs, DefaultingType, Document, DynamicResourcesArgs, InterPodAffinityArgs,
    ParsedConfig, PluginArgs, PodTopologySpreadArgs, VolumeBindingArgs,
};
use crate::factory::BuildContext;
use crate::registry;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::model::resources::ResourceList;
use towtank_sim::random::Streams;
use towtank_sim::scheduler::{Cycle, FeatureGates, PreFilter, Profile, Verdict};
use towtank_sim::time::Span;

fn text(rest: &str) -> String {
    format!("apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n{rest}")
}

fn profile(rest: &str) -> Profile {
    let config = ParsedConfig::read(&text(rest), "kube.yaml").unwrap_or_else(|e| panic!("{e}"));
    crate::build(&config, &BuildContext::new(Streams::new(1), FeatureGates::default())).profiles.remove(0)
}

fn error(rest: &str) -> String {
    match ParsedConfig::read(&text(rest), "kube.yaml") {
        Err(error) => error.to_string(),
        Ok(config) => panic!("accepted: {config:?}"),
    }
}

fn names(profile: &Profile, list: &[usize]) -> String {
    list.iter().map(|i| profile.plugins[*i].name()).collect::<Vec<_>>().join(" ")
}

fn scores(profile: &Profile) -> String {
    let one = |(i, weight): &(usize, i64)| format!("{}*{weight}", profile.plugins[*i].name());
    profile.score.iter().map(one).collect::<Vec<_>>().join(" ")
}

const DEFAULT_FILTERS: &str = "NodeUnschedulable NodeName TaintToleration NodeAffinity NodePorts NodeResourcesFit \
    NodeGpuShare VolumeRestrictions NodeVolumeLimits VolumeBinding VolumeZone PodTopologySpread InterPodAffinity \
    DynamicResources NodeDeclaredFeatures";
const DEFAULT_SCORES: &str = "TaintToleration*3 NodeAffinity*2 NodeResourcesFit*1 VolumeBinding*1 PodTopologySpread*2 \
    InterPodAffinity*2 DynamicResources*2 NodeResourcesBalancedAllocation*1 ImageLocality*1";

/// Of a list of plugins, those that are modelled.
pub(super) fn modelled(list: &str) -> String {
    let plugin = |text: &&str| registry::find(text.split('*').next().unwrap_or_default()).is_some();
    list.split_whitespace().filter(plugin).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_empty_file_is_the_default() {
    let profile = profile("");
    assert_eq!(&*profile.name, "default-scheduler");
    assert_eq!(names(&profile, &profile.filter), modelled(DEFAULT_FILTERS));
    assert_eq!(scores(&profile), modelled(DEFAULT_SCORES));
    assert_eq!(names(&profile, &profile.pre_enqueue), "SchedulingGates DynamicResources DefaultPreemption");
    assert_eq!(profile.queue_sort.map(|i| profile.plugins[i].name()), Some("PrioritySort"));
    let config = ParsedConfig::default();
    assert_eq!((config.initial_backoff, config.max_backoff), (Span::from_secs(1), Span::from_secs(10)));
    assert!(config.warnings.is_empty());
}

#[test]
fn settings_are_global_or_per_profile() {
    let rest = "
percentageOfNodesToScore: 30
podInitialBackoffSeconds: 2
podMaxBackoffSeconds: 60
parallelism: 4
leaderElection: { leaderElect: false, leaseDuration: 15s }
clientConnection: { qps: 50 }
profiles:
  - schedulerName: a
  - schedulerName: b
    percentageOfNodesToScore: 70
";
    let config = ParsedConfig::read(&text(rest), "kube.yaml").unwrap();
    let built = crate::build(&config, &BuildContext::new(Streams::new(1), FeatureGates::default()));
    let of = |p: &Profile| (p.name.to_string(), p.percentage_of_nodes_to_score);
    assert_eq!(built.profiles.iter().map(of).collect::<Vec<_>>(), [("a".to_owned(), 30), ("b".to_owned(), 70)]);
    assert_eq!((built.initial_backoff, built.max_backoff), (Span::from_secs(2), Span::from_secs(60)));
    assert!(built.warnings.is_empty());
}

#[test]
fn a_point_reorders_and_multi_point_fills_up() {
    let profile = profile(
        "
profiles:
  - plugins:
      filter: { enabled: [{ name: NodeResourcesFit }, { name: NodePorts }], disabled: [{ name: NodeName }] }
      score: { disabled: [{ name: ImageLocality }], enabled: [{ name: BestFit, weight: 7 }, { name: NodeAffinity }] }
      multiPoint: { enabled: [{ name: TaintToleration, weight: 9 }], disabled: [{ name: NodeGpuShare }] }
",
    );
    assert_eq!(
        names(&profile, &profile.filter),
        modelled(
            "NodeResourcesFit NodePorts NodeUnschedulable TaintToleration NodeAffinity VolumeRestrictions NodeVolumeLimits \
             VolumeBinding VolumeZone PodTopologySpread InterPodAffinity DynamicResources NodeDeclaredFeatures"
        )
    );
    // What overrides comes first, then multiPoint, then what is only here; a weight not given is 1.
    assert_eq!(
        scores(&profile),
        modelled(
            "NodeAffinity*1 TaintToleration*9 NodeResourcesFit*1 VolumeBinding*1 PodTopologySpread*2 InterPodAffinity*2 \
             DynamicResources*2 NodeResourcesBalancedAllocation*1 BestFit*7"
        )
    );
}

#[test]
fn a_star_disables_all_defaults() {
    let scored = "profiles: [{ plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: Random }] } } }]";
    let only_random = profile(scored);
    assert_eq!(scores(&only_random), "Random*1");
    assert_eq!(names(&only_random, &only_random.filter), modelled(DEFAULT_FILTERS));
    let nothing = profile("profiles: [{ plugins: { score: null, filter: { enabled: null } }, pluginConfig: null }]");
    assert_eq!(scores(&nothing), modelled(DEFAULT_SCORES), "null is nothing");
    let bare = profile(
        "profiles: [{ plugins: { multiPoint: { disabled: [{ name: '*' }], enabled: [{ name: PrioritySort }, \
         { name: DefaultBinder }, { name: NodeResourcesFit, weight: 4 }] } } }]",
    );
    assert_eq!((names(&bare, &bare.filter), scores(&bare)), ("NodeResourcesFit".into(), "NodeResourcesFit*4".into()));
}

#[test]
fn what_has_no_effect_is_said_once() {
    let rest = "
extenders:
  - { urlPrefix: http://x, filterVerb: filter, prioritizeVerb: prioritize, weight: 1 }
profiles:
  - plugins:
      multiPoint: { enabled: [{ name: GangScheduling }], disabled: [{ name: VolumeZon }] }
      preFilter: { enabled: [{ name: GangScheduling }] }
    pluginConfig:
      - { name: GangScheduling, args: {} }
      - { name: NodePorts, args: { whatever: 1 } }
      - { name: Coscheduling, args: { whatever: 1 } }
      - { name: FirstFit }
";
    let config = ParsedConfig::read(&text(rest), "kube.yaml").unwrap();
    assert_eq!(
        config.warnings,
        [
            "extenders[0] (http://x) is not asked: filter, prioritize would be its business upstream",
            "GangScheduling is not modelled yet: ignored",
            "pluginConfig is for an unknown plugin `Coscheduling`, ignored: did you mean `GangScheduling`?",
            "multiPoint disables an unknown plugin `VolumeZon`: did you mean `VolumeZone`?",
            "NodePorts takes no arguments: ignored",
            "FirstFit is configured and not enabled: ignored",
        ]
    );
}

#[test]
fn what_extenders_look_after_the_filter_leaves_to_them() {
    let rest = "
extenders:
  - urlPrefix: http://x
    managedResources: [{ name: example.com/gpu, ignoredByScheduler: true }, { name: example.com/nic }]
profiles:
  - pluginConfig: [{ name: NodeResourcesFit, args: { ignoredResources: [example.com/other] } }]
";
    let profile = profile(rest);
    let fit = profile.plugins.iter().find(|plugin| plugin.name() == "NodeResourcesFit").unwrap();
    let mut cluster = Cluster::default();
    cluster
        .add_node(NodeSpec { name: "n".into(), allocatable: list("pods", "1").into(), ..NodeSpec::default() })
        .unwrap();
    let mut fits = |resource: &str| {
        let class_id = cluster.intern(PodSpec::with_requests(list(resource, "1")));
        let cycle = Cycle::new(&cluster, class_id, None);
        match fit.pre_filter(&cycle) {
            PreFilter::Ask(filter) => cluster.nodes().iter().all(|node| filter.filter(node) == Verdict::Fits),
            _ => panic!("NodeResourcesFit asks every node"),
        }
    };
    assert!(fits("example.com/gpu"));
    assert!(!fits("example.com/nic"), "managed, and not ignored");
    assert!(!fits("example.com/other"), "extenders' resources take the place of those of the arguments");
}

fn list(name: &str, quantity: &str) -> ResourceList {
    [(name.to_owned(), quantity.parse().unwrap())].into()
}

/// One profile with these arguments for this plugin.
fn args(plugin: &str, args: &str) -> String {
    format!("profiles:\n  - pluginConfig:\n      - name: {plugin}\n        args: {args}")
}

/// Each case: the configuration after its first two lines, and the message, from its beginning.
#[test]
fn errors_are_those_of_kube_scheduler_at_the_place() {
    let plugins = |rest: &str| format!("profiles:\n  - plugins:\n      {rest}");
    let cases = [
        ("percentageOfNodesToScor: 5".to_owned(), "3:1: unknown field `percentageOfNodesToScor`, expected one of"),
        (
            "percentageOfNodesToScore: 101".to_owned(),
            "3:27: percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]",
        ),
        (
            "profiles: [{ percentageOfNodesToScore: -1 }]".to_owned(),
            "3:40: profiles[0].percentageOfNodesToScore: Invalid value: -1: not in valid range [0-100]",
        ),
        ("parallelism: 0".to_owned(), "3:14: parallelism: Invalid value: 0: should be an integer value greater than zero"),
        ("podInitialBackoffSeconds: 0".to_owned(), "3:27: podInitialBackoffSeconds: Invalid value: 0: must be greater than 0"),
        (
            "podInitialBackoffSeconds: 5\npodMaxBackoffSeconds: 3".to_owned(),
            "4:23: podMaxBackoffSeconds: Invalid value: 3: must be greater than or equal to PodInitialBackoffSeconds",
        ),
        ("podInitialBackoffSeconds: 11".to_owned(), "1:1: podMaxBackoffSeconds: Invalid value: 10: must be greater than or equal"),
        ("clientConnection: { burst: -1 }".to_owned(), "3:28: clientConnection.burst: Invalid value: -1: must be non-negative"),
        (
            "leaderElection: { resourceLock: endpoints }".to_owned(),
            "3:33: leaderElection.resourceLock: Invalid value: \"endpoints\": resourceLock value must be \"leases\"",
        ),
        (
            "leaderElection: { leaseDuration: 5s }".to_owned(),
            "3:34: leaderElection.leaseDuration: Invalid value: \"10s\": LeaseDuration must be greater than RenewDeadline",
        ),
        (
            "leaderElection: { leaseDuration: 5 weeks }".to_owned(),
            "3:34: leaderElection.leaseDuration: time: unknown unit \" weeks\" in duration \"5 weeks\"",
        ),
        (
            "profiles:\n  - schedulerName: a\n  - schedulerName: a".to_owned(),
            "5:20: profiles[1].schedulerName: Duplicate value: \"profiles[0].schedulerName\"",
        ),
        ("profiles: [{ schedulerName: a }, {}]".to_owned(), "3:34: profiles[1].schedulerName: Required value"),
        ("profiles: [{ schedulerName: '' }]".to_owned(), "3:29: profiles[0].schedulerName: Required value"),
        (
            "profiles:\n  - schedulerName: a\n  - schedulerName: b\n    plugins: { queueSort: { disabled: [{ name: '*' }] } }".to_owned(),
            "6:27: profiles[1].plugins.queueSort: Invalid value: \"enabled [], disabled [*]\": must be the same for all profiles",
        ),
        (
            plugins("queueSort: { enabled: [{ name: PrioritySort }, { name: X }] }"),
            "5:29: profiles[0].plugins.queueSort.enabled: Invalid value: 2: only one queue sort plugin can be enabled",
        ),
        (
            plugins("queueSort: { disabled: [{ name: '*' }] }"),
            "4:5: profiles[0]: only one queue sort plugin required for profile with scheduler name \"default-scheduler\", but got 0",
        ),
        (
            plugins("bind: { disabled: [{ name: DefaultBinder }] }"),
            "4:5: profiles[0]: at least one bind plugin is needed for profile with scheduler name \"default-scheduler\"",
        ),
        (
            plugins("score: { enabled: [{ name: BestFti }] }"),
            "5:26: profiles[0].plugins.score.enabled[0]: ScorePlugin \"BestFti\" does not exist: did you mean `BestFit`?",
        ),
        (
            plugins("multiPoint: { enabled: [{ name: Coscheduling }] }"),
            "5:31: profiles[0].plugins.multiPoint.enabled[0]: PreFilterPlugin \"Coscheduling\" does not exist",
        ),
        (
            plugins("filter: { enabled: [{ name: BestFit }] }"),
            "5:27: profiles[0].plugins.filter.enabled[0]: plugin \"BestFit\" does not extend FilterPlugin plugin",
        ),
        (
            plugins("filter: { enabled: [{ name: NodeName }, { name: NodeName }] }"),
            "5:47: profiles[0].plugins.filter.enabled[1]: plugin \"NodeName\" already registered as \"FilterPlugin\"",
        ),
        (
            plugins("filter: { enabled: [{ name: EBSLimits }] }"),
            "5:27: profiles[0].plugins.filter.enabled[0]: Invalid value: \"EBSLimits\": was invalid in version \"v1\" \
             (KubeSchedulerConfiguration is version \"kubescheduler.config.k8s.io/v1\")",
        ),
        (
            plugins("score: { enabled: [{ name: RoundRobin }] }"),
            "5:14: profiles[0].plugins.score: RoundRobin scores by what Reserve tells it: enable it under multiPoint too",
        ),
        (
            plugins("preFilter: { disabled: [{ name: NodePorts }] }"),
            "5:18: profiles[0].plugins.preFilter: NodePorts's filter needs its preFilter: disable both or neither",
        ),
        (
            "profiles:\n  - pluginConfig:\n      - name: NodePorts\n      - name: NodePorts".to_owned(),
            "6:9: profiles[0].pluginConfig[1]: Duplicate value: \"NodePorts\"",
        ),
        (
            "extenders: [{ urlPrefix: http://x, prioritizeVerb: p }]".to_owned(),
            "3:13: extenders[0].weight: Invalid value: 0: must have a positive weight applied to it",
        ),
        (
            "extenders: [{ managedResources: [{ name: cpu }] }]".to_owned(),
            "3:42: extenders[0].managedResources[0].name: Invalid value: \"cpu\": is an invalid extended resource name",
        ),
        (
            "extenders: [{ bindVerb: b }, { bindVerb: b }]".to_owned(),
            "3:12: extenders: Invalid value: \"found 2 extenders implementing bind\": only one extender can implement bind",
        ),
        ("profiles: [".to_owned(), ""),
    ];
    let mut wrong = Vec::new();
    for (rest, expected) in cases {
        let message = error(&rest);
        let expected = format!("kube.yaml:{expected}");
        if !message.starts_with(&expected) {
            wrong.push(format!("{rest}\n  gives    {message}\n  expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each case: a plugin, its arguments, and the message after the place.
#[test]
fn arguments_are_judged_as_by_kube_scheduler() {
    let cases = [
        ("NodeResourcesFit", "{ scoringStrategie: {} }", "args: unknown field `scoringStrategie`, expected one of"),
        (
            "NodeResourcesFit",
            "{ scoringStrategy: { resources: [] } }",
            "args.scoringStrategy.type: Unsupported value: \"\": supported values: \"LeastAllocated\", \"MostAllocated\", \
             \"RequestedToCapacityRatio\"",
        ),
        (
            "NodeResourcesFit",
            "{ scoringStrategy: { type: LeastAllocated, resources: [{ name: cpu, weight: 101 }] } }",
            "args.scoringStrategy.resources[0].weight: Invalid value: 101: resource weight of cpu not in valid range (0, 100]",
        ),
        (
            "NodeResourcesFit",
            "{ scoringStrategy: { type: RequestedToCapacityRatio } }",
            "args.scoringStrategy.requestedToCapacityRatio: Required value: must be specified when type is \
             RequestedToCapacityRatio",
        ),
        (
            "NodeResourcesFit",
            "{ scoringStrategy: { type: RequestedToCapacityRatio, requestedToCapacityRatio: { shape: [] } } }",
            "args.scoringStrategy.requestedToCapacityRatio.shape: Required value: at least one point must be specified",
        ),
        (
            "NodeResourcesFit",
            "{ scoringStrategy: { type: RequestedToCapacityRatio, requestedToCapacityRatio: { shape: \
             [{ utilization: 5, score: 1 }, { utilization: 5, score: 2 }] } } }",
            "args.scoringStrategy.requestedToCapacityRatio.shape[1].utilization: Invalid value: 5: values must be sorted in \
             increasing order",
        ),
        (
            "NodeResourcesFit",
            "{ scoringStrategy: { type: RequestedToCapacityRatio, requestedToCapacityRatio: { shape: \
             [{ utilization: 5, score: 11 }] } } }",
            "args.scoringStrategy.requestedToCapacityRatio.shape[0].score: Invalid value: 11: not in valid range [0, 10]",
        ),
        (
            "NodeResourcesFit",
            "{ scoringStrategy: { type: MostAllocated, requestedToCapacityRatio: { shape: [{ utilization: 5, score: 1 }] } } }",
            "args.scoringStrategy.requestedToCapacityRatio: Forbidden: must be nil when type is not RequestedToCapacityRatio",
        ),
        (
            "NodeResourcesFit",
            "{ ignoredResourceGroups: [example.com/] }",
            "args.ignoredResourceGroups[0]: Invalid value: \"example.com/\": resource group name can't contain '/'",
        ),
        (
            "NodeResourcesFit",
            "{ ignoredResources: ['a b'] }",
            "args.ignoredResources[0]: Invalid value: \"a b\": name part must consist of alphanumeric characters",
        ),
        (
            "NodeResourcesBalancedAllocation",
            "{ resources: [{ name: cpu, weight: 2 }] }",
            "args.resources[0].weight: Invalid value: 2: must be 1",
        ),
        (
            "NodeResourcesBalancedAllocation",
            "{ resources: [{ name: cpu }, { name: cpu }] }",
            "args.resources[1].name: Duplicate value: \"cpu\"",
        ),
        (
            "NodeAffinity",
            "{ addedAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: \
             [{ key: a, operator: Has }] }] } } }",
            "args.addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator: \
             Unsupported value: \"Has\": supported values: \"In\", \"NotIn\", \"Exists\", \"DoesNotExist\", \"Gt\", \"Lt\"",
        ),
        (
            "NodeAffinity",
            "{ addedAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchFields: \
             [{ key: metadata.name, operator: In, values: [a, b] }] } }] } }",
            "args.addedAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchFields[0].values: Invalid \
             value: [\"a\",\"b\"]: must have one element",
        ),
        (
            "NodeAffinity",
            "{ kind: InterPodAffinityArgs }",
            "args.kind: args for plugin NodeAffinity were not of type NodeAffinityArgs.kubescheduler.config.k8s.io, got \
             InterPodAffinityArgs.kubescheduler.config.k8s.io",
        ),
        (
            "NodeAffinity",
            "{ apiVersion: kubescheduler.config.k8s.io/v1beta3, kind: NodeAffinityArgs }",
            "args.apiVersion: no kind \"NodeAffinityArgs\" is registered for version \"kubescheduler.config.k8s.io/v1beta3\" in \
             scheme",
        ),
    ];
    for (plugin, given, expected) in cases {
        let message = error(&args(plugin, given));
        let begin = "kube.yaml:6:";
        assert!(message.starts_with(begin), "{plugin} {given}\n  gives {message}");
        let expected = format!("profiles[0].pluginConfig[0].{expected}");
        assert!(message.contains(&expected), "{plugin} {given}\n  gives    {message}\n  expected {expected}");
    }
}

/// Each case: the arguments of a plugin that may not be modelled yet, and the message; none where they are good.
#[test]
fn arguments_are_judged_whoever_reads_them() {
    fn judge<T: PluginArgs>(text: &str) -> String {
        let document = Document { file: "args", text };
        let args = ArgsSource::new(document, Some(Vec::new()), &[], FeatureGates::default()).read::<T>();
        args.map_or_else(|error| error.message, |_| String::new())
    }
    let cases = [
        (judge::<DefaultPreemptionArgs> as fn(&str) -> String, "{}", ""),
        (judge::<DefaultPreemptionArgs>, "{ minCandidateNodesPercentage: 0 }", ""),
        (
            judge::<DefaultPreemptionArgs>,
            "{ minCandidateNodesPercentage: 101 }",
            "minCandidateNodesPercentage: Invalid value: 101: not in valid range [0, 100]",
        ),
        (
            judge::<DefaultPreemptionArgs>,
            "{ minCandidateNodesAbsolute: -1 }",
            "minCandidateNodesAbsolute: Invalid value: -1: not in valid range [0, inf)",
        ),
        (
            judge::<DefaultPreemptionArgs>,
            "{ minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 0 }",
            "minCandidateNodesPercentage: Invalid value: 0: cannot be zero at the same time as minCandidateNodesAbsolute",
        ),
        (judge::<InterPodAffinityArgs>, "{ hardPodAffinityWeight: null }", ""),
        (
            judge::<InterPodAffinityArgs>,
            "{ hardPodAffinityWeight: 101 }",
            "hardPodAffinityWeight: Invalid value: 101: not in valid range [0, 100]",
        ),
        (judge::<PodTopologySpreadArgs>, "{ defaultingType: List }", ""),
        (
            judge::<PodTopologySpreadArgs>,
            "{ defaultingType: Foo }",
            "defaultingType: Unsupported value: \"Foo\": supported values: \"System\", \"List\"",
        ),
        (
            judge::<PodTopologySpreadArgs>,
            "{ defaultingType: System, defaultConstraints: [{ maxSkew: 1 }] }",
            "defaultingType: Invalid value: \"System\": when .defaultConstraints are not empty",
        ),
        (
            judge::<PodTopologySpreadArgs>,
            "{ defaultingType: List, defaultConstraints: [{ maxSkew: 0 }] }",
            "defaultConstraints[0].maxSkew: Invalid value: 0: not in valid range (0, inf)",
        ),
        (
            judge::<PodTopologySpreadArgs>,
            "{ defaultingType: List, defaultConstraints: [{ maxSkew: 1 }] }",
            "defaultConstraints[0].topologyKey: Required value: can not be empty",
        ),
        (
            judge::<PodTopologySpreadArgs>,
            "{ defaultingType: List, defaultConstraints: [{ maxSkew: 1, topologyKey: zone, whenUnsatisfiable: Never }] }",
            "defaultConstraints[0].whenUnsatisfiable: Unsupported value: \"Never\": supported values: \"DoNotSchedule\", \
             \"ScheduleAnyway\"",
        ),
        (
            judge::<PodTopologySpreadArgs>,
            "{ defaultingType: List, defaultConstraints: [{ maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, \
             labelSelector: {} }] }",
            "defaultConstraints[0].labelSelector: Forbidden: constraint must not define a selector, as they deduced for each pod",
        ),
        (
            judge::<PodTopologySpreadArgs>,
            "{ defaultingType: List, defaultConstraints: [{ maxSkew: 1, topologyKey: z, whenUnsatisfiable: DoNotSchedule }, \
             { maxSkew: 2, topologyKey: z, whenUnsatisfiable: DoNotSchedule }] }",
            "defaultConstraints[1]: Duplicate value: \"{z, DoNotSchedule}\"",
        ),
        (judge::<VolumeBindingArgs>, "{ bindTimeoutSeconds: 0 }", ""),
        (
            judge::<VolumeBindingArgs>,
            "{ bindTimeoutSeconds: -1 }",
            "bindTimeoutSeconds: Invalid value: -1: invalid BindTimeoutSeconds, should not be a negative value",
        ),
        (
            judge::<VolumeBindingArgs>,
            "{ shape: [{ utilization: 0, score: 10 }] }",
            "shape: Invalid value: [{\"Utilization\":0,\"Score\":10}]: unexpected field `shape`, remove it or turn on the feature gate \
             StorageCapacityScoring",
        ),
        (judge::<DynamicResourcesArgs>, "{ filterTimeout: 0s, bindingTimeout: 1m }", ""),
        (
            judge::<DynamicResourcesArgs>,
            "{ filterTimeout: -1s }",
            "filterTimeout: Invalid value: \"-1s\": must be zero or positive",
        ),
        (
            judge::<DynamicResourcesArgs>,
            "{ bindingTimeout: 500ms }",
            "bindingTimeout: Invalid value: \"500ms\": must be at least 1 second",
        ),
    ];
    for (judge, text, expected) in cases {
        assert_eq!(judge(text), expected, "{text}");
    }
}

#[test]
fn arguments_have_upstreams_defaults() {
    let preemption = DefaultPreemptionArgs::default();
    assert_eq!((preemption.min_candidate_nodes_percentage, preemption.min_candidate_nodes_absolute), (10, 100));
    assert_eq!(InterPodAffinityArgs::default().hard_pod_affinity_weight, 1);
    assert_eq!(PodTopologySpreadArgs::default().defaulting_type, DefaultingType::System);
    assert_eq!(VolumeBindingArgs::default().bind_timeout(), Span::from_secs(600));
    assert_eq!(DynamicResourcesArgs::default().filter_timeout, Span::from_secs(10));
    // A weight of 0 is one that is not given.
    let weights =
        "{ scoringStrategy: { type: LeastAllocated, resources: [{ name: cpu, weight: 0 }, { name: memory }] } }";
    profile(&args("NodeResourcesFit", weights));
}

#[test]
fn another_version_or_kind_is_refused() {
    let cases = [
        (
            "apiVersion: kubescheduler.config.k8s.io/v1beta3\nkind: KubeSchedulerConfiguration\n",
            "1:13: apiVersion: no kind \"KubeSchedulerConfiguration\" is registered for version \
             \"kubescheduler.config.k8s.io/v1beta3\" in scheme \
             \"k8s.io/kubernetes/pkg/scheduler/apis/config/scheme/scheme.go:29\": expected kubescheduler.config.k8s.io/v1",
        ),
        (
            "apiVersion: kubescheduler.config.k8s.io/v1alpha1\nkind: KubeSchedulerConfiguration\n",
            "1:13: apiVersion: no kind \"KubeSchedulerConfiguration\" is registered for version \
             \"kubescheduler.config.k8s.io/v1alpha1\" in scheme",
        ),
        (
            "kind: Scenario\napiVersion: kubescheduler.config.k8s.io/v1\n",
            "1:7: kind: no kind \"Scenario\" is registered for version \"kubescheduler.config.k8s.io/v1\" in scheme",
        ),
        (
            "kind: NodeAffinityArgs\napiVersion: kubescheduler.config.k8s.io/v1\n",
            "1:7: kind: couldn't decode as KubeSchedulerConfiguration, got kubescheduler.config.k8s.io/v1, Kind=NodeAffinityArgs",
        ),
        ("kind: KubeSchedulerConfiguration\n", "1:1: apiVersion: Object 'apiVersion' is missing: expected"),
        ("apiVersion: kubescheduler.config.k8s.io/v1\n", "1:1: kind: Object 'Kind' is missing: expected"),
    ];
    for (text, expected) in cases {
        let message = ParsedConfig::read(text, "kube.yaml").unwrap_err().to_string();
        let expected = format!("kube.yaml:{expected}");
        assert!(message.starts_with(&expected), "{text}\n  gives    {message}\n  expected {expected}");
    }
    for text in ["", "null", "{}"] {
        let message = ParsedConfig::read(text, "kube.yaml").unwrap_err().to_string();
        assert!(message.contains("kind: Object 'Kind' is missing"), "{text}: {message}");
    }
    for text in ["- 1", "5", "kind: [", "? {a: b} : c"] {
        assert!(ParsedConfig::read(text, "kube.yaml").is_err(), "{text}");
    }
}
