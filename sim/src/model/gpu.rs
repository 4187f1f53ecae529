//! GPU devices of a node and the shares of them that pods hold.
//!
//! Kubernetes counts whole devices as an extended resource. Clusters that share devices count thousandths of each device
//! (Weng et al., "Beware of Fragmentation", USENIX ATC 2023, section 2): a pod asks for `count` devices and `milli`
//! thousandths of each, and a share never spans two devices.

/// The extended resource that totals the shares: 1000 for each whole device.
pub const GPU_MILLI: &str = "towtank.dev/gpu-milli";

/// A whole device in thousandths.
pub const WHOLE: u16 = 1000;

/// The most devices a node can have here.
pub const MAX_DEVICES: usize = 16;

/// What a pod asks for: `milli` thousandths on each of `count` devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GpuRequest {
    /// Devices, 1 to 16.
    pub count: u8,
    /// Thousandths of each device, 1 to 1000.
    pub milli: u16,
}

/// The devices of a node that a pod holds: one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DeviceSet(pub u16);

/// The free thousandths of a node's devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices {
    count: u8,
    free: [u16; MAX_DEVICES],
}

impl GpuRequest {
    /// The total in thousandths.
    pub const fn total(self) -> i64 {
        self.count as i64 * self.milli as i64
    }
}

impl Devices {
    /// `count` devices, all free. More than [`MAX_DEVICES`] are cut.
    pub fn new(count: usize) -> Self {
        let count = count.min(MAX_DEVICES);
        let mut free = [0; MAX_DEVICES];
        free[..count].fill(WHOLE);
        Self { count: count as u8, free }
    }

    /// The free thousandths of each device.
    pub fn free(&self) -> &[u16] {
        &self.free[..self.count as usize]
    }

    /// Whether the request can be placed.
    pub fn fits(&self, request: GpuRequest) -> bool {
        self.free().iter().filter(|free| **free >= request.milli).count() >= request.count as usize
    }

    /// Takes the request from the fullest devices that still hold it (best fit), lower index first among equals; `None`
    /// and no change where it does not fit.
    pub fn take(&mut self, request: GpuRequest) -> Option<DeviceSet> {
        let mut taken = DeviceSet::default();
        for _ in 0..request.count {
            let device = (0..self.count as usize)
                .filter(|i| taken.0 & (1 << i) == 0 && self.free[*i] >= request.milli)
                .min_by_key(|i| self.free[*i])?;
            taken.0 |= 1 << device;
        }
        self.change(taken, |free| free - request.milli);
        Some(taken)
    }

    /// Takes the request from exactly these devices, which hold it.
    pub fn take_again(&mut self, request: GpuRequest, devices: DeviceSet) {
        self.change(devices, |free| free.saturating_sub(request.milli));
    }

    /// Gives back what [`Devices::take`] took.
    pub fn give_back(&mut self, request: GpuRequest, taken: DeviceSet) {
        self.change(taken, |free| (free + request.milli).min(WHOLE));
    }

    fn change(&mut self, set: DeviceSet, f: impl Fn(u16) -> u16) {
        for (i, free) in self.free.iter_mut().enumerate() {
            if set.0 & (1 << i) != 0 {
                *free = f(*free);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_goes_to_the_fullest_device_that_holds_it() {
        let mut devices = Devices::new(2);
        let share = |milli| GpuRequest { count: 1, milli };
        let first = devices.take(share(600)).unwrap();
        assert_eq!(devices.take(share(300)), Some(first));
        assert_eq!(devices.free(), [100, 1000]);
        assert!(!devices.fits(GpuRequest { count: 2, milli: 200 }), "a share never spans devices");
        assert_eq!(devices.take(GpuRequest { count: 2, milli: 200 }), None);
        devices.give_back(share(600), first);
        assert_eq!(devices.free(), [700, 1000]);
    }
}
