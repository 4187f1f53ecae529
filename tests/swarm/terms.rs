//! Where pods want to be, and beside whom: further fields of a pod's specification, each with a comma before it.

use super::dice::Dice;

const TOPOLOGIES: [&str; 3] = ["topology.kubernetes.io/zone", "kubernetes.io/hostname", "rack"];
const APPS: [&str; 5] = ["app0", "app1", "job0", "gen0", "gen1"];

/// Fields of a pod of this application; `plain` gives one pod in so many none.
pub(super) fn terms(dice: &mut Dice, app: &str) -> String {
    let mut fields = Vec::new();
    if dice.percent(25) {
        let first = dice.from(0, 2) as usize;
        let constraints = (0..dice.from(1, 2)).map(|next| spread(dice, TOPOLOGIES[(first + next as usize) % 3], app));
        fields.push(format!(", topologySpreadConstraints: [{}]", constraints.collect::<Vec<_>>().join(", ")));
    }
    if dice.percent(30) {
        fields.push(format!(", affinity: {{ {} }}", affinity(dice)));
    }
    if dice.percent(15) {
        let seconds = dice.from(0, 600);
        fields.push(format!(
            ", tolerations: [{{ key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: {seconds} }}]"
        ));
    }
    if dice.percent(25) {
        fields.push(format!(", priorityClassName: {}", dice.one(&["high", "low", "polite"])));
    }
    fields.concat()
}

fn list(dice: &mut Dice, most: u64, mut each: impl FnMut(&mut Dice) -> String) -> String {
    let count = dice.from(1, most);
    (0..count).map(|_| each(dice)).collect::<Vec<_>>().join(", ")
}

fn spread(dice: &mut Dice, topology: &str, app: &str) -> String {
    let skew = dice.from(1, 3);
    let (when, own) = (dice.one(&["DoNotSchedule", "ScheduleAnyway"]), dice.percent(80));
    let of = if own { app } else { dice.one(&APPS) };
    let mut more = Vec::new();
    if when == "DoNotSchedule" && dice.percent(20) {
        more.push(format!(", minDomains: {}", dice.from(1, 4)));
    }
    if dice.percent(20) {
        more.push(format!(", nodeTaintsPolicy: {}", dice.one(&["Honor", "Ignore"])));
    }
    if dice.percent(20) {
        more.push(format!(", nodeAffinityPolicy: {}", dice.one(&["Honor", "Ignore"])));
    }
    if dice.percent(20) {
        more.push(", matchLabelKeys: [tier]".to_owned());
    }
    let more = more.concat();
    format!(
        "{{ maxSkew: {skew}, topologyKey: {topology}, whenUnsatisfiable: {when}, labelSelector: {{ matchLabels: {{ app: {of} }} }}{more} }}"
    )
}

fn affinity(dice: &mut Dice) -> String {
    let mut parts = Vec::new();
    for kind in ["podAffinity", "podAntiAffinity"] {
        if dice.percent(45) {
            parts.push(format!("{kind}: {{ {} }}", by_pods(dice)));
        }
    }
    if parts.is_empty() || dice.percent(40) {
        parts.push(format!("nodeAffinity: {{ {} }}", by_nodes(dice)));
    }
    parts.join(", ")
}

/// Terms that are required, preferred, or both.
fn both(dice: &mut Dice, required: impl Fn(&mut Dice) -> String, preferred: impl Fn(&mut Dice) -> String) -> String {
    let which = dice.from(1, 3);
    let mut parts = Vec::new();
    if which & 1 != 0 {
        parts.push(format!("requiredDuringSchedulingIgnoredDuringExecution: {}", required(dice)));
    }
    if which & 2 != 0 {
        parts.push(format!("preferredDuringSchedulingIgnoredDuringExecution: [{}]", list(dice, 2, preferred)));
    }
    parts.join(", ")
}

fn by_pods(dice: &mut Dice) -> String {
    let term = |dice: &mut Dice| {
        let (topology, app) = (dice.one(&TOPOLOGIES), dice.one(&APPS));
        let namespaces = if dice.percent(20) { ", namespaces: [default, other]" } else { "" };
        let selector = match dice.from(0, 3) {
            0 => format!("matchExpressions: [{{ key: app, operator: In, values: [{app}, {}] }}]", dice.one(&APPS)),
            1 => "matchExpressions: [{ key: tier, operator: Exists }]".to_owned(),
            _ => format!("matchLabels: {{ app: {app} }}"),
        };
        format!("{{ topologyKey: {topology}, labelSelector: {{ {selector} }}{namespaces} }}")
    };
    let required = |dice: &mut Dice| format!("[{}]", list(dice, 2, term));
    let preferred = |dice: &mut Dice| format!("{{ weight: {}, podAffinityTerm: {} }}", dice.from(1, 100), term(dice));
    both(dice, required, preferred)
}

fn by_nodes(dice: &mut Dice) -> String {
    let term = |dice: &mut Dice| {
        let expression = match dice.from(0, 3) {
            0 => format!("key: topology.kubernetes.io/zone, operator: NotIn, values: [{}]", dice.one(&["a", "b", "c"])),
            1 => "key: rack, operator: Exists".to_owned(),
            2 => format!("key: rack, operator: Gt, values: [\"{}\"]", dice.from(0, 2)),
            _ => format!("key: topology.kubernetes.io/zone, operator: In, values: [a, {}]", dice.one(&["b", "c"])),
        };
        format!("{{ matchExpressions: [{{ {expression} }}] }}")
    };
    let required = |dice: &mut Dice| format!("{{ nodeSelectorTerms: [{}] }}", list(dice, 2, term));
    let preferred = |dice: &mut Dice| format!("{{ weight: {}, preference: {} }}", dice.from(1, 100), term(dice));
    both(dice, required, preferred)
}
