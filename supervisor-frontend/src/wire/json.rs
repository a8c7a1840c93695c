//! JSON objects, strictly: a repeated key at any depth is an error, and numbers are not rounded.

use std::{collections::HashSet, fmt};

use serde::de::{self, Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::request::Value;

/// The body was no JSON object, or one that says something twice.
#[derive(Debug, thiserror::Error)]
#[error("the body is no JSON object, or repeats a key")]
pub struct NotAnObject(#[source] serde_json::Error);

/// Parses one object and hands its members to `member`, each key once. Nesting is bounded by
/// `serde_json` at 128 levels.
pub fn parse(bytes: &[u8], mut member: impl FnMut(&str, Value)) -> Result<(), NotAnObject> {
    let Object(members) = serde_json::from_slice(bytes).map_err(NotAnObject)?;
    for (key, value) in members {
        member(&key, value);
    }
    Ok(())
}

struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object, A::Error> {
        let mut members = Vec::new();
        each_member(map, |key, value| members.push((key.to_owned(), value)))?;
        Ok(Object(members))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    // Fractions, exponents and integers beyond 64 bits.
    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        while items.next_element::<Value>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        each_member(map, |_, _| {})?;
        Ok(Value::Other)
    }
}

fn each_member<'de, A: MapAccess<'de>>(
    mut map: A,
    mut member: impl FnMut(&str, Value),
) -> Result<(), A::Error> {
    let mut seen = HashSet::new();
    while let Some((key, value)) = map.next_entry::<String, Value>()? {
        member(&key, value);
        if !seen.insert(key) {
            return Err(A::Error::custom("repeated key"));
        }
    }
    Ok(())
}
