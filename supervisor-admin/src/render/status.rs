//! The device at a glance.

use super::{
    app::apps,
    paint::{Tone, paint},
};
use crate::{
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
        "core       {}\nengine     {engine}\nheartbeat  {}\n\n{}",
        one_line(&core),
        heartbeat(&view.heartbeat, coloured),
        apps(list, coloured).trim_end_matches('\n')
    ) + "\n"
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
