//! Manifests of claims, classes and slices.

use super::*;
use std::any::Any;
use towtank_sim::dra::{
    AllocationMode, AttributeValue, ConstraintKind, DeviceClass, NodeScope, RequestForm, ResourceClaim,
    ResourceClaimTemplate, ResourceSlice,
};
use towtank_sim::model::resource_claims::ClaimSource;

fn read(text: &str) -> Manifests {
    parse("m.yaml", text).unwrap_or_else(|error| panic!("{error}"))
}

fn error(text: &str) -> String {
    parse("m.yaml", text).map(|m| format!("{m:?}")).expect_err("an error").to_string()
}

fn object<T: Any>(text: &str) -> T {
    let Item::Object { body, .. } = read(text).submissions.remove(0).item else { panic!("{text}") };
    let body: Box<dyn Any> = body;
    *body.downcast().expect("of this type")
}

const CLAIM: &str = "\
apiVersion: resource.k8s.io/v1
kind: ResourceClaim
metadata: {name: c}
spec:
  devices:
    requests:
    - name: gpu
      exactly:
        deviceClassName: gpu.example.com
        selectors: [{cel: {expression: device.driver == 'a'}}]
        tolerations: [{key: broken, operator: Exists, effect: NoSchedule}]
        capacity: {requests: {memory: 10Gi}}
    - name: nic
      firstAvailable:
      - {name: fast, deviceClassName: fast.example.com, count: 2}
      - {name: all, deviceClassName: slow.example.com, allocationMode: All}
    constraints:
    - {requests: [gpu, nic/fast], matchAttribute: example.com/numa}
status:
  allocation:
    devices:
      results: [{request: gpu, driver: a, pool: n1, device: gpu-0, shareID: x, consumedCapacity: {memory: 10Gi}}]
    nodeSelector: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [n1]}]}]}
  reservedFor: [{resource: pods, name: p, uid: whatever}]
";

#[test]
fn a_claim_with_defaults_and_status() {
    let claim: ResourceClaim = object(CLAIM);
    let [gpu, nic] = &claim.spec.requests[..] else { panic!("{claim:?}") };
    let RequestForm::Exactly(gpu) = &gpu.form else { panic!("{gpu:?}") };
    assert_eq!((gpu.mode, gpu.class.as_str()), (AllocationMode::ExactCount(1), "gpu.example.com"));
    assert_eq!(gpu.tolerations[0].value, None, "every value");
    let RequestForm::FirstAvailable(nic) = &nic.form else { panic!("{nic:?}") };
    assert_eq!([nic[0].devices.mode, nic[1].devices.mode], [AllocationMode::ExactCount(2), AllocationMode::All]);
    assert_eq!(claim.spec.constraints[0].kind, ConstraintKind::Match);
    let allocation = claim.status.allocation.as_ref().unwrap();
    assert_eq!(allocation.devices[0].id.to_string(), "a/n1/gpu-0");
    assert!(allocation.devices[0].shared);
    assert!(claim.is_reserved_for("p", 77) && !claim.is_reserved_for("q", 77));
}

#[test]
fn templates_and_classes() {
    let template: ResourceClaimTemplate = object(
        "apiVersion: resource.k8s.io/v1\nkind: ResourceClaimTemplate\nmetadata: {name: t}\nspec:\n  spec:\n    devices:\n      \
         requests: [{name: r, exactly: {deviceClassName: c}}]",
    );
    assert_eq!(template.spec.requests.len(), 1);
    let class: DeviceClass = object(
        "apiVersion: resource.k8s.io/v1\nkind: DeviceClass\nmetadata: {name: c}\nspec:\n  extendedResourceName: a.com/gpu\n  \
         selectors: [{cel: {expression: 'true'}}]\n  config: []",
    );
    assert_eq!(class.extended_resource_name.as_deref(), Some("a.com/gpu"));
    assert_eq!(class.selectors, ["true"]);
}

const SLICE: &str = "\
apiVersion: resource.k8s.io/v1
kind: ResourceSlice
metadata: {name: s}
spec:
  driver: gpu.example.com
  pool: {name: n1, generation: 3, resourceSliceCount: 1}
  nodeName: n1
  devices:
  - name: gpu-0
    attributes: {model: {string: a100}, mem: {int: 40}, ok: {bool: true}, fw: {version: 1.2.3}}
    capacity: {memory: {value: 40Gi, requestPolicy: {default: 1Gi, validRange: {min: 1Gi, step: 1Gi}}}}
    taints: [{key: broken, effect: NoExecute}]
    consumesCounters: [{counterSet: set, counters: {memory: {value: 5Gi}}}]
";

#[test]
fn a_slice_with_its_devices() {
    let slice: ResourceSlice = object(SLICE);
    assert_eq!(slice.nodes, Some(NodeScope::Node("n1".into())));
    let device = &slice.devices[0];
    assert_eq!(device.attributes["fw"], AttributeValue::Version("1.2.3".into()));
    assert_eq!(device.capacity["memory"].value.to_string(), "40Gi");
    assert_eq!(device.consumes_counters[0].counters["memory"].to_string(), "5Gi");
}

