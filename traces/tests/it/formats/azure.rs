use super::{jobs, repaired};
use towtank_traces::{Context, Inputs, detect};

#[test]
fn requests_for_packing_are_parts_of_the_machine_on_which_most_types_run() {
    let inputs = Inputs::from_bytes(
        "vm.csv",
        "vmId,tenantId,vmTypeId,priority,starttime,endtime\n0,9,1,0,-0.5,0.25\n1,9,2,1,0.5,\n2,8,3,1,1,2\n3,8,1,1,2,NULL\n\
         4,8,1,0,3,2\n",
    )
    .and(
        "vmType.csv",
        "id,vmTypeId,machineId,core,memory,hdd,ssd,nic\n0,3,5,1,1,0,1,1\n1,1,7,0.5,0.25,,0.125,0.0625\n\
         2,2,7,0.0125,0.0078125,0,0.001,0.01\n3,1,5,0.25,0.125,,0.0625,0.03\n4,2,8,1,1,1,1,1\n5,4,7,1,1,1,1,1\n",
    );
    assert_eq!(detect(&inputs).unwrap().name, "azure-packing");
    let context = Context::default();
    let expected = [
        "0 vm-0 user=9 cpu=32 ephemeral-storage=128Gi memory=64Gi towtank.dev/nic=63 priority=1000 for 64800",
        "43200 vm-1 user=9 cpu=800m ephemeral-storage=1048Mi memory=2Gi towtank.dev/nic=10 priority=0",
        "172800 vm-3 user=8 cpu=32 ephemeral-storage=128Gi memory=64Gi towtank.dev/nic=63 priority=0",
    ];
    assert_eq!(jobs("azure-packing", &inputs, &context).lines(), expected);
    assert_eq!(repaired(&context), [("negative-duration", 1), ("missing-request", 1), ("negative-time", 1)]);
}

#[test]
fn virtual_machines_of_both_versions() {
    let rows = "a,s1,d1,0,2591700,91.5,12.345678,80,Delay-insensitive,4,32\n\
                b,s1,d1,300,2592000,99,700.5,99,Interactive,>24,>64\n\
                c,s2,d2,600,500,1,1,1,Unknown,1,1.75\nd,s2,d2,600,900,1,,1,Unknown,1,1.75\n";
    let expected = [
        "0 a user=s1 cpu=4 memory=32Gi for 2591700",
        "300 b user=s1 cpu=30 memory=70Gi",
        "600 d user=s2 cpu=1 memory=1792Mi for 300",
    ];
    let header = "vmid,subscriptionid,deploymentid,vmcreated,vmdeleted,maxcpu,avgcpu,p95maxcpu,vmcategory,vmcorecountbucket,\
                  vmmemorybucket\n";
    for text in [rows.to_owned(), format!("{header}{rows}")] {
        let inputs = Inputs::from_bytes("v2/vmtable.csv", text);
        assert_eq!(detect(&inputs).unwrap().name, "azure-vm");
        let context = Context::default();
        let read = jobs("azure-vm", &inputs, &context);
        assert_eq!(read.lines(), expected);
        let used: Vec<_> = read.submitted().map(|(job, _)| job.usage.cpu).collect();
        assert_eq!(used, [1235, u16::MAX, 10_000]);
        assert_eq!(repaired(&context), [("negative-duration", 1), ("clipped", 1)]);
    }
}
