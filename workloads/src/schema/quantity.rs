//! Quantities in schemas: a number or a text such as `500m`.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::fmt;
use towtank_sim::model::Quantity;

/// A quantity field of a schema, never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct QuantityText(pub Quantity);

impl<'de> Deserialize<'de> for QuantityText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuantityVisitor)
    }
}

struct QuantityVisitor;

impl Visitor<'_> for QuantityVisitor {
    type Value = QuantityText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a quantity such as 500m, 2 or 1Gi")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<QuantityText, E> {
        let quantity: Quantity = text.parse().map_err(E::custom)?;
        if quantity.is_negative() {
            return Err(E::custom(format_args!("`{text}` is negative: expected a quantity of at least 0")));
        }
        Ok(QuantityText(quantity))
    }

    fn visit_u64<E: Error>(self, units: u64) -> Result<QuantityText, E> {
        self.visit_str(&units.to_string())
    }

    fn visit_i64<E: Error>(self, units: i64) -> Result<QuantityText, E> {
        self.visit_str(&units.to_string())
    }

    fn visit_f64<E: Error>(self, units: f64) -> Result<QuantityText, E> {
        self.visit_str(&units.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts() {
        let read = |text| serde_yaml::from_str::<QuantityText>(text).map(|q| q.0.milli_value());
        assert_eq!(read("2").unwrap(), 2000);
        assert_eq!(read("0.5").unwrap(), 500);
        assert_eq!(read("250m").unwrap(), 250);
        insta::assert_snapshot!(read("-1").unwrap_err(), @"`-1` is negative: expected a quantity of at least 0");
    }
}