#[test]
fn what_the_server_refuses() {
    let claim = |from: &str, to: &str| error(&CLAIM.replace(from, to));
    let slice = |from: &str, to: &str| error(&SLICE.replace(from, to));
    for (message, expected) in [
        (
            claim("count: 2", "count: -2"),
            "m.yaml:15:64: spec.devices.requests[1].firstAvailable[0].count: must be greater",
        ),
        (
            claim("allocationMode: All", "allocationMode: All, count: 2"),
            "must not be specified when allocationMode is 'All'",
        ),
        (
            claim("allocationMode: All", "allocationMode: Some"),
            "`Some` is not an allocation mode: expected ExactCount or All",
        ),
        (claim("name: nic", "name: gpu"), "`gpu` stands here twice"),
        (claim("nic/fast]", "nic/slow]"), "`nic/slow` must be the name of a request in the claim"),
        (claim("example.com/numa", "numa"), "`numa` has no domain"),
        (claim("operator: Exists", "operator: Exists, value: a"), "expected no value with Exists"),
        (claim("effect: NoSchedule", "effect: Never"), "`Never` is not a device taint effect"),
        (
            claim("      firstAvailable:", "      exactly: {deviceClassName: a}\n      firstAvailable:"),
            "exactly one of `exactly` or",
        ),
        (claim("name: nic", "name: n.c"), "`n.c` is not a name here"),
        (
            slice("nodeName: n1", "allNodes: true\n  nodeName: n1"),
            "expected only one of nodeName, nodeSelector and allNodes",
        ),
        (
            slice("  nodeName: n1\n", ""),
            "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection`",
        ),
        (slice("resourceSliceCount: 1", "resourceSliceCount: 0"), "must be greater than zero"),
        (slice("{string: a100}", "{string: a100, int: 1}"), "exactly one value must be specified"),
        (slice("value: 40Gi", "value: -1"), "must be greater than or equal to 0"),
        (
            slice("- name: gpu-0", "- name: gpu-0\n    nodeName: n1"),
            "can only be set if `perDeviceNodeSelection` is true",
        ),
        (
            slice("  devices:", "  sharedCounters: [{name: s, counters: {a: {value: 1}}}]\n  devices:"),
            "expected this field or devices",
        ),
        (
            slice("nodeName: n1", "perDeviceNodeSelection: true"),
            "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required",
        ),
    ] {
        assert!(message.contains(expected), "{message}\ndoes not say: {expected}");
    }
}

#[test]
fn an_expression_that_is_refused_has_its_place() {
    let manifests = read(&format!("{CLAIM}---\n{SLICE}"));
    assert!(manifests.check_expressions(|_| Ok(())).is_ok());
    let refused = manifests.check_expressions(|text| Err(format!("no `{text}`"))).expect_err("refused").to_string();
    let place = "m.yaml:10:40: spec.devices.requests[0].exactly.selectors[0].cel.expression: no `device.driver == 'a'`";
    assert_eq!(refused, place);
}

#[test]
fn pods_name_their_claims() {
    let pod = |text: &str| {
        let metadata = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n";
        match read(&format!("{metadata}{text}")).submissions.remove(0).item {
            Item::Pod(pod) => pod,
            other => panic!("{other:?}"),
        }
    };
    let text = "spec:\n  resourceClaims:\n  - {name: a, resourceClaimName: c1}\n  - {name: b, resourceClaimTemplateName: t}\n  \
                containers: [{name: c, resources: {claims: [{name: a}, {name: b, request: r}]}}]\n\
                status: {resourceClaimStatuses: [{name: b, resourceClaimName: p-b-x}]}";
    let read = pod(text);
    let spec = &read.template.spec;
    assert_eq!(spec.resource_claims[0].source, ClaimSource::Claim("c1".into()));
    assert_eq!(spec.resource_claims[1].source, ClaimSource::Template("t".into()));
    assert_eq!(spec.containers[0].claims[1].request, "r");
    assert_eq!(read.status.unwrap().claims.unwrap().made[0].claim.as_deref(), Some("p-b-x"));
    assert_eq!(pod("spec: {containers: [{name: c}]}").status, None);

    let refused = |from: &str, to: &str| {
        error(&format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\n{}", text.replace(from, to)))
    };
    assert!(refused("[{name: a}", "[{name: x}").contains("`x` must be one of the names in pod.spec.resourceClaims"));
    assert!(
        refused("resourceClaimName: c1}", "resourceClaimName: c1, resourceClaimTemplateName: t}")
            .contains("at most one of")
    );
    assert!(refused(", resourceClaimName: c1}", "}").contains("must specify one of"));
}

#[test]
fn a_claim_stays_with_the_pod_that_it_was_made_for() {
    let both = |owner: &str| {
        read(&format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{owner}}}\nspec: {{containers: [{{name: c}}]}}\n---\n\
             apiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nmetadata: {{name: c, ownerReferences: \
             [{{apiVersion: v1, kind: Pod, name: p, uid: u, controller: true}}]}}\nspec: {{}}\n---\n\
             apiVersion: batch/v1\nkind: Job\nmetadata: {{name: j}}\nspec: {{template: {{spec: {{restartPolicy: Never, \
             containers: [{{name: c}}]}}}}}}"
        ))
    };
    assert_eq!(both("").submissions.len(), 3);
    let owned = both(", ownerReferences: [{apiVersion: batch/v1, kind: Job, name: j, uid: u, controller: true}]");
    assert_eq!(owned.submissions.len(), 1, "the Job makes its own");
}
