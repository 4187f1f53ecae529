//! What the pods of an autoscaler request of a metric's resource.
//!
//! Source: `pkg/controller/podautoscaler/replica_calculator.go`, `calculateRequests`.

use super::object::MetricResource;
use crate::model::Quantity;
use crate::model::pod::PodSpec;

/// Where a request is missing, so that there is no utilization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingRequest<'s> {
    /// In the container of this name.
    Container(&'s str),
    /// In the requests of a pod that has them for the pod as a whole.
    Pod,
}

/// The requests of the containers that run together, or those of the pod as a whole where it has some.
///
/// # Errors
/// Where the first one is missing.
pub fn requested(spec: &PodSpec, resource: MetricResource) -> Result<Quantity, MissingRequest<'_>> {
    let name = match resource {
        MetricResource::Cpu => "cpu",
        MetricResource::Memory => "memory",
    };
    if !spec.requests.is_empty() {
        return spec.requests.get(name).copied().ok_or(MissingRequest::Pod);
    }
    let sidecars = spec.init_containers.iter().filter(|init| init.sidecar).map(|init| &init.container);
    spec.containers.iter().chain(sidecars).try_fold(Quantity::default(), |sum, container| {
        let request = container.requests.get(name).ok_or(MissingRequest::Container(&container.name))?;
        Ok(sum.plus(*request))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::pod::{Container, InitContainer};
    use crate::model::resources::ResourceList;

    fn list(cpu: &str) -> ResourceList {
        ResourceList::from([("cpu".to_owned(), cpu.parse().expect("a quantity"))])
    }

    #[test]
    fn sidecars_count_and_other_init_containers_do_not() {
        let named = |name: &str, requests| Container { name: name.to_owned(), requests, ..Container::default() };
        let init = |name: &str, requests, sidecar| InitContainer { container: named(name, requests), sidecar };
        let mut spec = PodSpec {
            containers: vec![named("a", list("1"))],
            init_containers: vec![init("once", ResourceList::new(), false), init("beside", list("500m"), true)],
            ..PodSpec::default()
        };
        assert_eq!(requested(&spec, MetricResource::Cpu).map(Quantity::milli_value), Ok(1500));
        assert_eq!(requested(&spec, MetricResource::Memory), Err(MissingRequest::Container("a")));
        spec.requests = list("3");
        assert_eq!(requested(&spec, MetricResource::Cpu).map(Quantity::milli_value), Ok(3000));
        assert_eq!(requested(&spec, MetricResource::Memory), Err(MissingRequest::Pod));
    }
}
