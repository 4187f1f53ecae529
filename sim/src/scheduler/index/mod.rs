//! The index: what is kept of the nodes for each class of pods, so that a decision costs work that follows what changed since
//! the class was last asked about, and not the size of the cluster.
//!
//! For each class there is a [`View`]: of every node in visiting order the verdict or the sum of scores, and of every block of 64
//! nodes the best sum and how many have it. A change of a node makes it dirty in every view; a view looks at its dirty nodes when
//! its class is next asked about, and only at those within the reach of the scan. Scores that are normalised, and answers by key
//! (topology), are alike within groups of nodes, and are added to the best sum of each group at the end.
//!
//! Classes that come often, and that nodes are judged for by their loads alone, have a lane on a [`Board`] instead: there a node that has
//! changed is judged for all of them at once. The view takes over where a board does not say enough: if nodes are nominated, or none is
//! feasible.
//!
//! A class for which a plugin has no lasting answers is not served: see `evaluate.rs`.

mod answer;
mod bits;
mod board;
mod columns;
mod demands;
mod groups;
mod joint;
mod plan;
mod positions;
mod ranking;
mod refresh;
mod seats;
mod share_columns;
mod specs;
mod summits;
mod sums;
mod survey;
mod sweep;
mod view;
mod walk;

use super::evaluate::Search;
use super::fit_error::FitError;
use super::framework::Cycle;
use super::lasting::Keys;
use super::sampling::feasible_quota;
use super::verdict::Verdict;
use super::verdicts::Verdicts;
use crate::cluster::{ClassWatch, Nodes, Stayed};
use crate::model::ClassId;
use crate::phases::Phase;
use answer::Searched;
use columns::Columns;
use demands::Demands;
use joint::Ways;
use plan::{Ground, Plan, Standing};
use positions::Positions;
use ranking::Ranking;
use refresh::{Scratch, Sources};
use seats::Boards;
use share_columns::SharesInOrder;
use smallvec::SmallVec;
use specs::{MAX_GROUPS, Specs};
use survey::Survey;
use sweep::Sweep;
use view::{LastFailure, Refusals, View};
use walk::Walk;

pub(super) use answer::Answer;

/// The most memory that views take, in bytes, before those that were not asked for long are dropped.
const MAX_BYTES: usize = 128 << 20;

/// A view saves little if from one time that its class comes to the next more nodes change than this part of those within reach: blocks of
/// which many nodes have changed are judged as a whole.
const SWEPT: u64 = 4;

/// What is kept of all classes.
#[derive(Default)]
pub(super) struct Index {
    positions: Positions,
    /// By profile and class.
    views: Vec<Vec<Place>>,
    specs: Vec<Specs>,
    demands: Demands,
    verdicts: Verdicts,
    columns: Columns,
    shares: SharesInOrder,
    scratch: Scratch,
    bytes: usize,
    classes: ClassWatch,
    attempts: u64,
    /// For classes that have come once.
    guest: Option<Box<View>>,
    boards: Boards,
    ways: Ways,
    ground: Ground,
    /// The last search: in a view, on a board, or by a sweep.
    walk: Walk,
    ranking: Ranking,
    survey: Survey,
    sweep: Sweep,
}

/// What there is for a class.
#[derive(Default)]
enum Place {
    #[default]
    Unknown,
    /// It has come once.
    Guest,
    /// A plugin has to be asked in every cycle.
    Unserved,
    View(Box<View>),
}

/// What a search has found, beside the walk and the ranking in a view, the survey of a board, or the sweep.
struct Sought {
    examined: u32,
    feasible: u32,
    error: Option<Box<FitError>>,
    way: Way,
}

/// In which way nodes were sought.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    View,
    /// With what normalised scores add to each sum.
    Board(i64),
    /// With the same.
    Sweep(i64),
}

impl Index {
    /// Asks for the memory of the class's view: with many classes it is in no near cache.
    pub(super) fn read_ahead(&self, profile: u8, class: ClassId) {
        let place = self.views.get(usize::from(profile)).and_then(|views| views.get(class.index()));
        if let Some(Place::View(view)) = place {
            view.read_ahead();
        }
    }

