//! A target whose caller does not wait for the work.

use supervisor_proto::v1::{ApplyRequest, ErrorReason, Healthcheck, ListRequest, Naming, Service, Target};

use crate::{
    errors::refusal,
    fakes::{APP, Behaviour, Fault, IMAGE, World, name},
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
async fn target_is_stored_before_an_engine_that_hangs_is_asked_what_it_ignores() {
    let served = Served::on(World::new());
    let (client, device) = (served.client(), &served.world.device);
    device.fault_on("kind", Fault::Paused);
    let mut request = request(&[]);
    let main = request.target.as_mut().unwrap().services.get_mut("main").unwrap();
    main.naming = Some(Naming { domainname: "plant.example".to_owned(), ..Naming::default() });
    let asked = async {
        device.reached("kind", 1).await;
        let commit = device.record(APP).target.app.commit;
        device.heal();
        device.resume();
        commit
    };
    let (reply, stored) = tokio::join!(client.apply(request, "-"), asked);
    assert_eq!(reply.unwrap().commit, stored);
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

/// A release of the owner's that is on trial by its label.
fn on_trial(image: &str) -> ApplyRequest {
    let mut request = ApplyRequest { no_wait: false, ..request(&[]) };
    let main = request.target.as_mut().unwrap().services.get_mut("main").unwrap();
    image.clone_into(&mut main.image);
    main.labels.insert("io.supervisor.update.health-gate".to_owned(), "1".to_owned());
    main.healthcheck = Some(Healthcheck::default());
    request
}

#[tokio::test]
async fn release_that_is_given_up_is_told_to_its_caller_and_in_the_state() {
    let served = Served::on(World::new());
    let (client, device) = (served.client(), &served.world.device);
    device
        .state()
        .behaviours
        .extend([("good:1".to_owned(), Behaviour::Healthy), ("bad:1".to_owned(), Behaviour::NotMade(400))]);
    let good = client.apply(on_trial("good:1"), "-").await.unwrap().commit;
    let (reason, bad) = refusal(client.apply(on_trial("bad:1"), "-").await);
    assert_eq!(reason, ErrorReason::EngineRefused);
    let app = client.list(ListRequest {}, "-").await.unwrap().apps.remove(0);
    assert_eq!((&app.commit, &app.running_commit), (&good, &good));
    let failed = app.failed_release.unwrap();
    assert_eq!((&failed.commit, &failed.restored_commit), (&bad, &good));
    assert!(failed.at_s > 0 && failed.reason.contains("refused"), "{failed:?}");
    let service = &app.services[0];
    assert_eq!((service.container_image.as_str(), &service.container_commit), ("good:1", &good));
}
