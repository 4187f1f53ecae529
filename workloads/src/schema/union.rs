//! Mappings of which exactly one entry is given, as Kubernetes writes its unions.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// Reads a mapping as a `T` and converts it. What the conversion refuses is an error at the mapping's place, which an
/// error after deserialization would not have.
pub(crate) fn converted<'de, D: Deserializer<'de>, T: Deserialize<'de>, R>(
    deserializer: D,
    expected: &'static str,
    convert: fn(T) -> Result<R, String>,
) -> Result<R, D::Error> {
    struct Converting<T, R> {
        expected: &'static str,
        convert: fn(T) -> Result<R, String>,
        what: PhantomData<T>,
    }

    impl<'de, T: Deserialize<'de>, R> Visitor<'de> for Converting<T, R> {
        type Value = R;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.expected)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<R, A::Error> {
            (self.convert)(T::deserialize(MapAccessDeserializer::new(map))?).map_err(A::Error::custom)
        }
    }

    deserializer.deserialize_map(Converting { expected, convert, what: PhantomData })
}
