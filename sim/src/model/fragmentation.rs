//! Fragmentation: how much of a node's idle GPUs the pods that are likely to come cannot use.
//!
//! Source: Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX
//! ATC 2023, section 4.2. For a typical pod that the node cannot host, or that asks for no GPU, everything idle on the node is a
//! fragment; for one that it can host, what is idle on devices too full for it. The fragmentation is the sum over the typical
//! pods, each weighted with its popularity.
//!
//! Schedulers compare such sums, so the last bit of a float decides: the amounts are added up per [cause](Cause) in the order of
//! the typical pods, as the paper's simulator does, and then the causes.

use super::gpu::{GPU_MODEL_LABEL, GpuRequest};
use super::node::Node;
use super::resources::ResourceId;
use super::target_workload::TargetWorkload;
use smallvec::SmallVec;
use std::collections::BTreeMap;

/// Why idle GPUs are of no use to a typical pod, or that they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Too little CPU and no device with room.
    LacksBoth,
    /// No device with room; or, of a pod that fits, what is idle on devices too full for it.
    LacksGpu,
    /// None: this much a pod that fits could use.
    Satisfied,
    /// A device has room, and there is too little CPU.
    LacksCpu,
    /// The pod asks for no GPU, and there is CPU for it.
    NoGpuFits,
    /// The pod asks for no GPU, and there is too little CPU for it.
    NoGpuLacksCpu,
    /// The pod may not be on this model of GPU.
    ModelExcluded,
}

/// Idle thousandths of GPU devices by [cause](Cause), weighted with the popularity of the pods.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Amounts([f64; Cause::ALL.len()]);

/// What measures the fragmentation of nodes against a target workload.
#[derive(Clone, Debug, Default)]
pub struct FragmentationMeasure {
    /// The models that typical pods name, with their numbers.
    models: BTreeMap<String, GpuModel>,
    /// The typical pods as nodes of each model see them; the last list is for all other models.
    seen_by: Vec<Vec<Seen>>,
    /// The different requests for GPUs.
    requests: Vec<GpuRequest>,
}

/// A model of GPUs, as far as typical pods tell it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GpuModel(u16);

/// What is free on a node.
#[derive(Clone, Copy, Debug)]
pub struct FreeOnNode<'a> {
    /// The model of its GPUs.
    pub model: GpuModel,
    /// CPU in thousandths of a core.
    pub cpu_milli: i64,
    /// Thousandths of each device.
    pub devices: &'a [u16],
}

/// A typical pod, as the nodes of one model see it.
#[derive(Clone, Copy, Debug)]
struct Seen {
    popularity: f64,
    cpu_milli: i64,
    wish: Wish,
}

#[derive(Clone, Copy, Debug)]
enum Wish {
    NoGpu,
    /// The number of the request.
    Gpu(usize),
    OtherModel,
}

/// What a node has for a request: whether it has the devices, and what is idle on those that are too full.
#[derive(Clone, Copy, Debug, Default)]
struct Offer {
    fits: bool,
    too_full: u32,
}

impl Cause {
    /// All of them, in the order in which they are added up.
    pub const ALL: [Self; 7] = [
        Self::LacksBoth,
        Self::LacksGpu,
        Self::Satisfied,
        Self::LacksCpu,
        Self::NoGpuFits,
        Self::NoGpuLacksCpu,
        Self::ModelExcluded,
    ];

    /// A stable word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LacksBoth => "lacks_both",
            Self::LacksGpu => "lacks_gpu",
            Self::Satisfied => "satisfied",
            Self::LacksCpu => "lacks_cpu",
            Self::NoGpuFits => "no_gpu_fits",
            Self::NoGpuLacksCpu => "no_gpu_lacks_cpu",
            Self::ModelExcluded => "model_excluded",
        }
    }
}

impl Amounts {
    /// The amount of one cause, in thousandths of a device.
    pub fn of(&self, cause: Cause) -> f64 {
        self.0[cause as usize]
    }

    /// The fragmentation: everything but what could be used.
    pub fn fragmented(&self) -> f64 {
        let causes = Cause::ALL.into_iter().filter(|cause| *cause != Cause::Satisfied);
        causes.map(|cause| self.of(cause)).fold(0.0, |sum, amount| sum + amount)
    }

