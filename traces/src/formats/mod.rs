//! One module per trace format. Each exports a `FORMAT`, which the registry lists.

pub(crate) mod alibaba_dlrm_v2025;
pub(crate) mod alibaba_pai_v2020;
pub(crate) mod alibaba_spot_v2026;
pub(crate) mod alibaba_v2017;
pub(crate) mod alibaba_v2018;
pub(crate) mod audit;
pub(crate) mod azure_packing;
pub(crate) mod azure_vm;
pub(crate) mod batsim;
pub(crate) mod csv_generic;
pub(crate) mod google;
pub(crate) mod gwa_vm;
pub(crate) mod helios;
pub(crate) mod kubectl;
pub(crate) mod openb;
pub(crate) mod opendc;
pub(crate) mod philly;
pub(crate) mod simkube;
pub(crate) mod swf;
