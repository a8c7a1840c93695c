//! What apps say, from a core that is played to a cloud of the contract.

use std::{sync::Arc, time::Duration};

use fake_cloud::{FakeCloud, LogLine, Route, World};
use serde_json::{Value, json};
use supervisor_frontend::cloud::{
    api::{ApiClient, Trust},
    identity::{DeviceKey, Identity},
    log_stream::{LogStream, Timing},
    settings::CloudSettings,
};
use supervisor_proto::{client::CoreClient, v1::JournalLine};
use tokio::{sync::watch, task::JoinHandle};

use crate::support::{core::FakeCore, frontend::Device, http::PATIENCE};

const UUID: &str = "77cbf8a128f9462ea978baadf773817e";
const KEY: &str = "8d9a6c83d825b1ea7fac577d2ece0088";
/// Later than any test runs.
const TIME_NS: u64 = 4_102_444_800_000_000_000;

struct Streaming {
    cloud: Arc<FakeCloud>,
    core: Option<FakeCore>,
    device: Device,
    settings: watch::Sender<CloudSettings>,
    sessions: watch::Sender<u64>,
    task: JoinHandle<()>,
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn start(prepare: impl FnOnce(&FakeCloud), timing: Timing) -> Streaming {
    let cloud = FakeCloud::start().unwrap();
    prepare(&cloud);
    let device = Device::new();
    let core = FakeCore::start(&device.socket());
    let identity =
        Identity { uuid: UUID.to_owned(), key: DeviceKey::new(KEY.to_owned()), device_id: Some(1) };
    let settings = watch::Sender::new(CloudSettings::default());
    let sessions = watch::Sender::new(1);
    let stream = LogStream {
        client: ApiClient::new(cloud.url().parse().unwrap(), &Trust::nobody(), "Supervisor/test").unwrap(),
        identity: watch::Sender::new(Some(Arc::new(identity))).subscribe(),
        settings: settings.subscribe(),
        core: Arc::new(CoreClient::new(&device.socket(), "test")),
        sessions: sessions.subscribe(),
        timing,
    };
    let task = tokio::spawn(stream.run());
    Streaming { cloud: Arc::new(cloud), core: Some(core), device, settings, sessions, task }
}

fn registered(cloud: &FakeCloud) {
    cloud.add_device(UUID, KEY);
}

fn quick() -> Timing {
    Timing {
        spacing: Duration::from_millis(1),
        between: Duration::from_millis(1),
        backoff: Duration::from_millis(5),
        ..Timing::default()
    }
}

fn line(number: u64, message: &str) -> JournalLine {
    JournalLine {
        app_id: 1,
        service: "main".to_owned(),
        service_id: 9,
        time_ns: TIME_NS + number,
        message: message.to_owned(),
        ..JournalLine::default()
    }
}

impl Streaming {
    fn say(&self, line: JournalLine) {
        self.core.as_ref().unwrap().shared.journal.send_modify(|all| all.push(line));
    }

    async fn until<T: Send + 'static>(&self, look: impl FnMut(&World) -> Option<T> + Send + 'static) -> T {
        let cloud = self.cloud.clone();
        let found = tokio::task::spawn_blocking(move || cloud.wait(PATIENCE, look)).await.unwrap();
        found.expect("the cloud was not told")
    }

    /// Waits for a line with this in it, and answers the whole log.
    async fn until_heard(&self, message: &'static str) -> Vec<LogLine> {
        self.until(move |world| {
            let log = &world.devices().next()?.log;
            log.iter().any(|line| line.message().contains(message)).then(|| log.clone())
        })
        .await
    }

    /// Waits until core has been asked for the journal so often.
    async fn asked(&self, times: usize) -> Vec<u64> {
        let mut asked = self.core.as_ref().unwrap().shared.journal_asked.subscribe();
        let found = tokio::time::timeout(PATIENCE, asked.wait_for(|all| all.len() >= times)).await;
        found.expect("core was not asked").unwrap().clone()
    }
}

