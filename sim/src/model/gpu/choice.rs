//! Which of a node's devices a pod gets.

use super::{DeviceSet, Devices, GpuRequest};
use std::cmp::Reverse;

/// A rule that chooses among the devices of a node that have room for a request. Among equals the lowest number is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The devices with the least free.
    #[default]
    BestFit,
    /// The devices of the lowest numbers.
    FirstFit,
    /// The devices with the most free.
    WorstFit,
}

impl DeviceChoice {
    /// The devices for the request; `None` where it does not fit.
    pub fn choose(self, devices: &Devices, request: GpuRequest) -> Option<DeviceSet> {
        match self {
            Self::BestFit => smallest_by(devices, request, |_, free| free),
            Self::FirstFit => smallest_by(devices, request, |device, _| device),
            Self::WorstFit => smallest_by(devices, request, |_, free| Reverse(free)),
        }
    }
}

/// The devices with room for the request that have the smallest keys, by number and by what is free.
fn smallest_by<K: Ord>(devices: &Devices, request: GpuRequest, key: impl Fn(usize, usize) -> K) -> Option<DeviceSet> {
    let mut chosen = DeviceSet::default();
    for _ in 0..request.count {
        let free = devices.free().iter().enumerate();
        let room = free.filter(|(device, free)| **free >= request.milli && !chosen.contains(*device));
        let (device, _) = room.min_by_key(|(device, free)| key(*device, usize::from(**free)))?;
        chosen = chosen.with(device);
    }
    Some(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_takes_its_device_and_the_lowest_among_equals() {
        let mut devices = Devices::new(5);
        for (device, milli) in [(1, 700), (2, 400), (3, 700)] {
            devices.take_from(GpuRequest { count: 1, milli }, DeviceSet::default().with(device));
        }
        // Free: 1000, 300, 600, 300, 1000.
        let one = GpuRequest { count: 1, milli: 200 };
        let two = GpuRequest { count: 2, milli: 400 };
        for (choice, of_one, of_two) in [
            (DeviceChoice::BestFit, 0b00010, 0b00101),
            (DeviceChoice::FirstFit, 0b00001, 0b00101),
            (DeviceChoice::WorstFit, 0b00001, 0b10001),
        ] {
            assert_eq!(choice.choose(&devices, one), Some(DeviceSet(of_one)), "{choice:?}");
            assert_eq!(choice.choose(&devices, two), Some(DeviceSet(of_two)), "{choice:?}");
            assert_eq!(choice.choose(&devices, GpuRequest { count: 3, milli: 700 }), None, "{choice:?}");
        }
    }
}
