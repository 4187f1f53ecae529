use super::{jobs, node_lines, nodes, repaired};
use towtank_traces::{Context, Inputs};

#[test]
fn jobs_and_virtual_clusters() {
    let inputs = Inputs::from_bytes(
        "Venus/cluster_log.csv",
        "job_id,user,vc,gpu_num,cpu_num,node_num,state,submit_time,start_time,end_time,duration,queue\n\
         7,ann,vcA,1,1,1,COMPLETED,2020-06-09 18:41:01,2020-06-09 18:41:01,2020-06-10 04:55:09,36848,0\n\
         8,bob,vcB,16,33,2,FAILED,2020-06-09 18:41:27,2020-06-09 18:41:37,2020-06-09 18:45:46,249,10\n\
         9,bob,vcB,0,8,1,CANCELLED,2020-06-09 18:41:28,None,None,None,\n",
    )
    .and("Venus/cluster_gpu_number.csv", "date,vcA,vcB,vcC,total\n2020-04-01,16,8,0,24\n2020-04-02,16,16,0,32\n");
    let context = Context::default();
    let expected = [
        "0 job-7 user=ann queue=vcA cpu=1 gpu=1x1000 for 36848",
        "26 job-8 x2 user=bob queue=vcB cpu=17 gpu=8x1000 fails after 249",
    ];
    assert_eq!(jobs("helios", &inputs, &context).lines(), expected);
    assert_eq!(repaired(&context), [("missing-duration", 1)]);
    let lines = node_lines(&nodes("helios", &inputs, &context));
    let expected = "0 + vcA-0 cpu=64 memory=512Gi pods=110 towtank.dev/gpu-milli=8k vc:vcA";
    assert_eq!((lines.len(), lines[0].as_str()), (3, expected));
}
