//! DominantResourceFairness: the tenant that has least of what it needs most is next.

use crate::config::{ArgsSource, ConfigError, Invalid, PluginArgs, Step};
use crate::factory::Factory;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use towtank_sim::cluster::{ClassWatch, Cluster, PlacementChange};
use towtank_sim::model::ClassId;
use towtank_sim::model::pod::{Pod, PodClass};
use towtank_sim::model::resources::{ResourceId, Resources};
use towtank_sim::scheduler::{Events, FeatureGates, Plugin, Points};

/// What a share of one is counted as.
const WHOLE: i128 = 1_000_000_000_000;

/// The plugin. Each tenant has a line of its pods, in the order of their arrival. Whenever a pod is to be tried, it is the first one of the
/// tenant whose dominant share is smallest; among equal ones, the one that waits longest. A tenant's dominant share is
///
/// `s_i = max over r of u_(i,r) / c_r`, divided by the tenant's weight,
///
/// where `u_(i,r)` is what its pods on nodes request of resource `r` and `c_r` what all nodes have of it, for every resource but the
/// count of pods. A pod that finds no node leaves its line until it is tried again, so that others of its tenant may go.
///
/// A tenant is a namespace, or the value of a label of the pods.
///
/// Source: Ghodsi et al., "Dominant Resource Fairness: Fair Allocation of Multiple Resource Types", NSDI 2011, algorithm 1; section 4.3
/// for weights, of which each tenant has one for all resources here.
#[derive(Debug)]
pub struct DominantResourceFairness {
    args: Args,
    ledger: RefCell<Ledger>,
}

/// Who has how much.
#[derive(Debug, Default)]
struct Ledger {
    tenants: Vec<Tenant>,
    by_name: BTreeMap<Arc<str>, usize>,
    by_class: FxHashMap<ClassId, usize>,
    classes: ClassWatch,
    /// How many changes of placements are in it; `None` before the first look.
    seen: Option<u64>,
}

#[derive(Debug, Default)]
struct Tenant {
    weight: i64,
    used: Resources,
}

/// The arguments.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Args {
    #[serde(rename = "apiVersion")]
    _api_version: Option<IgnoredAny>,
    #[serde(rename = "kind")]
    _kind: Option<IgnoredAny>,
    /// The label whose value is the tenant; the namespace where there is none.
    tenant_label: Option<String>,
    /// By tenant, at least 1; 1 for those that are not named.
    weights: BTreeMap<String, i64>,
}

impl PluginArgs for Args {
    const KIND: &'static str = "DominantResourceFairnessArgs";

    fn validate(&self, _gates: FeatureGates) -> Result<(), Invalid> {
        match self.weights.values().find(|weight| !(1..=1_000_000).contains(*weight)) {
            None => Ok(()),
            Some(weight) => Err(Invalid::value([Step::Key("weights")], weight, "not in valid range [1, 1000000]")),
        }
    }
}

/// Reads the arguments.
pub(crate) fn prepare(args: &ArgsSource<'_>) -> Result<Factory, ConfigError> {
    let args: Args = args.read()?;
    Ok(Arc::new(move |_| Box::new(DominantResourceFairness { args: args.clone(), ledger: RefCell::default() })))
}

impl Plugin for DominantResourceFairness {
    fn name(&self) -> &'static str {
        "DominantResourceFairness"
    }

    fn points(&self) -> Points {
        Points::QUEUE_SORT
    }

    fn queue_key(&self, _pod: &Pod, class: &PodClass, _cluster: &Cluster) -> i64 {
        self.ledger.borrow_mut().tenant_of(class, &self.args) as i64
    }

    fn ranks_lines(&self) -> bool {
        true
    }

    fn line_rank(&self, key: i64, cluster: &Cluster) -> i64 {
        let mut ledger = self.ledger.borrow_mut();
        ledger.catch_up(cluster, &self.args);
        ledger.tenants.get(key as usize).map_or(0, |tenant| tenant.dominant_share(&cluster.totals().capacity))
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}

impl Tenant {
    /// In parts of [`WHOLE`].
    fn dominant_share(&self, capacity: &Resources) -> i64 {
        let counted = self.used.iter().filter(|(id, _)| *id != ResourceId::PODS);
        let shares = counted.map(|(id, used)| {
            i128::from(used) * WHOLE / (i128::from(capacity.get(id).max(1)) * i128::from(self.weight))
        });
        i64::try_from(shares.max().unwrap_or(0)).unwrap_or(i64::MAX)
    }
}

impl Ledger {
    fn tenant_of(&mut self, class: &PodClass, args: &Args) -> usize {
        let name = match &args.tenant_label {
            None => class.spec.namespace.clone(),
            Some(label) => class.spec.labels.get(label).map_or_else(|| "".into(), |value| value.as_str().into()),
        };
        let Self { tenants, by_name, .. } = self;
        *by_name.entry(name).or_insert_with_key(|name| {
            let weight = args.weights.get(&**name).copied().unwrap_or(1);
            tenants.push(Tenant { weight, used: Resources::default() });
            tenants.len() - 1
        })
    }

    /// Follows what has come to nodes and left them.
    fn catch_up(&mut self, cluster: &Cluster, args: &Args) {
        if let Some(stayed) = self.classes.look(&cluster.classes) {
            self.by_class.retain(|class, _| stayed.has(*class));
            // What has come and left is told by ids that may name other classes now.
            self.seen = None;
        }
        let log = cluster.placements().log();
        let news = self.seen.and_then(|seen| log.since(seen));
        if let Some(news) = news {
            for PlacementChange { class, pods, .. } in news {
                self.count(*class, i64::from(*pods), cluster, args);
            }
        } else {
            // Not all of it is remembered: everything is counted anew.
            for tenant in &mut self.tenants {
                tenant.used = Resources::default();
            }
            for class in cluster.placements().classes() {
                let pods = cluster.placements().of(class).map(|(_, placed)| i64::from(placed.pods)).sum();
                self.count(class, pods, cluster, args);
            }
        }
        self.seen = Some(log.end());
    }

    fn count(&mut self, id: ClassId, pods: i64, cluster: &Cluster, args: &Args) {
        let class = cluster.classes.get(id);
        let known = self.by_class.get(&id).copied();
        let tenant = known.unwrap_or_else(|| self.tenant_of(class, args));
        if known.is_none() {
            self.by_class.insert(id, tenant);
        }
        let used = &mut self.tenants[tenant].used;
        for (resource, amount) in class.requests.iter() {
            used.set(resource, used.get(resource) + amount * pods);
        }
    }
}
