//! `profiles` of services: which of them count. <https://docs.docker.com/reference/compose-file/profiles/>

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    reader::{Dollars, Node, Reader},
    refusal::Refusals,
};

/// Stands for every profile.
const ALL: &str = "*";

/// Takes away the services of other profiles than the `active` ones. A service without profiles always counts.
pub fn select_profiles(document: &mut Value, active: &BTreeSet<String>) -> Result<(), Refusals> {
    let mut reader = Reader::new(Dollars::Compose);
    if let Some(services) = document.get_mut("services").and_then(Value::as_object_mut) {
        services.retain(|name, service| {
            let Some(value) = service.as_object_mut().and_then(|fields| fields.remove("profiles")) else {
                return true;
            };
            if value.is_null() {
                return true;
            }
            let path = format!("services.{}.profiles", name.escape_debug());
            let profiles = Node::root(&path, &value).texts(&mut reader);
            profiles.is_empty() || active.contains(ALL) || profiles.iter().any(|p| active.contains(p))
        });
    }
    reader.finish(())
}
