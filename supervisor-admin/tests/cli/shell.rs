//! `app shell`: on a terminal, and without one.

use std::{io::Write as _, os::fd::AsFd as _};

use rustix::{
    process::{Pid, Signal, kill_process},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};
use supervisor_proto::v1::{TerminalEnded, WindowSize, terminal_ended::Reason, terminal_output::Output};

use crate::{fake_core::FakeCore, terminal::OnTerminal, tool::run};

const WORDS: [&str; 3] = ["app", "shell", "2167"];

fn core(end: TerminalEnded) -> FakeCore {
    FakeCore::start_with(|script| {
        script.terminal = vec![Output::Data(b"ready> ".to_vec())];
        script.terminal_end = end;
    })
}

fn exited(code: u32) -> TerminalEnded {
    TerminalEnded { reason: Reason::Exited.into(), exit_code: Some(code) }
}

/// Whether the terminal edits lines and turns Ctrl-C into a signal, as it does for everybody else.
fn is_cooked(terminal: &OnTerminal) -> bool {
    let modes = tcgetattr(terminal.screen.as_fd()).unwrap().local_modes;
    modes.contains(LocalModes::ICANON | LocalModes::ISIG | LocalModes::ECHO)
}

fn signal(terminal: &OnTerminal, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(terminal.child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

#[test]
fn shell_passes_every_key_on_and_puts_the_terminal_right() {
    let core = core(exited(9));
    let mut terminal = OnTerminal::start(&core, &WORDS, &[]);
    terminal.until("ready> ");
    assert!(!is_cooked(&terminal));
    // Ctrl-C, Ctrl-D, half a character and a carriage return are bytes like any other.
    terminal.screen.write_all(b"\x03\x04\xf0\x9f\r.").unwrap();
    terminal.until(".");
    terminal.screen.write_all(b"q").unwrap();
    while terminal.child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    assert!(is_cooked(&terminal));
    let (shown, exit) = terminal.end();
    assert_eq!(exit, 9, "{shown}");
    assert_eq!(core.script().typed, b"\x03\x04\xf0\x9f\r.q");
    assert!(core.script().terminal_opened.as_ref().unwrap().tty);
}

#[test]
fn shell_tells_the_terminals_size_and_its_changes() {
    let core = core(exited(0));
    let mut terminal = OnTerminal::start(&core, &WORDS, &[]);
    terminal.until("ready> ");
    let size = Winsize { ws_row: 30, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(terminal.screen.as_fd(), size).unwrap();
    signal(&terminal, Signal::WINCH);
    while core.script().resized.is_empty() {
        std::thread::yield_now();
    }
    assert_eq!(core.script().resized, [WindowSize { rows: 30, columns: 100 }]);
    assert_eq!(core.script().terminal_opened.as_ref().unwrap().term, "xterm");
    terminal.screen.write_all(b"q").unwrap();
    assert_eq!(terminal.end().1, 0);
}

#[test]
fn shell_that_is_ended_from_elsewhere_says_why() {
    let core = core(TerminalEnded { reason: Reason::AppRestarted.into(), exit_code: None });
    let mut terminal = OnTerminal::start(&core, &WORDS, &[]);
    terminal.until("ready> ");
    terminal.screen.write_all(b"q").unwrap();
    let (shown, exit) = terminal.end();
    assert!(shown.contains("the app is being restarted"), "{shown}");
    assert_eq!(exit, 69);
}

#[test]
fn shell_that_gets_a_signal_puts_the_terminal_right() {
    for deadly in [Signal::TERM, Signal::HUP, Signal::INT] {
        let core = core(exited(0));
        let mut terminal = OnTerminal::start(&core, &WORDS, &[]);
        terminal.until("ready> ");
        signal(&terminal, deadly);
        while terminal.child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        assert!(is_cooked(&terminal), "{deadly:?}");
        assert_eq!(terminal.end().1, 69);
    }
}

#[test]
fn shell_without_a_terminal_is_refused_and_says_what_works() {
    let core = core(exited(0));
    let run = run(&core.socket(), &WORDS);
    assert_eq!(run.code, 64);
    assert!(run.stderr.contains("app exec 2167 -- sh"), "{}", run.stderr);
    assert!(core.script().calls.is_empty());
}
