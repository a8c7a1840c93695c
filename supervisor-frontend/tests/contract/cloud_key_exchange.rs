//! A cloud that knows the device by another key is asked to take the device's own, whatever happens on the way.

use std::time::Duration;

use fake_cloud::{FakeCloud, Fault, Route, World};
use serde_json::{Value, json};

use crate::{
    cloud_identity::{devices, frontend, known, record, registrations, until, with_image},
    support::frontend::Device,
};

const UUID: &str = "77cbf8a128f9462ea978baadf773817e";
const OTHER_KEY: &str = "8d9a6c83d825b1ea7fac577d2ece0088";

/// A cloud that knows the device by another key.
fn knowing_cloud() -> FakeCloud {
    let cloud = FakeCloud::start().unwrap();
    cloud.add_device(UUID, OTHER_KEY);
    cloud
}

/// A device whose uuid is the owner's word.
fn named_device(cloud: &FakeCloud) -> Device {
    let device = Device::new();
    with_image(&device, cloud, &json!({ "uuid": UUID }));
    device
}

/// Name and key that are on disk, and the number by which the cloud knows them, if it does.
fn on_disk(device: &Device) -> (String, String, Value) {
    let record = record(device).unwrap();
    let text = |name: &str| record[name].as_str().unwrap().to_owned();
    let registered = record["registered"].get("device_id").cloned().unwrap_or_default();
    (text("uuid"), text("device_api_key"), registered)
}

#[tokio::test]
async fn key_that_may_be_exchanged_is_and_the_device_is_the_one_that_the_cloud_knew() {
    let cloud = knowing_cloud();
    cloud.allow_exchange();
    let device = named_device(&cloud);
    let frontend = frontend(&device).await;
    let (uuid, key) = known(&frontend).await;
    assert_ne!(key, OTHER_KEY);
    assert_eq!(devices(&cloud), [(uuid.clone(), key.clone())]);
    assert_eq!(on_disk(&device), (uuid, key.clone(), json!(1)));
    let asked = cloud.look(|world| {
        let asked = world.requests(Route::KeyExchange);
        asked.map(|seen| (seen.path.clone(), seen.body.clone())).collect::<Vec<_>>()
    });
    let body = serde_json::to_vec(&json!({ "apiKey": key })).unwrap();
    assert_eq!(asked, [("/api-key/device/1/device-key".to_owned(), body)]);
    frontend.stop().await;
}

#[tokio::test]
async fn uuid_of_the_owners_is_kept_while_the_cloud_refuses_and_taken_once_it_is_free_there() {
    let cloud = knowing_cloud();
    let device = named_device(&cloud);
    let frontend = frontend(&device).await;
    until(&cloud, |world| (world.requests(Route::Devices).count() >= 4).then_some(())).await;
    let before = on_disk(&device);
    assert_eq!((before.0.as_str(), &before.2), (UUID, &Value::Null));
    assert_eq!(devices(&cloud), [(UUID.to_owned(), OTHER_KEY.to_owned())], "nothing is changed there");
    assert_eq!(cloud.look(|world| world.requests(Route::KeyExchange).count()), 0, "nobody tells its number");
    cloud.delete_device(UUID);
    assert_eq!(known(&frontend).await, (before.0, before.1));
    frontend.stop().await;
}

#[tokio::test]
async fn exchange_that_is_refused_at_the_end_changes_neither_side() {
    let cloud = knowing_cloud();
    cloud.allow_exchange();
    cloud.fail_always(Route::KeyExchange, Some(Fault::Status(403, None)));
    let device = named_device(&cloud);
    let frontend = frontend(&device).await;
    until(&cloud, |world| (world.requests(Route::KeyExchange).count() >= 2).then_some(())).await;
    let (uuid, key, registered) = on_disk(&device);
    assert_eq!((uuid.as_str(), registered), (UUID, Value::Null));
    assert_eq!(devices(&cloud), [(UUID.to_owned(), OTHER_KEY.to_owned())]);
    cloud.fail_always(Route::KeyExchange, None);
    assert_eq!(known(&frontend).await, (uuid, key));
    frontend.stop().await;
}

#[tokio::test]
async fn name_that_was_drawn_and_is_another_devices_is_drawn_anew() {
    let cloud = knowing_cloud();
    let device = Device::new();
    with_image(&device, &cloud, &json!({}));
    let drawn = json!({
        "format": 1, "api_endpoint": cloud.url(), "uuid": UUID, "device_api_key": "d1", "registered": null,
    });
    std::fs::create_dir_all(device.path("state")).unwrap();
    std::fs::write(device.path("state/identity.json"), drawn.to_string()).unwrap();
    let frontend = frontend(&device).await;
    let (uuid, key) = known(&frontend).await;
    assert!(uuid != UUID && key != "d1");
    assert!(devices(&cloud).contains(&(uuid, key)));
    assert!(
        devices(&cloud).contains(&(UUID.to_owned(), OTHER_KEY.to_owned())),
        "the other device is left alone"
    );
    frontend.stop().await;
}

