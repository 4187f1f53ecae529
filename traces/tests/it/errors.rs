//! What is said about bad input: file, line, column, what was found and what was expected.

use crate::{drain, nodes, open_pods, pods, pods_in};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::path::Path;
use towtank_traces::repairs::Repairs;
use towtank_traces::{Context, ReplayOptions, Times};

const NODES: &str = "name,cpu_milli,memory_bytes,pods\n";
const PODS: &str = "name,arrival_s,duration_s,cpu_milli,memory_bytes\n";
const OPENB: &str = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,creation_time,deletion_time,scheduled_time\n";

fn all() -> ReplayOptions {
    ReplayOptions::default()
}

#[track_caller]
fn node_error(text: impl Into<Vec<u8>>, expected: &str) {
    assert_eq!(nodes("csv", text, &all()).err().unwrap_or_default(), expected);
}

#[track_caller]
fn pod_error(text: impl Into<Vec<u8>>, expected: &str) {
    assert_eq!(pods("csv", text, &all()).err().unwrap_or_default(), expected);
}

#[track_caller]
fn openb_error(rows: &str, expected: &str) {
    let options = ReplayOptions { times: Times::Replay, ..all() };
    let context = Context { options, repairs: Repairs::strict() };
    assert_eq!(pods_in("openb", format!("{OPENB}{rows}"), &context).err().unwrap_or_default(), expected);
}

#[test]
fn headers() {
    node_error(
        "name,cpu_mili,memory_bytes,pods\n",
        "nodes.csv: line 1: no column `cpu_milli` (did you mean `cpu_mili`?), found the columns `name`, `cpu_mili`, \
         `memory_bytes`, `pods`",
    );
    node_error(
        "cpu_milli,memory_bytes,pods\n",
        "nodes.csv: line 1: no column `name` (it is required), found the columns `cpu_milli`, `memory_bytes`, `pods`",
    );
    node_error(
        "name,cpu_milli,memory_bytes,pods,zonne\n",
        "nodes.csv: line 1: unknown column `zonne`: did you mean `zone`? A column that shall be ignored starts with `x-`",
    );
    node_error("name,cpu_milli,memory_bytes,pods,pods\n", "nodes.csv: line 1: the column `pods` appears twice");
    node_error(
        "name,cpu_milli,memory_bytes,pods,resource:cpu\n",
        "nodes.csv: line 1: unknown column `resource:cpu`: the resource `cpu` is given in `cpu_milli`",
    );
    node_error(PODS, "nodes.csv: line 1: this header is that of a file of pods, expected a file of nodes");
    pod_error(NODES, "pods.csv: line 1: this header is that of a file of nodes, expected a file of pods");
    for empty in ["", "\n\n", "\u{feff}"] {
        node_error(
            empty,
            "nodes.csv: the file is empty: expected a header row with the columns `name`, `cpu_milli`, `memory_bytes`, \
             `pods`",
        );
    }
}

#[test]
fn rows() {
    pod_error(format!("{PODS}a,1,1,1,1\nb,1\n"), "pods.csv: line 3: found 2 fields, expected 5 as in the header");
    pod_error(format!("{PODS}a,1,1,1,1,\n"), "pods.csv: line 2: found 6 fields, expected 5 as in the header");
    pod_error(format!("{PODS}a,1,1,1,1\n\nb,1"), "pods.csv: line 4: found 2 fields, expected 5 as in the header");
    pod_error(
        format!("{PODS}a,1,1,1,1\r\n\r\nb,1").replace("bytes\n", "bytes\r\n"),
        "pods.csv: line 4: found 2 fields, expected 5 as in the header",
    );
    pod_error(
        format!("{PODS}\"a\nb\",1,1,1,1\n\"c\nd\",1,1\n"),
        "pods.csv: line 4: found 3 fields, expected 5 as in the header",
    );
    pod_error(
        format!("{PODS}a,1,1,1,1\nb,\"1,1,1,1\nc,1,1,1,1\n"),
        "pods.csv: line 3: a quote opened in this row is never closed",
    );
}