    /// Finds the feasible nodes and the best of them; `None` if it does not serve the class, or not now.
    pub(super) fn find(&mut self, cycle: &Cycle<'_>, search: &Search<'_>) -> Option<Answer<'_>> {
        self.attempts += 1;
        if let Some(stayed) = self.classes.look(&cycle.cluster.classes) {
            self.forget_classes(stayed);
        }
        self.positions.follow(search.order, cycle.cluster);
        let mut view = self.take_view(cycle, search)?;
        view.last_used = self.attempts;
        let sought = self.seek(&mut view, cycle, search);
        let in_view = sought.as_ref().is_none_or(|sought| sought.way == Way::View);
        let is_own = self.put_back(view, in_view, cycle, search);
        let Sought { examined, feasible, error, way } = sought?;
        let view = if is_own { self.view(cycle, search) } else { self.guest.as_deref() }?;
        let place = match way {
            Way::Board(added) => Searched::Board(self.boards.of(view)?, &self.survey, added),
            Way::Sweep(added) => Searched::Sweep(&self.sweep, added),
            Way::View => Searched::View(view, &self.walk, &self.ranking),
        };
        Some(Answer { examined, feasible, error, positions: &self.positions, place })
    }

    /// Looks for nodes on the board of the class or through its view.
    fn seek(&mut self, view: &mut View, cycle: &Cycle<'_>, search: &Search<'_>) -> Option<Sought> {
        if view.defeated {
            return None;
        }
        let Self { positions, specs, verdicts, columns, shares, scratch, walk, ranking, boards, survey, sweep, .. } =
            self;
        let nodes = cycle.cluster.nodes();
        let specs = &mut specs[view.specs];
        specs.follow(&view.plan, positions, nodes);
        let (undisputed, extent) = (search.nominator.is_empty(), extent(search));
        if undisputed
            && !view.is_grouped
            && let Some(added) = specs.addition(&view.plan)
        {
            let reach = extent.1.min(positions.len()) as u64;
            let passed = view.pace.step(nodes.changes().end(), reach);
            if !boards.seats(view) {
                positions.note_changes(nodes);
            }
            let mut sources = Sources { nodes, positions, specs, columns, scratch };
            let way = passed.and_then(|passed| {
                boards.look(view, passed, search.profile.0, extent, &mut sources, survey)?;
                Some((survey.examined, survey.feasible, Way::Board(added)))
            });
            let way = way.or_else(|| {
                positions.note_changes(nodes);
                let mut sources = Sources { nodes, positions, specs, columns, scratch };
                sweep_for(view, passed, extent, &mut sources, (sweep, shares))?;
                Some((sweep.examined, sweep.feasible(), Way::Sweep(added)))
            });
            if let Some((examined, feasible, way)) = way {
                if feasible > 1 {
                    cycle.cluster.phases.enter(Phase::Score);
                }
                return Some(Sought { examined: examined as u32, feasible, error: None, way });
            }
        }
        positions.note_changes(nodes);
        view.follow(positions, nodes);
        for keyed in &mut view.plan.keyed {
            match keyed.judge.begin(cycle) {
                Keys::Kept => {}
                Keys::Renewed => view.is_renewed = true,
                Keys::Useless => return None,
            }
        }
        if std::mem::take(&mut view.is_renewed) {
            view.forget(positions, nodes);
        }
        let cluster = cycle.cluster;
        let objects = if view.plan.keyed.is_empty() { 0 } else { cluster.objects().version() };
        let moment = [cluster.version(), cluster.placements().changes(), search.nominator.version(), objects];
        if let Some(failure) = &view.failure
            && failure.moment == moment
        {
            let error = Some(Box::new(failure.error.clone()));
            return Some(Sought { examined: positions.len() as u32, feasible: 0, error, way: Way::View });
        }
        let (begin, quota) = extent;
        let mut sources = Sources { nodes, positions, specs, columns, scratch };
        if !undisputed {
            yield_to_nominated(view, cycle, search, &mut sources);
        }
        walk.begin(view, begin, quota, &mut sources);
        if view.groups.len() > MAX_GROUPS {
            // Groups that no node is in any more take room too. Without them it may do next time.
            view.defeated |= view.groups.list.iter().filter(|group| group.size > 0).count() > MAX_GROUPS / 2;
            view.forget(positions, nodes);
            return None;
        }
        if view.defeated || !specs.serves() {
            view.defeated = true;
            return None;
        }
        let mut error = None;
        match walk.feasible {
            0 if !undisputed => return None,
            0 => {
                let refusals = refusals(view, walk, (nodes, positions), verdicts);
                let nodes = positions.len() as u32;
                let failure = match &mut view.failure {
                    // Much has changed, but nothing that counts.
                    Some(last) if last.refusals == refusals && last.error.nodes == nodes => {
                        last.moment = moment;
                        last
                    }
                    place => {
                        let Some(error) = failure(&refusals, nodes, verdicts) else {
                            view.defeated = true;
                            return None;
                        };
                        place.insert(Box::new(LastFailure { moment, refusals, error }))
                    }
                };
                error = Some(Box::new(failure.error.clone()));
            }
            1 => view.failure = None,
            _ => {
                view.failure = None;
                cycle.cluster.phases.enter(Phase::Score);
                ranking.begin(view, walk, specs);
            }
        }
        Some(Sought { examined: walk.examined as u32, feasible: walk.feasible, error, way: Way::View })
    }

    /// The view of the class, made to hold, to be put back afterwards. A class that comes for the first time may be the only pod of its
    /// kind: it is a guest in a view that others use too.
    fn take_view(&mut self, cycle: &Cycle<'_>, search: &Search<'_>) -> Option<Box<View>> {
        let (number, profile) = search.profile;
        let class = cycle.class_id.index();
        let ground = self.ground.look(cycle.cluster);
        if self.specs.len() * self.positions.len() * 3 > MAX_BYTES {
            self.begin_anew();
        }
        if self.views.len() <= usize::from(number) {
            self.views.resize_with(usize::from(number) + 1, Vec::new);
        }
        let views = &mut self.views[usize::from(number)];
        if views.len() <= class {
            views.resize_with(class + 1, Place::default);
        }
        let mut view = match std::mem::take(&mut views[class]) {
            Place::Unknown => {
                views[class] = Place::Guest;
                self.guest.take().unwrap_or_default()
            }
            Place::Guest => self.spare(),
            Place::Unserved => {
                views[class] = Place::Unserved;
                return None;
            }
            Place::View(view) if view.holds == ground => return Some(view),
            Place::View(mut view) => match view.plan.standing(profile, cycle.class, cycle.cluster) {
                Standing::Holds => {
                    view.holds = ground;
                    return Some(view);
                }
                // It may be of use with other answers.
                Standing::Void => view,
            },
        };
        let Some(plan) = Plan::new(profile, cycle.class, cycle.cluster) else {
            // A view of the class's own goes.
            match std::mem::replace(&mut self.views[usize::from(number)][class], Place::Unserved) {
                Place::Guest => self.guest = Some(view),
                _ => self.bytes = self.bytes.saturating_sub(view.counted),
            }
            return None;
        };
        let specs = self.demands.number(number, &cycle.class.spec);
        if specs == self.specs.len() {
            self.specs.push(Specs::default());
        }
        view.restart(plan, specs);
        view.holds = ground;
        view.joint = self.ways.of(number, &view.plan);
        Some(view)
    }

    /// Puts a view back, which may not have been asked; whether it is the class's own.
    fn put_back(&mut self, mut view: Box<View>, was_asked: bool, cycle: &Cycle<'_>, search: &Search<'_>) -> bool {
        let place = &mut self.views[usize::from(search.profile.0)][cycle.class_id.index()];
        if matches!(place, Place::Guest) {
            self.guest = Some(view);
            return false;
        }
        // An empty view that was not asked stays empty.
        if was_asked || view.counted != View::EMPTY {
            let bytes = view.bytes();
            self.bytes = (self.bytes + bytes).saturating_sub(std::mem::replace(&mut view.counted, bytes));
        }
        *place = Place::View(view);
        true
    }

    /// The view of the class, if it has one of its own.
    fn view(&self, cycle: &Cycle<'_>, search: &Search<'_>) -> Option<&View> {
        match &self.views[usize::from(search.profile.0)][cycle.class_id.index()] {
            Place::View(view) => Some(view),
            _ => None,
        }
    }

    /// Drops all views, and what they share: classes have asked for different things so often that it takes too much memory.
    fn begin_anew(&mut self) {
        self.views.clear();
        self.specs.clear();
        self.demands.clear();
        self.boards.clear();
        self.bytes = 0;
    }

    /// Drops what there is for classes that have been forgotten.
    fn forget_classes(&mut self, stayed: Stayed<'_>) {
        for (number, place) in self.views.iter_mut().flat_map(|views| views.iter_mut().enumerate()) {
            if !stayed.has(ClassId(number as u32))
                && let Place::View(view) = std::mem::take(place)
            {
                self.bytes = self.bytes.saturating_sub(view.counted);
            }
        }
    }

    /// A view to fill: a new one, or what was not asked for longest if there are too many.
    fn spare(&mut self) -> Box<View> {
        if self.bytes + self.boards.bytes() <= MAX_BYTES {
            return Box::default();
        }
        let mut ages: Vec<u64> = self.in_use().map(|view| view.last_used).collect();
        let oldest = ages.len() / 8;
        let (_, limit, _) = ages.select_nth_unstable(oldest);
        let limit = *limit;
        let mut spare = None;
        for place in self.views.iter_mut().flatten() {
            if matches!(place, Place::View(view) if view.last_used <= limit)
                && let Place::View(view) = std::mem::take(place)
            {
                self.bytes = self.bytes.saturating_sub(view.counted);
                spare = Some(view);
            }
        }
        let spare = spare.unwrap_or_default();
        self.bytes += spare.counted;
        spare
    }

    fn in_use(&self) -> impl Iterator<Item = &View> {
        self.views.iter().flatten().filter_map(|place| match place {
            Place::View(view) => Some(&**view),
            _ => None,
        })
    }
}