/// Where on the way the process ends.
struct End {
    name: &'static str,
    /// What holds it there.
    hold: fn(&FakeCloud),
    /// What the cloud has seen by then.
    seen: fn(&World) -> bool,
    /// The cloud has the device's own key by then.
    is_exchanged: bool,
}

const NO_FAULT: Fault = Fault::Slow(Duration::ZERO);

fn asked(world: &World, route: Route, times: usize) -> bool {
    world.requests(route).count() >= times
}

fn has_own_key(world: &World) -> bool {
    world.devices().any(|device| device.key != OTHER_KEY)
}

/// Each step of the way, before and after the cloud has done its part.
const ENDS: [End; 7] = [
    End {
        name: "before it registers",
        hold: |cloud| cloud.fail_always(Route::Register, Some(Fault::Closed)),
        seen: |world| asked(world, Route::Register, 1),
        is_exchanged: false,
    },
    End {
        name: "before it hears of the conflict",
        hold: |cloud| cloud.fail_always(Route::Register, Some(Fault::Lost)),
        seen: |world| asked(world, Route::Register, 1),
        is_exchanged: false,
    },
    End {
        name: "before it hears that its key is none",
        hold: |cloud| cloud.fail_always(Route::Devices, Some(Fault::Lost)),
        seen: |world| asked(world, Route::Devices, 1),
        is_exchanged: false,
    },
    End {
        name: "before it hears its number",
        hold: |cloud| {
            cloud.fail(Route::Devices, [NO_FAULT]);
            cloud.fail_always(Route::Devices, Some(Fault::Lost));
        },
        seen: |world| asked(world, Route::Devices, 2),
        is_exchanged: false,
    },
    End {
        name: "before the exchange",
        hold: |cloud| cloud.fail_always(Route::KeyExchange, Some(Fault::Closed)),
        seen: |world| asked(world, Route::KeyExchange, 1),
        is_exchanged: false,
    },
    End {
        name: "before it hears of the exchange",
        hold: |cloud| cloud.fail_always(Route::KeyExchange, Some(Fault::Lost)),
        seen: has_own_key,
        is_exchanged: true,
    },
    End {
        name: "before it has written down the exchange",
        hold: |cloud| cloud.fail(Route::KeyExchange, [Fault::Slow(Duration::from_millis(300))]),
        seen: has_own_key,
        is_exchanged: true,
    },
];

#[tokio::test]
async fn exchange_that_ends_at_any_step_is_brought_to_its_end_by_the_next_start() {
    for End { name, hold, seen, is_exchanged } in ENDS {
        let cloud = knowing_cloud();
        cloud.allow_exchange();
        hold(&cloud);
        let device = named_device(&cloud);
        let before = frontend(&device).await;
        while record(&device).is_none() {
            tokio::task::yield_now().await;
        }
        // From now on nothing can be written.
        let obstacle = device.path("state/identity.json.new");
        std::fs::create_dir_all(obstacle.join("in-the-way")).unwrap();
        until(&cloud, |world| seen(world).then_some(())).await;
        before.stop().await;
        let (uuid, key, registered) = on_disk(&device);
        assert_eq!((uuid.as_str(), registered), (UUID, Value::Null), "{name}");
        let there = if is_exchanged { key.as_str() } else { OTHER_KEY };
        assert_eq!(devices(&cloud), [(UUID.to_owned(), there.to_owned())], "{name}");

        std::fs::remove_dir_all(obstacle).unwrap();
        for route in [Route::Register, Route::Devices, Route::KeyExchange] {
            cloud.fail_always(route, None);
        }
        let exchanges = || cloud.look(|world| world.requests(Route::KeyExchange).count());
        let exchanged_before = exchanges();
        let after = frontend(&device).await;
        assert_eq!(known(&after).await, (uuid.clone(), key.clone()), "{name}");
        assert_eq!(devices(&cloud), [(uuid.clone(), key.clone())], "{name}");
        assert_eq!(on_disk(&device), (uuid, key, json!(1)), "{name}");
        assert_eq!(exchanges() - exchanged_before, usize::from(!is_exchanged), "{name}");
        after.stop().await;
        let asked_for = registrations(&cloud);
        let again = frontend(&device).await;
        known(&again).await;
        again.stop().await;
        assert_eq!(registrations(&cloud), asked_for, "{name}: it is done");
    }
}
