//! What the fake core says unless a test says otherwise, and what it heard.

use std::sync::Arc;

use supervisor_proto::{CONTRACT_VERSION, v1};
use tokio::sync::Notify;
use tonic::Status;

/// What the fake says and what it heard.
pub struct Script {
    pub calls: Vec<String>,
    pub applied: Option<v1::ApplyRequest>,
    pub warnings: Vec<String>,
    pub asked: Option<v1::AppRequest>,
    pub logs_asked: Option<v1::LogsRequest>,
    pub explain_asked: Option<v1::ExplainPolicyRequest>,
    pub explanation: v1::ExplainPolicyReply,
    pub plan_asked: Option<v1::PlanRequest>,
    pub plan: v1::PlanReply,
    pub events: Vec<v1::Event>,
    pub examined: v1::ExamineReply,
    /// Core goes on after these events.
    pub events_stay: bool,
    /// Its events cannot be followed.
    pub follow_fails: bool,
    pub contract_version: u32,
    pub fail: Option<Status>,
    /// The caller has no role.
    pub hello_denied: bool,
    pub state: v1::AppsState,
    pub connectivity: v1::ConnectivityState,
    pub api_key: String,
    /// Where the frontend is said to listen.
    pub api_port: u32,
    pub logs: Vec<v1::LogChunk>,
    /// What the process in a container does before it repeats its input.
    pub terminal: Vec<v1::terminal_output::Output>,
    /// How it ends, at the end of input or at a `q`.
    pub terminal_end: v1::TerminalEnded,
    pub terminal_opened: Option<v1::OpenTerminal>,
    pub typed: Vec<u8>,
    pub resized: Vec<v1::WindowSize>,
    /// `Apply` answers only when this is notified.
    pub hold_apply: Option<Arc<Notify>>,
}

fn demo_state() -> v1::AppsState {
    let service = |name: &str, state: &str, health: &str| v1::ServiceState {
        name: name.to_owned(),
        image: format!("registry.example/{name}:1"),
        should_run: true,
        container_id: "0123456789abcdef0123".to_owned(),
        container_state: state.to_owned(),
        health: health.to_owned(),
        made_because: if name == "web" { "image changed" } else { "" }.to_owned(),
        made_at_s: 1_700_000_000,
        ..v1::ServiceState::default()
    };
    let demo = v1::AppState {
        app_id: 2167,
        name: "demo".to_owned(),
        commit: "c0ffee0000000000".to_owned(),
        services: vec![service("web", "running", "healthy"), service("db", "exited", "")],
        ..v1::AppState::default()
    };
    let pulling = v1::AppState {
        app_id: 7,
        name: "pulling\u{1b}[2J".to_owned(),
        activity: v1::Activity::Downloading.into(),
        download_progress_percent: Some(42),
        update_pending: true,
        ..v1::AppState::default()
    };
    v1::AppsState { apps: vec![demo, pulling], engine_available: true }
}

pub fn quiet_script() -> Script {
    Script {
        calls: Vec::new(),
        applied: None,
        warnings: Vec::new(),
        asked: None,
        logs_asked: None,
        explain_asked: None,
        explanation: v1::ExplainPolicyReply::default(),
        plan_asked: None,
        plan: v1::PlanReply::default(),
        events: Vec::new(),
        examined: v1::ExamineReply::default(),
        events_stay: true,
        follow_fails: false,
        contract_version: CONTRACT_VERSION,
        fail: None,
        hello_denied: false,
        state: demo_state(),
        connectivity: v1::ConnectivityState {
            heartbeat_enabled: true,
            vpn_active: false,
            endpoint: "api.example.org:443".to_owned(),
            online: true,
        },
        api_key: "k1".to_owned(),
        api_port: 48484,
        logs: Vec::new(),
        terminal: Vec::new(),
        terminal_end: v1::TerminalEnded {
            reason: v1::terminal_ended::Reason::Exited.into(),
            exit_code: Some(0),
        },
        terminal_opened: None,
        typed: Vec::new(),
        resized: Vec::new(),
        hold_apply: None,
    }
}
