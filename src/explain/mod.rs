//! `towtank explain`: plays a run again up to the attempts of one pod, and keeps what the plugins said of it.
//!
//! A run is deterministic, so it need not store any verdict: [`replay`] says what has to be known to play it again,
//! `witness` watches it, [`model`] is what comes out, and [`text`] prints it.

mod details;
pub mod model;
pub mod replay;
mod target;
pub mod text;
mod witness;

use crate::diagnostic::Diagnostic;
use crate::exit::Failure;
use model::Explanation;
use replay::Replay;
use std::ops::RangeInclusive;
use std::path::Path;
use target::Target;
use towtank_sim::scheduler::{Evaluation, Inspected};
use witness::Witness;

/// What is to be told.
#[derive(Clone, Debug)]
pub struct Options {
    /// The attempts, from 1; the first, the last and the successful one if it is not said.
    pub attempts: Option<RangeInclusive<u32>>,
    /// How many of the best nodes are told with their scores.
    pub top: usize,
    /// Whether every node is told by itself.
    pub all_nodes: bool,
}

/// A pod with no more attempts than this is told as a whole.
pub const FEW_ATTEMPTS: u32 = 3;

/// Explains the attempts of the pod `name`, or `namespace/name`, of the run whose output is in `out`.
///
/// # Errors
/// `out` holds no run, its inputs have changed, there is no such pod or attempt, or the run cannot be played again.
pub fn explain(out: &Path, pod: &str, options: &Options) -> Result<Explanation, Failure> {
    let replay = Replay::read(out)?;
    let (scenario, scheduler) = replay.open(out)?;
    let target = Target::find(out, pod)?;
    let inspected = Inspected {
        namespace: target.namespace.as_deref().map(Into::into),
        name: target.name.as_str().into(),
        attempts: target.inspected(options),
    };
    let mut prepared = scenario.prepare_inspecting(&scheduler, Evaluation::default(), Some(inspected))?;
    let mut witness = Witness::new(pod, &target, options, scheduler.tie_break);
    let seen_enough = witness.seen_enough();
    let goes_on = || !seen_enough.get();
    let outcome = prepared.simulation.run_while(scenario.until, &mut [&mut witness], &goes_on)?;
    witness.end(&prepared.simulation.cluster);

    let played_to_the_end = !seen_enough.get();
    let fingerprint = format!("{:032x}", outcome.fingerprint);
    if played_to_the_end && fingerprint != replay.fingerprint {
        return Err(Failure::Replay(format!(
            "played again, the run has another fingerprint: {fingerprint} and not {}; was it made by another build of \
             towtank?",
            replay.fingerprint
        )));
    }
    let Witness { mut lives, refusals, nearest, namespaces, .. } = witness;
    if namespaces.len() > 1 {
        return Err(target::ambiguous(&target.name, namespaces.iter().map(String::as_str)).into());
    }
    if lives.is_empty() && refusals.is_empty() {
        return Err(target::unknown(pod, &nearest).into());
    }
    target.check(&mut lives, played_to_the_end)?;
    let explanation = Explanation {
        pod: namespaces.first().map_or_else(|| pod.to_owned(), |namespace| format!("{namespace}/{}", target.name)),
        scenario: scenario.name.clone(),
        policy: scheduler.label.clone(),
        seed: scenario.spec.seed,
        refusals,
        lives,
    };
    check_attempts(&explanation, options)?;
    Ok(explanation)
}

/// Whether there is one of the attempts that are asked for.
fn check_attempts(explanation: &Explanation, options: &Options) -> Result<(), Diagnostic> {
    let Some(asked) = &options.attempts else { return Ok(()) };
    let all = || explanation.lives.iter().flat_map(|life| &life.attempts);
    if all().any(|attempt| asked.contains(&attempt.number)) {
        return Ok(());
    }
    let most = all().map(|attempt| attempt.number).max().unwrap_or(0);
    Err(Diagnostic::new(match most {
        0 => format!("pod {} was never tried", explanation.pod),
        1 => format!("pod {} was tried once: expected --attempt 1", explanation.pod),
        most => format!("pod {} was tried {most} times: expected --attempt from 1 to {most}", explanation.pod),
    }))
}
