//! The real programs on this machine, with a folder, a port and a socket of their own.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::Result;
use crate::command::{Finished, run};
use crate::curl::Client;
use crate::engine::Engine;
use crate::process::Process;
use crate::scratch::{Folder, free_port};
use crate::wait::{check, wait_closely, wait_until};

/// The frontend's user and group.
pub const FRONTEND: u32 = 65532;
/// `EX_TEMPFAIL`: the tool says so of what may be tried again.
const TRY_AGAIN: i32 = 75;
const READY: Duration = Duration::from_mins(2);
const LOGGED: Duration = Duration::from_mins(2);
const PROGRAMS: [&str; 3] = ["supervisor-core", "supervisor-frontend", "supervisor-admin"];

/// Core and frontend of one test.
#[derive(Debug)]
pub struct Supervisor {
    frontend: Option<Process>,
    core: Option<Process>,
    settings: Vec<(String, String)>,
    port: u16,
    /// What to remove from the engine at the end.
    apps: Mutex<Vec<u64>>,
    folder: Folder,
    /// As on a device, where they go to the journal: no write of the programs' own.
    logs: Folder,
}

impl Supervisor {
    /// Installs the programs where the frontend's user can reach them, and starts both;
    /// `settings` are more environment variables for both.
    pub fn start(settings: &[(&str, &str)]) -> Result<Self> {
        let port = free_port()?;
        let settings =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut supervisor = Self {
            frontend: None,
            core: None,
            settings,
            port,
            apps: Mutex::default(),
            folder: Folder::new()?,
            logs: Folder::in_memory()?,
        };
        supervisor.install()?;
        supervisor.start_core()?;
        supervisor.start_frontend()?;
        // Core knows the key: an app that wants it can run.
        supervisor.client()?;
        Ok(supervisor)
    }

    /// Starts core, again after a kill; returns when it serves.
    pub fn start_core(&mut self) -> Result<()> {
        let mut command = self.program("supervisor-core");
        self.core = Some(Process::start(&mut command, &self.logs.path().join("core.log"))?);
        wait_until("core", READY, || {
            let status = self.program("supervisor-core").arg("healthcheck").output()?.status;
            check(status.success(), self.logs())
        })
    }

    /// Starts the frontend, again after a kill.
    pub fn start_frontend(&mut self) -> Result<()> {
        let mut command = self.program("supervisor-frontend");
        command.uid(self.frontend_uid()).gid(FRONTEND);
        self.frontend = Some(Process::start(&mut command, &self.logs.path().join("frontend.log"))?);
        Ok(())
    }

    /// Core ends as by `kill -9`.
    pub fn kill_core(&mut self) {
        self.core = None;
    }

    /// The frontend ends as by `kill -9`.
    pub fn kill_frontend(&mut self) {
        self.frontend = None;
    }

    /// The frontend's own memory, its proportional share of what it shares included, in KiB.
    pub fn frontend_memory_kib(&self) -> Result<u64> {
        let id = self.frontend.as_ref().ok_or("no frontend")?.id();
        let rollup = fs::read_to_string(format!("/proc/{id}/smaps_rollup"))?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).ok_or("no PSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    /// The local tool, as root.
    pub fn admin(&self, words: &[&str]) -> Result<Finished> {
        finished(&mut self.admin_command(words))
    }

    /// What comes of it when the frontend's user applies a compose file, as a frontend that was taken over could.
    pub fn apply_as_frontend(&self, app_id: u64, compose: &str) -> Result<Finished> {
        self.remove_at_end(app_id);
        let file = self.folder.join(&format!("frontend-{app_id}.yaml"));
        fs::write(&file, compose)?;
        let id = app_id.to_string();
        // Until core has seen the engine's containers, any app may be the owner's.
        wait_until("core to know the engine's apps", READY, || {
            let words = ["app", "apply", &file, "--app-id", &id, "--name", "demo"];
            let finished = finished(&mut self.frontend_command(&words))?;
            check(finished.code != Some(TRY_AGAIN), format!("{finished:?}"))?;
            Ok(finished)
        })
    }

    /// The local tool, as root, yet to be started.
    pub fn admin_command(&self, words: &[&str]) -> Command {
        let mut command = self.program("supervisor-admin");
        command.args(words).stdin(Stdio::null());
        command
    }

    /// The same as the frontend's user, for what role frontend may do.
    pub fn frontend_command(&self, words: &[&str]) -> Command {
        let mut command = self.admin_command(words);
        command.uid(FRONTEND).gid(FRONTEND);
        command
    }

    /// The local tool's output where it must succeed.
    pub fn admin_ok(&self, words: &[&str]) -> Result<String> {
        let finished = self.admin(words)?;
        check(finished.code == Some(0), format!("{words:?}: {finished:?}\n{}", self.logs()))?;
        Ok(finished.stdout)
    }

    /// At the end, when core no longer brings it back, the app goes from the engine.
    pub fn remove_at_end(&self, app_id: u64) {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner).push(app_id);
    }

