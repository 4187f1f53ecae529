//! Quotas as the store keeps them.

use super::{Charge, QuotaScope, ResourceQuota, ScopeRequirement};
use crate::admission::{self, QuotaResync};
use crate::cluster::{Cause, Cluster};
use crate::engine::{Simulation, Until};
use crate::model::node::NodeSpec;
use crate::model::pod::{NewPod, PodPhase, PodSpec};
use crate::model::resources::ResourceList;
use crate::model::{ObjectId, PodId};
use crate::time::{SimTime, Span};
use proptest::prelude::*;

fn list(amounts: &[(&str, &str)]) -> ResourceList {
    amounts.iter().map(|(name, amount)| ((*name).to_owned(), amount.parse().unwrap())).collect()
}

fn cluster() -> Cluster {
    Cluster { admission: admission::kubernetes(), ..Cluster::default() }
}

fn add_quota(cluster: &mut Cluster, namespace: &str, name: &str, quota: ResourceQuota) -> ObjectId {
    cluster.create_object(namespace, name, None, Box::new(quota)).unwrap()
}

fn pod(cluster: &mut Cluster, name: &str, spec: PodSpec) -> Result<PodId, crate::cluster::Refusal> {
    let class = cluster.intern(spec);
    cluster.create_pod(NewPod::new(name, class))
}

fn used(cluster: &Cluster, quota: ObjectId, name: &str) -> String {
    cluster.objects().get::<ResourceQuota>(quota).unwrap().used[name].to_string()
}

#[test]
fn a_refusal_is_the_servers_and_changes_nothing() {
    let mut cluster = cluster();
    let quota =
        add_quota(&mut cluster, "default", "q", ResourceQuota::new(list(&[("requests.cpu", "10")]), Vec::new()));
    let cpu = |amount| PodSpec::with_requests(list(&[("cpu", amount)]));
    pod(&mut cluster, "a", cpu("9")).unwrap();
    let refusal = pod(&mut cluster, "b", cpu("2")).unwrap_err();
    assert_eq!(
        refusal.message,
        "pods \"b\" is forbidden: exceeded quota: q, requested: requests.cpu=2, used: requests.cpu=9, limited: \
         requests.cpu=10"
    );
    assert_eq!((refusal.code, refusal.by, &*refusal.object), (403, "ResourceQuota", "q"));
    assert_eq!(used(&cluster, quota, "requests.cpu"), "9");

    let elsewhere = PodSpec { namespace: "other".into(), ..cpu("20") };
    pod(&mut cluster, "b", elsewhere).expect("the quota is of another namespace");
    let id = pod(&mut cluster, "c", cpu("1")).unwrap();
    cluster.delete_pod(id, Cause::Deleted);
    assert_eq!(used(&cluster, quota, "requests.cpu"), "9", "an unbound pod is gone at once");
}

#[test]
fn a_new_or_changed_quota_counts_the_pods_that_exist() {
    let mut cluster = cluster();
    pod(&mut cluster, "a", PodSpec::with_requests(list(&[("cpu", "1")]))).unwrap();
    pod(&mut cluster, "b", PodSpec::with_requests(ResourceList::new())).unwrap();
    let scopes = vec![ScopeRequirement::exists(QuotaScope::BestEffort)];
    let all = add_quota(&mut cluster, "default", "all", ResourceQuota::new(list(&[("pods", "1")]), Vec::new()));
    let best_effort = add_quota(&mut cluster, "default", "be", ResourceQuota::new(list(&[("pods", "9")]), scopes));
    assert_eq!((used(&cluster, all, "pods"), used(&cluster, best_effort, "pods")), ("2".into(), "1".into()));
    cluster.update_object::<ResourceQuota, _>(all, |quota| quota.hard = list(&[("count/pods", "5"), ("cpu", "3")]));
    assert_eq!((used(&cluster, all, "count/pods"), used(&cluster, all, "cpu")), ("2".into(), "1".into()));
    cluster.remove_object(all);
    pod(&mut cluster, "c", PodSpec::with_requests(ResourceList::new())).expect("the quota that asked for CPU is gone");
}

