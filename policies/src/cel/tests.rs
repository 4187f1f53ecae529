//! Selectors as users write them.

use super::*;
use std::collections::BTreeMap;
use towtank_sim::dra::{AttributeValue, Device, DeviceCapacity};

fn device() -> DeviceValue {
    let attributes = [
        ("model", AttributeValue::String("a100".into())),
        ("mem", AttributeValue::Int(40)),
        ("healthy", AttributeValue::Bool(true)),
        ("driverVersion", AttributeValue::Version("1.2.3-rc.1".into())),
        ("pci.example.org/root", AttributeValue::String("0000:00".into())),
    ];
    let capacity = DeviceCapacity { value: "40Gi".parse().unwrap(), request_policy: None };
    let device = Device {
        name: "gpu-0".into(),
        attributes: attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        capacity: BTreeMap::from([("memory".to_owned(), capacity)]),
        ..Device::default()
    };
    DeviceValue::new("gpu.example.com", &device).unwrap()
}

fn matches(text: &str) -> Result<bool, String> {
    Selector::compile(text).unwrap_or_else(|e| panic!("{text}: {e}")).matches(&device())
}

#[test]
fn devices_are_selected_by_what_they_are_and_have() {
    for yes in [
        "device.driver == 'gpu.example.com'",
        "device.attributes['gpu.example.com'].model == \"a100\"",
        "device.attributes['gpu.example.com'].mem >= 40 && device.attributes['gpu.example.com'].mem < 40.5",
        "device.attributes['gpu.example.com'].healthy",
        "device.attributes['pci.example.org'].root.startsWith('0000')",
        "device.capacity['gpu.example.com'].memory.compareTo(quantity('40Gi')) >= 0",
        "device.capacity['gpu.example.com'].memory.isGreaterThan(quantity('39Gi'))",
        "device.capacity['gpu.example.com'].memory == quantity('40960Mi')",
        "device.capacity['gpu.example.com'].memory.sub(quantity('1Gi')).add(1).isLessThan(quantity('40Gi'))",
        "device.attributes['gpu.example.com'].driverVersion.isLessThan(semver('1.2.3'))",
        "device.attributes['gpu.example.com'].driverVersion.major() == 1",
        "semver('v1.2', true) == semver('1.2.0')",
        "!has(device.attributes['gpu.example.com'].nvlink)",
        "has(device.attributes['gpu.example.com'].model)",
        "!('other.example.com' in device.attributes) && 'gpu.example.com' in device.attributes",
        "'model' in device.attributes['gpu.example.com']",
        "size(device.attributes['unknown.example.com']) == 0",
        "device.attributes['gpu.example.com'].?nvlink.orValue(7) == 7",
        "cel.bind(gpu, device.attributes['gpu.example.com'], gpu.mem == 40 && gpu.healthy)",
        "device.attributes['gpu.example.com'].model in ['a100', 'h100']",
        "['a100', 'h100'].exists(m, m == device.attributes['gpu.example.com'].model)",
        "device.attributes['gpu.example.com'].exists(k, k == 'mem')",
        "device.attributes['gpu.example.com'].model.matches('^a[0-9]+$')",
        "device.attributes['gpu.example.com'].model.upperAscii() == 'A100'",
        "true || device.attributes['gpu.example.com'].missing",
        "device.attributes['gpu.example.com'].missing || true",
        "device.attributes['gpu.example.com'].model == 40 ? false : true",
        "!device.allowMultipleAllocations",
        "isQuantity('1Gi') && !isQuantity('200K') && quantity('50k').asInteger() == 50000",
    ] {
        assert_eq!(matches(yes), Ok(true), "{yes}");
    }
    assert_eq!(matches("device.driver == 'other.example.com'"), Ok(false));
    assert_eq!(matches("device.attributes['gpu.example.com'].healthy && 1 > 2"), Ok(false));
}

#[test]
fn what_a_device_lacks_is_an_error() {
    assert_eq!(matches("device.attributes['gpu.example.com'].nvlink == 1"), Err("no such key: nvlink".into()));
    assert_eq!(matches("device.attributes['other.example.com'].mem > 1"), Err("no such key: mem".into()));
    assert_eq!(
        matches("device.capacity['other.example.com'].memory == quantity('1')"),
        Err("no such key: memory".into())
    );
    assert_eq!(matches("device.attributes['gpu.example.com'].model > 1"), Err("no such overload".into()));
    assert!(
        matches("device.attributes['gpu.example.com'].mem").unwrap_err().contains("could not be converted to bool")
    );
}

#[test]
fn what_does_not_compile_is_said_with_its_place() {
    let refused = |text: &str| match Selector::compile(text) {
        Ok(_) => panic!("{text} compiles"),
        Err(error) => error,
    };
    for (text, part) in [
        ("device.driver ==", "compilation failed: ERROR: <input>:1:"),
        ("foo == 1", "ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')"),
        ("device.atributes['a'].b == 1", "undefined field 'atributes'"),
        ("device.driver == 1", "found no matching overload for '_==_' applied to '(string, int)'"),
        (
            "device.capacity['a'].memory >= 40",
            "found no matching overload for '_>=_' applied to '(kubernetes.Quantity, int)'",
        ),
        ("device.driver", "must evaluate to bool or the unknown type, not string"),
        ("device.driver.startWith('a')", "undeclared reference to 'startWith'"),
        ("device.driver.startsWith(1)", "found no matching overload for 'startsWith' applied to 'string.(int)'"),
        ("quantity(1) == quantity('1')", "found no matching overload for 'quantity' applied to '(int)'"),
        ("1 + 1", "must evaluate to bool or the unknown type, not int"),
        ("device.driver.exists(x, true)", "cannot be range of a comprehension"),
        ("[1, 'a'].exists(x, true)", "expected type 'int' but found 'string'"),
        ("Foo{a: 1} == 1", "undeclared reference to 'Foo'"),
        ("", "compilation failed"),
    ] {
        let error = refused(text);
        assert!(error.contains(part), "{text}: {error}");
        assert!(!error.contains('\n'), "{text}: {error}");
    }
    for open in ["(", "[", "!("] {
        assert!(refused(&open.repeat(2000)).contains("nested"));
    }
    assert!(refused(&format!("true {}", "|| true".repeat(2000))).contains("too long"));
}

#[test]
fn long_chains_are_compiled_or_refused_and_overflow_nothing() {
    for text in [
        "!".repeat(9_000) + "true",
        "- ".repeat(5_000) + "1 == 1",
        "true".to_owned() + &" || true".repeat(1_000),
        "device".to_owned() + &".a".repeat(5_000),
        "device".to_owned() + &"['a']".repeat(900),
        "1".to_owned() + &"+1".repeat(5_000) + " == 1",
        "true ? ".repeat(600) + "true" + &" : true".repeat(600),
        "true".to_owned() + &"==true".repeat(1_500),
    ] {
        drop(Selector::compile(&text));
    }
}
