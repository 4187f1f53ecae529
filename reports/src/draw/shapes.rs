//! Small shapes that mark points, and hatching: what tells series apart without colour.

use super::ink::Color;
use super::picture::{Picture, Stroke};
use super::theme::{self, Hatch, Series};

/// How far the corners of a shape are from its middle.
const RADIUS: f64 = 3.6;
/// How much of the paper is seen around it.
const RIM: f64 = 1.3;
/// How far apart the lines of a hatching are.
const HATCH_STEP: f64 = 4.0;

impl Picture {
    /// Adds one of [`theme::SHAPES`] small shapes, centred, on a rim of paper.
    pub(crate) fn shape(&mut self, shape: usize, (x, y): (f64, f64), color: Color) {
        let corners = corners(shape);
        for (size, color) in [(RADIUS + RIM, theme::PAPER), (RADIUS, color)] {
            self.area(corners.iter().map(|(dx, dy)| (x + dx * size, y + dy * size)).collect(), color);
        }
    }

    /// Adds the outline of a shape, filled with the paper's colour.
    pub(crate) fn hollow_shape(&mut self, shape: usize, (x, y): (f64, f64), color: Color) {
        let corners = corners(shape);
        for (size, color) in [(RADIUS + 0.6, color), (RADIUS - 1.2, theme::PAPER)] {
            self.area(corners.iter().map(|(dx, dy)| (x + dx * size, y + dy * size)).collect(), color);
        }
    }

    /// Adds a small dot, one of very many.
    pub(crate) fn dot(&mut self, at: (f64, f64), color: Color) {
        self.area(around(at, 1.3).collect(), color);
    }

    /// Adds a thin ring around where a [dot](Self::dot) may be, which stays visible.
    pub(crate) fn ring(&mut self, at: (f64, f64), color: Color) {
        let mut corners: Vec<_> = around(at, 2.6).collect();
        corners.extend(corners.first().copied());
        self.line(corners, Stroke::solid(color, 0.7));
    }

    /// Adds an upright line with short ends, from one height to another.
    pub(crate) fn error_bar(&mut self, x: f64, (low, high): (f64, f64), color: Color) {
        const HALF: f64 = 2.2;
        let stroke = Stroke::solid(color, 1.0);
        self.line(vec![(x, low), (x, high)], stroke);
        for y in [low, high] {
            self.line(vec![(x - HALF, y), (x + HALF, y)], stroke);
        }
    }

    /// The same level, from one place to another.
    pub(crate) fn level_error_bar(&mut self, (low, high): (f64, f64), y: f64, color: Color) {
        const HALF: f64 = 2.2;
        let stroke = Stroke::solid(color, 1.0);
        self.line(vec![(low, y), (high, y)], stroke);
        for x in [low, high] {
            self.line(vec![(x, y - HALF), (x, y + HALF)], stroke);
        }
    }

    /// Adds a rectangle in the colour of a series, hatched where colours are not enough.
    pub(crate) fn filled_box(&mut self, from: (f64, f64), to: (f64, f64), series: Series) {
        self.rect(from, to, series.color);
        if self.medium.grayscale {
            self.hatch(from, to, series.hatch);
        }
    }

    /// Hatches a rectangle with lines of the paper's colour.
    pub(crate) fn hatch(&mut self, from: (f64, f64), to: (f64, f64), hatch: Hatch) {
        let stroke = Stroke::solid(theme::PAPER, 0.9);
        for &(dx, dy) in hatch.directions() {
            for line in hatching(from, to, (dx, dy)) {
                self.line(line, stroke);
            }
        }
    }
}

