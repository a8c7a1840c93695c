//! `Planner` over the contract: it says what would be done, and does nothing.

use std::collections::HashMap;

use supervisor_proto::v1::{self, ErrorReason, PlanRequest, service_change::Change, step::Kind};

use crate::{
    domain::engine_kind::EngineKind,
    fakes::{APP, Fault, World},
    served::Served,
};

fn target(image: &str) -> v1::Target {
    let service = v1::Service {
        image: image.to_owned(),
        labels: HashMap::from([("io.balena.features.supervisor-api".to_owned(), "0".to_owned())]),
        environment: HashMap::from([("PASSWORD".to_owned(), "topsecret".to_owned())]),
        ..v1::Service::default()
    };
    let services = HashMap::from([("main".to_owned(), service)]);
    v1::Target { app_id: APP, name: "demo".to_owned(), services, ..v1::Target::default() }
}

fn kinds(plan: &v1::PlanReply) -> Vec<Kind> {
    plan.steps.iter().map(v1::Step::kind).collect()
}

#[tokio::test]
async fn plan_of_a_settled_app_is_empty() {
    let served = Served::on(World::with_app(APP).await);
    let plan = served.client().plan(PlanRequest { app_id: APP, target: None }, "-").await.unwrap();
    assert_eq!(kinds(&plan), []);
    assert_eq!(plan.services[0].change(), Change::None);
    assert_eq!(plan.commit, plan.stored_commit);
}

#[tokio::test]
async fn plan_of_a_target_names_steps_and_fields_stores_nothing_and_shows_no_value() {
    let served = Served::on(World::with_app(APP).await);
    let record = served.world.device.record(APP);
    let running = served.world.device.running(APP);
    let request = PlanRequest { app_id: APP, target: Some(target("far:2")) };
    let plan = served.client().plan(request, "-").await.unwrap();
    let steps = kinds(&plan);
    assert_eq!(steps.first(), Some(&Kind::PullImage));
    assert_eq!(steps.last(), Some(&Kind::StartContainer));
    let main = plan.services.iter().find(|service| service.name == "main").unwrap();
    assert_eq!(main.change(), Change::Recreate);
    let said = &main.changed_fields;
    assert!(
        said.contains(&"image".to_owned()) && said.contains(&"environment.PASSWORD".to_owned()),
        "{said:?}"
    );
    assert!(!format!("{plan:?}").contains("topsecret"));
    assert_eq!((served.world.device.record(APP), served.world.device.running(APP)), (record, running));
}

#[tokio::test]
async fn plan_of_an_update_that_waits_for_its_time_shows_its_steps_and_what_it_waits_for() {
    let served = Served::on(World::with_app(APP).await);
    let mut later = target("far:2");
    let main = later.services.get_mut("main").unwrap();
    main.labels.insert("io.supervisor.update.apply".to_owned(), "reboot".to_owned());
    let ask = async |target| served.client().plan(PlanRequest { app_id: APP, target }, "-").await.unwrap();
    let before = ask(Some(later.clone())).await;
    assert_eq!(kinds(&before).first(), Some(&Kind::PullImage));
    assert!(!before.apply_waits_for.is_empty());
    assert!(served.world.device.record(APP).waiting.is_none(), "nothing is stored");

    let request = v1::ApplyRequest { target: Some(later), force: true, no_wait: false };
    let told = served.client().apply(request, "-").await.unwrap().warnings;
    assert!(told.iter().any(|sentence| sentence.contains(&before.apply_waits_for)), "{told:?}");
    let after = ask(None).await;
    assert_eq!(kinds(&after).first(), Some(&Kind::RemoveContainer));
    assert_eq!(after.apply_waits_for, before.apply_waits_for);
    assert_ne!(after.commit, after.stored_commit);

    served
        .client()
        .update(v1::UpdateRequest { apply: true, ..v1::UpdateRequest::default() }, "-")
        .await
        .unwrap();
    served.world.shows(APP, |status| !status.update_pending).await;
    assert_eq!(kinds(&ask(None).await), []);
}

