//! The order in which the authors of FGD play a list: shuffled, and brought to a multiple of the cluster's GPUs.
//!
//! Source: Weng et al., "Beware of Fragmentation", USENIX ATC 2023, section 6.1; the artifact's `pkg/simulator/simulator.go`
//! (`SortClusterPods`, `TunePodsByNodeTotalResource`), from which the quirks are.

use super::go_random::GoRandom;
use std::sync::Arc;

/// What the generator is drawn from between the arrivals and the numbering of the nodes.
const DRAWS_BETWEEN: usize = 10;

/// A pod of a list, as far as its order depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPod {
    /// Its name.
    pub name: Arc<str>,
    /// How many GPUs it asks for.
    pub gpus: u8,
    /// Thousandths of each of them.
    pub gpu_milli: u16,
}

/// A list in another order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrangement {
    /// The pods in order of arrival. A name that comes again is a pod of the same kind.
    pub pods: Vec<Arc<str>>,
    /// The nodes in the order in which they win ties.
    pub nodes: Vec<Arc<str>>,
}

impl Arrangement {
    /// The arrangement of this seed. With a ratio, the pods together ask for that multiple of the GPUs, `gpus_milli` thousandths,
    /// and not for more: clones of pods drawn from the list come after them, or pods drawn from them are left out.
    ///
    /// A clone that would bring the demand above the ratio, of one of its GPUs, ends the cloning.
    pub fn shuffled(pods: &[ListedPod], nodes: &[Arc<str>], gpus_milli: i64, seed: i64, ratio: Option<f64>) -> Self {
        let mut random = GoRandom::new(seed);
        random.int63();
        let mut listed: Vec<&ListedPod> = pods.iter().collect();
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        let by_name = listed.clone();
        random.shuffle(&mut listed);
        if let Some(ratio) = ratio {
            tune(&mut listed, &by_name, ratio * gpus_milli as f64, &mut random);
        }
        for _ in 0..DRAWS_BETWEEN {
            random.int63();
        }
        let mut names = nodes.to_vec();
        names.sort();
        let ranks = random.permutation(names.len());
        let mut ranked = names.clone();
        for (name, rank) in names.into_iter().zip(ranks) {
            ranked[rank] = name;
        }
        Self { pods: listed.into_iter().map(|pod| Arc::clone(&pod.name)).collect(), nodes: ranked }
    }
}

/// Brings the demand for GPUs to the target. Clones are drawn from the list by name.
fn tune<'p>(pods: &mut Vec<&'p ListedPod>, by_name: &[&'p ListedPod], target: f64, random: &mut GoRandom) {
    let mut demand: i64 = pods.iter().map(|pod| pod.demand()).sum();
    if (demand as f64) < target {
        // Pods without GPUs alone would never come to an end.
        if by_name.iter().all(|pod| pod.demand() == 0) {
            return;
        }
        loop {
            let pod = by_name[random.below(by_name.len() as u32) as usize];
            if (demand + i64::from(pod.gpu_milli)) as f64 > target {
                break;
            }
            demand += pod.demand();
            pods.push(pod);
        }
        // What the last clone has brought above the target stays.
        return;
    }
    while demand as f64 > target && !pods.is_empty() {
        let pod = pods.remove(random.below(pods.len() as u32) as usize);
        demand -= pod.demand();
    }
}

impl ListedPod {
    fn demand(&self) -> i64 {
        i64::from(self.gpus) * i64::from(self.gpu_milli)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str, gpus: u8, gpu_milli: u16) -> ListedPod {
        ListedPod { name: name.into(), gpus, gpu_milli }
    }

    #[test]
    fn a_list_is_brought_to_the_ratio_from_both_sides() {
        let pods: Vec<ListedPod> = (0..50).map(|i| pod(&format!("p{i:02}"), 1, 500)).collect();
        let nodes: Vec<Arc<str>> = ["b", "a", "c"].map(Arc::from).to_vec();
        let arranged = |ratio| Arrangement::shuffled(&pods, &nodes, 20_000, 1, ratio);
        assert_eq!(arranged(None).pods.len(), 50);
        assert_eq!(arranged(Some(1.25)).pods.len(), 50, "as much as there is");
        assert_eq!(arranged(Some(2.0)).pods.len(), 80);
        assert_eq!(arranged(Some(2.0)).pods[..50], arranged(None).pods, "clones come after all others");
        assert_eq!(arranged(Some(1.0)).pods.len(), 40);
        assert_eq!(arranged(None).nodes.len(), 3);
    }

    #[test]
    fn lists_without_gpus_and_empty_ones_come_to_an_end() {
        let without = [pod("a", 0, 0), pod("b", 0, 0)];
        assert_eq!(Arrangement::shuffled(&without, &[], 1000, 1, Some(1.3)).pods.len(), 2);
        assert_eq!(Arrangement::shuffled(&[], &[], 0, 1, Some(1.3)), Arrangement::default());
    }
}