    /// Applies a compose file.
    pub fn apply(&self, app_id: u64, compose: &str) -> Result<()> {
        self.remove_at_end(app_id);
        let file = self.folder.join(&format!("app-{app_id}.yaml"));
        fs::write(&file, compose)?;
        self.admin_ok(&["app", "apply", &file, "--app-id", &app_id.to_string(), "--name", "demo"]).map(drop)
    }

    /// A client with the key; returns when the API answers.
    pub fn client(&self) -> Result<Client> {
        let key = wait_until("the API key", READY, || self.admin_ok(&["key", "show"]))?;
        let client = Client { launcher: vec![], base: format!("http://127.0.0.1:{}", self.port), key };
        wait_until("the API", READY, || check(client.get("/ping")?.body == "OK", self.logs()))?;
        Ok(client)
    }

    /// Where the API listens.
    pub fn api(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Process ids of core and frontend.
    pub fn pids(&self) -> Result<[u32; 2]> {
        let id = |process: &Option<Process>| process.as_ref().map(Process::id).ok_or("not started");
        Ok([id(&self.core)?, id(&self.frontend)?])
    }

    /// The app's data folder on this machine.
    pub fn data(&self, app_id: u64) -> PathBuf {
        self.folder.path().join("data").join(app_id.to_string())
    }

    /// Core's own folder.
    pub fn core_state(&self) -> PathBuf {
        self.folder.path().join("core")
    }

    /// The gRPC socket.
    pub fn socket(&self) -> String {
        self.folder.join("socket/core.sock")
    }

    /// Where core's log is.
    pub fn core_log(&self) -> PathBuf {
        self.logs.path().join("core.log")
    }

    /// How long core's log is by now.
    pub fn core_log_bytes(&self) -> usize {
        fs::metadata(self.core_log()).map_or(0, |file| usize::try_from(file.len()).unwrap_or(usize::MAX))
    }

    /// Waits until core's log, from so many bytes on, has these words.
    pub fn wait_for_core_log(&self, from: usize, words: &str) -> Result<()> {
        wait_closely(&format!("'{words}' in core's log"), LOGGED, || {
            check(has_words(&self.core_log(), from, words), self.logs())
        })
    }

    /// What both wrote, for a failed test's report.
    pub fn logs(&self) -> String {
        ["core.log", "frontend.log"]
            .map(|name| {
                format!("== {name}\n{}", fs::read_to_string(self.logs.path().join(name)).unwrap_or_default())
            })
            .join("\n")
    }

    fn install(&self) -> Result<()> {
        for program in PROGRAMS {
            install_program(program, &self.folder.join(program))?;
        }
        for name in ["core", "frontend", "data"] {
            fs::create_dir_all(self.folder.path().join(name))?;
        }
        std::os::unix::fs::chown(
            self.folder.path().join("frontend"),
            Some(self.frontend_uid()),
            Some(FRONTEND),
        )?;
        Ok(())
    }

    /// [`FRONTEND`], unless the settings name another.
    fn frontend_uid(&self) -> u32 {
        let set = self.settings.iter().find(|(name, _)| name == "FRONTEND_UID");
        set.and_then(|(_, uid)| uid.parse().ok()).unwrap_or(FRONTEND)
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.path().join(name));
        command
            .env("CORE_SOCKET", self.socket())
            .env("CORE_STATE_DIR", self.folder.join("core"))
            .env("FRONTEND_STATE_DIR", self.folder.join("frontend"))
            .env("RESIN_DATA_PATH", self.folder.join("data"))
            .env("LED_FILE", self.folder.join("led"))
            .env("LISTEN_ADDRESS", "127.0.0.1")
            .env("LISTEN_PORT", self.port.to_string())
            .env("TTY_LISTEN_PORT", "0")
            .envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.kill_core();
        self.kill_frontend();
        for app_id in self.apps.get_mut().unwrap_or_else(PoisonError::into_inner) {
            Engine::default().remove_app(*app_id);
            drop(fs::remove_dir_all(format!("/tmp/balena-supervisor/services/{app_id}")));
        }
    }
}

/// Whether a log, from so many bytes on, has these words.
pub fn has_words(log: &Path, from: usize, words: &str) -> bool {
    let log = fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(log.get(from..).unwrap_or_default()).contains(words)
}

fn finished(command: &mut Command) -> Result<Finished> {
    let output = command.output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    Ok(Finished { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) })
}

/// Copies a built program to where it is to be run. By another process: a file that this one had open for
/// writing, when another test's thread forked, would be busy when it is to be run.
pub fn install_program(name: &str, to: &str) -> Result<()> {
    run(&["install", "-m", "755", &built_programs()?.join(name).to_string_lossy(), to]).map(drop)
}

/// Never a guess: programs of an older build would be tested without a word.
pub fn built_programs() -> Result<PathBuf> {
    let folder = std::env::var_os("SUPERVISOR_BIN_DIR");
    Ok(folder
        .ok_or("SUPERVISOR_BIN_DIR has to name the programs' folder: scripts/build-images --binaries")?
        .into())
}
