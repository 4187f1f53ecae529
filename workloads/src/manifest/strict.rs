//! Turns a parsed document into a typed object, strictly: an unknown field is an error, and every error knows its path.
//!
//! The generated Kubernetes types skip unknown fields, but they tell the deserializer which fields they know. This
//! deserializer compares, as kubectl's strict validation does, and takes numbers for quantities, as the API server does.

use super::field::{FieldError, FieldPath, Step, did_you_mean};
use crate::yaml::{Iter, Value};
use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use std::fmt;

/// The typed form of a document.
pub(super) fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, FieldError> {
    T::deserialize(Strict(value)).map_err(|error| {
        let mut steps = error.steps;
        steps.reverse();
        // Types go by the names that a user knows.
        let message = error.message.replace("expected i32", "expected a whole number");
        FieldError { path: FieldPath(steps), message: message.replace("expected i64", "expected a whole number") }
    })
}

/// An error on its way up; each level adds its step.
#[derive(Debug)]
struct Located {
    steps: Vec<Step>,
    message: String,
}

impl Located {
    fn within(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Located {}

impl serde::de::Error for Located {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { steps: Vec::new(), message: message.to_string() }
    }
}

#[derive(Clone, Copy)]
struct Strict<'v>(&'v Value);

impl<'de> Deserializer<'de> for Strict<'_> {
    type Error = Located;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Located> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(bool) => visitor.visit_bool(*bool),
            Value::Number(number) => {
                if let Some(n) = number.as_i64() {
                    visitor.visit_i64(n)
                } else if let Some(n) = number.as_u64() {
                    visitor.visit_u64(n)
                } else {
                    visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
                }
            }
            Value::String(text) => visitor.visit_str(text),
            Value::Sequence(items) => visitor.visit_seq(Items { items: items.iter().enumerate(), len: items.len() }),
            Value::Mapping(map) => visitor.visit_map(Entries { rest: map.iter(), value: None, known: None }),
            Value::Tagged(tagged) => Err(Located::custom(format_args!("unexpected YAML tag {}", tagged.tag))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Located> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Located> {
        let Value::Mapping(map) = self.0 else { return self.deserialize_any(visitor) };
        visitor.visit_map(Entries { rest: map.iter(), value: None, known: Some(fields) })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Located> {
        match self.0 {
            Value::Number(number) if name == "Quantity" => visitor.visit_newtype_struct(Number(number.to_string())),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}

/// A quantity that was written as a number.
struct Number(String);

impl<'de> Deserializer<'de> for Number {
    type Error = Located;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Located> {
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Located> {
        visitor.visit_some(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct newtype_struct struct map enum identifier ignored_any
    }
}

struct Items<'v> {
    items: std::iter::Enumerate<std::slice::Iter<'v, Value>>,
    len: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Located;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Located> {
        let Some((index, item)) = self.items.next() else { return Ok(None) };
        seed.deserialize(Strict(item)).map(Some).map_err(|error| error.within(Step::Index(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.len)
    }
}

struct Entries<'v> {
    rest: Iter<'v>,
    value: Option<(String, &'v Value)>,
    known: Option<&'static [&'static str]>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Located;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Located> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        let key = match key {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(bool) => bool.to_string(),
            _ => return Err(Located::invalid_type(Unexpected::Other("a key that is no text"), &"a text")),
        };
        if let Some(known) = self.known
            && !known.contains(&key.as_str())
        {
            let hint = did_you_mean(&key, known.iter().copied());
            return Err(Located::custom(format_args!("unknown field{hint}")).within(Step::Key(key)));
        }
        let deserializer: StringDeserializer<Located> = key.clone().into_deserializer();
        let result = seed.deserialize(deserializer).map(Some);
        self.value = Some((key, value));
        result
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Located> {
        let Some((key, value)) = self.value.take() else { return Err(Located::custom("a value before its key")) };
        seed.deserialize(Strict(value)).map_err(|error| error.within(Step::Key(key)))
    }
}
