//! Containers: requests, limits and host ports, with the API server's defaults.
//!
//! Source: `pkg/apis/core/v1/defaults.go`, `pkg/apis/core/validation/validation.go`.

use super::convert::{QuantityText, resource_list};
use super::field::{At, FieldError};
use super::pod_resource_claims::container_claims;
use k8s_openapi::api::core::v1 as core;
use towtank_sim::model::pod::{Container, HostPort, InitContainer};

/// A container. On the host's network every container port is a host port.
pub(super) fn container(from: &core::Container, host_network: bool, at: &At<'_>) -> Result<Container, FieldError> {
    if from.name.is_empty() {
        return Err(at.key("name").error("required, and not given"));
    }
    let resources = at.key("resources");
    let (limits_at, requests_at) = (resources.key("limits"), resources.key("requests"));
    let given = from.resources.as_ref();
    let limits = resource_list(given.and_then(|r| r.limits.as_ref()), &limits_at)?;
    let mut requests = resource_list(given.and_then(|r| r.requests.as_ref()), &requests_at)?;
    for (name, limit) in &limits {
        let request = requests.entry(name.clone()).or_insert(*limit);
        if *request > *limit {
            let text = |list: Option<&std::collections::BTreeMap<String, _>>| {
                list.and_then(|l| l.get(name.as_str())).map_or_else(String::new, |q: &QuantityText| q.0.clone())
            };
            return Err(requests_at.key(name).error(format_args!(
                "`{}` is more than the limit: expected at most {}",
                text(given.and_then(|r| r.requests.as_ref())),
                text(given.and_then(|r| r.limits.as_ref())),
            )));
        }
    }
    let mut host_ports = Vec::new();
    for (i, port) in from.ports.iter().flatten().enumerate() {
        let ports = at.key("ports");
        host_ports.extend(host_port(port, host_network, &ports.index(i))?);
    }
    Ok(Container {
        name: from.name.clone(),
        image: from.image.clone().unwrap_or_default(),
        requests,
        limits,
        actual: None,
        host_ports,
        claims: container_claims(from),
        restarts_all: from.restart_policy_rules.iter().flatten().any(|rule| rule.action == "RestartAllContainers"),
    })
}

/// An init container, or a sidecar.
pub(super) fn init_container(
    from: &core::Container,
    host_network: bool,
    at: &At<'_>,
) -> Result<InitContainer, FieldError> {
    let sidecar = match from.restart_policy.as_deref() {
        Some("Always") => true,
        None | Some("Never" | "OnFailure") => false,
        Some(other) => {
            return Err(at.key("restartPolicy").error(format_args!(
                "`{other}` is not a restart policy of an init container: expected Always, OnFailure or Never"
            )));
        }
    };
    Ok(InitContainer { container: container(from, host_network, at)?, sidecar })
}

fn host_port(port: &core::ContainerPort, host_network: bool, at: &At<'_>) -> Result<Option<HostPort>, FieldError> {
    let in_range = |number: i32, at: &At<'_>| {
        u16::try_from(number)
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(|| at.error(format_args!("`{number}` is not a port: expected 1 to 65535")))
    };
    let container_port = in_range(port.container_port, &at.key("containerPort"))?;
    let protocol = port.protocol.as_deref().unwrap_or("TCP");
    if !["TCP", "UDP", "SCTP"].contains(&protocol) {
        let at = at.key("protocol");
        return Err(at.error(format_args!("`{protocol}` is not a protocol: expected TCP, UDP or SCTP")));
    }
    let host_port = match port.host_port.filter(|p| *p != 0) {
        Some(number) => {
            let at = at.key("hostPort");
            let host_port = in_range(number, &at)?;
            if host_network && host_port != container_port {
                return Err(
                    at.error(format_args!("`{number}` differs from containerPort: expected the same with hostNetwork"))
                );
            }
            host_port
        }
        None if host_network => container_port,
        None => return Ok(None),
    };
    let ip = port.host_ip.clone().filter(|ip| !ip.is_empty()).unwrap_or_else(|| "0.0.0.0".to_owned());
    Ok(Some(HostPort { ip, protocol: protocol.to_owned(), port: host_port }))
}
