//! Load curves: `{diurnal: {base: 2, amplitude: 1500m, period: 1d}}`.

use super::{DurationText, QuantityText, converted};
use serde::de::{Deserialize, Deserializer};
use towtank_sim::autoscaling::horizontal::{LoadCurve, LoadPoint};
use towtank_sim::time::Span;

/// The CPU load on a service over time: exactly one of `constant`, `steps`, `linear` and `diurnal`.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadSpec(pub LoadCurve);

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Choices {
    constant: Option<QuantityText>,
    steps: Option<Points>,
    linear: Option<Points>,
    diurnal: Option<Diurnal>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Points {
    points: Vec<(DurationText, QuantityText)>,
    period: Option<DurationText>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Diurnal {
    base: QuantityText,
    amplitude: QuantityText,
    period: DurationText,
    #[serde(default)]
    phase: DurationText,
}

impl Points {
    fn parts(self) -> (Vec<LoadPoint>, Option<Span>) {
        let point = |(at, load): (DurationText, QuantityText)| LoadPoint { at: at.0, milli: load.0.milli_value() };
        (self.points.into_iter().map(point).collect(), self.period.map(|p| p.0))
    }
}

impl<'de> Deserialize<'de> for LoadSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        converted(deserializer, "a load such as {constant: 2}", curve).map(Self)
    }
}

fn curve(choices: Choices) -> Result<LoadCurve, String> {
    let curves = [
        choices.constant.map(|load| LoadCurve::constant(load.0.milli_value())),
        choices.steps.map(Points::parts).map(|(points, period)| LoadCurve::Steps { points, period }),
        choices.linear.map(Points::parts).map(|(points, period)| LoadCurve::Linear { points, period }),
        choices.diurnal.map(|d| LoadCurve::Diurnal {
            base: d.base.0.milli_value(),
            amplitude: d.amplitude.0.milli_value(),
            period: d.period.0,
            phase: d.phase.0,
        }),
    ];
    let mut curves = curves.into_iter().flatten();
    let (Some(curve), None) = (curves.next(), curves.next()) else {
        return Err("expected exactly one of constant, steps, linear, diurnal".to_owned());
    };
    curve.validate().map_err(|error| error.to_string())?;
    Ok(curve)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_in_cores() {
        let read = |text| serde_yaml::from_str::<LoadSpec>(text).map(|load| load.0);
        assert_eq!(read("{constant: 1.5}").unwrap(), LoadCurve::constant(1500));
        let point = |seconds, milli| LoadPoint { at: Span::from_secs(seconds), milli };
        let points = vec![point(0, 500), point(3600, 2000)];
        let period = Some(Span::from_secs(86_400));
        assert_eq!(
            read("{steps: {points: [[0, 500m], [1h, 2]], period: 1d}}").unwrap(),
            LoadCurve::Steps { points, period }
        );
        assert!(read("{steps: {points: []}}").is_err());
        assert!(read("{constant: 1, steps: {points: [[0, 1]]}}").is_err());
    }
}
