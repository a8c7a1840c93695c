//! The tool on a terminal: questions, colours, progress.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::fd::OwnedFd,
    process::{Child, Stdio},
    sync::Arc,
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use supervisor_proto::v1::{self, event::What};
use tokio::sync::Notify;

use crate::{
    events::{event, step_begun},
    fake_core::FakeCore,
    tool::command,
};

pub struct OnTerminal {
    pub screen: File,
    pub child: Child,
}

impl OnTerminal {
    pub fn start(core: &FakeCore, words: &[&str], variables: &[(&str, &str)]) -> Self {
        let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&screen).unwrap();
        unlockpt(&screen).unwrap();
        let name = ptsname(&screen, Vec::new()).unwrap().into_string().unwrap();
        let side = || {
            let file = File::options().read(true).write(true).open(&name).unwrap();
            Stdio::from(OwnedFd::from(file))
        };
        let mut command = command(&core.socket(), words);
        command.stdin(side()).stdout(side()).stderr(side()).env("TERM", "xterm");
        command.envs(variables.iter().copied());
        Self { screen: File::from(screen), child: command.spawn().unwrap() }
    }

    /// Reads until `text` has been shown.
    pub fn until(&mut self, text: &str) -> String {
        let mut seen = Vec::new();
        let mut byte = [0];
        while !String::from_utf8_lossy(&seen).contains(text) {
            match self.screen.read(&mut byte) {
                Ok(1) => seen.push(byte[0]),
                end => panic!("{end:?} after {:?}", String::from_utf8_lossy(&seen)),
            }
        }
        String::from_utf8_lossy(&seen).into_owned()
    }

    /// The rest of what is shown, and the exit code. A closed terminal reads as an error.
    pub fn end(mut self) -> (String, i32) {
        let mut seen = Vec::new();
        drop(self.screen.read_to_end(&mut seen));
        (String::from_utf8_lossy(&seen).into_owned(), self.child.wait().unwrap().code().unwrap())
    }
}

#[test]
fn dangerous_verb_on_a_terminal_asks_and_goes_on_after_y() {
    let core = FakeCore::start();
    let mut terminal = OnTerminal::start(&core, &["reboot"], &[]);
    terminal.until("reboot of this device? [y/N] ");
    terminal.screen.write_all(b"y\n").unwrap();
    let (shown, exit) = terminal.end();
    assert_eq!(exit, 0, "{shown}");
    assert_eq!(core.script().calls, ["reboot force=false"]);
}

#[test]
fn dangerous_verb_on_a_terminal_stops_after_anything_else() {
    let core = FakeCore::start();
    for answer in ["\n", "n\n", "yep\n", "\u{4}"] {
        let mut terminal = OnTerminal::start(&core, &["app", "purge", "2167"], &[]);
        terminal.until("purge of app 2167, which deletes its data? [y/N] ");
        terminal.screen.write_all(answer.as_bytes()).unwrap();
        let (shown, exit) = terminal.end();
        assert_eq!(exit, 64, "{shown}");
    }
    assert!(core.script().calls.is_empty());
}

#[test]
fn colours_on_a_terminal_end_with_no_color() {
    let core = FakeCore::start();
    let (coloured, _) = OnTerminal::start(&core, &["status"], &[]).end();
    assert!(coloured.contains("\u{1b}[32mavailable\u{1b}[0m"), "{coloured:?}");
    let (plain, _) = OnTerminal::start(&core, &["status"], &[("NO_COLOR", "1")]).end();
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
}

fn apply_on_a_terminal(events: Vec<What>, text: &str) -> String {
    let hold = Arc::new(Notify::new());
    let core = FakeCore::start_with(|script| {
        script.hold_apply = Some(Arc::clone(&hold));
        script.events = events.into_iter().map(|what| event(7, what)).collect();
    });
    let file = core.folder().join("compose.yaml");
    std::fs::write(&file, "services: {a: {image: b}}").unwrap();
    let words = ["app", "apply", file.to_str().unwrap(), "--app-id", "7", "--name", "x"];
    let mut terminal = OnTerminal::start(&core, &words, &[]);
    terminal.until(text);
    hold.notify_one();
    let (shown, exit) = terminal.end();
    assert_eq!(exit, 0, "{shown:?}");
    shown
}

#[test]
fn apply_on_a_terminal_shows_the_pull_as_a_bar() {
    let pull = What::PullProgress(v1::PullProgress {
        image: "demo:2".to_owned(),
        percent: 42,
        done_bytes: 42_000_000,
        total_bytes: 100_000_000,
    });
    let shown = apply_on_a_terminal(
        vec![pull],
        "app 7: pull demo:2 42.00 MB of 100.00 MB [============>                 ] 42%",
    );
    assert!(shown.contains("app 7 (x) applied, commit abc123"), "{shown:?}");
}

#[test]
fn apply_on_a_terminal_shows_each_step_and_why() {
    apply_on_a_terminal(vec![step_begun()], "app 7: [1/3] create container of web, because image changed");
}
