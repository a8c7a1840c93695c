//! From a keystroke to its echo, beside the engine's own tool, and the memory of an open terminal.

use std::process::Command;

use supervisor_tests::{Failure, Result, live::Supervisor, live_app::LiveApp, pty::Screen, web_tab::WebTab};

use crate::{
    echo::{Echo, check_silent},
    process::{anonymous_kb, pss_kb},
    table::Table,
};

const ROUNDS: usize = 10;
/// All rounds' keys fit into the one line that the kernel's terminal holds, 4096 bytes.
const KEYS: usize = 100;
/// More of them, beside one that is open: what the first one brings with it is not counted.
const OPENED: usize = 4;

/// Adds four rows.
pub fn measure(table: &mut Table) -> Result<()> {
    latency(table)?;
    memory(table, "`app shell`", shell)?;
    memory(table, "web terminal", WebTab::open)
}

/// In turns, so that drift of the machine's speed meets all alike.
fn latency(table: &mut Table) -> Result<()> {
    let supervisor = Supervisor::start(&[("SUPERVISOR_LOG", "warn")])?;
    let app = LiveApp::apply(&supervisor)?;
    let container = app.container()?;
    let mut docker = Command::new("docker");
    docker.args(["exec", "-it", &container, "sh"]);
    let mut docker = started(&mut docker)?;
    let mut shell = shell(&supervisor, &app)?;
    let mut web = WebTab::open(&supervisor, &app)?;
    let mut docker = Echo::begin(&mut docker)?;
    let mut shell = Echo::begin(&mut shell)?;
    let mut web = Echo::begin(&mut web)?;
    for _ in 0..ROUNDS {
        docker.round(KEYS)?;
        shell.round(KEYS)?;
        web.round(KEYS)?;
    }
    let beside = format!("`docker exec -it` {}, {} keys each", docker.figures()?, ROUNDS * KEYS);
    table.row("keystroke to echo, `supervisor-admin app shell`", "", shell.figures()?, beside.clone());
    table.row("keystroke to echo, web terminal's WebSocket", "", web.figures()?, beside);
    Ok(())
}

fn shell(supervisor: &Supervisor, app: &LiveApp) -> Result<Screen> {
    started(&mut supervisor.admin_command(&["app", "shell", &app.id.to_string()]))
}

/// A tool's terminal with a shell at its prompt.
fn started(command: &mut Command) -> Result<Screen> {
    let mut screen = Screen::start(command, 24, 80)?;
    screen.until("# ")?;
    check_silent(&screen)?;
    Ok(screen)
}

/// Each in an app of its own, which has one web terminal; of a supervisor of their own, as what was used and
/// given back would be used again.
fn memory<T>(table: &mut Table, what: &str, open: fn(&Supervisor, &LiveApp) -> Result<T>) -> Result<()> {
    let supervisor = Supervisor::start(&[("SUPERVISOR_LOG", "warn")])?;
    let pids = supervisor.pids()?;
    let first = LiveApp::apply(&supervisor)?;
    let more = (0..OPENED).map(|_| LiveApp::apply(&supervisor)).collect::<Result<Vec<_>>>()?;
    let _first = open(&supervisor, &first)?;
    let before = sizes(pids)?;
    let _more = more.iter().map(|app| open(&supervisor, app)).collect::<Result<Vec<_>>>()?;
    let after = sizes(pids)?;
    #[allow(clippy::cast_precision_loss, reason = "sizes of a benchmark")]
    let each = |after: u64, before: u64| (after as f64 - before as f64) / OPENED as f64;
    let [core, frontend] = [0, 1].map(|process: usize| {
        let [(pss, anonymous), (pss_before, anonymous_before)] = [after[process], before[process]];
        format!("{:.0} kB (anonymous {:.0})", each(pss, pss_before), each(anonymous, anonymous_before))
    });
    table.row(
        &format!("memory (PSS) per open session, {what}"),
        "",
        format!("core {core}, frontend {frontend}"),
        format!("{OPENED} more beside an open one"),
    );
    Ok(())
}

/// PSS and anonymous PSS of each, in kB.
fn sizes(pids: [u32; 2]) -> Result<[(u64, u64); 2]> {
    let [core, frontend] = pids.map(|pid| Ok::<_, Failure>((pss_kb(pid)?, anonymous_kb(pid)?)));
    Ok([core?, frontend?])
}
