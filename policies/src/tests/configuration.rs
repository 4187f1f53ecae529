//! Configurations: what is merged, what is refused and in which words.

use crate::config::ParsedConfig;
use crate::factory::BuildContext;
use towtank_sim::random::Streams;
use towtank_sim::scheduler::FeatureGates;
use towtank_sim::scheduler::Profile;
use towtank_sim::time::Span;

fn text(rest: &str) -> String {
    format!("apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n{rest}")
}

fn profile(rest: &str) -> Profile {
    let config = ParsedConfig::read(&text(rest), "kube.yaml").unwrap_or_else(|e| panic!("{e}"));
    crate::build(&config, &BuildContext { streams: Streams::new(1), gates: FeatureGates::default() }).profiles.remove(0)
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

const DEFAULT_FILTERS: &str =
    "NodeUnschedulable NodeName TaintToleration NodeAffinity NodePorts NodeResourcesFit NodeGpuShare";
const DEFAULT_SCORES: &str =
    "TaintToleration*3 NodeAffinity*2 NodeResourcesFit*1 NodeResourcesBalancedAllocation*1 ImageLocality*1";

#[test]
fn an_empty_file_is_the_default() {
    let profile = profile("");
    assert_eq!(&*profile.name, "default-scheduler");
    assert_eq!(names(&profile, &profile.filter), DEFAULT_FILTERS);
    assert_eq!(scores(&profile), DEFAULT_SCORES);
    assert_eq!(names(&profile, &profile.pre_enqueue), "SchedulingGates DefaultPreemption");
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
leaderElection: { leaderElect: false, whatever: 1 }
clientConnection: { qps: 50 }
profiles:
  - schedulerName: a
  - schedulerName: b
    percentageOfNodesToScore: 70
";
    let config = ParsedConfig::read(&text(rest), "kube.yaml").unwrap();
    let built = crate::build(&config, &BuildContext { streams: Streams::new(1), gates: FeatureGates::default() });
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
        "NodeResourcesFit NodePorts NodeUnschedulable TaintToleration NodeAffinity"
    );
    // What overrides comes first, then multiPoint, then what is only here; a weight not given is 1.
    assert_eq!(
        scores(&profile),
        "NodeAffinity*1 TaintToleration*9 NodeResourcesFit*1 NodeResourcesBalancedAllocation*1 BestFit*7"
    );
}

#[test]
fn a_star_disables_all_defaults() {
    let scored = "profiles: [{ plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: Random }] } } }]";
    let only_random = profile(scored);
    assert_eq!(scores(&only_random), "Random*1");
    assert_eq!(names(&only_random, &only_random.filter), DEFAULT_FILTERS);
    let bare = profile(
        "profiles: [{ plugins: { multiPoint: { disabled: [{ name: '*' }], enabled: [{ name: PrioritySort }, \
         { name: DefaultBinder }, { name: NodeResourcesFit, weight: 4 }] } } }]",
    );
    assert_eq!((names(&bare, &bare.filter), scores(&bare)), ("NodeResourcesFit".into(), "NodeResourcesFit*4".into()));
}

