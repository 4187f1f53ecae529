//! How the program is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|it| it.split(',').any(|one| one == value));
    // A program that may be loaded anywhere has tens of thousands of addresses, in a megabyte of its tables, that are computed anew whenever
    // it starts, with another megabyte that says where they are. One with a place of its own has them in its file.
    let is_dynamic_gnu = is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && !is("CARGO_CFG_TARGET_FEATURE", "crt-static");
    if is_dynamic_gnu {
        println!("cargo::rustc-link-arg-bin=towtank=-no-pie");
    }
}
