//! A target whose caller does not wait for the work.

use supervisor_proto::v1::{ApplyRequest, ErrorReason, ListRequest, Service, Target};

use crate::{
    errors::refusal,
    fakes::{APP, Fault, IMAGE, World, name},
    served::Served,
};

fn request(environment: &[(&str, &str)]) -> ApplyRequest {
    let pairs = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let main = Service {
        image: IMAGE.to_owned(),
        environment: pairs.collect(),
        labels: [("io.balena.features.supervisor-api".to_owned(), "0".to_owned())].into(),
        ..Service::default()
    };
    let target = Target {
        app_id: APP,
        name: "demo".to_owned(),
        services: [("main".to_owned(), main)].into(),
        ..Target::default()
    };
    ApplyRequest { target: Some(target), no_wait: true, ..ApplyRequest::default() }
}

#[tokio::test]
async fn apply_without_waiting_is_answered_when_the_target_is_stored() {
    let served = Served::on(World::new());
    let (client, device) = (served.client(), &served.world.device);
    device.fault_on("create main", Fault::Paused);
    let reply = client.apply(request(&[]), "-").await.unwrap();
    assert_eq!(device.record(APP).target.app.commit, reply.commit);
    assert!(device.running(APP).is_empty());
    device.reached("create main", 1).await;
    device.heal();
    device.resume();
    served.world.shows(APP, |status| status.services[&name("main")].container_state == "running").await;
}

#[tokio::test]
async fn apply_without_waiting_whose_work_fails_shows_it_in_the_state() {
    let served = Served::on(World::new());
    let (client, device) = (served.client(), &served.world.device);
    device.fault_on("create main", Fault::Refused);
    client.apply(request(&[]), "-").await.unwrap();
    served.world.shows(APP, |status| status.update_failed).await;
    let state = client.list(ListRequest {}, "-").await.unwrap();
    assert!(state.apps[0].update_pending && !state.apps[0].last_error.is_empty(), "{state:?}");
}

#[tokio::test]
async fn apply_without_waiting_that_cannot_be_stored_is_refused_at_once() {
    let served = Served::on(World::new());
    let (client, device) = (served.client(), &served.world.device);
    device.fault_on("save app", Fault::Absent);
    let refused = client.apply(request(&[]), "-").await;
    assert_eq!(refusal(refused).0, ErrorReason::StoreUnavailable);
    let mut wrong = request(&[]);
    wrong.target.as_mut().unwrap().app_id = 0;
    assert_eq!(refusal(client.apply(wrong, "-").await).0, ErrorReason::InvalidArgument);
    assert_eq!((device.containers_in_all(), device.count("pull")), (0, 0));
}

#[tokio::test]
async fn target_that_is_applied_again_writes_nothing_and_touches_no_container() {
    let served = Served::on(World::new());
    let (client, device) = (served.client(), &served.world.device);
    client.apply(ApplyRequest { no_wait: false, ..request(&[]) }, "-").await.unwrap();
    let before = device.calls().len();
    for _ in 0..3 {
        client.apply(ApplyRequest { no_wait: false, ..request(&[]) }, "-").await.unwrap();
        client.apply(request(&[]), "-").await.unwrap();
    }
    client.apply(ApplyRequest { no_wait: false, ..request(&[]) }, "-").await.unwrap();
    let changing = ["save", "create", "start", "stop", "remove", "policy", "pull"];
    let calls = device.calls().split_off(before);
    assert!(!calls.iter().any(|call| changing.iter().any(|name| call.starts_with(name))), "{calls:?}");
    client.apply(ApplyRequest { no_wait: false, ..request(&[("A", "b")]) }, "-").await.unwrap();
    assert_eq!(device.count("create main"), 2);
}