/// The corners of a shape of radius 1: disc, square, triangle, diamond, triangle on its tip, cross, pentagon, star.
fn corners(shape: usize) -> Vec<(f64, f64)> {
    match shape % theme::SHAPES {
        0 => circle(24, 0.0).map(|at| polar(at, 1.0)).collect(),
        1 => vec![(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        2 => vec![(0.0, -1.15), (1.1, 0.85), (-1.1, 0.85)],
        3 => vec![(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
        4 => vec![(0.0, 1.15), (-1.1, -0.85), (1.1, -0.85)],
        5 => {
            const ARM: f64 = 0.38;
            let quarter = [(-ARM, -1.15), (ARM, -1.15), (ARM, -ARM)];
            let turn = |(x, y): (f64, f64), times: usize| (0..times).fold((x, y), |(x, y), _| (-y, x));
            (0..4).flat_map(|times| quarter.map(|corner| turn(corner, times))).collect()
        }
        6 => circle(5, -0.25).map(|at| polar(at, 1.2)).collect(),
        _ => circle(10, -0.25).enumerate().map(|(i, at)| polar(at, if i % 2 == 0 { 1.35 } else { 0.6 })).collect(),
    }
}

/// Directions all around, as shares of a turn.
fn circle(count: usize, first: f64) -> impl Iterator<Item = f64> {
    (0..count).map(move |i| first + i as f64 / count as f64)
}

fn polar(turn: f64, radius: f64) -> (f64, f64) {
    let angle = turn * std::f64::consts::TAU;
    (radius * libm::cos(angle), radius * libm::sin(angle))
}

/// The corners of a small circle.
fn around((x, y): (f64, f64), radius: f64) -> impl Iterator<Item = (f64, f64)> {
    circle(12, 0.0).map(move |turn| polar(turn, radius)).map(move |(dx, dy)| (x + dx, y + dy))
}

/// Parallel lines in a direction, cut at the edges of a rectangle.
fn hatching((left, top): (f64, f64), (right, bottom): (f64, f64), (dx, dy): (f64, f64)) -> Vec<Vec<(f64, f64)>> {
    // Lines are dy·x − dx·y = c, at the same places all over the figure: neighbours match.
    let offsets = [(left, top), (right, top), (left, bottom), (right, bottom)].map(|(x, y)| dy * x - dx * y);
    let low = offsets.into_iter().fold(f64::INFINITY, f64::min);
    let high = offsets.into_iter().fold(f64::NEG_INFINITY, f64::max);
    let first = (low / HATCH_STEP).floor() as i64 + 1;
    let last = (high / HATCH_STEP).ceil() as i64 - 1;
    (first..=last)
        .filter_map(|step| {
            let c = step as f64 * HATCH_STEP;
            let mut ends: Vec<(f64, f64)> = Vec::new();
            if dx.abs() > 1e-9 {
                ends.extend([left, right].map(|x| (x, (dy * x - c) / dx)));
            }
            if dy.abs() > 1e-9 {
                ends.extend([top, bottom].map(|y| ((c + dx * y) / dy, y)));
            }
            let inside = |&(x, y): &(f64, f64)| {
                (left - 1e-6..=right + 1e-6).contains(&x) && (top - 1e-6..=bottom + 1e-6).contains(&y)
            };
            ends.retain(inside);
            ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
            let (first, last) = (*ends.first()?, *ends.last()?);
            ((last.0 - first.0).hypot(last.1 - first.1) > 0.5).then(|| vec![first, last])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hatching_stays_in_its_box() {
        let (from, to) = ((3.0, 10.0), (17.0, 15.0));
        for direction in [(0.7, 0.7), (0.7, -0.7), (1.0, 0.0), (0.0, 1.0)] {
            let lines = hatching(from, to, direction);
            assert!(!lines.is_empty(), "{direction:?}");
            for (x, y) in lines.into_iter().flatten() {
                assert!((2.99..=17.01).contains(&x) && (9.99..=15.01).contains(&y), "{direction:?}: {x} {y}");
            }
        }
    }

    #[test]
    fn shapes_differ() {
        let all: Vec<_> = (0..theme::SHAPES).map(corners).collect();
        for (index, one) in all.iter().enumerate() {
            assert!(!all[..index].contains(one), "shape {index}");
        }
    }
}
