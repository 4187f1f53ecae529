//! Which classes have a lane on a board: those that come so often that judging every node that changes for them costs less than to look,
//! when they come, at those that have changed meanwhile.

use super::board::Board;
use super::refresh::Sources;
use super::survey::Survey;
use super::view::View;

/// The most memory that boards take, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// The most boards: each takes time of its own for a node that has changed.
const MAX_BOARDS: usize = 8;

/// A class goes when it has not come for so many times as many changes as may pass from one time to the next.
const PATIENCE: u64 = 8;

/// The boards, one for each way in which classes are judged.
#[derive(Default)]
pub(super) struct Boards {
    list: Vec<Place>,
    tickets: u64,
}

/// A board and its classes.
struct Place {
    profile: u8,
    /// The specifications' verdicts that its classes share.
    specs: usize,
    board: Board,
    lanes: Vec<Lane>,
    /// When it was last looked for lanes to vacate, as a number of changes.
    tidied: u64,
}

/// Whether anybody has a lane.
#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    /// The ticket of those who have it; 0 of nobody.
    ticket: u64,
    /// Up to how many changes they may stay away.
    until: u64,
}

/// The lane of a class, as long as its ticket is the lane's. Others that ask for the same have it too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat {
    board: usize,
    lane: usize,
    ticket: u64,
}

/// How often a class comes, in changes of nodes from one time to the next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// When it last came, as the number of changes so far.
    came: Option<u64>,
    /// How many changes have passed in the last times.
    passed: u64,
    /// How many times these are.
    times: u64,
}

impl Pace {
    /// The mean is about that of so many times.
    const LATEST: u64 = 16;

    /// It comes now. How many changes have passed in the mean, if it had come before; three times of `doubt` are counted with them.
    pub(super) fn step(&mut self, now: u64, doubt: u64) -> Option<u64> {
        let passed = now - self.came.replace(now)?;
        if self.times == 0 {
            (self.passed, self.times) = (3 * doubt, 3);
        }
        if self.times < Self::LATEST {
            self.times += 1;
        } else {
            self.passed -= self.passed / Self::LATEST;
        }
        self.passed += passed;
        Some(self.passed / self.times)
    }

    /// There is no place for it: it is asked again when it has come often for a while.
    fn put_off(&mut self, doubt: u64) {
        (self.passed, self.times) = (Self::LATEST * doubt, Self::LATEST);
    }
}

impl Boards {
    /// Looks for nodes on the class's board, if it has one. `passed` is how many changes pass from one time to the next that it comes. A
    /// board says nothing if no node is feasible: not why.
    pub(super) fn look(
        &mut self,
        view: &mut View,
        passed: u64,
        profile: u8,
        extent: (usize, usize),
        sources: &mut Sources<'_>,
        survey: &mut Survey,
    ) -> Option<()> {
        let positions = sources.positions.len();
        let now = sources.nodes.changes().end();
        let reach = extent.1.min(positions) as u64;
        // To judge a node for one class more costs half as much again as to look at one node more. But to change over costs too, and how often a
        // class comes is known about only.
        let seat = match view.seat.filter(|seat| self.holds(*seat)) {
            Some(seat) if passed <= reach / 3 * 2 => seat,
            Some(_) => {
                view.seat = None;
                return None;
            }
            None if passed <= reach / 3 => {
                let Some(seat) = self.find(view, profile, sources) else {
                    view.pace.put_off(reach);
                    return None;
                };
                view.release();
                view.seat = Some(seat);
                seat
            }
            None => return None,
        };
        let place = &mut self.list[seat.board];
        let until = &mut place.lanes[seat.lane].until;
        *until = now.saturating_add(PATIENCE * reach).max(*until);
        if now - place.tidied > positions as u64 {
            place.tidy(now);
        }
        let board = &mut place.board;
        board.follow(sources);
        if !board.serves() {
            return None;
        }
        survey.begin(board, seat.lane, positions, extent);
        (survey.feasible > 0).then_some(())
    }

    /// Whether the class of a view has a lane.
    #[inline]
    pub(super) fn seats(&self, view: &View) -> bool {
        view.seat.is_some_and(|seat| self.holds(seat))
    }

    /// The board of a class that has found something there.
    pub(super) fn of(&self, view: &View) -> Option<&Board> {
        Some(&self.list[view.seat?.board].board)
    }

    /// How many bytes they take, about.
    pub(super) fn bytes(&self) -> usize {
        self.list.iter().map(|place| place.board.bytes()).sum()
    }

    /// Drops all of them.
    pub(super) fn clear(&mut self) {
        // Tickets go on: no seat of before holds.
        self.list.clear();
    }

    /// Whether the seat is still the class's.
    fn holds(&self, seat: Seat) -> bool {
        self.list.get(seat.board).and_then(|place| place.lanes.get(seat.lane)).is_some_and(|l| l.ticket == seat.ticket)
    }

    /// Finds a lane for a class, and fills it from the view.
    fn find(&mut self, view: &mut View, profile: u8, sources: &mut Sources<'_>) -> Option<Seat> {
        if self.bytes() > MAX_BYTES {
            return None;
        }
        let judges = view.plan.across()?;
        let signature = judges.signature();
        let same = |place: &Place| {
            (place.profile, place.specs) == (profile, view.specs) && *place.board.signature() == signature
        };
        let known = self.list.iter().position(same);
        let or_empty = known.or_else(|| self.list.iter().position(|place| place.lanes.is_empty()));
        let number = or_empty.unwrap_or(self.list.len());
        if number == MAX_BOARDS {
            return None;
        }
        if let Some(place) = known.map(|number| &self.list[number])
            && let Some(lane) = place.board.lane_of(&judges)
        {
            return Some(Seat { board: number, lane, ticket: place.lanes[lane].ticket });
        }
        let specs = view.specs;
        let sums = view.sums_of_all(sources)?;
        let new = || Place { profile, specs, board: Board::new(&judges), lanes: Vec::new(), tidied: 0 };
        if number == self.list.len() {
            self.list.push(new());
        } else if known.is_none() {
            self.list[number] = new();
        }
        let place = &mut self.list[number];
        place.board.follow(sources);
        let lane = place.board.take(&judges, sums);
        self.tickets += 1;
        place.lanes.resize(place.board.lanes(), Lane::default());
        place.lanes[lane] = Lane { ticket: self.tickets, until: 0 };
        Some(Seat { board: number, lane, ticket: self.tickets })
    }
}

impl Place {
    /// Vacates the lanes of classes that do not come any more.
    fn tidy(&mut self, now: u64) {
        self.tidied = now;
        for number in (0..self.lanes.len()).rev() {
            let lane = &mut self.lanes[number];
            if lane.ticket != 0 && lane.until < now {
                lane.ticket = 0;
                self.board.vacate(number);
            }
        }
        self.lanes.truncate(self.board.lanes());
    }
}