#[test]
fn fields() {
    let whole = "a whole number of milli-CPU, 0 or more";
    pod_error(
        format!("{PODS}a,1,1,2x,1\n"),
        &format!("pods.csv: line 2, column `cpu_milli`: `2x` is not a number: expected {whole}"),
    );
    pod_error(
        format!("{PODS}a,1,1,-5,1\n"),
        &format!("pods.csv: line 2, column `cpu_milli`: `-5` is negative: expected {whole}"),
    );
    pod_error(
        format!("{PODS}a,1,1,,1\n"),
        &format!("pods.csv: line 2, column `cpu_milli`: `` is blank: expected {whole}"),
    );
    pod_error(
        format!("{PODS}a,1,1,1,99999999999999999999\n"),
        "pods.csv: line 2, column `memory_bytes`: `99999999999999999999` is too large: expected a whole number of bytes, \
         0 or more",
    );
    pod_error(
        format!("{PODS}a,1.0000001,3,1,1\n"),
        "pods.csv: line 2, column `arrival_s`: `1.0000001` has too many decimals: expected an arrival time in seconds, 0 \
         or more, with up to six decimals",
    );
    pod_error(format!("{PODS},1,1,1,1\n"), "pods.csv: line 2, column `name`: `` is blank: expected a name");
    pod_error(
        [PODS.as_bytes(), b"\xff,1,1,1,1\n"].concat(),
        "pods.csv: line 2, column `name`: `\u{fffd}` is not UTF-8: expected text in UTF-8",
    );
    pod_error(
        "name,arrival_s,duration_s,cpu_milli,memory_bytes,priority\na,1,1,1,1,high\n",
        "pods.csv: line 2, column `priority`: `high` is not a priority: expected a whole number from -2147483648 to \
         2147483647",
    );
    pod_error(
        "name,arrival_s,duration_s,cpu_milli,memory_bytes,cpu_usage_fraction\na,1,1,1,1,7\n",
        "pods.csv: line 2, column `cpu_usage_fraction`: `7` is too large: expected a part of the request, from 0 to \
         6.5535, with up to nine decimals",
    );
    node_error(
        "name,cpu_milli,memory_bytes,pods,taint:a\nn,1,1,1,NoSchedul\n",
        "nodes.csv: line 2, column `taint:a`: `NoSchedul` is not a taint: expected value:Effect with the effect \
         NoSchedule, PreferNoSchedule or NoExecute",
    );
    node_error(
        "name,cpu_milli,memory_bytes,pods,added_s,removed_s\nn,1,1,1,7,7\n",
        "nodes.csv: line 2, column `removed_s`: `7` is not after `added_s`: expected a time after the node came",
    );
}

#[test]
fn a_node_listed_twice() {
    node_error(
        format!("{NODES}a,1,1,1\nb,1,1,1\na,1,1,1\n"),
        "nodes.csv: line 4: node `a` is listed already on line 2: expected one row per name, or rows that do not overlap \
         in time",
    );
}

#[test]
fn openb_rows() {
    openb_error(
        "a,1,1,0,0,100,99,\n",
        "pods.csv: line 2, column `deletion_time`: `99` is before `creation_time`, a negative run time: expected deletion \
         after creation and scheduling",
    );
    openb_error(
        "a,1,1,0,0,100,110,120\n",
        "pods.csv: line 2, column `deletion_time`: `110` is before `scheduled_time`, a negative run time: expected \
         deletion after creation and scheduling",
    );
    openb_error(
        "a,1,1,0,0,100,110,90\n",
        "pods.csv: line 2, column `scheduled_time`: `90` is before `creation_time`: expected scheduling after creation",
    );
    let gpu = "thousandths of each GPU: 1 to 1000, or 0 for a pod without GPUs";
    openb_error(
        "a,1,1,1,0,1,1,\n",
        &format!("pods.csv: line 2, column `gpu_milli`: `0` contradicts `num_gpu`: expected {gpu}"),
    );
    openb_error(
        "a,1,1,1,1001,1,1,\n",
        &format!("pods.csv: line 2, column `gpu_milli`: `1001` is too large: expected {gpu}"),
    );
    openb_error(
        "a,1,8796093022208,0,0,1,1,\n",
        "pods.csv: line 2, column `memory_mib`: `8796093022208` is too large: expected a whole number of MiB from 0 to \
         8796093022207",
    );
}

#[test]
fn files() {
    let missing = Path::new("no/such/pods.csv");
    let error = open_pods("csv", missing, &all()).err().unwrap().to_string();
    assert!(error.starts_with("no/such/pods.csv: cannot be opened: "), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let error = open_pods("csv", folder.path(), &all()).err().unwrap().to_string();
    assert!(error.ends_with("cannot be opened: there is no file in it"), "{error}");

    let path = folder.path().join("gzip-without-a-name-that-says-so");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(PODS.as_bytes()).unwrap();
    for i in 0..5000 {
        writeln!(gzip, "pod-{i},{i},{},{},1", i * 7 % 13, i * 31 % 1009).unwrap();
    }
    let bytes = gzip.finish().unwrap();
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(drain(open_pods("csv", &path, &all()).unwrap()).unwrap().work.len(), 5000);
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = drain(open_pods("csv", &path, &all()).unwrap()).err().unwrap();
    assert!(error.contains(": line ") && error.ends_with("the file is truncated (read as format `csv`)"), "{error}");

    let mut two = GzEncoder::new(bytes, Compression::default());
    two.write_all(b"last,5000,,1,1\n").unwrap();
    std::fs::write(&path, two.finish().unwrap()).unwrap();
    assert_eq!(drain(open_pods("csv", &path, &all()).unwrap()).unwrap().work.len(), 5001, "two members are one file");
}
