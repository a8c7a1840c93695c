//! `PATCH /device/v3/state`: what a device says it runs. Types are strict, text is not.

use actix_web::HttpResponse;
use serde_json::{Map, Value};

use crate::{
    answer,
    world::{FLEET_UUID, World, without_digest},
};

const NUMBERS: [&str; 8] = [
    "provisioning_progress",
    "api_port",
    "memory_usage",
    "memory_total",
    "storage_usage",
    "storage_total",
    "cpu_temp",
    "cpu_usage",
];
const TEXTS: [&str; 10] = [
    "status",
    "os_version",
    "os_variant",
    "supervisor_version",
    "provisioning_state",
    "ip_address",
    "mac_address",
    "api_secret",
    "storage_block_device",
    "cpu_id",
];
const FLAGS: [&str; 2] = ["is_undervolted", "is_online"];
const UPDATE_STATUS: [&str; 6] =
    ["rejected", "aborted", "downloading", "downloaded", "applying changes", "done"];
const MAY_BE_NULL: [&str; 13] = [
    "os_version",
    "os_variant",
    "provisioning_progress",
    "provisioning_state",
    "api_secret",
    "memory_usage",
    "memory_total",
    "storage_usage",
    "storage_total",
    "cpu_temp",
    "cpu_usage",
    "storage_block_device",
    "cpu_id",
];

/// The status of the answer that a report gets; one that is accepted is kept.
pub fn patch(world: &mut World, key: Option<&str>, body: &Value) -> HttpResponse {
    let Some(uuid) = key.and_then(|key| world.device_of_key(key)).map(|device| device.uuid.clone()) else {
        return answer::key_required();
    };
    let Some(all) = body.as_object() else { return answer::bare(400) };
    let known = world.devices.get(&uuid).is_some_and(|device| !device.deleted);
    let Some(report) = all.get(&uuid).filter(|_| known && all.len() == 1) else { return answer::bare(401) };
    let Some(report) = report.as_object() else { return answer::bare(400) };
    if !report.iter().all(|(name, value)| is_well_typed(name, value)) {
        return answer::bare(400);
    }
    if let Some(apps) = report.get("apps").and_then(Value::as_object)
        && !apps.iter().all(|(app, value)| is_known(world, app, value))
    {
        return answer::bare(401);
    }
    if let Some(device) = world.devices.get_mut(&uuid) {
        device.state.extend(report.clone());
        device.reports.push(Value::Object(report.clone()));
    }
    answer::bare(200)
}

fn is_well_typed(name: &str, value: &Value) -> bool {
    if value.is_null() {
        return MAY_BE_NULL.contains(&name) || !is_known_field(name);
    }
    if name == "os_variant" {
        return value == "dev" || value == "prod";
    }
    if NUMBERS.contains(&name) {
        return value.is_i64() || value.is_u64();
    }
    if TEXTS.contains(&name) {
        return value.is_string();
    }
    if FLAGS.contains(&name) {
        return value.is_boolean();
    }
    name != "apps" || value.as_object().is_some_and(|apps| apps.values().all(is_app))
}

fn is_known_field(name: &str) -> bool {
    NUMBERS.contains(&name) || TEXTS.contains(&name) || FLAGS.contains(&name) || name == "apps"
}

fn is_app(app: &Value) -> bool {
    let Some(app) = app.as_object() else { return false };
    let releases = app.get("releases").map_or(Some(Map::new()), |releases| releases.as_object().cloned());
    app.get("release_uuid").is_none_or(Value::is_string)
        && releases.is_some_and(|releases| releases.values().all(is_release))
}

fn is_release(release: &Value) -> bool {
    let Some(release) = release.as_object() else { return false };
    let status = release.get("update_status");
    status.is_none_or(|status| status.as_str().is_some_and(|s| UPDATE_STATUS.contains(&s)))
        && release.get("services").is_none_or(|services| {
            services.as_object().is_some_and(|services| services.values().all(is_service))
        })
}

fn is_service(service: &Value) -> bool {
    let text = |name: &str| service.get(name).is_none_or(Value::is_string);
    service.get("image").is_some_and(Value::is_string)
        && text("status")
        && service.get("download_progress").is_none_or(|p| p.is_null() || p.is_u64())
}

fn is_known(world: &World, app: &str, value: &Value) -> bool {
    if app != FLEET_UUID {
        return world.extra_apps.contains_key(app);
    }
    let releases = value.get("releases").and_then(Value::as_object).cloned().unwrap_or_default();
    let is_release = |commit: &str| world.releases.iter().any(|release| release.commit == commit);
    let is_image = |image: &str| {
        world
            .releases
            .iter()
            .flat_map(crate::world::Release::images)
            .any(|known| known == without_digest(image))
    };
    let named = value.get("release_uuid").and_then(Value::as_str);
    named.is_none_or(is_release)
        && releases.iter().all(|(commit, release)| {
            let services = release.get("services").and_then(Value::as_object).cloned().unwrap_or_default();
            let mut images = services.values().filter_map(|s| s.get("image").and_then(Value::as_str));
            is_release(commit) && images.all(is_image)
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{register::register, world::PROVISIONING_KEY};

    fn answered(report: &Value) -> u16 {
        let mut world = World { fleet_id: 1667, ..World::default() };
        world.add_release(json!({ "services": { "main": { "image": "r.example/v2/aa@sha256:00" } } }));
        let request =
            json!({ "application": 1667, "device_type": "intel-nuc", "uuid": "d0", "api_key": "k" });
        register(&mut world, Some(PROVISIONING_KEY), &request);
        patch(&mut world, Some("k"), report).status().as_u16()
    }

    fn of_release(commit: &str, release: &Value) -> Value {
        json!({ "d0": { "apps": { FLEET_UUID: { "release_uuid": commit, "releases": { commit: release } } } } })
    }

    /// Cases of the recorded exchanges.
    #[test]
    fn report_is_answered_as_the_real_server_did() {
        let commit = "c0ffee00000000000006830000000001";
        let main = |image: &str| json!({ "services": { "main": { "image": image, "status": "Running" } } });
        let cases = [
            (json!({ "d0": { "memory_usage": 101 } }), 200),
            (json!({ "d0": { "unknown_field": 1, "status": "Idle" } }), 200),
            (json!({ "d0": { "apps": {} } }), 200),
            (json!({ "d0": { "apps": { FLEET_UUID: {} } } }), 200),
            (of_release(commit, &main("r.example/v2/aa@sha256:00")), 200),
            (of_release(commit, &main("r.example/v2/aa")), 200),
            (json!({ "d0": { "memory_usage": "x" } }), 400),
            (json!({ "d0": { "cpu_temp": 51.7 } }), 400),
            (json!({ "d0": { "provisioning_progress": 12.5 } }), 400),
            (json!({ "d0": { "api_port": "48484" } }), 400),
            (of_release(commit, &json!({ "update_status": "nonsense" })), 400),
            (of_release("ffff", &json!({ "services": {} })), 401),
            (of_release(commit, &main("no/such/image")), 401),
            (json!({}), 401),
            (json!({ "other": { "status": "Idle" } }), 401),
        ];
        for (report, status) in cases {
            assert_eq!(answered(&report), status, "{report}");
        }
    }
}
