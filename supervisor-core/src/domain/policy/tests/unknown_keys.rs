//! What nobody has thought about is closed.

use proptest::prelude::*;

use super::*;

/// Objects whose keys are of the target's choice.
const FREE: [&str; 10] = [
    "/Labels",
    "/ExposedPorts",
    "/HostConfig/PortBindings",
    "/HostConfig/Tmpfs",
    "/HostConfig/LogConfig/Config",
    "/NetworkingConfig/EndpointsConfig",
    "/Options",
    "/IPAM/Config/0/AuxiliaryAddresses",
    "/ExposedPorts/80~1tcp",
    "/DriverOpts",
];

/// Every object in `value`, as pointers.
fn objects(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if !FREE.contains(&at) {
                found.push(at.to_owned());
            }
            for (key, value) in fields {
                objects(value, &format!("{at}/{}", key.replace('/', "~1")), found);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                objects(item, &format!("{at}/{number}"), found);
            }
        }
        _ => {}
    }
}

fn everywhere(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    objects(value, "", &mut found);
    found
}

/// The request with one more key, at one of its objects; none when the key is there already.
fn with_key(value: &Value, place: usize, key: &str, added: &Value) -> Option<Value> {
    let places = everywhere(value);
    let mut changed = value.clone();
    let object = changed.pointer_mut(&places[place % places.len()]).unwrap().as_object_mut().unwrap();
    object.insert(key.to_owned(), added.clone()).is_none().then_some(changed)
}

/// The name of a field that the engine has, perhaps in another case, or of one that it may have some day.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z]{1,12}",
        Just("hostconfig".to_owned()),
        Just("HOSTCONFIG".to_owned()),
        Just("privileged".to_owned()),
        Just("binds".to_owned()),
        Just("Privileged2".to_owned()),
        Just("VolumesFrom".to_owned()),
        Just("Annotations".to_owned()),
        Just("Platform".to_owned()),
    ]
}

/// Keys that the policy knows and that may be absent from the ordinary request at some of its objects.
fn is_known(key: &str) -> bool {
    matches!(
        key,
        "StartInterval"
            | "Source"
            | "ReadOnly"
            | "BindOptions"
            | "VolumeOptions"
            | "TmpfsOptions"
            | "MacAddress"
            | "Aliases"
            | "IPAMConfig"
            | "EnableIPv4"
            | "Driver"
            | "DriverOpts"
            | "Gateway"
            | "IPRange"
            | "AuxiliaryAddresses"
            | "EndpointConfig"
    )
}

proptest! {
    #[test]
    fn container_with_one_more_key_is_refused(place in 0_usize..64, key in key(), text in any::<bool>()) {
        prop_assume!(!is_known(&key));
        let added = if text { json!("x") } else { json!({}) };
        if let Some(changed) = with_key(&ordinary(), place, &key, &added) {
            let refused = !World::of(changed).refusals().is_empty();
            prop_assert!(refused, "{key} at {place}");
        }
    }

    #[test]
    fn volume_and_network_with_one_more_key_are_refused(place in 0_usize..16, key in key()) {
        prop_assume!(!is_known(&key));
        if let Some(changed) = with_key(&own_network(), place, &key, &json!({ "x": {} })) {
            let mut world = World::of(ordinary());
            world.requests.networks.insert("2167_default".to_owned(), changed);
            prop_assert!(!world.refusals().is_empty(), "{key} at {place}");
        }
        if let Some(changed) = with_key(&own_volume(), place, &key, &json!({ "x": {} })) {
            let mut world = World::of(ordinary());
            world.requests.volumes.insert("2167_store".to_owned(), changed);
            prop_assert!(!world.refusals().is_empty(), "{key} at {place}");
        }
    }
}

#[test]
fn every_object_of_the_request_refuses_a_key_of_the_future() {
    let places = everywhere(&ordinary());
    assert!(places.len() > 15, "{places:?}");
    for (number, place) in places.iter().enumerate() {
        let changed = with_key(&ordinary(), number, "FutureField", &json!(true)).unwrap();
        assert!(!World::of(changed).refusals().is_empty(), "{place}");
    }
}

/// Every value in it, as pointers.
fn walk(value: &Value, at: &str, leaves: &mut Vec<String>) {
    leaves.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, v)| walk(v, &format!("{at}/{}", key.replace('/', "~1")), leaves));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, v)| walk(v, &format!("{at}/{n}"), leaves));
        }
        _ => {}
    }
}

#[test]
fn value_of_another_type_is_refused() {
    let mut leaves = Vec::new();
    walk(&ordinary(), "", &mut leaves);
    for leaf in leaves {
        let mut changed = ordinary();
        *changed.pointer_mut(&leaf).unwrap() = json!([[{ "x": 1.5 }]]);
        assert!(!World::of(changed).refusals().is_empty(), "{leaf}");
    }
}