    fn add(&mut self, cause: Cause, amount: f64) {
        self.0[cause as usize] += amount;
    }
}

impl std::ops::AddAssign for Amounts {
    fn add_assign(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, amount)| *sum += amount);
    }
}

impl FragmentationMeasure {
    /// What measures against this workload. Against an empty one nothing is fragmented.
    pub fn new(target: &TargetWorkload) -> Self {
        let pods = target.pods();
        let names = pods.iter().flat_map(|pod| pod.shape.models().map(str::to_owned));
        let mut models: BTreeMap<String, GpuModel> = names.map(|name| (name, GpuModel(0))).collect();
        models.values_mut().zip(0..).for_each(|(model, number)| *model = GpuModel(number));
        let mut requests: Vec<GpuRequest> = pods.iter().filter_map(|pod| pod.shape.gpu()).collect();
        requests.sort_unstable();
        requests.dedup();
        let seen = |model: Option<&str>| {
            let each = pods.iter().map(|pod| {
                let shape = &pod.shape;
                let admitted = shape.models.is_empty() || shape.models().any(|name| Some(name) == model);
                let wish = match shape.gpu() {
                    None => Wish::NoGpu,
                    Some(_) if !admitted => Wish::OtherModel,
                    Some(request) => Wish::Gpu(requests.binary_search(&request).expect("collected above")),
                };
                Seen { popularity: pod.popularity, cpu_milli: shape.cpu_milli, wish }
            });
            each.collect::<Vec<_>>()
        };
        let seen_by = models.keys().map(|name| seen(Some(name))).chain([seen(None)]).collect();
        Self { models, seen_by, requests }
    }

    /// The number of a model.
    pub fn model(&self, name: Option<&str>) -> GpuModel {
        let other = GpuModel(self.models.len() as u16);
        name.and_then(|name| self.models.get(name)).copied().unwrap_or(other)
    }

    /// What is free on a node.
    pub fn free<'n>(&self, node: &'n Node) -> FreeOnNode<'n> {
        FreeOnNode {
            model: self.model(node.spec.labels.get(GPU_MODEL_LABEL).map(String::as_str)),
            cpu_milli: node.allocatable.get(ResourceId::CPU) - node.requested.get(ResourceId::CPU),
            devices: node.devices.free(),
        }
    }

    /// The idle GPUs of a node by cause.
    pub fn amounts(&self, free: FreeOnNode<'_>) -> Amounts {
        let mut amounts = Amounts::default();
        let idle: u32 = free.devices.iter().map(|free| u32::from(*free)).sum();
        let Some(seen) = self.seen_by.get(usize::from(free.model.0)).filter(|_| idle > 0) else { return amounts };
        // Typical pods differ more in CPU than in what they ask of devices.
        let offers: SmallVec<[Offer; 32]> =
            self.requests.iter().map(|request| Offer::of(free.devices, *request)).collect();
        for pod in seen {
            let has_cpu = free.cpu_milli >= pod.cpu_milli;
            let all = pod.popularity * f64::from(idle);
            match pod.wish {
                Wish::NoGpu if has_cpu => amounts.add(Cause::NoGpuFits, all),
                Wish::NoGpu => amounts.add(Cause::NoGpuLacksCpu, all),
                Wish::OtherModel => amounts.add(Cause::ModelExcluded, all),
                Wish::Gpu(number) => {
                    let offer = offers[number];
                    match (offer.fits, has_cpu) {
                        (true, true) => {
                            amounts.add(Cause::LacksGpu, pod.popularity * f64::from(offer.too_full));
                            amounts.add(Cause::Satisfied, pod.popularity * f64::from(idle - offer.too_full));
                        }
                        (true, false) => amounts.add(Cause::LacksCpu, all),
                        (false, true) => amounts.add(Cause::LacksGpu, all),
                        (false, false) => amounts.add(Cause::LacksBoth, all),
                    }
                }
            }
        }
        amounts
    }

    /// The fragmentation of a node in thousandths of a device.
    pub fn fragmented(&self, free: FreeOnNode<'_>) -> f64 {
        self.amounts(free).fragmented()
    }
}