/// A zone outage: the pods that nobody can stop must not keep their replacements out.
#[test]
fn a_pod_that_cannot_be_stopped_is_not_charged_for_ever() {
    let used_at = |end: i64| {
        let mut simulation = Simulation::new(1);
        simulation.add_controller(Box::new(QuotaResync::new()));
        let cluster = &mut simulation.cluster;
        let node = cluster.add_node(NodeSpec { name: "n".into(), ..NodeSpec::default() }).unwrap();
        let quota = ResourceQuota::new(list(&[("pods", "1"), ("count/pods", "2")]), Vec::new());
        let quota = add_quota(cluster, "default", "q", quota);
        let id = pod(cluster, "a", PodSpec::default()).unwrap();
        cluster.bind(id, node);
        cluster.set_machine_up(node, false);
        cluster.now = SimTime::from_secs(245);
        cluster.delete_pod(id, Cause::TaintEvicted);
        simulation.run(Until::Time(SimTime::from_secs(end)), &mut []).unwrap();
        ["pods", "count/pods"].map(|name| used(&simulation.cluster, quota, name))
    };
    assert_eq!(used_at(599), ["1", "1"], "at 300 s twice the grace of 30 s was not over");
    assert_eq!(used_at(600), ["0", "1"]);
}

#[derive(Clone, Debug)]
enum Step {
    Create { namespace: bool, cpu: u16, terminating: bool },
    Bind(prop::sample::Index),
    Finish(prop::sample::Index),
    Delete(prop::sample::Index),
    Remove(prop::sample::Index),
    StopCharging(prop::sample::Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let index = any::<prop::sample::Index>;
    let create = (any::<bool>(), 0..2000_u16, any::<bool>()).prop_map(|(namespace, cpu, terminating)| Step::Create {
        namespace,
        cpu,
        terminating,
    });
    let step = prop_oneof![
        3 => create,
        1 => index().prop_map(Step::Bind),
        1 => index().prop_map(Step::Finish),
        1 => index().prop_map(Step::Delete),
        1 => index().prop_map(Step::Remove),
        1 => index().prop_map(Step::StopCharging),
    ];
    prop::collection::vec(step, 0..80)
}

proptest! {
    /// At any time `used` is the sum over the pods that exist and have not ended, and never above `hard`.
    #[test]
    fn used_is_the_sum_over_the_pods(steps in steps()) {
        let mut cluster = cluster();
        let node = cluster.add_node(NodeSpec { name: "n".into(), ..NodeSpec::default() }).unwrap();
        let hard = [("requests.cpu", "5"), ("pods", "6"), ("count/pods", "7")];
        let scopes = vec![ScopeRequirement::exists(QuotaScope::Terminating)];
        add_quota(&mut cluster, "default", "all", ResourceQuota::new(list(&hard), Vec::new()));
        add_quota(&mut cluster, "default", "some", ResourceQuota::new(list(&hard), scopes));
        let mut pods: Vec<PodId> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            let pick = |index: prop::sample::Index| (!pods.is_empty()).then(|| pods[index.index(pods.len())]);
            match step {
                Step::Create { namespace, cpu, terminating } => {
                    let spec = PodSpec {
                        namespace: if namespace { "default" } else { "other" }.into(),
                        active_deadline: terminating.then_some(Span::from_secs(9)),
                        ..PodSpec::with_requests(list(&[("cpu", &format!("{cpu}m"))]))
                    };
                    pods.extend(pod(&mut cluster, &format!("p{number}"), spec));
                }
                Step::Bind(i) => {
                    if let Some(id) = pick(i).filter(|id| cluster.pod(*id).is_some_and(|pod| pod.node.is_none())) {
                        cluster.bind(id, node);
                    }
                }
                Step::Finish(i) => {
                    if let Some(id) = pick(i).filter(|id| cluster.pod(*id).is_some_and(|pod| pod.node.is_some())) {
                        cluster.finish(id, PodPhase::Succeeded);
                    }
                }
                Step::Delete(i) => {
                    if let Some(id) = pick(i) {
                        cluster.delete_pod(id, Cause::Deleted);
                    }
                }
                Step::StopCharging(i) => {
                    if let Some(id) = pick(i) {
                        cluster.stop_charging(id);
                    }
                }
                Step::Remove(i) => {
                    if let Some(id) = pick(i) {
                        cluster.remove_pod(id);
                    }
                }
            }
            while !cluster.is_at_rest() {
                let change = cluster.next_change();
                cluster.settle(change);
            }
            for (name, quota) in cluster.quotas_of("default") {
                let mut expected = ResourceQuota::new(quota.hard.clone(), quota.scopes.clone());
                for (_, pod) in cluster.pods().iter() {
                    let class = cluster.class_of(pod);
                    if &*class.spec.namespace == "default" {
                        expected.charge(class, Charge::of(pod));
                    }
                }
                prop_assert_eq!(&quota.used, &expected.used, "{}", name);
                for (resource, used) in &quota.used {
                    prop_assert!(*used <= quota.hard[resource], "{}: {}", name, resource);
                }
            }
        }
    }
}
