use super::{data, jobs, repaired, sum};
use towtank_sim::model::gpu::GpuRequest;
use towtank_sim::model::pod::Run;
use towtank_traces::{Context, Inputs};

#[test]
fn the_trace_is_as_its_readme_says() {
    let Some(inputs) = data("alibaba-dlrm-v2025/disaggregated_DLRM_trace.csv.gz") else { return };
    let context = Context::default();
    let read = jobs("alibaba-dlrm-v2025", &inputs, &context);
    assert_eq!(read.records.len(), 23_871);
    let of = |role: &'static str| read.submitted().filter(move |(_, spec)| spec.labels["role"] == role);
    let requests = |role| of(role).map(|(_, spec)| &spec.containers[0].requests);
    for (role, count, cores, memory, disk, gpus) in
        [("CN", 16_485, 1_189_688, 5_999_553, 6_040_566, 0), ("HN", 7386, 62_906, 345_856, 1_318_615, 7386)]
    {
        assert_eq!(of(role).count(), count);
        // The README's sums are rounded to whole units.
        let near = |found: i128, unit: i128, expected: i128| {
            assert!((found - expected * unit).abs() <= unit, "{role}: {found} / {unit}, {expected}");
        };
        near(sum(requests(role), "cpu"), 1000, cores);
        near(sum(requests(role), "memory"), 1000 << 30, memory);
        near(sum(requests(role), "ephemeral-storage"), 1000 << 30, disk);
        let milli: i64 = of(role).filter_map(|(_, spec)| spec.gpu).map(GpuRequest::total).sum();
        assert_eq!(milli, gpus * 1000);
    }
    assert_eq!(read.submitted().filter(|(job, _)| job.run == Run::Forever).count(), 8878);
    let limited = read.submitted().filter(|(_, spec)| spec.labels.contains_key("max-instance-per-node")).count();
    assert_eq!(limited, 23_871 - 12_248);
    let mut delays: Vec<_> =
        read.submitted().filter_map(|(job, _)| job.waited).map(|span| span.0 / 1_000_000_000).collect();
    delays.sort_unstable();
    assert_eq!((delays.len(), delays[delays.len() / 2], *delays.last().unwrap()), (23_871 - 7280, 0, 238_116));
    let mut ends: Vec<_> = read.records.iter().map(|record| record.at).collect();
    ends.sort_unstable();
    assert!(ends[0] == 0 && ends.last().unwrap() / 1_000_000_000 <= 2_677_541);
    assert_eq!(repaired(&context), []);
}

#[test]
fn a_limit_of_one_is_an_anti_affinity() {
    let text = "instance_sn,role,app_name,cpu_request,cpu_limit,gpu_request,gpu_limit,rdma_request,rdma_limit,\
                memory_request,memory_limit,disk_request,disk_limit,max_instance_per_node,creation_time,scheduled_time,\
                deletion_time\n\
                a,CN,x,64,64,0,0,1,1,320.0,320.0,255.0,500.0,1,475.00000000000006,476,480.5\n\
                b,HN,x,12,12,1,1,25,25,120.0,120.0,640.0,800.0,8,,,100\n\
                c,CN,y,12,12,0,0,25,25,120.0,120.0,640.0,800.0,-1,7,,\n\
                d,CN,y,12,12,0,0,25,25,120.0,120.0,640.0,800.0,-1,7,8,6\n";
    let context = Context::default();
    let read = jobs("alibaba-dlrm-v2025", &Inputs::from_bytes("trace", text), &context);
    let expected = [
        "0 b user=x cpu=12 ephemeral-storage=640Gi memory=120Gi towtank.dev/rdma-percent=25 gpu=1x1000 for 100",
        "7 c user=y cpu=12 ephemeral-storage=640Gi memory=120Gi towtank.dev/rdma-percent=25",
        "475 a user=x cpu=64 ephemeral-storage=255Gi memory=320Gi towtank.dev/rdma-percent=1 for 4.5",
    ];
    assert_eq!(read.lines(), expected);
    let alone: Vec<_> = read.specs.iter().map(|spec| spec.pod_anti_affinity.required.len()).collect();
    assert_eq!(alone, [0, 0, 1]);
    assert_eq!(repaired(&context), [("negative-duration", 1)]);
}
