//! Shapes: lines through points of ascending utilization, by which some plugins score.

use crate::config::invalid::Invalid;
use crate::config::yaml::Step;
use serde::Deserialize;

/// A point of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShapePoint {
    /// Percent of the capacity: 0 to 100.
    pub utilization: i32,
    /// The score: 0 to 10.
    pub score: i32,
}

/// Checks a shape that stands at `path`.
pub(crate) fn validate(shape: &[ShapePoint], path: &[Step]) -> Result<(), Invalid> {
    if shape.is_empty() {
        return Err(Invalid::required(path, "at least one point must be specified"));
    }
    let at = |index: usize, key: &'static str| [path, &[Step::Index(index), Step::Key(key)]].concat();
    if let Some(before) = shape.windows(2).position(|pair| pair[0].utilization >= pair[1].utilization) {
        let detail = "values must be sorted in increasing order";
        return Err(Invalid::value(at(before + 1, "utilization"), &shape[before + 1].utilization, detail));
    }
    for (index, point) in shape.iter().enumerate() {
        if !(0..=100).contains(&point.utilization) {
            let path = at(index, "utilization");
            return Err(Invalid::value(path, &point.utilization, "not in valid range [0, 100]"));
        }
        if !(0..=10).contains(&point.score) {
            return Err(Invalid::value(at(index, "score"), &point.score, "not in valid range [0, 10]"));
        }
    }
    Ok(())
}
