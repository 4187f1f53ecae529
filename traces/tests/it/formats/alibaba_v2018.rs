use super::{jobs, node_lines, nodes, repaired};
use towtank_traces::{Context, Inputs, ReplayOptions};

fn rows() -> Inputs {
    Inputs::from_bytes(
        "v2018/machine_meta.csv",
        "m_1,0,2,5,96,50,USING\nm_1,90,2,5,96,50,MAINTAIN\nm_2,30,,,96,100,USING\n",
    )
    .and(
        "v2018/container_meta.csv",
        "c_1,m_1,0,app_5,started,400,400,1.5\nc_1,m_1,40,app_5,started,400,400,1.5\n\
              c_1,m_1,60,app_5,stopped,400,400,1.5\nc_2,m_1,70,app_6,stopped,400,800,3\n",
    )
    .and(
        "v2018/batch_task.csv",
        "M1,2.0,j_1,1,Terminated,10,25,50.0,0.25\nR2_1,1,j_1,1,Failed,30,31,100,0.5\n\
              M1,1,j_2,1,Waiting,0,0,,\ntask_x,3,j_3,2,Running,40,0,,\nM1,1,j_4,1,Terminated,30,20,50,0.5\n",
    )
}

#[test]
fn rows_of_all_tables() {
    let context = Context::default();
    let read = node_lines(&nodes("alibaba-v2018", &rows(), &context));
    assert!(read[0].starts_with("0 + m_1 cpu=96 memory="), "{read:?}");
    assert!(read[0].ends_with("pods=110 failure-domain-2:5 topology.kubernetes.io/zone:2"), "{read:?}");
    assert!(
        read[1].starts_with("30 + m_2 ") && read[2].starts_with("90 ~ m_1 ") && read[2].contains("cordoned"),
        "{read:?}"
    );
    let lines = jobs("alibaba-v2018", &rows(), &context).lines();
    let starts = [
        "0 c_1 user=app_5 cpu=4 memory=",
        "10 j_1-M1 x2 cpu=500m memory=",
        "30 j_1-R2_1 cpu=1 memory=",
        "40 task",
        "60 kill c_1",
    ];
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start) || line.starts_with("40 j_3-task_x x3"), "{lines:?}");
    }
    assert_eq!(lines.len(), starts.len());
    assert_eq!(repaired(&context), [("negative-duration", 1), ("missing-request", 1), ("missing-duration", 1)]);
}

#[test]
fn application_groups_are_labels_on_request() {
    let options = ReplayOptions { identity_labels: true, ..ReplayOptions::default() };
    let read = jobs("alibaba-v2018", &rows(), &Context { options, ..Context::default() });
    assert_eq!(read.specs[0].labels["app"], "app_5");
}