/// Judges nodes without what a view remembers of them, if the class comes so seldom that little would be as it was. `None` if that is no use.
/// `passed` is how many changes pass from one time to the next that it comes.
fn sweep_for(
    view: &mut View,
    passed: Option<u64>,
    extent: (usize, usize),
    sources: &mut Sources<'_>,
    (sweep, shares): (&mut Sweep, &mut SharesInOrder),
) -> Option<()> {
    let reach = extent.1.min(sources.positions.len()) as u64;
    // A failure that lasts is not sought again.
    if passed.is_some_and(|passed| passed < reach / SWEPT) || view.failure.is_some() {
        return None;
    }
    sweep.begin((&view.plan, view.joint.as_ref()), extent, (sources, shares))?;
    if sweep.feasible() == 0 {
        return None;
    }
    view.release();
    Some(())
}

/// Where a scan begins, and how many feasible nodes it looks for.
fn extent(search: &Search<'_>) -> (usize, usize) {
    let (nodes, profile) = (search.order.len(), search.profile.1);
    let quota = if profile.score.is_empty() { 1 } else { feasible_quota(nodes, profile.percentage_of_nodes_to_score) };
    (search.start % nodes, quota)
}

/// Takes out, for this cycle, the nodes on which the pod does not fit beside those that are nominated for them.
fn yield_to_nominated(view: &mut View, cycle: &Cycle<'_>, search: &Search<'_>, sources: &mut Sources<'_>) {
    let nodes = sources.nodes;
    let mut chain = None;
    for name in search.nominator.nodes() {
        let Some((id, position)) = nodes.by_name(name).and_then(|id| Some((id, sources.positions.of(id)?))) else {
            continue;
        };
        let node = nodes.get(id);
        if search.nominator.beside(cycle, node).is_empty() {
            continue;
        }
        let block = position / bits::BLOCK;
        view.refresh(block..block + 1, sources);
        if view.is_feasible(position) {
            let chain = chain.get_or_insert_with(|| search.profile.1.pre_filter(cycle).chain);
            if chain.check_beside(cycle, node, search.nominator).is_some() {
                view.exclude(position);
            }
        }
    }
}

