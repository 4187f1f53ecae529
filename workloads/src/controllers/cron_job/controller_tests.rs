//! The controller of CronJobs in a small cluster whose time 0 is the beginning of 1970.

use super::*;
use crate::controllers::Job;
use crate::controllers::tests::{Action, Run, at, run_with};
use towtank_sim::cluster::Cluster;
use towtank_sim::engine::Until;
use towtank_sim::model::ObjectId;
use towtank_sim::node::kubelet::KubeletSettings;
use towtank_sim::time::SimTime;

/// A CronJob `cron` for every minute, with more of its specification and of its pods' annotations.
fn every_minute(spec: &str, annotations: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Node\nmetadata: {{name: n}}\nstatus: {{capacity: {{cpu: 100, pods: 100}}}}\n---\n\
         apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: cron}}\nspec:\n  schedule: '*/1 * * * *'\n  {spec}\n  jobTemplate:\n    \
         spec:\n      backoffLimit: 0\n      template:\n        metadata: {{annotations: {{{annotations}}}}}\n        \
         spec: {{restartPolicy: Never, containers: [{{name: c}}]}}\n"
    )
}

fn play(spec: &str, run_time: &str, script: Vec<(i64, Action)>, end: i64) -> Run {
    let manifests = every_minute(spec, &format!("towtank.dev/run-time: {run_time}"));
    run_with(KubeletSettings::default(), &manifests, script, Until::Time(SimTime::from_secs(end)))
}

fn cron(cluster: &Cluster) -> ObjectId {
    cluster.objects().by_name(CronJob::KIND, "default", "cron").expect("the CronJob")
}

fn status(run: &Run) -> &CronJobStatus {
    &run.cluster.objects().get::<CronJob>(cron(&run.cluster)).expect("the CronJob").status
}

fn jobs(run: &Run) -> Vec<String> {
    run.cluster.objects().of_kind::<Job>(Job::KIND).map(|(meta, _)| meta.name.to_string()).collect()
}

fn change(mut change: impl FnMut(&mut CronJob) + 'static) -> impl FnMut(&mut Cluster) {
    move |cluster| {
        let id = cron(cluster);
        cluster.update_object(id, |object: &mut CronJob| change(object));
    }
}

/// When Jobs were created.
fn started(run: &Run) -> Vec<&str> {
    let of = |line: &'_ String| line.contains(" SuccessfulCreate: Created job").then_some(());
    run.log.0.iter().filter(|line| of(line).is_some()).filter_map(|line| line.split(' ').next()).collect()
}

#[test]
fn a_job_is_started_whenever_the_schedule_says_so_and_old_ones_are_forgotten() {
    let run = play("successfulJobsHistoryLimit: 2", "10s", vec![], 330);
    assert_eq!(started(&run), ["60.1", "120.1", "180.1", "240.1", "300.1"]);
    assert_eq!(jobs(&run), ["cron-4", "cron-5"], "named by the minute of their run");
    let CronJobStatus { active, last_schedule, last_successful } = status(&run);
    assert!(active.is_empty());
    assert_eq!(*last_schedule, Some(SimTime::from_secs(300)));
    assert_eq!(*last_successful, Some(SimTime::from_secs(311)));
}

#[test]
fn jobs_that_failed_have_a_limit_of_their_own() {
    let run = play("failedJobsHistoryLimit: 1", "10s, towtank.dev/exit-code: '1'", vec![], 330);
    assert_eq!(jobs(&run), ["cron-5"]);
    assert_eq!(status(&run).last_successful, None);
}

#[test]
fn runs_overlap_wait_or_end_each_other_as_the_policy_says() {
    let allow = play("concurrencyPolicy: Allow", "100s", vec![], 250);
    assert_eq!(started(&allow), ["60.1", "120.1", "180.1", "240.1"]);
    assert_eq!(status(&allow).active.len(), 2);
    let forbid = play("concurrencyPolicy: Forbid", "100s", vec![], 420);
    // Each ends after 100 s, which its Job sees a second later, and the last run that was missed begins then.
    assert_eq!(started(&forbid), ["60.1", "161.1", "262.1", "363.1"]);
    assert_eq!(forbid.log.times("JobAlreadyActive")[0], "120.1");
    assert_eq!(status(&forbid).last_schedule, Some(SimTime::from_secs(360)));
    let replace = play("concurrencyPolicy: Replace", "100s", vec![], 250);
    assert_eq!(started(&replace), ["60.1", "120.1", "180.1", "240.1"]);
    assert_eq!(jobs(&replace), ["cron-4"]);
    assert_eq!(replace.cluster.pods().len(), 1, "the pods of those that were ended have gone");
}

#[test]
fn a_run_that_is_too_late_is_left_out() {
    let run = play("concurrencyPolicy: Forbid\n  startingDeadlineSeconds: 30", "100s", vec![], 420);
    assert_eq!(started(&run), ["60.1", "180.1", "300.1"], "161.1 is too late for 120, and so on");
}

#[test]
fn nothing_is_started_while_it_is_suspended_and_only_the_last_run_is_made_up_for() {
    let suspend = |suspend| change(move |object| object.suspend = suspend);
    let run = play("", "10s", vec![at(90, suspend(true)), at(330, suspend(false))], 370);
    assert_eq!(started(&run), ["60.1", "330", "360.1"]);
    assert_eq!(jobs(&run), ["cron-1", "cron-5", "cron-6"]);
}

#[test]
fn another_schedule_begins_with_its_own_next_time() {
    let hourly = change(|object| object.schedule = "0 * * * *".parse().expect("a schedule"));
    let run = play("", "10s", vec![at(90, hourly)], 4000);
    // The look that was planned for the old schedule finds nothing.
    assert_eq!(started(&run), ["60.1", "3600.1"]);
}

#[test]
fn what_a_removed_cron_job_made_goes_with_it() {
    let remove = |cluster: &mut Cluster| cluster.remove_object(cron(cluster));
    let run = play("", "100s", vec![at(130, remove)], 300);
    assert!(run.cluster.objects().is_empty());
    assert!(run.cluster.pods().is_empty());
}
