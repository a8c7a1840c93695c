//! What registering the device yields, written into the text of `config.json`: only the keys that it is about, and all
//! others as they are, in their order and to the byte.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

/// The longest uuid and key that are taken.
const MAX_UUID: usize = 64;
const MAX_KEY: usize = 256;

/// A registered device.
#[derive(Clone, PartialEq, Eq)]
pub struct RegisteredDevice {
    uuid: String,
    key: String,
    device_id: Option<u64>,
    registered_at_s: u64,
}

/// What is wrong with what was told of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDevice {
    /// The name.
    #[error("a uuid is 1 to 64 hexadecimal digits")]
    Uuid,
    /// The key.
    #[error("a key is 1 to 256 printable ASCII characters without blanks")]
    Key,
}

/// Why the text is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum NotEdited {
    /// It is no JSON object.
    #[error("config.json is not understood")]
    NotUnderstood(#[source] serde_json::Error),
    /// It says a key more than once, and readers differ in which counts.
    #[error("config.json has the key {0} more than once")]
    Duplicate(String),
    /// It says something else already, and the owner's word counts.
    #[error("config.json has another {0}")]
    Differs(&'static str),
}

impl RegisteredDevice {
    /// Checks what the frontend tells; a `device_id` of 0 is none.
    pub fn new(
        uuid: String,
        key: String,
        device_id: u64,
        registered_at_s: u64,
    ) -> Result<Self, InvalidDevice> {
        if uuid.is_empty() || uuid.len() > MAX_UUID || !uuid.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(InvalidDevice::Uuid);
        }
        if key.is_empty() || key.len() > MAX_KEY || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(InvalidDevice::Key);
        }
        let device_id = (device_id != 0).then_some(device_id);
        Ok(Self { uuid, key, device_id, registered_at_s })
    }

    /// The device's name.
    pub fn uuid(&self) -> &str {
        &self.uuid
    }
}

impl fmt::Debug for RegisteredDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredDevice").field("uuid", &self.uuid).finish_non_exhaustive()
    }
}

/// Whether the text has a uuid, and not this one. A text that is no object names nobody.
pub fn names_another(text: &str, uuid: &str) -> bool {
    serde_json::from_str(text).is_ok_and(|Entries(entries)| {
        entries.iter().any(|(key, old)| {
            let old = Old::of(old);
            key == "uuid" && !old.is_unset() && !old.is(&Value::from(uuid))
        })
    })
}

/// Whether the text is one whole object.
pub fn is_whole(text: &str) -> bool {
    serde_json::from_str::<Entries>(text).is_ok()
}

/// The text with the device's keys filled in and without the provisioning key; `None` where that is how it is. What the
/// owner's file says is never replaced, so the provisioning key goes only where the device's own is in its place.
pub fn edited(text: &str, device: &RegisteredDevice) -> Result<Option<String>, NotEdited> {
    let Entries(mut entries) = serde_json::from_str(text).map_err(NotEdited::NotUnderstood)?;
    let mut known = BTreeSet::new();
    if let Some((key, _)) = entries.iter().find(|(key, _)| !known.insert(key.as_str())) {
        return Err(NotEdited::Duplicate(key.clone()));
    }
    let is = |told: Value| move |old: &Old| old.is(&told);
    let (uuid, key) = (Value::from(device.uuid.as_str()), Value::from(device.key.as_str()));
    let mut changed = fill_in(&mut entries, "uuid", &uuid, is(uuid.clone()))?;
    changed |= fill_in(&mut entries, "deviceApiKey", &key, is(key.clone()))?;
    if let Some(id) = device.device_id.map(Value::from) {
        changed |= fill_in(&mut entries, "deviceId", &id, is(id.clone()))?;
    }
    // When it was registered first is as good.
    changed |= fill_in(&mut entries, "registered_at", &device.registered_at_s.into(), Old::is_number)?;
    let before = entries.len();
    entries.retain(|(key, _)| key != "apiKey");
    changed |= entries.len() != before;
    Ok(changed.then(|| written(&entries, text.contains('\n'))))
}

/// Says `told` where nothing is said yet. Whether that changed anything.
fn fill_in(
    entries: &mut Vec<(String, String)>,
    key: &'static str,
    told: &Value,
    is_good: impl Fn(&Old) -> bool,
) -> Result<bool, NotEdited> {
    let Some((_, text)) = entries.iter_mut().find(|(known, _)| known == key) else {
        entries.push((key.to_owned(), told.to_string()));
        return Ok(true);
    };
    let old = Old::of(text);
    if old.is_unset() {
        *text = told.to_string();
        return Ok(true);
    }
    if is_good(&old) { Ok(false) } else { Err(NotEdited::Differs(key)) }
}

/// A value that the file has; `None`: no value that can be compared.
struct Old(Option<Value>);

impl Old {
    fn of(text: &str) -> Self {
        Self(serde_json::from_str(text).ok())
    }

    /// Null or empty, which says as little as an absent key.
    fn is_unset(&self) -> bool {
        self.is(&Value::Null) || self.is(&Value::from(""))
    }

    fn is(&self, value: &Value) -> bool {
        self.0.as_ref() == Some(value)
    }

    fn is_number(&self) -> bool {
        self.0.as_ref().is_some_and(Value::is_number)
    }
}

fn written(entries: &[(String, String)], in_lines: bool) -> String {
    let (open, between, close) = if in_lines { ("{\n  ", ",\n  ", "\n}\n") } else { ("{", ",", "}") };
    let colon = if in_lines { ": " } else { ":" };
    let pairs: Vec<String> =
        entries.iter().map(|(key, value)| format!("{}{colon}{value}", Value::from(key.as_str()))).collect();
    format!("{open}{}{close}", pairs.join(between))
}

