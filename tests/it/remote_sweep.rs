//! Sweeps on many machines: what is printed for Slurm and Kubernetes, and what comes of it there.

use crate::kubernetes_objects::strictly;
use crate::support::Folder;
use crate::sweep::{TABLES, folder};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use serde::Deserialize as _;
use serde_json::Value;

fn documents(text: &str) -> Vec<Value> {
    serde_yaml::Deserializer::from_str(text).map(|one| Value::deserialize(one).expect("YAML")).collect()
}

fn job(folder: &Folder, more: &[&str]) -> (Job, String) {
    let said = folder.run(&[&["sweep", "experiment.yaml", "--kubernetes"], more].concat()).expect(0);
    let job = documents(&said.stdout).pop().expect("a document");
    (strictly(&job), said.stdout)
}

#[test]
fn the_manifest_is_an_indexed_job_in_kubernetes_own_types() {
    let folder = folder();
    let (job, text) = job(&folder, &["--shards", "6", "--parallelism", "2", "--cpus", "3", "--memory", "1536Mi"]);
    insta::assert_snapshot!(text);
    let claim: PersistentVolumeClaim = strictly(&documents(&text)[0]);
    let spec = job.spec.expect("a spec");
    assert_eq!(spec.completion_mode.as_deref(), Some("Indexed"));
    assert_eq!((spec.completions, spec.parallelism), (Some(6), Some(2)));
    // What an API server asks for where a policy of failures is given: `ValidateJobSpec`.
    let pod = spec.template.spec.expect("a pod");
    assert_eq!(
        (pod.restart_policy.as_deref(), spec.pod_replacement_policy.as_deref()),
        (Some("Never"), Some("Failed"))
    );
    assert!(spec.max_failed_indexes <= spec.completions && spec.backoff_limit.is_none());
    let rules = spec.pod_failure_policy.expect("a policy").rules;
    for rule in &rules {
        let codes = rule.on_exit_codes.as_ref();
        assert!(codes.is_some() != rule.on_pod_conditions.is_some(), "one of the two: {rule:?}");
        if let Some(codes) = codes {
            assert_eq!(codes.container_name.as_deref(), Some(pod.containers[0].name.as_str()));
            assert!(codes.values.is_sorted_by(|a, b| a < b) && !codes.values.contains(&0), "{codes:?}");
        }
    }
    let volume = pod.volumes.expect("volumes")[0].persistent_volume_claim.clone().expect("a claim");
    assert_eq!(Some(volume.claim_name), claim.metadata.name);
    let image = folder.run(&["sweep", "experiment.yaml", "--kubernetes", "--image", "a/b:1", "--claim", "mine"]);
    let printed = documents(&image.expect(0).stdout);
    assert_eq!(printed.len(), 1, "a claim that is there is not made");
    let pod = &printed[0]["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["image"], "a/b:1");
    assert_eq!(pod["volumes"][0]["persistentVolumeClaim"]["claimName"], "mine");
    assert_eq!(printed[0]["spec"]["completions"], 16);
    assert_eq!((spec.suspend, printed[0]["spec"].get("suspend")), (Some(true), None), "until the new volume is filled");
}

/// Makes every shard as its pod would, and puts them together.
#[test]
fn the_pods_of_the_job_make_the_whole_experiment() {
    let folder = folder();
    folder.run(&["sweep", "experiment.yaml", "--out", "whole"]).expect(0);
    let (job, _) = job(&folder, &["--shards", "3"]);
    let spec = job.spec.expect("a spec");
    let container = &spec.template.spec.expect("a pod").containers[0];
    let args: Vec<&str> = container.args.iter().flatten().map(String::as_str).collect();
    for index in 0..spec.completions.expect("a number") {
        folder.run_in(&args, &[("JOB_COMPLETION_INDEX", &index.to_string())]).expect(0);
    }
    let said = folder.run(&["sweep", "experiment.yaml", "--merge", "out/sizes", "--out", "out/sizes"]).expect(0);
    assert!(said.stdout.starts_with("24 runs of 3 shards put together\n"), "{}", said.stdout);
    for table in TABLES {
        assert_eq!(folder.read(&format!("whole/{table}")), folder.read(&format!("out/sizes/{table}")), "{table}");
    }
    // A pod that is started again, and putting together again, change nothing.
    let again = folder.run_in(&args, &[("JOB_COMPLETION_INDEX", "1")]).expect(0);
    assert!(again.stdout.contains("made before"), "{}", again.stdout);
    folder.run(&["sweep", "experiment.yaml", "--merge", "out/sizes"]).expect(0);
    // What was put together is a sweep like any other.
    let resumed = folder.run(&["sweep", "experiment.yaml", "--resume", "--out", "out/sizes"]).expect(0);
    assert!(resumed.stdout.starts_with("24 runs, 24 of them made before\n"), "{}", resumed.stdout);
}

#[test]
fn the_index_alone_never_makes_the_whole() {
    let folder = folder();
    let alone = folder.run_in(&["sweep", "experiment.yaml"], &[("JOB_COMPLETION_INDEX", "1")]).expect(2);
    assert!(alone.stderr.contains("nothing says of how many"), "{}", alone.stderr);
    let none = folder.run(&["sweep", "experiment.yaml", "--shards", "3"]).expect(2);
    assert!(none.stderr.contains("--shards: neither SLURM_ARRAY_TASK_ID nor"), "{}", none.stderr);
    // The command line goes before the environment.
    let said = folder.run_in(&["sweep", "experiment.yaml", "--shard", "0/1"], &[("JOB_COMPLETION_INDEX", "1")]);
    assert!(said.expect(0).stdout.starts_with("24 runs\n"));
}

#[test]
fn paths_that_pods_would_not_see_are_refused() {
    let folder = folder();
    for args in [["../experiment.yaml", "--out", "out"], ["experiment.yaml", "--out", "../out"]] {
        folder.write("below/x", "");
        let from = folder.path().join("below");
        std::fs::copy(folder.path().join("experiment.yaml"), from.join("experiment.yaml")).expect("a copy");
        std::fs::copy(folder.path().join("scenario.yaml"), from.join("scenario.yaml")).expect("a copy");
        let refused = crate::support::towtank(&from, &[&["sweep", "--kubernetes"], &args[..]].concat()).expect(2);
        assert!(refused.stderr.contains("is not below this folder"), "{}", refused.stderr);
    }
}

#[test]
fn the_script_is_an_array_of_slurm() {
    let folder = folder();
    let print = |more: &[&str]| {
        let said = folder.run(&[&["sweep", "experiment.yaml", "--slurm"], more].concat()).expect(0);
        said.stdout.replace(env!("CARGO_BIN_EXE_towtank"), "towtank")
    };
    insta::assert_snapshot!(print(&["--shards", "4", "--parallelism", "2", "--cpus", "2", "--memory", "1Gi"]));
    assert!(print(&["--out", "my results"]).contains("--out 'my results'\n"));
}

/// Runs the script as the tasks of an array do, by its `SLURM` variables.
#[cfg(unix)]
#[test]
fn the_tasks_of_the_array_make_the_whole_experiment() {
    let folder = folder();
    folder.run(&["sweep", "experiment.yaml", "--out", "whole"]).expect(0);
    let said = folder.run(&["sweep", "experiment.yaml", "--slurm", "--shards", "2"]).expect(0);
    folder.write("array.sh", said.stdout);
    for task in ["0", "1"] {
        let done = std::process::Command::new("sh")
            .current_dir(folder.path())
            .arg("array.sh")
            .env("SLURM_ARRAY_TASK_ID", task)
            .output()
            .expect("a shell");
        assert!(done.status.success(), "{done:?}");
    }
    folder.run(&["sweep", "experiment.yaml", "--merge", "out/sizes"]).expect(0);
    for table in TABLES {
        assert_eq!(folder.read(&format!("whole/{table}")), folder.read(&format!("out/sizes/{table}")), "{table}");
    }
}

/// Under a controller and a node of its own, on the loopback: see the script.
#[cfg(unix)]
#[test]
fn a_real_slurm_makes_the_whole_experiment() {
    let folder = folder();
    let script = crate::support::repository("tests/slurm/array.sh");
    let done = std::process::Command::new("bash")
        .current_dir(folder.path())
        .arg(script)
        .args([env!("CARGO_BIN_EXE_towtank"), "experiment.yaml"])
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&done.stdout);
    match done.status.code() {
        Some(0) => assert!(said.ends_with("the array's tables are those of one sweep\n"), "{said}"),
        Some(77) => eprint!("{said}"),
        _ => panic!("{said}{}", String::from_utf8_lossy(&done.stderr)),
    }
}
