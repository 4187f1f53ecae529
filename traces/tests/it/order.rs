//! Lists in another order: the shuffles of the published runs, and what can be wrong with an order.

use crate::{context, drain, open_nodes, open_pods, shared};
use std::path::PathBuf;
use std::sync::Arc;
use towtank_sim::source::{Source, Work};
use towtank_sim::time::Span;
use towtank_traces::order::{Arrangement, NodeList, PodList, arrivals, numbered, read_arrivals, read_ranks};
use towtank_traces::{Inputs, ReplayOptions, find_format, replay};

const OPENB: &str = "traces/alibaba-gpu-v2023";

/// The lists of which the arrivals were written down.
const LISTS: [&str; 9] =
    ["default", "cpu050", "cpu200", "gpushare40", "gpushare100", "gpuspec10", "gpuspec33", "multigpu20", "multigpu50"];

fn pods_of(list: &str) -> PathBuf {
    shared(&format!("{OPENB}/openb_pod_list_{list}.csv.gz"))
}

#[test]
fn every_shuffle_of_the_published_runs_follows_from_its_seed() {
    let nodes = shared(&format!("{OPENB}/openb_node_list_gpu_node.csv"));
    if !nodes.exists() {
        println!("skipped: {} is missing", nodes.display());
        return;
    }
    let options = ReplayOptions::default();
    let nodes = NodeList::read(&mut *open_nodes("openb", &nodes, &options).unwrap()).unwrap();
    assert_eq!((nodes.names.len(), nodes.gpus_milli), (1213, 6_212_000));
    for list in LISTS {
        let pods = PodList::read(&mut *open_pods("openb", &pods_of(list), &options).unwrap()).unwrap();
        for seed in 42..=46 {
            let found = Arrangement::shuffled(&pods.pods, &nodes.names, nodes.gpus_milli, seed as i64, Some(1.3));
            let arrivals = shared(&format!("{OPENB}/replay/arrivals_{list}.csv.gz"));
            assert!(found.pods == read_arrivals(&arrivals, seed).unwrap(), "{list}, seed {seed}: arrivals");
            let ranks = shared(&format!("{OPENB}/replay/node_rank_{list}.csv.gz"));
            assert!(found.nodes == read_ranks(&ranks, seed).unwrap(), "{list}, seed {seed}: node ranks");
        }
    }
}

#[test]
fn the_default_list_has_the_shapes_that_are_published() {
    let path = pods_of("default");
    if !path.exists() {
        println!("skipped: {} is missing", path.display());
        return;
    }
    let list = PodList::read(&mut *open_pods("openb", &path, &ReplayOptions::default()).unwrap()).unwrap();
    assert_eq!(list.shapes.len(), 91);
}

const PODS: &str = "name,cpu_milli,memory_mib,num_gpu,gpu_milli\na,1000,1,1,500\nb,2000,1,2,1000\nc,3000,1,0,0\n";
const NODES: &str = "sn,cpu_milli,memory_mib,gpu,model\nx,1000,1,1,T4\ny,1000,1,0,\n";

fn source(text: &str, pods: bool) -> Box<dyn Source> {
    let (format, context) = (find_format("openb").unwrap(), context(&ReplayOptions::default()));
    let inputs = Inputs::from_bytes("list.csv", text);
    if pods {
        Box::new(replay::pods(format.read_pods(&inputs, &context).unwrap(), &context).unwrap())
    } else {
        Box::new(replay::nodes(format.read_nodes(&inputs, &context).unwrap(), &context).unwrap())
    }
}

fn names(names: &[&str]) -> Vec<Arc<str>> {
    names.iter().map(|name| Arc::from(*name)).collect()
}

#[test]
fn arrivals_follow_the_order_and_names_that_come_again_are_clones() {
    let read = drain(arrivals(source(PODS, true), names(&["c", "a", "a", "a"]), Span::from_secs(2))).unwrap();
    let pods: Vec<(String, String)> = read.pods().map(|(at, pod, _)| (at.to_string(), pod.name.to_string())).collect();
    let expected = [("0", "c"), ("2", "a"), ("4", "a-clone-1"), ("6", "a-clone-2")];
    assert_eq!(pods, expected.map(|(at, name)| (at.to_owned(), name.to_owned())));
    assert!(read.pods().nth(3).unwrap().2.spec.gpu.is_some(), "a clone asks for the same");
}

#[test]
fn nodes_come_in_the_order_of_their_ranks() {
    let read = drain(numbered(source(NODES, false), names(&["y", "x"]))).unwrap();
    let nodes: Vec<&str> = read.node_specs().map(|node| &*node.name).collect();
    assert_eq!(nodes, ["y", "x"]);
    assert!(read.work.iter().all(|(_, work)| matches!(work, Work::Node(_))));
}

#[test]
fn an_order_that_does_not_go_with_its_list_is_an_error() {
    let error = |source: Box<dyn Source>| drain(source).err().unwrap();
    let unknown = arrivals(source(PODS, true), names(&["a", "z"]), Span::from_secs(1));
    assert_eq!(error(unknown), "list.csv: nothing is called `z`, which the order names");
    let nodes = |order: &[&str]| error(numbered(source(NODES, false), names(order)));
    assert_eq!(nodes(&["x"]), "list.csv: the order leaves out `y`: expected every node in it");
    assert_eq!(nodes(&["x", "y", "z"]), "list.csv: nothing is called `z`, which the order names");
    assert_eq!(nodes(&["x", "y", "x"]), "list.csv: the order names `x` twice: expected each node once");
    let late = arrivals(source(PODS, true), names(&["a", "b"]), Span::MAX);
    assert!(drain(late).is_ok(), "the last nanosecond can be counted");
    let late = arrivals(source(PODS, true), names(&["a", "b", "c"]), Span::MAX);
    assert_eq!(error(late), "list.csv: arrival 2 comes too late to be counted: expected a time within 292 years");
}

#[test]
fn a_written_order_has_to_have_rows_of_the_seed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("arrivals.csv");
    std::fs::write(&path, "seed,seq,name\n1,1,b\n1,0,a\n2,0,c\n").unwrap();
    assert_eq!(read_arrivals(&path, 1).unwrap(), names(&["a", "b"]));
    let error = read_arrivals(&path, 3).unwrap_err().to_string();
    assert_eq!(error, "trace option `order.seed`: found 3, expected a seed that the file of the order has rows of");
    let error = read_ranks(&path, 1).unwrap_err().to_string();
    assert!(error.contains("this header is that of a list of arrivals, expected a list of node ranks"), "{error}");
    std::fs::write(&path, "sn,rank\ny,1\nx,0\n").unwrap();
    assert_eq!(read_ranks(&path, 7).unwrap(), names(&["x", "y"]));
}
