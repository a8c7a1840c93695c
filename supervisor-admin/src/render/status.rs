//! The device at a glance.

use super::{
    app::apps,
    paint::{Tone, paint},
};
use crate::{
    cloud_standing::CloudStanding,
    doctor::cloud,
    output::one_line,
    views::{AppsView, HeartbeatView, StatusView},
};

/// Core, engine, heartbeat and apps.
pub fn status(view: &StatusView, list: &AppsView, coloured: bool) -> String {
    let engine = if view.engine_available {
        paint("available", Some(Tone::Good), coloured)
    } else {
        paint("not available", Some(Tone::Bad), coloured)
    };
    let core = format!("{} (contract {}), you are {}", view.core_version, view.contract_version, view.role);
    format!(
        "core       {}\nengine     {engine}\nheartbeat  {}\ncloud      {}\n\n{}",
        one_line(&core),
        heartbeat(&view.heartbeat, coloured),
        cloud(view.cloud.as_ref(), coloured),
        apps(list, coloured).trim_end_matches('\n')
    ) + "\n"
}

fn cloud(standing: Option<&CloudStanding>, coloured: bool) -> String {
    let Some(standing) = standing else { return "not known: the frontend does not say".to_owned() };
    let tone = match standing.state.as_str() {
        "connected" => Some(Tone::Good),
        "unmanaged" | "unregistered" | "connecting" => None,
        _ => Some(Tone::Bad),
    };
    paint(&one_line(&cloud::sentence(standing)), tone, coloured)
}

/// The heartbeat, in one line without its end.
pub fn heartbeat(view: &HeartbeatView, coloured: bool) -> String {
    let Some(endpoint) = &view.endpoint else {
        return format!("{}, no API endpoint is configured", switch(view));
    };
    let state = if view.online {
        paint("online", Some(Tone::Good), coloured)
    } else {
        paint("offline", Some(Tone::Bad), coloured)
    };
    let paused = if view.vpn_active { ", paused while the VPN is up" } else { "" };
    format!("{}, {state}, {}{paused}", switch(view), one_line(endpoint))
}

const fn switch(view: &HeartbeatView) -> &'static str {
    if view.enabled { "on" } else { "off" }
}