/// The pairs of an object in their order, values as they were written.
struct Entries(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
            entries.push((key, value.get().to_owned()));
        }
        Ok(Entries(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> RegisteredDevice {
        RegisteredDevice::new("77cb".to_owned(), "k\"1'".to_owned(), 7, 99).unwrap()
    }

    #[test]
    fn edited_sets_the_device_s_keys_removes_the_provisioning_key_and_keeps_the_rest_to_the_byte() {
        let text = "{\n  \"zeta\": 1.50,\n  \"apiKey\": \"p\",\n  \"uuid\": null,\n  \"os\": {\"b\": [ 1 ],  \"a\": 1e2}\n}\n";
        let expected = "{\n  \"zeta\": 1.50,\n  \"uuid\": \"77cb\",\n  \"os\": {\"b\": [ 1 ],  \"a\": 1e2},\n  \
                        \"deviceApiKey\": \"k\\\"1'\",\n  \"deviceId\": 7,\n  \"registered_at\": 99\n}\n";
        assert_eq!(edited(text, &device()).unwrap().as_deref(), Some(expected));
    }

    #[test]
    fn edited_of_a_text_in_one_line_stays_in_one_line() {
        let edited = edited(r#"{"a":"\u00e4","apiKey":"p"}"#, &device()).unwrap().unwrap();
        let expected =
            r#"{"a":"\u00e4","uuid":"77cb","deviceApiKey":"k\"1'","deviceId":7,"registered_at":99}"#;
        assert_eq!(edited, expected);
    }

    #[test]
    fn edited_of_what_was_edited_is_nothing_to_write_whenever_it_was_registered() {
        let once = edited("{}", &device()).unwrap().unwrap();
        assert_eq!(edited(&once, &device()).unwrap(), None);
        let later = RegisteredDevice { registered_at_s: 1000, ..device() };
        assert_eq!(edited(&once, &later).unwrap(), None);
        let unknown = RegisteredDevice { device_id: None, ..device() };
        assert_eq!(edited(&once, &unknown).unwrap(), None);
    }

    #[test]
    fn edited_fills_in_what_is_null_or_empty() {
        let text = r#"{"uuid":"","deviceApiKey":null,"deviceId":null,"registered_at":""}"#;
        let expected = r#"{"uuid":"77cb","deviceApiKey":"k\"1'","deviceId":7,"registered_at":99}"#;
        assert_eq!(edited(text, &device()).unwrap().as_deref(), Some(expected));
    }

    #[test]
    fn edited_of_a_file_that_says_something_else_is_refused() {
        for (differing, text) in [
            ("uuid", r#"{"uuid":"abcd","apiKey":"p"}"#),
            ("uuid", r#"{"uuid":7,"apiKey":"p"}"#),
            ("deviceApiKey", r#"{"uuid":"77cb","deviceApiKey":"other","apiKey":"p"}"#),
            ("deviceId", r#"{"uuid":"77cb","deviceId":8}"#),
            ("registered_at", r#"{"registered_at":"long ago"}"#),
        ] {
            let refused = edited(text, &device());
            assert!(
                matches!(refused, Err(NotEdited::Differs(key)) if key == differing),
                "{text} {refused:?}"
            );
        }
    }

    #[test]
    fn edited_of_a_file_with_a_key_twice_is_refused() {
        let refused = edited(r#"{"uuid":"77cb","apiKey":"p","uuid":""}"#, &device());
        assert!(matches!(&refused, Err(NotEdited::Duplicate(key)) if key == "uuid"), "{refused:?}");
    }

    #[test]
    fn names_another_looks_at_every_uuid_whatever_else_the_file_says() {
        for text in [
            r#"{"apiEndpoint":7,"uuid":"abcd"}"#,
            r#"{"uuid":"77cb","uuid":"abcd"}"#,
            r#"{"uuid":"abcd","uuid":""}"#,
            r#"{"uuid":["77cb"]}"#,
        ] {
            assert!(names_another(text, "77cb"), "{text}");
        }
        for text in ["{}", "torn", r#"{"uuid":null}"#, r#"{"uuid":""}"#, r#"{"uuid":"\u00377cb"}"#] {
            assert!(!names_another(text, "77cb"), "{text}");
        }
    }

    #[test]
    fn edited_of_no_object_is_refused() {
        for text in ["", "[]", "{\"uuid\":", "{\"a\":1}}"] {
            assert!(edited(text, &device()).is_err(), "{text}");
        }
    }

    #[test]
    fn device_whose_name_or_key_is_not_acceptable_is_refused() {
        let new = |uuid: &str, key: &str| RegisteredDevice::new(uuid.to_owned(), key.to_owned(), 0, 0).err();
        for uuid in ["", "../..", "xyz", &"a".repeat(65)] {
            assert_eq!(new(uuid, "k"), Some(InvalidDevice::Uuid), "{uuid}");
        }
        for key in ["", "two words", "line\n", &"k".repeat(257)] {
            assert_eq!(new("77cb", key), Some(InvalidDevice::Key), "{key}");
        }
    }

    #[test]
    fn debug_of_a_device_shows_no_key() {
        let device = RegisteredDevice::new("77cb".to_owned(), "bananas".to_owned(), 7, 99).unwrap();
        assert!(!format!("{device:?}").contains("bananas"));
    }
}