impl Offer {
    fn of(devices: &[u16], request: GpuRequest) -> Self {
        let (mut with_room, mut too_full) = (0_u32, 0);
        for &free in devices {
            let has_room = free >= request.milli;
            with_room += u32::from(has_room);
            too_full += if has_room { 0 } else { u32::from(free) };
        }
        Self { fits: with_room >= u32::from(request.count), too_full }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::target_workload::{PodShape, ShapeCounts};
    use proptest::collection::vec;
    use proptest::{prop_assert_eq, proptest};

    fn target(shapes: &[(i64, u16, u8, &str, u64)]) -> TargetWorkload {
        let mut counts = ShapeCounts::default();
        for &(cpu_milli, gpu_milli, gpus, models, pods) in shapes {
            counts.add(PodShape { cpu_milli, gpu_milli, gpus, models: models.to_owned() }, pods);
        }
        TargetWorkload::typical(&counts, 100)
    }

    /// The definition, pod by pod and device by device.
    fn defined(target: &TargetWorkload, model: &str, cpu_milli: i64, devices: &[u16]) -> f64 {
        let idle: u32 = devices.iter().map(|free| u32::from(*free)).sum();
        let mut sums = [0.0; 7];
        for pod in target.pods() {
            let (shape, f) = (&pod.shape, pod.popularity);
            let has_cpu = cpu_milli >= shape.cpu_milli;
            let too_full: u32 =
                devices.iter().filter(|free| **free < shape.gpu_milli).map(|free| u32::from(*free)).sum();
            let fits = devices.iter().filter(|free| **free >= shape.gpu_milli).count() >= usize::from(shape.gpus);
            let place = match (shape.gpus, has_cpu) {
                (0, true) => 4,
                (0, false) => 5,
                _ if !shape.models.is_empty() && shape.models.split('|').all(|name| name != model) => 6,
                (_, true) if fits => {
                    sums[1] += f * f64::from(too_full);
                    sums[2] += f * f64::from(idle - too_full);
                    continue;
                }
                (_, false) if fits => 3,
                (_, true) => 1,
                (_, false) => 0,
            };
            sums[place] += f * f64::from(idle);
        }
        sums[0] + sums[1] + sums[3] + sums[4] + sums[5] + sums[6]
    }

    proptest! {
        #[test]
        fn the_measure_is_the_definition_to_the_last_bit(
            shapes in vec((0_i64..5000, 1_u16..1001, 0_u8..3, 0_usize..4, 1_u64..50), 0..12),
            cpu_milli in 0_i64..6000,
            devices in vec(0_u16..1001, 0..9),
            model in 0_usize..3,
        ) {
            let shapes: Vec<_> = shapes.iter().map(|&(cpu, milli, gpus, models, pods)| {
                let milli = if gpus == 0 { 0 } else { milli };
                (cpu, milli, gpus, ["", "T4", "T4|G2", "G2"][models], pods)
            }).collect();
            let (target, name) = (target(&shapes), ["T4", "G2", "A10"][model]);
            let measure = FragmentationMeasure::new(&target);
            let free = FreeOnNode { model: measure.model(Some(name)), cpu_milli, devices: &devices };
            let expected = defined(&target, name, cpu_milli, &devices);
            prop_assert_eq!(measure.fragmented(free).to_bits(), expected.to_bits());
        }
    }

    #[test]
    fn all_that_is_idle_has_a_cause_or_can_be_used() {
        let target = target(&[(1000, 500, 1, "", 3), (1000, 1000, 2, "", 1), (500, 0, 0, "", 1)]);
        let measure = FragmentationMeasure::new(&target);
        let free = FreeOnNode { model: measure.model(None), cpu_milli: 2000, devices: &[1000, 300, 0] };
        let amounts = measure.amounts(free);
        let all: f64 = Cause::ALL.iter().map(|cause| amounts.of(*cause)).sum();
        assert!((all - 1300.0).abs() < 1e-9, "{amounts:?}");
        assert!((amounts.of(Cause::Satisfied) - 0.6 * 1000.0).abs() < 1e-9, "{amounts:?}");
        assert!((amounts.of(Cause::LacksGpu) - (0.6 * 300.0 + 0.2 * 1300.0)).abs() < 1e-9, "{amounts:?}");
        assert!((amounts.of(Cause::NoGpuFits) - 0.2 * 1300.0).abs() < 1e-9, "{amounts:?}");
    }
}
