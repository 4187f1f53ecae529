//! Policies as kube-scheduler read them up to 1.22: which plugins they become, and what is refused.

use super::configuration::modelled;
use crate::config::ParsedConfig;
use crate::factory::BuildContext;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::labels::Labels;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::random::Streams;
use towtank_sim::scheduler::{Cycle, FeatureGates, PreFilter, PreScore, Profile};

fn read(text: &str) -> ParsedConfig {
    ParsedConfig::read(text, "policy.json").unwrap_or_else(|e| panic!("{e}"))
}

fn profile(text: &str) -> Profile {
    let profiles = crate::build(&read(text), &BuildContext::new(Streams::new(1), FeatureGates::default())).profiles;
    profiles.into_iter().next().expect("a policy makes one profile")
}

fn names(profile: &Profile, list: &[usize]) -> String {
    list.iter().map(|i| profile.plugins[*i].name()).collect::<Vec<_>>().join(" ")
}

fn scores(profile: &Profile) -> String {
    let one = |(i, weight): &(usize, i64)| format!("{}*{weight}", profile.plugins[*i].name());
    profile.score.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn lists_that_are_absent_are_the_default_and_empty_ones_are_empty() {
    let default = profile("apiVersion: v1\nkind: Policy\n");
    assert_eq!(
        names(&default, &default.filter),
        modelled(
            "NodeUnschedulable NodeResourcesFit NodeGpuShare NodeName NodePorts NodeAffinity VolumeRestrictions \
             TaintToleration NodeVolumeLimits VolumeBinding VolumeZone PodTopologySpread InterPodAffinity"
        )
    );
    assert_eq!(
        scores(&default),
        modelled(
            "NodeResourcesBalancedAllocation*1 PodTopologySpread*2 ImageLocality*1 InterPodAffinity*1 \
             NodeResourcesLeastAllocated*1 NodeAffinity*1 TaintToleration*1"
        )
    );
    assert_eq!(names(&default, &default.pre_enqueue), "SchedulingGates");
    assert_eq!(&*default.name, "default-scheduler");

    let empty = profile("apiVersion: v1\nkind: Policy\npredicates: []\npriorities: []\n");
    assert_eq!(names(&empty, &empty.filter), "NodeUnschedulable TaintToleration", "these two are mandatory");
    assert_eq!(scores(&empty), "");
}

#[test]
fn json_with_tabs_is_read() {
    let text = "{\n\t\"kind\": \"Policy\",\n\t\"apiVersion\": \"v1\",\n\t\"predicates\": [\n\t\t{\"name\": \"PodFitsPorts\"},\n\t\t\
                {\"name\": \"PodFitsResources\"}\n\t],\n\t\"priorities\": [\n\t\t{\"name\": \"MostRequestedPriority\", \
                \"weight\": 3},\n\t\t{\"name\": \"LeastRequestedPriority\", \"weight\": 1},\n\t\t{\"name\": \"EqualPriority\", \
                \"weight\": 1}\n\t],\n\t\"hardPodAffinitySymmetricWeight\": 10\n}\n";
    let profile = profile(text);
    // In the order of upstream's predicates, whatever that of the list.
    assert_eq!(
        names(&profile, &profile.filter),
        "NodeUnschedulable NodePorts NodeResourcesFit NodeGpuShare TaintToleration"
    );
    assert_eq!(scores(&profile), "NodeResourcesLeastAllocated*1 NodeResourcesMostAllocated*3");
}

#[test]
fn custom_labels_become_one_plugin() {
    let text = "
apiVersion: v1
kind: Policy
predicates:
  - { name: GpuNodes, argument: { labelsPresence: { labels: [gpu, rack], presence: true } } }
  - { name: NotRetiring, argument: { labelsPresence: { labels: [retiring] } } }
priorities:
  - { name: PreferSsd, weight: 2, argument: { labelPreference: { label: ssd, presence: true } } }
  - { name: AvoidOld, weight: 2, argument: { labelPreference: { label: old, presence: false } } }
";
    let profile = profile(text);
    assert_eq!(names(&profile, &profile.filter), "NodeUnschedulable TaintToleration NodeLabel");
    assert_eq!(scores(&profile), "NodeLabel*4", "each of the two labels counts with the weight");

    let mut cluster = Cluster::default();
    for (name, labels) in
        [("good", "gpu rack ssd"), ("old", "gpu rack ssd old"), ("bare", "gpu"), ("bad", "gpu rack retiring")]
    {
        let labels: Labels = labels.split(' ').map(|key| (key.to_owned(), "x".to_owned())).collect();
        cluster.add_node(NodeSpec { name: name.into(), labels, ..NodeSpec::default() }).unwrap();
    }
    let class_id = cluster.intern(PodSpec::default());
    let cycle = Cycle::new(&cluster, class_id, None);
    let plugin = profile.plugins.iter().find(|plugin| plugin.name() == "NodeLabel").unwrap();
    let PreFilter::Ask(filter) = plugin.pre_filter(&cycle) else { panic!("it asks every node") };
    let ids: Vec<NodeId> = cluster.nodes().iter().map(|node| node.id).collect();
    let PreScore::Ask(scorer) = plugin.pre_score(&cycle, &ids) else { panic!("it scores every node") };
    let seen: Vec<_> =
        cluster.nodes().iter().map(|node| (node.name(), filter.filter(node).code(), scorer.score(node))).collect();
    assert_eq!(
        seen,
        [
            ("good", "Success", 100),
            ("old", "Success", 50),
            ("bare", "UnschedulableAndUnresolvable", 50),
            ("bad", "UnschedulableAndUnresolvable", 50),
        ]
    );
}

#[test]
fn a_shape_scores_beside_other_strategies() {
    let text = "
apiVersion: kubescheduler.config.k8s.io/v1
kind: Policy
priorities:
  - name: Packed
    weight: 5
    argument:
      requestedToCapacityRatioArguments:
        shape: [{ utilization: 0, score: 0 }, { utilization: 100, score: 10 }]
        resources: [{ name: example.com/gpu, weight: 3 }, { name: cpu }]
  - { name: ServiceSpreadingPriority, weight: 1 }
  - { name: ImageLocalityPriority, weight: 2 }
";
    assert_eq!(scores(&profile(text)), modelled("ImageLocality*2 RequestedToCapacityRatio*5 PodTopologySpread*1"));
}

#[test]
fn what_has_no_effect_is_said() {
    let text = "
apiVersion: v1
kind: Policy
predicates:
  - { name: CheckServiceAffinity }
  - { name: CheckNodeLabelPresence, argument: { labelsPresence: { labels: [gpu], presence: true } } }
priorities:
  - { name: NodePreferAvoidPodsPriority, weight: 10000 }
extenders: [{ urlPrefix: 'http://x', filterVerb: f, enableHttps: false, httpTimeout: 1000000000 }]
alwaysCheckAllPredicates: true
";
    assert_eq!(
        read(text).warnings[..5],
        [
            "extenders[0] (http://x) is not asked: filter would be its business upstream",
            "alwaysCheckAllPredicates: only the first predicate that fails is named in messages",
            "predicate CheckServiceAffinity without labels has no effect",
            "predicate CheckNodeLabelPresence has a meaning of its own: its argument has no effect",
            "priority NodePreferAvoidPodsPriority goes by an annotation that is not read: all nodes score alike",
        ]
    );
}

/// Each case: a policy after its first two lines, and the message, from its beginning.
#[test]
fn errors_are_those_of_kube_scheduler_at_the_place() {
    let cases = [
        ("predicate: []", "3:1: unknown field `predicate`, expected one of"),
        (
            "predicates: [{ name: PodFitsResource }]",
            "3:22: predicates[0].name: predicate type not found for \"PodFitsResource\": did you mean `PodFitsResources`?",
        ),
        (
            "priorities: [{ name: LeastRequestedPriorty, weight: 1 }]",
            "3:22: priorities[0].name: priority type not found for \"LeastRequestedPriorty\": did you mean \
             `LeastRequestedPriority`?",
        ),
        (
            "priorities: [{ name: NodeLabel, weight: 1 }]",
            "3:22: priorities[0].name: priority type not found for \"NodeLabel\"",
        ),
        (
            "predicates: [{ name: A, argument: {} }]",
            "3:35: predicates[0].argument: exactly 1 predicate argument is required, numArgs: 0, predicate A",
        ),
        (
            "priorities: [{ name: A, weight: 0 }]",
            "3:33: priorities[0].weight: priority A should have a positive weight applied to it or it has overflown",
        ),
        (
            "priorities: [{ name: A, weight: 1, argument: {} }]",
            "3:46: priorities[0].argument: no priority arguments set for priority A",
        ),
        (
            "priorities:\n  - { name: A, weight: 1, argument: { labelPreference: { label: a, presence: true } } }\n  - { name: B, \
             weight: 2, argument: { labelPreference: { label: b, presence: true } } }",
            "5:24: priorities[1].weight: LabelPreference  priority \"B\" has a different weight with \"A\"",
        ),
        (
            "priorities:\n  - { name: A, weight: 1, argument: { requestedToCapacityRatioArguments: { shape: [] } } }\n",
            "4:83: priorities[0].argument.requestedToCapacityRatioArguments.shape: Required value: at least one point must be \
             specified",
        ),
        (
            "predicates: [{ name: A, argument: { serviceAffinity: { labels: [region] } } }]",
            "3:54: predicates[0].argument.serviceAffinity: Forbidden: not supported: it goes by Services, which a simulation \
             does not have",
        ),
        (
            "priorities: [{ name: A, weight: 1, argument: { serviceAntiAffinity: { label: zone } } }]",
            "3:69: priorities[0].argument.serviceAntiAffinity: Forbidden: not supported",
        ),
        (
            "hardPodAffinitySymmetricWeight: 101",
            "3:33: hardPodAffinitySymmetricWeight: Invalid value: 101: not in valid range [0-100]",
        ),
        (
            "extenders: [{ prioritizeVerb: p }]",
            "3:13: extenders[0].weight: Invalid value: 0: must have a positive weight applied to it",
        ),
        (
            "predicates: [{ name: A, argument: { labelsPresence: { labels: [a], presence: true } } }, \
             { name: B, argument: { labelsPresence: { labels: [a] } } }]",
            "1:1: Invalid value: \"a\": is asked for and asked to be absent",
        ),
    ];
    let mut wrong = Vec::new();
    for (rest, expected) in cases {
        let text = format!("apiVersion: v1\nkind: Policy\n{rest}");
        let message =
            ParsedConfig::read(&text, "policy.json").map_or_else(|e| e.to_string(), |_| "accepted".to_owned());
        let expected = format!("policy.json:{expected}");
        if !message.starts_with(&expected) {
            wrong.push(format!("{rest}\n  gives    {message}\n  expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let other = ParsedConfig::read("apiVersion: v2\nkind: Policy\n", "policy.json").unwrap_err().to_string();
    assert!(other.contains("no kind \"Policy\" is registered for version \"v2\" in scheme"), "{other}");
}
