//! What the two processes cost when nothing happens, and what ten thousand requests leave behind.

use std::time::Duration;

use supervisor_tests::{Result, live::Supervisor, live_app::LiveApp};

use crate::{
    bare::Bare,
    http_load::{Call, Connection},
    process::{pss_kb, since, wake_ups, written},
    table::Table,
};

const QUIET: Duration = Duration::from_secs(30);
const REQUESTS: usize = 10_000;
const WARM_UP: usize = 1_000;

/// Adds four rows.
pub fn measure(table: &mut Table) -> Result<()> {
    let supervisor = Supervisor::start(&[("SUPERVISOR_LOG", "warn")])?;
    let _apps = [LiveApp::apply(&supervisor)?, LiveApp::apply(&supervisor)?];
    let [core, frontend] = supervisor.pids()?;
    rest(table, core, frontend)?;
    let (pss_core, pss_frontend) = (pss_kb(core)?, pss_kb(frontend)?);
    let each = format!("core {:.1} MB + frontend {:.1} MB", megabytes(pss_core), megabytes(pss_frontend));
    let sum = format!("{:.1} MB", megabytes(pss_core + pss_frontend));
    table.row("memory (PSS), idle, two apps", "≤ 6 MB", sum, each);
    growth(table, &supervisor, core, frontend)
}

fn rest(table: &mut Table, core: u32, frontend: u32) -> Result<()> {
    let processes = [core, frontend];
    let before = processes.map(|pid| Ok::<_, supervisor_tests::Failure>((wake_ups(pid)?, written(pid)?)));
    // Not a wait for something: the time itself is what is measured.
    std::thread::sleep(QUIET);
    let mut spent = Vec::new();
    for (pid, before) in processes.into_iter().zip(before) {
        let (woken, bytes) = before?;
        spent.push((since(&woken, &wake_ups(pid)?), written(pid)? - bytes));
    }
    let (of_core, of_frontend) = (spent[0], spent[1]);
    #[allow(clippy::cast_precision_loss, reason = "counts of a benchmark")]
    let per_second = |count: u64| count as f64 / QUIET.as_secs_f64();
    let measured = format!("core {:.1}, frontend {:.1}", per_second(of_core.0), per_second(of_frontend.0));
    table.row("wake-ups per second, idle", "≤ 3 each", measured, format!("over {} s", QUIET.as_secs()));
    let measured = format!("core {}, frontend {} bytes", of_core.1, of_frontend.1);
    table.row("written to disk, idle", "0", measured, format!("over {} s", QUIET.as_secs()));
    Ok(())
}

/// The same load on both: what a server's own pools keep is not a leak.
fn growth(table: &mut Table, supervisor: &Supervisor, core: u32, frontend: u32) -> Result<()> {
    let key = supervisor.client()?.key;
    let calls = [("GET", "/ping"), ("GET", "/v1/device"), ("POST", "/v1/tcp-ping"), ("POST", "/v1/blink")];
    let ours =
        calls.map(|(method, path)| Call::new(supervisor.api(), method, &format!("{path}?apikey={key}")));
    let (bare, address) = Bare::start_http()?;
    let theirs = calls.map(|(method, path)| Call::new(address, method, path));
    load(&ours, WARM_UP)?;
    load(&theirs, WARM_UP)?;
    let before = (pss_kb(core)?, pss_kb(frontend)?, pss_kb(bare.id())?);
    load(&ours, REQUESTS)?;
    load(&theirs, REQUESTS)?;
    let grown = |pid: u32, before: u64| {
        Ok::<i64, supervisor_tests::Failure>(i64::try_from(pss_kb(pid)?)? - i64::try_from(before)?)
    };
    let measured = format!("core {} kB, frontend {} kB", grown(core, before.0)?, grown(frontend, before.1)?);
    let beside = format!("bare actix-web {} kB", grown(bare.id(), before.2)?);
    table.row("memory growth over 10 000 mixed requests", "≤ bare + 512 kB", measured, beside);
    Ok(())
}

fn load(calls: &[Call; 4], requests: usize) -> Result<()> {
    let mut connection = Connection::open(calls[0].address)?;
    for call in calls.iter().cycle().take(requests) {
        connection.exchange(call)?;
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "sizes of a benchmark")]
fn megabytes(kilobytes: u64) -> f64 {
    kilobytes as f64 / 1024.0
}
