//! `/ping` and `/v1/device` beside a bare server, sixteen connections, one worker each.

use std::time::Duration;

use supervisor_tests::{Result, live::Supervisor};

use crate::{
    bare::Bare,
    http_load::{Call, throughput},
    median::{median, median_ratio},
    table::Table,
};

const CONNECTIONS: usize = 16;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(2);

/// Adds three rows.
pub fn measure(table: &mut Table) -> Result<()> {
    let quiet = [("SUPERVISOR_LOG", "warn")];
    compare(table, &quiet, "/ping", "`/ping`, 16 connections", "≥ 0.9 ×")?;
    compare(table, &[], "/ping", "`/ping` with a log line each", "")?;
    compare(table, &quiet, "/v1/device", "`/v1/device`, 16 connections", "≥ 0.7 ×")
}

fn compare(table: &mut Table, settings: &[(&str, &str)], path: &str, what: &str, budget: &str) -> Result<()> {
    let supervisor = Supervisor::start(settings)?;
    let key = supervisor.client()?.key;
    let ours = Call::new(supervisor.api(), "GET", &format!("{path}?apikey={key}"));
    let (_bare, address) = Bare::start_http()?;
    let bare = Call::new(address, "GET", path);
    let mut pairs = Vec::new();
    for _ in 0..ROUNDS {
        pairs.push((throughput(&ours, CONNECTIONS, ROUND)?, throughput(&bare, CONNECTIONS, ROUND)?));
    }
    let thousands = |values: Vec<f64>| format!("{:.1} k/s", median(values) / 1e3);
    let measured = thousands(pairs.iter().map(|pair| pair.0).collect());
    let beside = thousands(pairs.iter().map(|pair| pair.1).collect());
    let ratio = format!("{measured}, {:.2} ×", median_ratio(&pairs));
    table.row(what, budget, ratio, format!("bare actix-web {beside}"));
    Ok(())
}
