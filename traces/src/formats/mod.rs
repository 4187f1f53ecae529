//! One module per trace format. Each exports a `FORMAT`, which the registry lists.

pub(crate) mod audit;
pub(crate) mod batsim;
pub(crate) mod csv_generic;
pub(crate) mod kubectl;
pub(crate) mod openb;
pub(crate) mod opendc;
pub(crate) mod simkube;
pub(crate) mod swf;
