//! Only what the cloud does not know yet is sent.

use serde_json::{Map, Value};

/// A report, field by field.
pub type Fields = Map<String, Value>;

/// The field that the cloud takes whole.
pub const APPS: &str = "apps";

/// What the cloud was last told of each field and has accepted. In memory: after a restart everything is told once.
#[derive(Default)]
pub struct Accepted(Fields);

impl Accepted {
    /// The fields of `report` that the cloud does not know, each whole. A field that is not in it counts as unchanged.
    pub fn difference(&self, report: Fields) -> Fields {
        report.into_iter().filter(|(name, value)| self.0.get(name) != Some(value)).collect()
    }

    /// What the cloud was last told of a field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The cloud has accepted these fields.
    pub fn accept(&mut self, told: Fields) {
        self.0.extend(told);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: &Value) -> Fields {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn first_report_is_told_whole_and_the_same_again_not_at_all() {
        let report = fields(&json!({ "status": "Idle", "apps": { "a": { "release_uuid": "c1" } } }));
        let mut accepted = Accepted::default();
        let told = accepted.difference(report.clone());
        assert_eq!(told, report);
        assert_eq!(accepted.difference(report.clone()), report, "it was not accepted yet");
        accepted.accept(told);
        assert!(accepted.difference(report).is_empty());
    }

    #[test]
    fn changed_field_is_told_alone_and_apps_are_told_whole() {
        let mut accepted = Accepted::default();
        accepted.accept(fields(&json!({ "status": "Idle", "cpu_usage": 1, "apps": { "a": 1, "b": 2 } })));
        let changed = fields(&json!({ "status": "Idle", "cpu_usage": 1, "apps": { "a": 1, "b": 3 } }));
        assert_eq!(accepted.difference(changed), fields(&json!({ "apps": { "a": 1, "b": 3 } })));
    }

    #[test]
    fn field_that_is_not_known_now_is_left_as_it_was() {
        let mut accepted = Accepted::default();
        accepted.accept(fields(&json!({ "ip_address": "10.0.0.2", "apps": {} })));
        assert!(accepted.difference(Fields::new()).is_empty());
        assert!(accepted.difference(fields(&json!({ "ip_address": "10.0.0.2" }))).is_empty());
    }

    #[test]
    fn apps_that_are_gone_are_told_as_none() {
        let mut accepted = Accepted::default();
        accepted.accept(fields(&json!({ "apps": { "a": {} } })));
        assert_eq!(accepted.difference(fields(&json!({ "apps": {} }))), fields(&json!({ "apps": {} })));
    }
}
