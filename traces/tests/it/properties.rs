//! Properties over generated files.

use crate::{nodes, pods};
use proptest::prelude::*;
use towtank_traces::{ReplayOptions, Times};

/// Rows of the generic pods file: arrival step and duration (microseconds), CPU, GPUs, priority, label.
type PodRow = (u32, Option<u32>, u16, u8, Option<i8>, String);

fn pod_rows() -> impl Strategy<Value = Vec<PodRow>> {
    let row = (0..3_000_000_u32, any::<Option<u32>>(), 0..4_u16, 0..3_u8, any::<Option<i8>>(), "[ab,\"\n]{0,2}");
    prop::collection::vec(row, 0..20)
}

/// The file with its columns in the given order.
fn pods_file(rows: &[PodRow], order: &[usize]) -> Vec<u8> {
    let names = ["name", "arrival_s", "duration_s", "cpu_milli", "memory_bytes", "resource:g/g", "priority", "label:l"];
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(order.iter().map(|i| names[*i])).unwrap();
    let micros = |n: u64| format!("{}.{:06}", n / 1_000_000, n % 1_000_000);
    let mut arrival = 0;
    for (i, (step, duration, cpu, gpus, priority, label)) in rows.iter().enumerate() {
        arrival += u64::from(*step);
        let fields = [
            format!("pod-{i}"),
            micros(arrival),
            duration.map_or(String::new(), |d| micros(d.into())),
            cpu.to_string(),
            "1".into(),
            gpus.to_string(),
            priority.map_or(String::new(), |p| p.to_string()),
            // A field that ends in a line feed cannot be told from a quote that is never closed.
            format!("{label}."),
        ];
        writer.write_record(order.iter().map(|i| &fields[*i])).unwrap();
    }
    writer.into_inner().unwrap()
}

proptest! {
    #[test]
    fn the_order_of_columns_does_not_matter(
        rows in pod_rows(),
        order in Just((0..8).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let options = ReplayOptions::default();
        let plain = pods("csv", pods_file(&rows, &[0, 1, 2, 3, 4, 5, 6, 7]), &options).unwrap();
        let shuffled = pods("csv", pods_file(&rows, &order), &options).unwrap();
        prop_assert_eq!(plain.lines(), shuffled.lines());
        prop_assert_eq!(plain.cluster.classes.len(), shuffled.cluster.classes.len());
        let mut arrival = 0;
        for ((at, ..), row) in plain.pods().zip(&rows) {
            arrival += i64::from(row.0) * 1000;
            prop_assert_eq!(at.0, arrival);
        }
        prop_assert_eq!(plain.work.len(), rows.len());
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), gzip in any::<bool>()) {
        check_no_panic(&[if gzip { b"\x1f\x8b\x08".as_slice() } else { b"" }, &bytes].concat());
    }

    #[test]
    fn nearly_right_files_do_not_panic(
        header in 0..4_usize,
        body in "([0-9a-z.:-]{0,3}[,\"\n\r|]){0,60}",
        cut in any::<prop::sample::Index>(),
        flipped in any::<u8>(),
    ) {
        let headers = [
            "name,cpu_milli,memory_bytes,pods,added_s,removed_s,taint:a,resource:b\n",
            "name,arrival_s,duration_s,cpu_milli,memory_bytes,priority,cpu_usage_fraction\n",
            "sn,cpu_milli,memory_mib,gpu,model\n",
            "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,creation_time,deletion_time,scheduled_time\n",
        ];
        let mut bytes = format!("{}{body}", headers[header]).into_bytes();
        check_no_panic(&bytes);
        let at = cut.index(bytes.len());
        bytes[at] = flipped;
        check_no_panic(&bytes);
    }
}

fn check_no_panic(bytes: &[u8]) {
    for format in ["csv", "openb"] {
        for times in [Times::ArrivalsOnly, Times::Replay] {
            let options = ReplayOptions { times, ..ReplayOptions::default() };
            for result in [nodes(format, bytes, &options), pods(format, bytes, &options)] {
                if let Err(message) = result {
                    assert!(message.contains("s.csv: "), "{message}");
                }
            }
        }
    }
}
