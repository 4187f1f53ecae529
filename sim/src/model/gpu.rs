//! GPU devices of a node and the shares of them that pods hold.
//!
//! Kubernetes counts whole devices as an extended resource. Clusters that share devices count thousandths of each device
//! (Weng et al., "Beware of Fragmentation", USENIX ATC 2023, section 2): a pod asks for `count` devices and `milli`
//! thousandths of each, and a share never spans two devices.

mod choice;

pub use choice::DeviceChoice;

/// The extended resource that totals the shares: 1000 for each whole device.
pub const GPU_MILLI: &str = "towtank.dev/gpu-milli";

/// Label with the model of a node's GPUs, as traces of GPU clusters give it.
pub const GPU_MODEL_LABEL: &str = "gpu-model";

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

/// The free thousandths of a node's devices, and how many pods hold them. Most nodes have no devices, and then it takes no memory of
/// its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices(Option<Box<Shares>>);

/// The devices of a node that has some.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shares {
    count: u8,
    free: [u16; MAX_DEVICES],
    holders: [u16; MAX_DEVICES + 1],
}

impl GpuRequest {
    /// The total in thousandths.
    pub const fn total(self) -> i64 {
        self.count as i64 * self.milli as i64
    }

    /// Whether it asks for less than whole devices.
    pub const fn is_share(self) -> bool {
        self.milli < WHOLE
    }

    /// 0 for shares, else the number of whole devices.
    fn kind(self) -> usize {
        if self.is_share() { 0 } else { usize::from(self.count).min(MAX_DEVICES) }
    }
}

impl DeviceSet {
    /// How many devices.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the device of this number is one of them.
    pub const fn contains(self, device: usize) -> bool {
        device < MAX_DEVICES && self.0 & (1 << device) != 0
    }

    /// With the device of this number, which is below [`MAX_DEVICES`].
    #[must_use]
    pub const fn with(self, device: usize) -> Self {
        Self(self.0 | 1 << device)
    }
}

impl Devices {
    /// `count` devices, all free. More than [`MAX_DEVICES`] are cut.
    pub fn new(count: usize) -> Self {
        let count = count.min(MAX_DEVICES);
        let mut free = [0; MAX_DEVICES];
        free[..count].fill(WHOLE);
        let shares = || Box::new(Shares { count: count as u8, free, holders: [0; MAX_DEVICES + 1] });
        Self((count > 0).then(shares))
    }

    /// The free thousandths of each device.
    pub fn free(&self) -> &[u16] {
        self.0.as_ref().map_or(&[], |shares| &shares.free[..usize::from(shares.count)])
    }

    /// The free thousandths of all devices together.
    pub fn total_free(&self) -> i64 {
        self.free().iter().map(|free| i64::from(*free)).sum()
    }

    /// How many pods hold shares of devices (for 0), or so many whole devices.
    pub fn holders(&self) -> &[u16] {
        self.0.as_ref().map_or(&[0; MAX_DEVICES + 1], |shares| &shares.holders)
    }

    /// How many pods hold what a request of this kind asks for: shares, or so many whole devices.
    pub fn holders_like(&self, request: GpuRequest) -> u16 {
        self.holders()[request.kind()]
    }

    /// Whether the request can be placed.
    pub fn fits(&self, request: GpuRequest) -> bool {
        self.free().iter().filter(|free| **free >= request.milli).count() >= request.count as usize
    }

    /// Whether the request can be placed on exactly these devices.
    pub fn fits_on(&self, request: GpuRequest, set: DeviceSet) -> bool {
        let beyond = u32::from(set.0) >> self.free().len() != 0;
        let holds = |(device, free): (usize, &u16)| !set.contains(device) || *free >= request.milli;
        !beyond && set.len() == u32::from(request.count) && self.free().iter().enumerate().all(holds)
    }

    /// Takes the request from the devices that best fit chooses; `None` and no change where it does not fit.
    pub fn take(&mut self, request: GpuRequest) -> Option<DeviceSet> {
        let chosen = DeviceChoice::BestFit.choose(self, request)?;
        self.take_from(request, chosen);
        Some(chosen)
    }

    /// Takes the request from exactly these devices, which hold it.
    pub fn take_from(&mut self, request: GpuRequest, devices: DeviceSet) {
        let Some(shares) = &mut self.0 else { return };
        if !devices.is_empty() {
            shares.holders[request.kind()] += 1;
        }
        shares.change(devices, |free| free.saturating_sub(request.milli));
    }

    /// Gives back what was taken.
    pub fn give_back(&mut self, request: GpuRequest, taken: DeviceSet) {
        let Some(shares) = &mut self.0 else { return };
        if !taken.is_empty() {
            let holders = &mut shares.holders[request.kind()];
            *holders = holders.saturating_sub(1);
        }
        shares.change(taken, |free| (free + request.milli).min(WHOLE));
    }
}

impl Shares {
    fn change(&mut self, set: DeviceSet, f: impl Fn(u16) -> u16) {
        for (i, free) in self.free.iter_mut().enumerate() {
            if set.contains(i) {
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

    #[test]
    fn who_holds_devices_is_counted_by_kind() {
        let mut devices = Devices::new(4);
        let (share, pair) = (GpuRequest { count: 1, milli: 300 }, GpuRequest { count: 2, milli: WHOLE });
        let taken = devices.take(share).unwrap();
        devices.take(pair).unwrap();
        assert_eq!((devices.holders_like(share), devices.holders_like(pair)), (1, 1));
        assert_eq!(devices.holders().iter().sum::<u16>(), 2);
        devices.give_back(share, taken);
        assert_eq!((devices.holders_like(share), devices.holders_like(pair)), (0, 1));
        // A pod that was put there without a free device holds none.
        devices.take_from(pair, DeviceSet::default());
        devices.give_back(pair, DeviceSet::default());
        assert_eq!(devices.holders_like(pair), 1);
    }

    #[test]
    fn a_set_of_devices_serves_only_the_request_that_it_has_room_for() {
        let mut devices = Devices::new(2);
        devices.take_from(GpuRequest { count: 1, milli: 600 }, DeviceSet(0b10));
        let half = GpuRequest { count: 1, milli: 500 };
        assert!(devices.fits_on(half, DeviceSet(0b01)));
        assert!(!devices.fits_on(half, DeviceSet(0b10)), "too full");
        assert!(!devices.fits_on(half, DeviceSet(0b100)), "no such device");
        assert!(!devices.fits_on(half, DeviceSet(0b11)), "one too many");
        assert!(!devices.fits_on(half, DeviceSet::default()), "none");
    }
}
