//! All budgets at once against each by itself.

use super::Scaled;
use crate::cluster::{Cause, Cluster};
use crate::disruption::{BudgetStatus, Budgets, IntOrPercent, PodDisruptionBudget};
use crate::model::labels::{LabelSelector, Operator, Requirement};
use crate::model::node::NodeSpec;
use crate::model::pod::{NewPod, PodPhase, PodSpec};
use crate::random::{Streams, index};

#[test]
fn all_at_once_are_what_each_is_by_itself() {
    let mut allowing = 0;
    for seed in 0..300 {
        let mut rng = Streams::new(seed).stream("budgets");
        let mut draw = |below: usize| index(&mut rng, below);
        let mut cluster = Cluster::default();
        let node = cluster.add_node(NodeSpec { name: "node".into(), ..NodeSpec::default() }).unwrap();
        let owners: Vec<_> = (0..4)
            .map(|number| {
                let deployment = (draw(2) == 0).then(|| {
                    let body = Box::new(Scaled("Deployment", Some(draw(9) as u32)));
                    cluster.create_object("a", &format!("d{number}"), None, body).unwrap()
                });
                let scale = (draw(6) > 0).then(|| draw(9) as u32);
                let body = Box::new(Scaled("ReplicaSet", scale));
                cluster.create_object("a", &format!("r{number}"), deployment, body).unwrap()
            })
            .collect();
        let key = |number: usize| ["app", "tier", "zone"][number].to_owned();
        for number in 0..draw(12) {
            let mut selector = LabelSelector::default();
            (0..draw(3)).for_each(|_| drop(selector.match_labels.insert(key(draw(3)), draw(3).to_string())));
            if draw(3) == 0 {
                let operator = [Operator::In, Operator::NotIn, Operator::Exists, Operator::DoesNotExist][draw(4)];
                selector.expressions.push(Requirement {
                    key: key(draw(3)),
                    operator,
                    values: vec![draw(3).to_string()],
                });
            }
            let amount =
                if draw(2) == 0 { IntOrPercent::Int(draw(4) as u32) } else { IntOrPercent::Percent(draw(101) as u32) };
            let mut budget = match draw(3) {
                0 => PodDisruptionBudget::min_available(selector, amount),
                1 => PodDisruptionBudget::max_unavailable(selector, amount),
                _ => PodDisruptionBudget { selector: Some(selector), ..PodDisruptionBudget::default() },
            };
            budget.selector = budget.selector.filter(|_| draw(8) > 0);
            let namespace = ["a", "b"][draw(2)];
            cluster.create_object(namespace, &format!("b{number}"), None, Box::new(budget)).unwrap();
        }
        for number in 0..draw(25) {
            let labels = (0..draw(4)).map(|_| (key(draw(3)), draw(3).to_string())).collect();
            let spec = PodSpec { namespace: ["a", "b"][draw(2)].into(), labels, ..PodSpec::default() };
            let class = cluster.intern(spec);
            let owner = (draw(4) > 0).then(|| owners[draw(4)]);
            let pod = cluster.create_pod(NewPod { owner, ..NewPod::new(format!("p{number}"), class) }).unwrap();
            if draw(5) > 0 {
                cluster.bind(pod, node);
                cluster.start(pod);
            }
            match draw(6) {
                0 => cluster.finish(pod, PodPhase::Succeeded),
                1 => cluster.delete_pod(pod, Cause::Deleted),
                2 => cluster.set_ready(pod, false),
                _ => {}
            }
        }
        let alone: Vec<BudgetStatus> = cluster
            .objects()
            .of_kind::<PodDisruptionBudget>(PodDisruptionBudget::KIND)
            .map(|(meta, budget)| budget.status(&meta.namespace, &cluster))
            .collect();
        let budgets = Budgets::of(&cluster);
        assert_eq!(budgets.statuses(&cluster), alone, "seed {seed}");
        allowing += alone.iter().filter(|status| status.disruptions_allowed > 0).count();
    }
    assert!(allowing > 100, "only {allowing} budgets allow anything: they hardly differ");
}
