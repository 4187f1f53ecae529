use super::{jobs, repaired};
use std::path::Path;
use towtank_traces::{Context, Inputs, detect};

fn corpus(folder: &str) -> Inputs {
    Inputs::open(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder)]).unwrap()
}

#[test]
fn a_machine_runs_from_its_first_reading_until_its_last_one_ends() {
    let inputs = corpus("gwa-vm");
    assert_eq!(detect(&inputs).unwrap().name, "gwa-vm");
    let context = Context::default();
    let read = jobs("gwa-vm", &inputs, &context);
    assert_eq!(read.lines(), ["0 1 cpu=4 memory=64Gi for 900", "100 2 cpu=2 memory=4Gi for 600"]);
    let used: Vec<_> = read.submitted().map(|(job, _)| (job.usage.cpu, job.usage.memory)).collect();
    // Means over time: 10 %, 50 % and 0 % of the CPUs, 10 %, 10 % and 50 % of the memory, each for 300 s; and of the most that there was.
    assert_eq!(used, [(2000, 2333), (75, 250)]);
    assert_eq!(repaired(&context), []);
}

#[test]
fn machines_of_several_months_and_of_materna() {
    let header = "Timestamp [ms];\tCPU cores;\tCPU capacity provisioned [MHZ];\tCPU usage [MHZ];\tMemory capacity provisioned [KB];\t\
                  Memory usage [KB]\n";
    let inputs =
        Inputs::from_bytes("rnd/2013-7/1.csv", format!("{header}1372629804000;\t1;\t2600;\t26;\t1048576;\t0\n"))
            .and(
                "rnd/2013-8/1.csv",
                format!("{header}1372629864;\t1;\t2600;\t26;\t1048576;\t0\n1372629864;\t9;\t1;\t1;\t1;\t1\n"),
            )
            .and("rnd/2013-8/2.csv", header)
            .and(
                "materna/7.csv",
                "\"Timestamp\";\"CPU cores\";\"CPU capacity provisioned [MHZ]\";\"CPU usage [MHZ]\";\"CPU usage [%]\";\
             \"Memory capacity provisioned [KB]\";\"Memory usage [KB]\";\"Memory usage [%]\"\n\
             \"30.06.2013 22:03:24\";\"2\";\"4000\";\"100\";\"2,5\";\"2097152\";\"1048576\";\"50,00\"\n\
             \"30.06.2013 22:13:24\";\"2\";\"4000\";\"300\";\"7,5\";\"2097152\";\"1048576\";\"50,00\"\n",
            );
    let context = Context::default();
    let read = jobs("gwa-vm", &inputs, &context);
    let expected = [
        "0 2013-7-1 cpu=1 memory=1Gi for 300",
        "0 7 cpu=2 memory=2Gi for 1200",
        "60 2013-8-1 cpu=1 memory=1Gi for 300",
    ];
    assert_eq!(read.lines(), expected);
    assert_eq!(read.submitted().map(|(job, _)| job.usage.cpu).collect::<Vec<_>>(), [100, 500, 100]);
    assert_eq!(repaired(&context), [("unsorted-row", 1), ("missing-duration", 1)]);
}

#[test]
fn readings_that_make_no_sense_are_named() {
    let header = "Timestamp [ms];CPU cores;CPU capacity provisioned [MHZ];CPU usage [MHZ];Memory capacity provisioned [KB];\
                  Memory usage [KB]\n";
    for (row, expected) in [
        ("31.02.2013 10:00:00;1;1;1;1;1", "vm.csv: line 2, column `Timestamp [ms]`"),
        ("1372629804;-1;1;1;1;1", "vm.csv: line 2, column `CPU cores`"),
        ("1372629804;1;1;;1;1", "vm.csv: line 2, column `CPU usage [MHZ]`"),
        ("1372629804;1;1;1;1", "vm.csv: line 2: found 5 fields"),
    ] {
        let inputs = Inputs::from_bytes("vm.csv", format!("{header}{row}\n"));
        let error = super::read_jobs("gwa-vm", &inputs, &Context::default()).err().unwrap();
        assert!(error.contains(expected), "{row}: {error}");
    }
}

#[test]
fn a_job_of_a_grid_has_the_fields_of_the_standard_format_and_words_for_users() {
    let inputs = corpus("gwf");
    assert_eq!(detect(&inputs).unwrap().name, "gwf");
    let context = Context::default();
    let read = jobs("gwf", &inputs, &context);
    assert_eq!(read.lines(), ["0 1 x2 user=U1 queue=Q1 cpu=1 for 120", "30 2 user=U2 cpu=1 fails after 60.5"]);
    let (job, _) = read.submitted().next().unwrap();
    assert_eq!((job.usage.cpu, job.estimate.map(|span| span.0)), (5000, Some(900_000_000_000)));
    assert_eq!(repaired(&context), [("missing-duration", 1)]);
}
