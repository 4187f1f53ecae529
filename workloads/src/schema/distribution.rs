//! Named distributions in schemas: `{exponential: {mean: 5m}}`, or a plain value for a constant.

use super::{duration::parse_duration, quantity::QuantityText};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Deserializer, Error, IntoDeserializer, MapAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;
use towtank_sim::random::Distribution;

/// The unit of a distribution's samples, and how its parameters are written.
pub trait Unit {
    /// What a parameter looks like, for messages.
    const EXPECTED: &'static str;

    /// The number that a text stands for.
    ///
    /// # Errors
    /// What was expected instead.
    fn parse(text: &str) -> Result<f64, String>;

    /// The number of this unit that a plain number stands for.
    fn plain(number: f64) -> f64 {
        number
    }
}

/// Samples in seconds, written as durations or as plain seconds.
#[derive(Clone, Debug, PartialEq)]
pub enum Seconds {}

/// Samples in milli-CPU, written as quantities of cores.
#[derive(Clone, Debug, PartialEq)]
pub enum MilliCpu {}

/// Samples that are plain numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Plain {}

impl Unit for Plain {
    const EXPECTED: &'static str = "a number";

    fn parse(text: &str) -> Result<f64, String> {
        Err(format!("`{text}` is not a number: expected one without quotes"))
    }
}

/// Samples in bytes, written as quantities.
#[derive(Clone, Debug, PartialEq)]
pub enum Bytes {}

impl Unit for Seconds {
    const EXPECTED: &'static str = "a duration such as 90s, or a number of seconds";

    fn parse(text: &str) -> Result<f64, String> {
        parse_duration(text).map(towtank_sim::time::Span::as_secs_f64).map_err(|error| error.to_string())
    }
}

impl Unit for MilliCpu {
    const EXPECTED: &'static str = "a quantity such as 500m or 2";

    fn parse(text: &str) -> Result<f64, String> {
        quantity(text).map(|q| q.0.milli_value() as f64)
    }

    fn plain(number: f64) -> f64 {
        number * 1000.0
    }
}

impl Unit for Bytes {
    const EXPECTED: &'static str = "a quantity such as 512Mi";

    fn parse(text: &str) -> Result<f64, String> {
        quantity(text).map(|q| q.0.value() as f64)
    }
}

fn quantity(text: &str) -> Result<QuantityText, String> {
    let deserializer: StrDeserializer<'_, serde::de::value::Error> = text.into_deserializer();
    QuantityText::deserialize(deserializer).map_err(|error| error.to_string())
}

/// A parameter in the unit `U`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number<U>(pub f64, PhantomData<U>);

impl<'de, U: Unit> Deserialize<'de> for Number<U> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor(PhantomData))
    }
}

struct NumberVisitor<U>(PhantomData<U>);

