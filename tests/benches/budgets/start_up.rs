//! From exec to the first answer.

use std::{
    env,
    net::SocketAddr,
    os::unix::{net::UnixStream, process::CommandExt as _},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use supervisor_tests::{Result, live::FRONTEND, process::Process, scratch::Folder};

use crate::{
    http_load::{Call, Connection},
    median::median_ms,
    table::Table,
};

const RUNS: usize = 15;
const LIMIT: Duration = Duration::from_secs(10);
/// Below the ports that a client's own end can get: a client that dials it too early would meet itself.
const PORT: u16 = 20_484;

/// Adds two rows.
pub fn measure(table: &mut Table) -> Result<()> {
    let folder = Folder::new()?;
    let built =
        env::var_os("SUPERVISOR_BIN_DIR").ok_or("SUPERVISOR_BIN_DIR is not set: use scripts/bench")?;
    for program in ["supervisor-core", "supervisor-frontend"] {
        std::fs::copy(Path::new(&built).join(program), folder.path().join(program))?;
    }
    let state = folder.path().join("frontend");
    std::fs::create_dir(&state)?;
    std::os::unix::fs::chown(&state, Some(FRONTEND), Some(FRONTEND))?;
    let frontend = (0..RUNS).map(|_| first_ping(&folder)).collect::<Result<Vec<_>>>()?;
    table.row(
        "exec to the first `/ping`",
        "≤ 15 ms",
        format!("{:.1} ms", median_ms(frontend)),
        format!("median of {RUNS}"),
    );
    let core = (0..RUNS).map(|run| first_connection(&folder, run)).collect::<Result<Vec<_>>>()?;
    let measured = format!("{:.1} ms", median_ms(core));
    table.row(
        "exec to core's first connection, no engine, no bus",
        "≤ 30 ms",
        measured,
        format!("median of {RUNS}"),
    );
    Ok(())
}

fn command(folder: &Folder, program: &str) -> Command {
    let mut command = Command::new(folder.path().join(program));
    command
        .env("FRONTEND_STATE_DIR", folder.join("frontend"))
        .env("RESIN_DATA_PATH", folder.join("data"))
        .env("DOCKER_SOCKET", folder.join("no-engine.sock"))
        .env("DBUS_SYSTEM_BUS_ADDRESS", format!("unix:path={}", folder.join("no-bus.sock")))
        .env("LISTEN_ADDRESS", "127.0.0.1")
        .env("LISTEN_PORT", PORT.to_string())
        .env("RESIN_SUPERVISOR_SECRET", "bench");
    command
}

/// Tries without a pause: what is waited for is a few milliseconds away.
fn until<T>(mut probe: impl FnMut() -> Result<T>) -> Result<T> {
    let begun = Instant::now();
    loop {
        match probe() {
            Err(error) if begun.elapsed() > LIMIT => return Err(error),
            Err(_) => std::thread::yield_now(),
            Ok(value) => return Ok(value),
        }
    }
}

fn first_ping(folder: &Folder) -> Result<Duration> {
    let address = SocketAddr::from(([127, 0, 0, 1], PORT));
    let call = Call::new(address, "GET", "/ping?apikey=bench");
    let mut command = command(folder, "supervisor-frontend");
    command.env("CORE_SOCKET", folder.join("no-core.sock")).uid(FRONTEND).gid(FRONTEND);
    let begun = Instant::now();
    let _process = Process::start(&mut command, &folder.path().join("log"))?;
    until(|| Connection::open(address)?.exchange(&call))?;
    Ok(begun.elapsed())
}

fn first_connection(folder: &Folder, run: usize) -> Result<Duration> {
    let socket = PathBuf::from(folder.join(&format!("core-{run}/core.sock")));
    let mut command = command(folder, "supervisor-core");
    command.env("CORE_SOCKET", &socket).env("CORE_STATE_DIR", folder.join(&format!("state-{run}")));
    let begun = Instant::now();
    let _process = Process::start(&mut command, &folder.path().join("log"))?;
    until(|| Ok(UnixStream::connect(&socket)?))?;
    Ok(begun.elapsed())
}
