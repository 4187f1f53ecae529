//! The generic CSV row by row.

use crate::{nodes, pods};
use towtank_sim::model::pod::{RestartPolicy, Run, Usage};
use towtank_sim::model::quantity::Quantity;
use towtank_sim::model::taint::Effect;
use towtank_sim::time::{SimTime, Span};
use towtank_traces::{NodePick, ReplayOptions, Window};

const LIVES: &str = "name,added_s,removed_s,cpu_milli,memory_bytes,pods\n\
                     late,5.5,,1,1,1\n\
                     always,,,1,1,1\n\
                     short,0,5.5,1,1,1\n\
                     short,5.5,100,1,1,1\n";

fn all() -> ReplayOptions {
    ReplayOptions::default()
}

#[test]
fn every_column_of_a_node() {
    let text = "x-note,taint:dedicated,label:disk,resource:nvidia.com/gpu,zone,pods,memory_bytes,cpu_milli,name\r\n\
                hello,\"ml,x:NoExecute\",ssd,4,z1,250,1024,500,a\r\n\
                ,,,,,1,0,0,b\r\n";
    let read = nodes("csv", text, &all()).unwrap();
    let specs: Vec<_> = read.node_specs().collect();
    assert_eq!(specs[0].labels["topology.kubernetes.io/zone"], "z1");
    assert_eq!((specs[0].labels["disk"].as_str(), specs[0].labels["kubernetes.io/hostname"].as_str()), ("ssd", "a"));
    let taint = &specs[0].taints[0];
    assert_eq!((&*taint.key, &*taint.value, taint.effect), ("dedicated", "ml,x", Effect::NoExecute));
    assert_eq!(specs[0].allocatable["cpu"], Quantity::from_milli(500));
    assert_eq!(specs[0].allocatable["pods"], Quantity::from_units(250));
    assert_eq!(specs[0].allocatable["nvidia.com/gpu"], Quantity::from_units(4));
    assert_eq!((specs[1].labels.len(), specs[1].taints.len(), specs[1].allocatable.len()), (1, 0, 3));
}

#[test]
fn nodes_come_and_go_in_order_of_time() {
    let expected = ["0 + always", "0 + short", "5.5 - short", "5.5 + late", "5.5 + short", "100 - short"];
    assert_eq!(nodes("csv", LIVES, &all()).unwrap().lines(), expected);
}

#[test]
fn a_window_keeps_the_nodes_that_were_there() {
    let window = Some(Window { from: Span::from_secs(6), to: Span::from_secs(50) });
    let options = ReplayOptions { window, ..all() };
    assert_eq!(nodes("csv", LIVES, &options).unwrap().lines(), ["0 + late", "0 + always", "0 + short"]);
    let window = Some(Window { from: Span::from_secs(1), to: Span::from_secs(5) });
    let options = ReplayOptions { window, ..all() };
    assert_eq!(nodes("csv", LIVES, &options).unwrap().lines(), ["0 + always", "0 + short"]);
}

#[test]
fn a_scale_that_squeezes_a_life_to_nothing_leaves_the_node_out() {
    let text = "name,added_s,removed_s,cpu_milli,memory_bytes,pods\na,1,1.000001,1,1,1\n";
    let options = ReplayOptions { time_scale: 1e-6, ..all() };
    assert!(nodes("csv", text, &options).unwrap().work.is_empty());
}

#[test]
fn a_part_of_the_nodes() {
    let options = ReplayOptions { nodes: NodePick::Every(2), ..all() };
    let expected = ["0 + short", "5.5 - short", "5.5 + late", "5.5 + short", "100 - short"];
    assert_eq!(nodes("csv", LIVES, &options).unwrap().lines(), expected, "a node is kept with all its lives");
}

#[test]
fn every_column_of_a_pod() {
    let text = "name,arrival_s,duration_s,cpu_milli,memory_bytes,namespace,priority,owner,user,resource:x.io/fpga,\
                label:app,selector:disk,cpu_usage_fraction,memory_usage_fraction,x-anything\n\
                a,0.000001,1.5,250,1024,ns,-7,job-1,u1,2,web,ssd,0.12345,2,y\n\
                b,0.000001,,0,0,,,,,,,,,,\n";
    let read = pods("csv", text, &all()).unwrap();
    let seen: Vec<_> = read.pods().collect();
    let (at, pod, class) = seen[0];
    assert_eq!((at, pod.run), (SimTime(1000), Run::Succeeds(Span::from_millis(1500))));
    assert_eq!(pod.usage, Usage { cpu: 1235, memory: 20_000 });
    assert_eq!((&*class.spec.namespace, class.spec.priority), ("ns", Some(-7)));
    assert_eq!((class.spec.labels["app"].as_str(), class.spec.labels.len()), ("web", 1));
    assert_eq!(class.spec.node_selector["disk"], "ssd");
    let container = &class.spec.containers[0];
    assert_eq!((container.requests["x.io/fpga"].value(), container.limits["x.io/fpga"].value()), (2, 2));
    assert_eq!((container.requests["cpu"].milli_value(), container.requests["memory"].value()), (250, 1024));
    assert_eq!(class.spec.restart_policy, RestartPolicy::Never);

    let (_, pod, class) = seen[1];
    assert_eq!((pod.run, pod.usage), (Run::Forever, Usage::default()));
    assert_eq!((&*class.spec.namespace, class.spec.priority), ("default", None));
    assert_eq!((class.spec.labels.len(), class.spec.node_selector.len()), (0, 0));
    assert_eq!((class.spec.restart_policy, class.nonzero_cpu), (RestartPolicy::Always, 0));
}

#[test]
fn owner_and_user_are_labels_only_on_request() {
    let text = "name,arrival_s,duration_s,cpu_milli,memory_bytes,owner,user\na,0,1,1,1,o,u\nb,0,1,1,1,p,u\n";
    assert_eq!(pods("csv", text, &all()).unwrap().cluster.classes.len(), 1);
    let options = ReplayOptions { identity_labels: true, ..all() };
    let read = pods("csv", text, &options).unwrap();
    let labels: Vec<_> = read.pods().map(|(_, _, class)| class.spec.labels["towtank.dev/owner"].clone()).collect();
    assert_eq!(labels, ["o", "p"]);
}

#[test]
fn a_window_of_pods() {
    let text = "name,arrival_s,duration_s,cpu_milli,memory_bytes\na,0,9,1,1\nb,2,9,1,1\nc,3,9,1,1\nd,4,9,1,1\n";
    let window = Some(Window { from: Span::from_secs(2), to: Span::from_secs(4) });
    let read = pods("csv", text, &ReplayOptions { window, time_scale: 10.0, ..all() }).unwrap();
    let seen: Vec<_> = read.pods().map(|(at, pod, _)| (at, &*pod.name, pod.run)).collect();
    let run = Run::Succeeds(Span::from_secs(9));
    assert_eq!(seen, [(SimTime::ZERO, "b", run), (SimTime::from_secs(10), "c", run)]);
}

#[test]
fn a_byte_order_mark_blank_lines_and_a_missing_last_line_feed_do_no_harm() {
    let text = "\u{feff}name,arrival_s,duration_s,cpu_milli,memory_bytes\n\na,0,1,1,1\r\n\r\n b , 0 ,1,1,1";
    let read = pods("csv", text, &all()).unwrap();
    assert_eq!(read.pods().map(|(_, pod, _)| pod.name.to_string()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn a_header_without_rows_is_no_pods() {
    let text = "name,arrival_s,duration_s,cpu_milli,memory_bytes";
    assert!(pods("csv", text, &all()).unwrap().work.is_empty());
}