impl<U: Unit> Visitor<'_> for NumberVisitor<U> {
    type Value = Number<U>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(U::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Number<U>, E> {
        U::parse(text).map(|number| Number(number, PhantomData)).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Number<U>, E> {
        self.visit_f64(number as f64)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Number<U>, E> {
        self.visit_f64(number as f64)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Number<U>, E> {
        Ok(Number(U::plain(number), PhantomData))
    }
}

/// A distribution of samples in the unit `U`.
#[derive(Clone, Debug, PartialEq)]
pub struct DistributionSpec<U> {
    /// The distribution, its parameters checked.
    pub distribution: Distribution,
    unit: PhantomData<U>,
}

impl<U> DistributionSpec<U> {
    const fn new(distribution: Distribution) -> Self {
        Self { distribution, unit: PhantomData }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound = "U: Unit")]
struct Choices<U> {
    constant: Option<Constant<U>>,
    uniform: Option<Uniform<U>>,
    exponential: Option<Exponential<U>>,
    normal: Option<Normal<U>>,
    log_normal: Option<LogNormal<U>>,
    weibull: Option<Weibull<U>>,
    pareto: Option<Pareto<U>>,
    quantiles: Option<Quantiles<U>>,
}

macro_rules! parameters {
    ($($name:ident { $($field:ident: $type:ty),* })*) => {$(
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, bound = "U: Unit")]
        struct $name<U> { $($field: $type),* }
    )*};
}

parameters! {
    Constant { value: Number<U> }
    Uniform { min: Number<U>, max: Number<U> }
    Exponential { mean: Number<U> }
    Normal { mean: Number<U>, stddev: Number<U> }
    LogNormal { median: Number<U>, sigma: f64 }
    Weibull { scale: Number<U>, shape: f64 }
    Pareto { min: Number<U>, alpha: f64 }
    Quantiles { points: Vec<(f64, Number<U>)> }
}

impl<U> Choices<U> {
    /// The distributions that are given; a valid document gives one.
    fn given(self) -> Vec<Distribution> {
        [
            self.constant.map(|p| Distribution::Constant { value: p.value.0 }),
            self.uniform.map(|p| Distribution::Uniform { min: p.min.0, max: p.max.0 }),
            self.exponential.map(|p| Distribution::Exponential { mean: p.mean.0 }),
            self.normal.map(|p| Distribution::Normal { mean: p.mean.0, stddev: p.stddev.0 }),
            self.log_normal.map(|p| Distribution::LogNormal { median: p.median.0, sigma: p.sigma }),
            self.weibull.map(|p| Distribution::Weibull { scale: p.scale.0, shape: p.shape }),
            self.pareto.map(|p| Distribution::Pareto { min: p.min.0, alpha: p.alpha }),
            self.quantiles.map(|p| Distribution::Quantiles {
                points: p.points.into_iter().map(|(probability, value)| (probability, value.0)).collect(),
            }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl<'de, U: Unit> Deserialize<'de> for DistributionSpec<U> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DistributionVisitor(PhantomData))
    }
}

struct DistributionVisitor<U>(PhantomData<U>);

impl<'de, U: Unit> Visitor<'de> for DistributionVisitor<U> {
    type Value = DistributionSpec<U>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, or a distribution such as {{exponential: {{mean: …}}}}", U::EXPECTED)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<DistributionSpec<U>, A::Error> {
        let mut given = Choices::<U>::deserialize(MapAccessDeserializer::new(map))?.given();
        let (Some(distribution), true) = (given.pop(), given.is_empty()) else {
            return Err(A::Error::custom(
                "expected exactly one of constant, uniform, exponential, normal, logNormal, weibull, pareto, quantiles",
            ));
        };
        checked(distribution)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<DistributionSpec<U>, E> {
        constant(&NumberVisitor(PhantomData).visit_str(text)?)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<DistributionSpec<U>, E> {
        self.visit_f64(number as f64)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<DistributionSpec<U>, E> {
        self.visit_f64(number as f64)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<DistributionSpec<U>, E> {
        constant(&NumberVisitor(PhantomData).visit_f64(number)?)
    }
}

fn constant<U, E: Error>(number: &Number<U>) -> Result<DistributionSpec<U>, E> {
    checked(Distribution::Constant { value: number.0 })
}

fn checked<U, E: Error>(distribution: Distribution) -> Result<DistributionSpec<U>, E> {
    distribution.validate().map_err(E::custom)?;
    Ok(DistributionSpec::new(distribution))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<U: Unit>(text: &str) -> Result<Distribution, String> {
        serde_yaml::from_str::<DistributionSpec<U>>(text).map(|d| d.distribution).map_err(|e| e.to_string())
    }

    #[test]
    fn parameters_are_in_the_unit_of_the_samples() {
        assert_eq!(read::<Seconds>("5m"), Ok(Distribution::Constant { value: 300.0 }));
        assert_eq!(read::<Seconds>("{exponential: {mean: 1h}}"), Ok(Distribution::Exponential { mean: 3600.0 }));
        assert_eq!(
            read::<MilliCpu>("{uniform: {min: 250m, max: 2}}"),
            Ok(Distribution::Uniform { min: 250.0, max: 2000.0 })
        );
        assert_eq!(
            read::<Bytes>("{logNormal: {median: 1Ki, sigma: 1}}"),
            Ok(Distribution::LogNormal { median: 1024.0, sigma: 1.0 })
        );
        assert_eq!(
            read::<Seconds>("{quantiles: {points: [[0, 1s], [1, 1m]]}}"),
            Ok(Distribution::Quantiles { points: vec![(0.0, 1.0), (1.0, 60.0)] })
        );
    }

    #[test]
    fn what_is_no_distribution() {
        let fails = |text| read::<Seconds>(text).unwrap_err();
        insta::assert_snapshot!(fails("{exponential: {mean: 5x}}"), @"exponential.mean: `5x` is not a duration: expected a number of seconds, or numbers with units out of d h m s ms us ns, such as 1h30m at line 1 column 22");
        insta::assert_snapshot!(fails("{exponential: {mean: 0}}"), @"mean is 0: expected a number above 0");
        insta::assert_snapshot!(fails("{exponential: {mean: 1}, pareto: {min: 1, alpha: 2}}"), @"expected exactly one of constant, uniform, exponential, normal, logNormal, weibull, pareto, quantiles");
        insta::assert_snapshot!(fails("{expontial: {mean: 1}}"), @"unknown field `expontial`, expected one of `constant`, `uniform`, `exponential`, `normal`, `logNormal`, `weibull`, `pareto`, `quantiles` at line 1 column 2");
        insta::assert_snapshot!(fails("-1"), @"value is -1: expected a number of at least 0");
    }
}