#[test]
fn what_is_not_modelled_is_said_once() {
    let rest = "
extenders: [{ urlPrefix: http://x }]
profiles:
  - plugins:
      multiPoint: { enabled: [{ name: GangScheduling }], disabled: [{ name: VolumeZone }] }
    pluginConfig:
      - { name: FirstFit }
";
    let config = ParsedConfig::read(&text(rest), "kube.yaml").unwrap();
    assert_eq!(
        config.warnings,
        [
            "extenders are not modelled: ignored",
            "GangScheduling is not modelled yet: ignored",
            "FirstFit is configured and not enabled: ignored",
        ]
    );
}

/// Each case: the configuration after its first two lines, and the message.
#[test]
fn errors_name_file_place_field_and_what_was_expected() {
    let cases = [
        (
            "percentageOfNodesToScor: 5",
            "kube.yaml:3:1: unknown field `percentageOfNodesToScor`, expected one of",
            ": did you mean `percentageOfNodesToScore`?",
        ),
        (
            "percentageOfNodesToScore: 101",
            "kube.yaml:3:27: percentageOfNodesToScore: invalid value: integer `101`, expected a whole number from 0 to 100",
            "",
        ),
        (
            "podInitialBackoffSeconds: 5\npodMaxBackoffSeconds: 3",
            "kube.yaml:",
            "3 is less than podInitialBackoffSeconds, which is 5",
        ),
        (
            "profiles:\n  - plugins:\n      score:\n        enabled:\n          - name: BestFti",
            "kube.yaml:7:19: profiles[0].plugins.score.enabled[0].name: unknown plugin `BestFti`: did you mean `BestFit`?",
            "",
        ),
        (
            "profiles:\n  - plugins:\n      score:\n        disabled:\n          - name: ImageLocalty",
            "kube.yaml:7:19: profiles[0].plugins.score.disabled[0].name: unknown plugin `ImageLocalty`",
            ": did you mean `ImageLocality`?",
        ),
        (
            "profiles:\n  - plugins:\n      filter:\n        enabled:\n          - name: BestFit",
            "kube.yaml:7:",
            "plugin BestFit has no extension point filter",
        ),
        (
            "profiles:\n  - plugins:\n      filter:\n        enabled:\n          - name: NodeName\n          - name: NodeName",
            "kube.yaml:8:",
            "plugin NodeName is enabled twice",
        ),
        (
            "profiles:\n  - schedulerName: a\n  - schedulerName: a",
            "kube.yaml:5:",
            "a second profile with schedulerName `a`",
        ),
        (
            "profiles:\n  - plugins: { queueSort: { disabled: [{ name: '*' }] } }",
            "kube.yaml:4:",
            "queueSort: expected one plugin, found 0",
        ),
        (
            "profiles:\n  - plugins: { bind: { disabled: [{ name: DefaultBinder }] } }",
            "kube.yaml:4:",
            "bind: expected at least one plugin",
        ),
        (
            "profiles:\n  - pluginConfig:\n      - args:\n          scoringStrategie: {}\n        name: NodeResourcesFit",
            "kube.yaml:6:11: profiles[0].pluginConfig[0].args: unknown field `scoringStrategie`, expected one of",
            ": did you mean `scoringStrategy`?",
        ),
        (
            "profiles:\n  - pluginConfig:\n      - name: NodeResourcesFit\n        args:\n          scoringStrategy:\n            \
             resources:\n              - { name: cpu, weight: 0 }",
            "kube.yaml:9:38: profiles[0].pluginConfig[0].args.scoringStrategy.resources[0].weight: ",
            "expected a whole number from 1 to 100",
        ),
        (
            "profiles:\n  - pluginConfig:\n      - name: NodeResourcesFit\n        args:\n          scoringStrategy: { type: \
             RequestedToCapacityRatio }",
            "kube.yaml:7:11: profiles[0].pluginConfig[0].args: scoringStrategy.requestedToCapacityRatio.shape",
            "expected at least one point for type RequestedToCapacityRatio",
        ),
        (
            "profiles:\n  - pluginConfig:\n      - name: NodePorts\n        args: { x: 1 }",
            "kube.yaml:6:17: profiles[0].pluginConfig[0].args: unknown field `x`",
            "",
        ),
        (
            "profiles:\n  - pluginConfig:\n      - name: NodePorts\n      - name: NodePorts",
            "kube.yaml:6:",
            "plugin NodePorts is configured twice",
        ),
        (
            "profiles:\n  - plugins:\n      score:\n        enabled: [{ name: RoundRobin }]",
            "kube.yaml:6:9: profiles[0].plugins.score: ",
            "RoundRobin scores by what Reserve tells it: enable it under multiPoint too",
        ),
        (
            "profiles:\n  - plugins:\n      preFilter:\n        disabled: [{ name: NodePorts }]",
            "kube.yaml:6:9: profiles[0].plugins.preFilter: ",
            "NodePorts's filter needs its preFilter: disable both or neither",
        ),
        ("profiles: [", "kube.yaml:", ""),
    ];
    for (rest, begin, end) in cases {
        let message = error(rest);
        assert!(message.starts_with(begin), "{message}\nshould begin with {begin}");
        assert!(message.contains(end), "{message}\nshould contain {end}");
    }
}

#[test]
fn another_version_or_kind_is_refused() {
    let read = |text: &str| ParsedConfig::read(text, "kube.yaml").unwrap_err().to_string();
    assert_eq!(
        read("apiVersion: kubescheduler.config.k8s.io/v1beta3\nkind: KubeSchedulerConfiguration\n"),
        "kube.yaml:1:13: apiVersion: `kubescheduler.config.k8s.io/v1beta3`: expected kubescheduler.config.k8s.io/v1"
    );
    assert_eq!(
        read("kind: Scenario\napiVersion: kubescheduler.config.k8s.io/v1\n"),
        "kube.yaml:1:7: kind: `Scenario`: expected KubeSchedulerConfiguration"
    );
    assert!(read("kind: KubeSchedulerConfiguration\n").contains("missing field `apiVersion`"));
    assert!(read("").starts_with("kube.yaml"), "{}", read(""));
}
