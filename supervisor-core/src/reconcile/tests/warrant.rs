//! The owner's policy over what role frontend applied.

use supervisor_proto::policy::{Policy, parse};

use super::*;
use crate::{
    domain::{
        intent::Action,
        labels,
        record::AppliedBy,
        settings::{HostBind, Settings},
        target::{Service, Target, Volume},
        volume::{MadeVolume, VolumeOptions},
    },
    error::CoreError,
    reconcile::{engine_watch, fakes::FakeVolume},
};

fn privileged() -> Service {
    let mut settings = Settings::default();
    settings.privileges.privileged = true;
    Service { settings, ..service() }
}

fn grant() -> Policy {
    let text = "[[grant]]\napp = 2167\nservice = \"main\"\nimage = \"demo\"\nprivileged = true\n";
    parse(text).unwrap()
}

/// A life in which containers have been adopted.
fn world() -> World {
    let world = World::new();
    world.reconciler.adoption_done(std::collections::BTreeSet::new());
    world
}

#[track_caller]
fn refused(answer: &Result<(), CoreError>) {
    assert!(matches!(answer, Err(CoreError::NotGranted(_))), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn ordinary_target_of_the_frontend_runs_and_is_known_as_its_own() {
    let world = World::with_frontends_app(target(APP)).await;
    assert_eq!(world.device.running(APP).len(), 1);
    assert_eq!(world.device.record(APP).applied_by, AppliedBy::Frontend);
}

#[tokio::test(start_paused = true)]
async fn target_of_the_frontend_that_wants_the_api_runs() {
    let world = world();
    world.api.send_replace(Some(api("key")));
    world.act(APP, by_frontend(target_of(APP, vec![("main", api_service())]))).await.unwrap();
    assert_eq!(world.device.running(APP).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn privilege_without_a_grant_reaches_no_engine() {
    let world = world();
    refused(&world.act(APP, by_frontend(target_of(APP, vec![("main", privileged())]))).await);
    assert_eq!(world.device.count("create"), 0);
    assert_eq!(world.device.count("pull"), 0);
    assert!(world.status(APP).last_error.contains("services.main.privileged"));
}

#[tokio::test(start_paused = true)]
async fn privilege_with_a_grant_runs() {
    let world = world();
    world.policy.send_replace(grant());
    world.act(APP, by_frontend(target_of(APP, vec![("main", privileged())]))).await.unwrap();
    assert_eq!(world.device.running(APP).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn privilege_that_the_owner_applied_runs_without_a_grant() {
    let world = world();
    world.act(APP, apply(target_of(APP, vec![("main", privileged())]))).await.unwrap();
    assert_eq!(world.device.running(APP).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn app_that_a_stricter_policy_forbids_runs_on_and_is_not_made_anew() {
    let world = world();
    world.policy.send_replace(grant());
    world.act(APP, by_frontend(target_of(APP, vec![("main", privileged())]))).await.unwrap();
    world.policy.send_replace(Policy::default());
    refused(&world.act(APP, restart()).await);
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
    world.policy.send_replace(grant());
    world.act(APP, Action::Start(Vec::new())).await.unwrap();
    assert_eq!(world.device.running(APP), [("c2".to_owned(), 2)]);
}

#[tokio::test(start_paused = true)]
async fn purge_of_a_forbidden_app_is_given_up_and_destroys_nothing() {
    let world = world();
    world.policy.send_replace(grant());
    world.act(APP, by_frontend(target_of(APP, vec![("main", privileged())]))).await.unwrap();
    world.policy.send_replace(Policy::default());
    assert!(world.act(APP, Action::Purge).await.is_err());
    assert_eq!(world.device.record(APP).purge, None);
    assert_eq!(world.device.state().emptied, 0);
    assert_eq!(world.device.running(APP).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn forbidden_app_can_be_stopped_and_removed_but_not_started() {
    let world = world();
    world.policy.send_replace(grant());
    world.act(APP, by_frontend(target_of(APP, vec![("main", privileged())]))).await.unwrap();
    world.policy.send_replace(Policy::default());
    world.act(APP, Action::Stop(Vec::new())).await.unwrap();
    assert!(world.device.running(APP).is_empty());
    refused(&world.act(APP, Action::Start(Vec::new())).await);
    assert!(world.device.running(APP).is_empty());
    world.act(APP, Action::Remove).await.unwrap();
    assert_eq!(world.device.containers_in_all(), 0);
}

#[tokio::test(start_paused = true)]
async fn link_that_is_planted_after_the_plan_began_is_found_before_the_container_is_made() {
    let world = world();
    world.device.fault_on("prepare", Fault::Paused);
    let applying = world.begin(APP, by_frontend(target(APP)), false);
    world.device.reached("prepare", 1).await;
    world.device.state().planted.insert("/resin-data/2167".to_owned(), "/".to_owned());
    world.device.resume();
    refused(&applying.await.unwrap());
    assert_eq!(world.device.containers_in_all(), 0);
}

/// A local volume that is the host's root.
fn bound_root() -> VolumeOptions {
    let options = [("type", "none"), ("o", "bind"), ("device", "/")];
    VolumeOptions {
        driver_options: options.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..VolumeOptions::default()
    }
}

#[tokio::test(start_paused = true)]
async fn volume_with_options_is_not_made() {
    let world = world();
    let mut target = target(APP);
    for volume in target.app.volumes.values_mut() {
        *volume = Volume::Configured(bound_root());
    }
    refused(&world.act(APP, by_frontend(target)).await);
    assert_eq!(world.device.count("create"), 0);
}

#[tokio::test(start_paused = true)]
async fn bind_is_refused_in_both_forms() {
    let world = world();
    for must_exist in [true, false] {
        let mut bound = service();
        bound.settings.binds.push(HostBind {
            source: "/var/run/docker.sock".to_owned(),
            target: "/x".to_owned(),
            read_only: true,
            propagation: None,
            must_exist,
        });
        refused(&world.act(APP, by_frontend(target_of(APP, vec![("main", bound)]))).await);
    }
    assert_eq!(world.device.count("create"), 0);
}

#[tokio::test(start_paused = true)]
async fn app_of_the_owners_is_not_the_frontends_to_replace() {
    let world = world();
    world.act(APP, apply(target(APP))).await.unwrap();
    let answer = world.act(APP, by_frontend(target_of(APP, vec![("other", service())]))).await;
    assert!(matches!(answer, Err(CoreError::OwnersApp(_))), "{answer:?}");
    assert_eq!(world.device.record(APP).target, target(APP));
    let answer = world.act(APP, Action::Withdraw).await;
    assert!(matches!(answer, Err(CoreError::OwnersApp(_))), "{answer:?}");
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
    world.act(APP, Action::Remove).await.unwrap();
    world.act(APP, by_frontend(target(APP))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn app_of_the_frontends_becomes_the_owners_when_the_owner_applies_it() {
    let world = World::with_frontends_app(target(APP)).await;
    world.act(APP, apply(target(APP))).await.unwrap();
    assert_eq!(world.device.record(APP).applied_by, AppliedBy::Admin);
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn app_of_the_frontends_is_its_to_withdraw() {
    let world = World::with_frontends_app(target(APP)).await;
    world.act(APP, Action::Withdraw).await.unwrap();
    assert_eq!(world.device.containers_in_all(), 0);
    assert!(world.reconciler.context().status.watch().borrow().apps.is_empty());
}

#[tokio::test(start_paused = true)]
async fn app_without_a_record_is_not_the_frontends_before_containers_are_adopted() {
    let first = World::with_app(APP).await;
    drop(first.reconciler);
    first.device.state().records.clear();
    let world = World::boot(&first.device);
    let answer = world.act(APP, by_frontend(target(APP))).await;
    assert!(matches!(answer, Err(CoreError::StillInProgress { .. })), "{answer:?}");
    tokio::spawn(engine_watch::follow(std::sync::Arc::clone(&world.reconciler)));
    world.shows(APP, |status| !status.services.is_empty()).await;
    let answer = world.act(APP, by_frontend(target(APP))).await;
    assert!(matches!(answer, Err(CoreError::OwnersApp(_))), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn app_of_a_lost_store_stays_the_frontends_whatever_its_labels_claim() {
    let mut claims = target(APP);
    for service in claims.services.values_mut() {
        service.labels.insert("io.supervisor.applied-by".to_owned(), "admin".to_owned());
    }
    let first = World::with_frontends_app(claims).await;
    drop(first.reconciler);
    first.device.state().records.clear();
    let world = World::boot(&first.device);
    tokio::spawn(engine_watch::follow(std::sync::Arc::clone(&world.reconciler)));
    world.shows(APP, |status| !status.services.is_empty()).await;
    world.act(APP, Action::Start(Vec::new())).await.unwrap();
    assert_eq!(world.device.record(APP).applied_by, AppliedBy::Frontend);
}

#[tokio::test(start_paused = true)]
async fn volume_that_an_app_without_services_wants_with_options_is_not_made() {
    let world = world();
    let mut target = target(APP);
    target.services.clear();
    for volume in target.app.volumes.values_mut() {
        *volume = Volume::Configured(bound_root());
    }
    refused(&world.act(APP, by_frontend(target)).await);
    assert_eq!(world.device.count("create"), 0);
}

/// A target whose service mounts a volume that is somebody else's.
fn on_external_volume() -> Target {
    let mut target = target(APP);
    for volume in target.app.volumes.values_mut() {
        *volume = Volume::External("shared".to_owned());
    }
    target
}

fn volume_grant(more: &str) -> Policy {
    let volume = format!("volumes = [{{ name = \"shared\"{more} }}]");
    parse(&format!("[[grant]]\napp = 2167\nservice = \"main\"\nimage = \"demo\"\n{volume}\n")).unwrap()
}

#[tokio::test(start_paused = true)]
async fn volume_that_is_granted_by_its_name_is_mounted_where_it_is_plain() {
    let world = world();
    world.policy.send_replace(volume_grant(""));
    world.device.state().volumes.insert("shared".to_owned(), FakeVolume::default());
    world.act(APP, by_frontend(on_external_volume())).await.unwrap();
    assert_eq!(world.device.running(APP).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn volume_that_was_made_with_options_is_mounted_only_where_the_grant_names_them() {
    let world = world();
    let made_with = MadeVolume { driver: "local".to_owned(), driver_options: bound_root().driver_options };
    let volume = FakeVolume { made_with, ..FakeVolume::default() };
    world.device.state().volumes.insert("shared".to_owned(), volume);
    world.policy.send_replace(volume_grant(""));
    refused(&world.act(APP, by_frontend(on_external_volume())).await);
    assert_eq!(world.device.containers_in_all(), 0);
    let options = r#", driver_opts = { type = "none", o = "bind", device = "/" }"#;
    world.policy.send_replace(volume_grant(options));
    world.act(APP, by_frontend(on_external_volume())).await.unwrap();
    assert_eq!(world.device.running(APP).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn app_whose_containers_cannot_be_read_is_the_owners() {
    let first = World::with_app(APP).await;
    drop(first.reconciler);
    first.device.state().records.clear();
    first.device.state().containers[0].seen.labels.insert(labels::SERVICE.to_owned(), "{".to_owned());
    let world = World::boot(&first.device);
    tokio::spawn(engine_watch::follow(std::sync::Arc::clone(&world.reconciler)));
    // What comes after adoption: an app that nothing is known of is the frontend's to apply.
    world.device.reached("containers", 2).await;
    while let Err(CoreError::StillInProgress { .. }) = world.act(APP + 1, by_frontend(target(APP + 1))).await
    {
        tokio::task::yield_now().await;
    }
    let answer = world.act(APP, by_frontend(target(APP))).await;
    assert!(matches!(answer, Err(CoreError::OwnersApp(_))), "{answer:?}");
    assert_eq!(world.device.running(APP), [("c1".to_owned(), 1)]);
    world.act(APP, apply(target(APP))).await.unwrap();
    assert_eq!(world.device.record(APP).applied_by, AppliedBy::Admin);
}