/// Why no node is feasible: the verdicts, counted, by their numbers.
fn refusals(
    view: &mut View,
    walk: &Walk,
    (nodes, positions): (&Nodes, &Positions),
    verdicts: &mut Verdicts,
) -> Refusals {
    let mut refusals = Refusals::new();
    let mut count = |refusal, nodes| match refusals.iter_mut().find(|(known, _)| *known == refusal) {
        Some((_, count)) => *count += nodes,
        None => refusals.push((refusal, nodes)),
    };
    let groups = view.groups.list.iter().enumerate();
    let of_group: SmallVec<[u32; 4]> = groups
        .map(
            |(number, group)| {
                if group.size == 0 || walk.admits(number) { 0 } else { verdicts.intern(walk::refusal(view, group)) }
            },
        )
        .collect();
    for (block, mask) in walk.parts() {
        let feasible = view.feasible()[block] & mask;
        for bit in bits::ones(feasible) {
            count(of_group[view.group_of(block * bits::BLOCK + bit)], 1);
        }
        let refused = mask & !feasible;
        view.ask_why((block, refused), |position| nodes.get(positions.ids()[position]), verdicts);
        view.refusals((block, refused), &mut count);
    }
    refusals.sort_unstable();
    refusals
}

/// The error that is made of them; `None` if a filter contradicts itself.
fn failure(refusals: &Refusals, nodes: u32, verdicts: &Verdicts) -> Option<FitError> {
    let mut error = FitError { nodes, ..FitError::default() };
    for &(refusal, count) in refusals {
        if refusal == 0 {
            return None;
        }
        let (plugin, verdict) = verdicts.get(refusal);
        error.plugins |= 1 << plugin;
        error.unschedulable += if matches!(verdict, Verdict::Unschedulable(_)) { count } else { 0 };
        for reason in verdict.reasons() {
            error.count(reason, count);
        }
    }
    Some(error)
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}
