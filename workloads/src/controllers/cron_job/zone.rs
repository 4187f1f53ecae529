//! Time zones, and what Go's calendar makes of a wall clock's time.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// The time zone of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Zone(TimeZone);

/// Whether there is a time zone of this name, whose case counts.
pub fn is_time_zone(name: &str) -> bool {
    Zone::load(name).is_some()
}

impl Zone {
    pub(super) const UTC: Self = Self(TimeZone::UTC);

    /// The zone of this name in the bundled database, so that no machine's own database has a say. Names are told apart
    /// by case, as the files of a database are.
    ///
    /// Source: Go's `time.LoadLocation`.
    pub(super) fn load(name: &str) -> Option<Self> {
        // The controller's own zone, which the recordings and most clusters have at UTC.
        if matches!(name, "" | "UTC" | "Local") {
            return Some(Self::UTC);
        }
        let zone = TimeZoneDatabase::bundled().get(name).ok()?;
        (zone.iana_name() == Some(name)).then_some(Self(zone))
    }

    /// What the clock on the wall says.
    pub(super) fn wall(&self, at: Timestamp) -> DateTime {
        self.0.to_datetime(at)
    }

    /// When the clock on the wall says so. Where it never does or does so twice, it is one of the moments beside the
    /// change of the clock that Go picks: that with the offset which is in force at the time that the offset in force at
    /// this time of UTC leads to.
    ///
    /// Source: Go's `time.Date`.
    pub(super) fn at(&self, wall: DateTime) -> Option<Timestamp> {
        let as_utc = wall.to_zoned(TimeZone::UTC).ok()?.timestamp();
        let guess = self.before(as_utc, as_utc)?;
        self.before(as_utc, guess)
    }

    /// `as_utc`, less the offset that is in force at `when`.
    fn before(&self, as_utc: Timestamp, when: Timestamp) -> Option<Timestamp> {
        let offset = i64::from(self.0.to_offset(when).seconds());
        Timestamp::from_second(as_utc.as_second().checked_sub(offset)?).ok()
    }
}