#[tokio::test]
async fn field_that_the_engine_ignores_is_told_by_plan_apply_and_doctor() {
    for (engine, is_ignored) in [(EngineKind::Docker, false), (EngineKind::Podman { major: 5 }, true)] {
        let served = Served::new();
        served.world.device.state().engine_kind = engine;
        served.world.device.state().images.insert("demo:1".to_owned());
        let mut target = target("demo:1");
        let naming = v1::Naming { domainname: "plant.example".to_owned(), ..v1::Naming::default() };
        target.services.get_mut("main").unwrap().naming = Some(naming);

        let request = PlanRequest { app_id: APP, target: Some(target.clone()) };
        let planned = served.client().plan(request, "-").await.unwrap().warnings;
        let request = v1::ApplyRequest { target: Some(target), force: false, no_wait: false };
        let applied = served.client().apply(request, "-").await.unwrap().warnings;
        let examined = served.client().examine(v1::ExamineRequest {}, "-").await.unwrap().ignored_fields;

        let named = |warnings: &[String]| warnings.iter().any(|w| w.contains("services.main.domainname"));
        let found = v1::IgnoredFieldReport { app_id: APP, field: "services.main.domainname".to_owned() };
        assert_eq!((named(&planned), named(&applied)), (is_ignored, is_ignored), "{engine}");
        assert_eq!(examined, if is_ignored { vec![found] } else { Vec::new() });
    }
}

#[tokio::test]
async fn plan_of_a_new_app_creates_it() {
    let served = Served::new();
    let request = PlanRequest { app_id: APP, target: Some(target("demo:1")) };
    let plan = served.client().plan(request, "-").await.unwrap();
    assert_eq!((plan.stored_commit.as_str(), plan.services[0].change()), ("", Change::Create));
    assert!(served.world.device.state().records.is_empty());
}

#[tokio::test]
async fn plan_that_cannot_be_made_says_why() {
    let served = Served::new();
    let client = served.client();
    let ask = async |request| client.plan(request, "-").await.unwrap_err().reason();
    let unknown = PlanRequest { app_id: APP, target: None };
    assert_eq!(ask(unknown.clone()).await, Some(ErrorReason::AppNotFound));
    let other = PlanRequest { app_id: 1, target: Some(target("demo:1")) };
    assert_eq!(ask(other).await, Some(ErrorReason::InvalidArgument));
    let mut bad = target("a b");
    assert_eq!(
        ask(PlanRequest { app_id: APP, target: Some(bad.clone()) }).await,
        Some(ErrorReason::InvalidArgument)
    );
    bad.services.get_mut("main").unwrap().image = "demo:1".to_owned();
    served.world.device.take_engine_away(true);
    let request = PlanRequest { app_id: APP, target: Some(bad) };
    assert_eq!(ask(request).await, Some(ErrorReason::EngineUnavailable));
}

#[tokio::test]
async fn plan_is_given_while_the_apps_worker_is_busy() {
    let served = Served::on(World::with_app(APP).await);
    served.world.device.fault_on("stop", Fault::Paused);
    let acting = served.world.begin(APP, crate::fakes::restart(), false);
    served.world.device.reached("stop", 1).await;
    let plan = served.client().plan(PlanRequest { app_id: APP, target: None }, "-").await.unwrap();
    assert_eq!(plan.services[0].reason, "a restart was asked for");
    served.world.device.heal();
    served.world.device.resume();
    acting.await.unwrap().unwrap();
}

#[tokio::test]
async fn plan_that_a_lock_of_the_app_would_hold_off_names_the_lock() {
    let served = Served::on(World::with_app(APP).await);
    served.world.device.lock(APP);
    let ask = async |image: &str| {
        let target = Some(target(image));
        served.client().plan(PlanRequest { app_id: APP, target }, "-").await.unwrap().held_off_by
    };
    assert_eq!(ask("far:2").await, [crate::fakes::DATA_LOCK]);
    let settled = served.client().plan(PlanRequest { app_id: APP, target: None }, "-").await.unwrap();
    assert!(settled.held_off_by.is_empty());
}
