//! `Events` over the contract.

use std::time::Duration;

use supervisor_core::{domain::event::What as Told, event_feed::DEPTH};
use supervisor_proto::v1::{AppRequest, Event, FollowRequest, event::What};
use tokio::time::timeout;
use tonic::Streaming;

use crate::{
    fakes::{APP, World, app},
    served::Served,
};

const SOON: Duration = Duration::from_mins(1);

async fn next(events: &mut Streaming<Event>) -> Event {
    timeout(SOON, events.message()).await.expect("an event comes").unwrap().unwrap()
}

/// The first event that `is_it`; the others before it are dropped.
async fn wait_for(events: &mut Streaming<Event>, is_it: impl Fn(&What) -> bool) -> Event {
    loop {
        let event = next(events).await;
        if event.what.as_ref().is_some_and(&is_it) {
            return event;
        }
    }
}

#[tokio::test]
async fn follower_hears_of_a_restart_why_and_who_asked() {
    let served = Served::on(World::with_app(APP).await);
    let client = served.client();
    let mut events = client.follow(FollowRequest { app_id: 0 }, "-").await.unwrap();
    let request = AppRequest { app_id: APP, ..AppRequest::default() };
    client.restart(request, "follow-1").await.unwrap();
    let created = wait_for(&mut events, |what| match what {
        What::StepBegun(begun) => begun.step.as_ref().is_some_and(|step| step.service == "main"),
        _ => false,
    });
    let created = created.await;
    let Some(What::StepBegun(begun)) = &created.what else { panic!("{created:?}") };
    assert_eq!((created.app_id, begun.reason.as_str()), (APP, "a restart was asked for"));
    assert!(created.time_ms > 0 && begun.number == 1 && begun.of == 3);
    let call = wait_for(&mut events, |what| matches!(what, What::CallEnded(_))).await;
    let Some(What::CallEnded(call)) = call.what else { panic!() };
    assert_eq!((call.method.as_str(), call.role.as_str(), call.uid), ("Apps/Restart", "admin", 0));
    assert_eq!((call.outcome.as_str(), call.request_id.as_str()), ("Ok", "follow-1"));
}

#[tokio::test]
async fn follower_of_one_app_hears_of_no_other_but_of_the_engine() {
    let served = Served::new();
    let mut events = served.client().follow(FollowRequest { app_id: APP }, "-").await.unwrap();
    let feed = &served.world.reconciler.context().events;
    feed.tell(app(1), || Told::CycleEnded { error: "other".to_owned() });
    feed.tell_all(|| Told::EngineChanged { available: false });
    feed.tell(app(APP), || Told::CycleEnded { error: "ours".to_owned() });
    assert!(matches!(next(&mut events).await.what, Some(What::EngineChanged(_))));
    let ours = next(&mut events).await;
    assert!(matches!(&ours.what, Some(What::CycleEnded(ended)) if ended.error == "ours"), "{ours:?}");
}

#[tokio::test]
async fn follower_that_is_too_slow_is_told_how_many_it_missed() {
    let served = Served::new();
    let mut events = served.client().follow(FollowRequest { app_id: 0 }, "-").await.unwrap();
    let feed = &served.world.reconciler.context().events;
    // No await in between: the server's task cannot take any of them.
    for _ in 0..DEPTH + 5 {
        feed.tell_all(|| Told::EngineChanged { available: true });
    }
    let Some(What::EventsMissed(missed)) = next(&mut events).await.what else { panic!() };
    assert_eq!(missed.count, 5);
    assert!(matches!(next(&mut events).await.what, Some(What::EngineChanged(_))));
}

#[tokio::test]
async fn follower_of_no_app_id_is_refused_and_the_stream_ends_with_core() {
    let served = Served::new();
    let client = served.client();
    client.follow(FollowRequest { app_id: u64::MAX }, "-").await.unwrap_err();
    let mut events = client.follow(FollowRequest { app_id: 0 }, "-").await.unwrap();
    served.world.closing.send_replace(true);
    let ended = timeout(SOON, async { while events.message().await.unwrap().is_some() {} }).await;
    ended.expect("the stream ends");
}
