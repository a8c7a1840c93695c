//! The audit line of a privileged call.

use std::sync::{Mutex, Once, PoisonError};

use supervisor_proto::v1::{
    AppRequest, GetApiAccessRequest, ListRequest, OpenTerminal, PowerRequest, SetRegistryAccessRequest,
    UpdateRequest, apps_client::AppsClient, power_client::PowerClient,
};
use tokio::sync::watch;
use tonic::Request;

use crate::{
    fakes::{APP, Fault, World},
    served::Served,
    terminal::{Terminal, command, shell},
};

static LINES: Mutex<Option<watch::Sender<Vec<String>>>> = Mutex::new(None);
static INSTALL: Once = Once::new();

struct Capture;

impl log::Log for Capture {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        if let Some(lines) = LINES.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            lines.send_modify(|all| all.push(format!("{} {}", record.target(), record.args())));
        }
    }

    fn flush(&self) {}
}

fn lines() -> watch::Receiver<Vec<String>> {
    INSTALL.call_once(|| {
        *LINES.lock().unwrap() = Some(watch::channel(Vec::new()).0);
        log::set_logger(&Capture).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
    LINES.lock().unwrap().as_ref().unwrap().subscribe()
}

/// The audit line with this request id, once it is there.
async fn line(id: &str) -> String {
    line_with(id, "").await
}

/// The one of them that says this.
async fn line_with(id: &str, what: &str) -> String {
    let end = format!(" request_id={id}");
    let is_it = |line: &&String| line.starts_with("audit ") && line.contains(what) && line.ends_with(&end);
    let mut lines = lines();
    let all = lines.wait_for(|all| all.iter().any(|line| is_it(&line))).await.unwrap();
    all.iter().find(is_it).unwrap().clone()
}

#[tokio::test]
async fn privileged_call_leaves_one_line_with_caller_method_and_outcome() {
    let _ = lines();
    let served = Served::on(World::with_app(APP).await);
    let client = served.client();
    client.update(UpdateRequest::default(), "audit-ok").await.unwrap();
    let said = line("audit-ok").await;
    let pid = format!("pid={}", std::process::id());
    for part in ["uid=0", pid.as_str(), "role=admin", "method=Apps/Update", "outcome=Ok", "ms="] {
        assert!(said.contains(part), "{part}: {said}");
    }
    client.restart(AppRequest { app_id: 9, ..AppRequest::default() }, "audit-failed").await.unwrap_err();
    assert!(line("audit-failed").await.contains("outcome=NotFound"));
    client.list(ListRequest {}, "audit-none").await.unwrap();
    client.reboot(PowerRequest::default(), "audit-last").await.unwrap();
    line("audit-last").await;
    assert!(!lines().borrow().iter().any(|line| line.contains("audit-none")));
}

#[tokio::test]
async fn caller_that_goes_away_leaves_a_line_and_the_action_ends() {
    let _ = lines();
    let served = Served::on(World::with_app(APP).await);
    served.world.device.fault_on("stop", Fault::Paused);
    let client = served.client();
    let request = AppRequest { app_id: APP, ..AppRequest::default() };
    let calling = tokio::spawn(async move { client.restart(request, "audit-gone").await });
    served.world.device.reached("stop", 1).await;
    calling.abort();
    assert!(line("audit-gone").await.contains("outcome=CallerGone"));
    served.world.device.heal();
    served.world.device.resume();
    served.world.device.reached("start c2", 1).await;
}

/// Who it was, and in which container.
fn assert_names_caller_and_place(line: &str) {
    let pid = format!("pid={}", std::process::id());
    let app = format!("app_id={APP}");
    for part in ["uid=0", &pid, "role=admin", &app, "service=main", "container=c1"] {
        assert!(line.split(' ').any(|word| word == part), "{part}: {line}");
    }
    let ms = line.split(' ').find_map(|word| word.strip_prefix("ms="));
    assert!(ms.is_some_and(|ms| ms.parse::<u64>().is_ok()), "{line}");
}

#[tokio::test]
async fn command_leaves_a_line_at_its_beginning_and_its_end_and_its_arguments_in_neither() {
    let _ = lines();
    let served = Served::on(World::with_app(APP).await);
    let open = command(&["cat", "topsecretargument"]);
    let mut terminal = Terminal::open_as(&served, open, "audit-command").await.unwrap();
    terminal.type_in(b"topsecretinput").await;
    served.world.device.end(0, 3);
    assert_eq!(terminal.ended().await.exit_code, Some(3));

    for (what, outcome) in
        [("terminal=open", "outcome=Ok "), ("terminal=close", "outcome=Exited exit_code=3 ")]
    {
        let said = line_with("audit-command", what).await;
        assert_names_caller_and_place(&said);
        assert!(said.contains(outcome), "{said}");
    }
    let all = lines();
    assert!(!all.borrow().iter().any(|line| line.contains("topsecretargument")));
    assert!(!all.borrow().iter().any(|line| line.contains("topsecretinput")));
    let of_it = |line: &&String| line.contains("terminal=") && line.ends_with("request_id=audit-command");
    assert_eq!(all.borrow().iter().filter(of_it).count(), 2);
}

#[tokio::test]
async fn terminal_of_a_caller_that_goes_away_leaves_a_line_at_its_end() {
    let _ = lines();
    let served = Served::on(World::with_app(APP).await);
    drop(Terminal::open_as(&served, shell(), "audit-shell").await.unwrap());
    let said = line_with("audit-shell", "terminal=close").await;
    assert_names_caller_and_place(&said);
    assert!(said.contains("outcome=CallerGone "), "{said}");
}

#[tokio::test]
async fn terminal_that_is_refused_leaves_one_line_and_no_place() {
    let _ = lines();
    let served = Served::on(World::with_app(APP).await);
    let unknown = OpenTerminal { app_id: 9, ..shell() };
    assert!(Terminal::open_as(&served, unknown, "audit-refused").await.is_err());
    let said = line_with("audit-refused", "terminal=open").await;
    assert!(said.contains(" app_id=9 outcome=NotFound ms="), "{said}");
}

#[tokio::test]
async fn key_is_never_in_the_log() {
    let _ = lines();
    let served = Served::new();
    served.world.api.send_replace(Some(crate::fakes::api("topsecretkey")));
    let reply = served.client().get_api_access(GetApiAccessRequest {}, "audit-key").await.unwrap();
    assert_eq!((reply.api_key.as_str(), reply.port), ("topsecretkey", 48484));
    assert!(line("audit-key").await.contains("method=ApiAccess/GetApiAccess"));
    let lines = lines();
    assert!(!lines.borrow().iter().any(|line| line.contains("topsecretkey")));
}

#[tokio::test]
async fn registry_password_is_never_in_the_log() {
    let _ = lines();
    let served = Served::new();
    for (api_host, id) in [("api.example.org", "audit-registry"), ("no host", "audit-registry-bad")] {
        let request = SetRegistryAccessRequest {
            api_host: api_host.to_owned(),
            username: "d_0123".to_owned(),
            password: "topsecretpassword".to_owned(),
        };
        let _ = served.client().set_access(request, id).await;
        assert!(line(id).await.contains("method=Registry/SetAccess"));
    }
    assert!(!lines().borrow().iter().any(|line| line.contains("topsecretpassword")));
}

#[tokio::test]
async fn request_id_that_could_forge_a_line_is_not_taken_over() {
    let _ = lines();
    let served = Served::new();
    let channel = served.channel().await;
    for (number, id) in ["a b", "a\u{9}b", "ö", "x=1", &"a".repeat(65)].into_iter().enumerate() {
        let mut request = Request::new(PowerRequest { force: true });
        let Ok(value) = tonic::metadata::MetadataValue::try_from(id.as_bytes()) else { continue };
        request.metadata_mut().insert("x-request-id", value);
        PowerClient::new(channel.clone()).reboot(request).await.unwrap();
        let ours = lines().borrow().iter().filter(|l| l.contains(&format!("request_id={id}"))).count();
        assert_eq!(ours, 0, "{number}");
    }
    let mut request = Request::new(UpdateRequest::default());
    request.metadata_mut().insert("x-request-id", "plain-id".parse().unwrap());
    AppsClient::new(channel).update(request).await.unwrap();
    line("plain-id").await;
}
