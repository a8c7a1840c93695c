//! `Journal` over the contract.

use std::time::Duration;

use supervisor_core::domain::{event::What as Told, intent::Action, record::AppliedBy};
use supervisor_proto::v1::{FollowJournalRequest, JournalLine};
use tokio::time::timeout;
use tonic::Streaming;

use crate::{
    fakes::{APP, World, app, restart, target},
    served::Served,
};

const SOON: Duration = Duration::from_mins(1);
/// The nanosecond at which containers of the fake engine say their line.
const SAID_NS: u64 = 978_307_200_500_000_000;
const LONG_AGO_NS: u64 = 1;
const OWNERS: u64 = 4711;

async fn next(lines: &mut Streaming<JournalLine>) -> JournalLine {
    timeout(SOON, lines.message()).await.expect("a line comes").unwrap().unwrap()
}

async fn until(lines: &mut Streaming<JournalLine>, wanted: impl Fn(&JournalLine) -> bool) -> JournalLine {
    loop {
        let line = next(lines).await;
        if wanted(&line) {
            return line;
        }
    }
}

async fn follow(served: &Served, since_ns: u64) -> Streaming<JournalLine> {
    served.client().follow_journal(FollowJournalRequest { since_ns }, "-").await.unwrap()
}

#[tokio::test]
async fn follower_hears_what_the_frontends_app_says_and_what_core_does_to_it() {
    let served = Served::on(World::with_frontends_app(target(APP)).await);
    let mut lines = follow(&served, LONG_AGO_NS).await;
    let said = next(&mut lines).await;
    assert_eq!((said.app_id, said.service.as_str(), said.message.as_str()), (APP, "main", "hello from c1"));
    assert_eq!((said.time_ns, said.is_stderr, said.is_system, said.dropped), (SAID_NS, false, false, 0));
    served.world.act(APP, restart()).await.unwrap();
    let stopping = until(&mut lines, |line| line.message.starts_with("Removing the container because")).await;
    assert!(stopping.is_system && stopping.app_id == APP && stopping.service == "main");
}

#[tokio::test]
async fn follower_hears_a_container_that_is_made_later() {
    let served = Served::on(World::with_frontends_app(target(APP)).await);
    let mut lines = follow(&served, LONG_AGO_NS).await;
    until(&mut lines, |line| line.message == "hello from c1").await;
    served.world.act(APP, restart()).await.unwrap();
    let container = served.world.device.state().containers[0].seen.clone();
    // The engine's own event, which the fake does not send while nobody listens to it.
    let event = Told::ContainerChanged {
        service: container.service.clone(),
        container: container.id.clone(),
        happening: supervisor_core::domain::event::Happening::Started,
    };
    served.world.reconciler.context().events.tell(app(APP), || event);
    let hello = format!("hello from {}", container.id);
    until(&mut lines, |line| line.message == hello).await;
}

#[tokio::test]
async fn follower_hears_nothing_of_the_owners_apps() {
    let served = Served::on(World::with_frontends_app(target(APP)).await);
    served.world.act(OWNERS, Action::Apply(Box::new(target(OWNERS)), AppliedBy::Admin)).await.unwrap();
    let mut lines = follow(&served, LONG_AGO_NS).await;
    let feed = &served.world.reconciler.context().events;
    until(&mut lines, |line| line.message == "hello from c1").await;
    feed.tell(app(OWNERS), || Told::CycleEnded { error: "the owner's".to_owned() });
    feed.tell(app(APP), || Told::CycleEnded { error: "the cloud's".to_owned() });
    let line = next(&mut lines).await;
    assert_eq!((line.app_id, line.is_system), (APP, true), "{line:?}");
    assert_eq!(served.world.device.count("logs c2"), 0);
}

#[tokio::test]
async fn follower_that_comes_again_hears_nothing_twice() {
    let served = Served::on(World::with_frontends_app(target(APP)).await);
    let mut lines = follow(&served, SAID_NS + 1).await;
    served.world.device.reached("logs c1", 1).await;
    served
        .world
        .reconciler
        .context()
        .events
        .tell(app(APP), || Told::CycleEnded { error: "later".to_owned() });
    assert!(next(&mut lines).await.is_system);
}

#[tokio::test]
async fn failure_that_repeats_itself_is_told_once() {
    let served = Served::on(World::with_frontends_app(target(APP)).await);
    let mut lines = follow(&served, SAID_NS + 1).await;
    served.world.device.reached("logs c1", 1).await;
    let feed = &served.world.reconciler.context().events;
    for error in ["same", "same", "other"] {
        feed.tell(app(APP), || Told::CycleEnded { error: error.to_owned() });
    }
    assert!(next(&mut lines).await.message.ends_with("same"));
    assert!(next(&mut lines).await.message.ends_with("other"));
}

#[tokio::test]
async fn engine_is_asked_for_no_output_while_nobody_follows() {
    let served = Served::on(World::with_frontends_app(target(APP)).await);
    let mut lines = follow(&served, LONG_AGO_NS).await;
    until(&mut lines, |line| line.message == "hello from c1").await;
    drop(lines);
    let feed = &served.world.reconciler.context().events;
    let ended = async {
        // Nobody follows the feed once the follower is gone.
        while feed.has_followers() {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, ended).await.expect("the follower goes on");
    assert_eq!(served.world.device.count("logs c1"), 1);
}

#[tokio::test]
async fn container_that_is_started_while_it_is_still_read_is_read_again() {
    let served = Served::on(World::with_frontends_app(target(APP)).await);
    let (end, ended) = tokio::sync::oneshot::channel();
    served.world.device.state().output_end = Some(ended);
    let mut lines = follow(&served, LONG_AGO_NS).await;
    until(&mut lines, |line| line.message == "hello from c1").await;
    let container = served.world.device.state().containers[0].seen.clone();
    let feed = &served.world.reconciler.context().events;
    feed.tell(app(APP), || Told::ContainerChanged {
        service: container.service.clone(),
        container: container.id.clone(),
        happening: supervisor_core::domain::event::Happening::Started,
    });
    feed.tell(app(APP), || Told::CycleEnded { error: "heard".to_owned() });
    until(&mut lines, |line| line.message.ends_with("heard")).await;
    end.send(()).unwrap();
    timeout(SOON, served.world.device.reached("logs c1", 2)).await.expect("it is read again");
}

#[tokio::test]
async fn line_of_a_clock_that_stepped_back_is_told() {
    let served = Served::on(World::with_frontends_app(target(APP)).await);
    served.world.device.state().also_said = vec!["2000-06-01T00:00:00Z after the step".to_owned()];
    let mut lines = follow(&served, LONG_AGO_NS).await;
    until(&mut lines, |line| line.message == "hello from c1").await;
    assert_eq!(next(&mut lines).await.message, "after the step");
}

#[tokio::test]
async fn follower_from_the_future_hears_from_now_on() {
    let served = Served::on(World::with_frontends_app(target(APP)).await);
    let _lines = follow(&served, u64::MAX).await;
    served.world.device.reached("logs c1", 1).await;
    let asked = served.world.device.state().output_asked.and_then(|reading| reading.since_ns);
    assert!(asked.is_some_and(|since_ns| since_ns < u64::MAX), "{asked:?}");
}