#[tokio::test]
async fn lines_reach_the_cloud_while_the_stream_goes_on() {
    let device = start(registered, quick());
    device.say(line(1, "hello"));
    device.until_heard("hello").await;
    device.say(JournalLine { is_stderr: true, ..line(2, "trouble") });
    device.say(JournalLine { is_system: true, service_id: 0, ..line(3, "Starting") });
    let log = device.until_heard("Starting").await;
    let shown: Vec<Value> = log.into_iter().map(|line| line.0).collect();
    let timestamp = TIME_NS / 1_000_000;
    assert_eq!(
        shown,
        [
            json!({ "message": "hello", "timestamp": timestamp, "serviceId": 9 }),
            json!({ "message": "trouble", "timestamp": timestamp, "serviceId": 9, "isStdErr": true }),
            json!({ "message": "Starting", "timestamp": timestamp, "isSystem": true }),
        ]
    );
    let streams =
        device.until(|world| Some(world.requests(Route::LogStream).cloned().collect::<Vec<_>>())).await;
    assert_eq!(streams.len(), 1, "one stream carries them all");
    assert_eq!(streams[0].header("content-type"), Some("application/x-ndjson"));
    assert_eq!(streams[0].header("content-encoding"), Some("gzip"));
    assert_eq!(streams[0].header("authorization"), Some(format!("Bearer {KEY}").as_str()));
}

#[tokio::test]
async fn cloud_that_answers_before_the_end_is_asked_again() {
    let device = start(|_| {}, quick());
    for number in 1.. {
        device.say(line(number, "said"));
        // What a refused stream had begun to send is lost, so there is always more to say.
        let (asked, heard) = device
            .until(|world| {
                let log = world.devices().next().map(|device| device.log.len());
                Some((world.requests(Route::LogStream).count(), log))
            })
            .await;
        match heard {
            None if asked > 2 => registered(&device.cloud),
            Some(lines) if lines > 0 => break,
            None | Some(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

#[tokio::test]
async fn stream_on_which_nothing_is_said_is_closed_and_the_next_line_opens_another() {
    let device = start(registered, Timing { idle: Duration::ZERO, ..quick() });
    for number in 1.. {
        device.say(line(number, &format!("line {number}.")));
        let heard = format!("line {number}.");
        let streams = device.until(move |world| {
            let log = &world.devices().next()?.log;
            log.iter().any(|line| line.message() == heard).then(|| world.requests(Route::LogStream).count())
        });
        // A line that comes while a stream ends may still be in it.
        if streams.await > 1 {
            break;
        }
    }
}

#[tokio::test]
async fn core_that_comes_back_is_asked_only_for_what_was_not_heard() {
    let mut device = start(registered, quick());
    device.say(line(7, "before"));
    device.until_heard("before").await;
    device.core.take().unwrap().kill();
    device.core = Some(FakeCore::start(&device.device.socket()));
    device.say(line(7, "before"));
    device.say(line(8, "after"));
    device.sessions.send_modify(|count| *count += 1);
    assert_eq!(device.asked(1).await, [TIME_NS + 8]);
    let log = device.until_heard("after").await;
    assert_eq!(log.iter().filter(|line| line.message() == "before").count(), 1);
}

#[tokio::test]
async fn cloud_that_wants_no_logs_gets_none_and_core_is_not_asked() {
    let device = start(registered, quick());
    device.say(line(1, "wanted"));
    device.until_heard("wanted").await;
    device.settings.send_modify(|settings| settings.logs = false);
    let followers = device.core.as_ref().unwrap().shared.journal.clone();
    tokio::time::timeout(PATIENCE, followers.closed()).await.expect("core's journal is followed on");
    device.say(line(2, "unwanted"));
    device.settings.send_modify(|settings| settings.logs = true);
    device.asked(2).await;
    device.say(line(3, "wanted again"));
    device.until_heard("wanted again").await;
}

#[tokio::test]
async fn flood_while_the_cloud_is_away_is_bounded_and_what_was_left_out_is_told() {
    let mut device = start(registered, quick());
    Arc::get_mut(&mut device.cloud).unwrap().pause();
    for number in 0..200 {
        device.say(line(number, &"x".repeat(9_000)));
    }
    let mut handed = device.core.as_ref().unwrap().shared.journal_handed.subscribe();
    tokio::time::timeout(PATIENCE, handed.wait_for(|count| *count >= 200)).await.expect("not read").unwrap();
    Arc::get_mut(&mut device.cloud).unwrap().resume().unwrap();
    let log = device.until_heard("were left out").await;
    assert!(log.iter().map(|line| line.message().len()).sum::<usize>() < 100 * 9_000);
}
