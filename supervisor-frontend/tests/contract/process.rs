//! The program itself.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Output, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{core::FakeCore, frontend::Device, terminal::with_apps};

fn program(device: &Device) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_supervisor-frontend"));
    command
        .env_clear()
        .env("FRONTEND_STATE_DIR", device.path("state"))
        .env("CORE_SOCKET", device.socket())
        .env("LED_FILE", device.path("led"))
        .env("LISTEN_ADDRESS", "127.0.0.1")
        .env("LISTEN_PORT", "0")
        .stderr(Stdio::piped());
    command
}

/// Starts the program; it has logged where it listens when this returns.
fn started(command: &mut Command) -> (Child, SocketAddr, BufReader<std::process::ChildStderr>) {
    let mut child = command.spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let listening = log.by_ref().lines().find_map(|line| {
        line.unwrap().split_once("listening address=").map(|(_, address)| address.parse().unwrap())
    });
    let Some(address) = listening else { panic!("ended with {:?} before it listened", child.wait()) };
    (child, address, log)
}

fn end(mut child: Child, signal: Signal) -> i32 {
    kill_process(Pid::from_child(&child), signal).unwrap();
    child.wait().unwrap().code().unwrap()
}

fn ask(address: SocketAddr, target: &str) -> String {
    send(address, &format!("GET {target}"), "")
}

fn send(address: SocketAddr, line: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(stream, "{line} HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn process_asked_to_stop_ends_with_code_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let device = Device::new();
        let (child, _, _log) = started(&mut program(&device));
        assert_eq!(end(child, signal), 0);
    }
}

#[test]
fn log_of_requests_shows_neither_key_nor_query() {
    let device = Device::new();
    let (child, address, mut log) = started(program(&device).env("RESIN_SUPERVISOR_SECRET", "bananas"));
    assert!(ask(address, "/ping?apikey=bananas").ends_with("\r\n\r\nOK"));
    assert!(ask(address, "/ping?apikey=apples").ends_with("Unauthorized"));
    assert_eq!(end(child, Signal::TERM), 0);
    let mut text = String::new();
    log.read_to_string(&mut text).unwrap();
    assert!(text.contains("method=GET path=/ping status=200 ms="), "{text}");
    assert!(text.contains("method=GET path=/ping status=401 ms="), "{text}");
    for secret in ["bananas", "apples", "apikey"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn key_of_a_killed_process_is_the_same_after_its_restart() {
    let device = Device::new();
    let (mut child, _, _log) = started(&mut program(&device));
    let key = device.stored_key();
    child.kill().unwrap();
    child.wait().unwrap();
    let (child, address, _log) = started(&mut program(&device));
    assert!(ask(address, &format!("/ping?apikey={key}")).ends_with("OK"));
    end(child, Signal::TERM);
}

#[test]
fn healthcheck_tells_a_live_api_from_a_dead_one() {
    let device = Device::new();
    let (child, address, _log) = started(&mut program(&device));
    let port = address.port().to_string();
    let check = || program(&device).env("LISTEN_PORT", &port).arg("healthcheck").status().unwrap().code();
    assert_eq!(check(), Some(0));
    let wrong_key = program(&device)
        .env("LISTEN_PORT", &port)
        .env("RESIN_SUPERVISOR_SECRET", "wrong")
        .arg("healthcheck")
        .status()
        .unwrap()
        .code();
    assert_eq!(wrong_key, Some(1));
    end(child, Signal::TERM);
    assert_eq!(check(), Some(1));
}

#[test]
fn tunnel_command_is_not_given_the_key_nor_systemds_socket() {
    let device = Device::new();
    let core = FakeCore::start(&device.socket());
    with_apps(&core);
    let given = device.path("given");
    let tunnel = format!("sh -c 'env >{}; echo http://t.example.org; exec sleep 600'", given.display());
    let (child, address, _log) = started(
        program(&device)
            .env("RESIN_SUPERVISOR_SECRET", "bananas")
            .env("NOTIFY_SOCKET", device.path("notify"))
            .env("PATH", "/usr/bin:/bin")
            .env("TTY_LISTEN_PORT", "0")
            .env("TTY_TUNNEL_COMMAND", tunnel),
    );
    let answer = send(address, "POST /v1/spawn-tty?apikey=bananas", r#"{"appId":2167}"#);
    end(child, Signal::TERM);
    assert!(answer.contains("\r\n\r\nhttp://t.example.org/"), "{answer}");
    let given = std::fs::read_to_string(given).unwrap();
    assert!(given.contains("LISTEN_ADDRESS=127.0.0.1"), "{given}");
    for name in ["RESIN_SUPERVISOR_SECRET", "NOTIFY_SOCKET"] {
        assert!(!given.contains(name), "{given}");
    }
}

fn output(device: &Device, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    program(device).args(arguments).envs(variables.iter().copied()).stdout(Stdio::piped()).output().unwrap()
}

#[test]
fn setting_that_makes_no_sense_ends_with_code_64_and_one_line() {
    let device = Device::new();
    let refused = output(&device, &[], &[("LISTEN_PORT", "banana")]);
    assert_eq!(refused.status.code(), Some(64));
    let text = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(text, "LISTEN_PORT=banana: expected a TCP port, 0 to 65535 (0: any free one)\n");
    let secret = output(&device, &[], &[("RESIN_SUPERVISOR_SECRET", "not a word")]);
    assert_eq!(secret.status.code(), Some(64));
    assert!(!String::from_utf8(secret.stderr).unwrap().contains("not a word"));
    assert_eq!(output(&device, &["--nonsense"], &[]).status.code(), Some(64));
}

#[test]
fn help_and_version_end_with_code_0() {
    let device = Device::new();
    for argument in ["--help", "--version", "help"] {
        let answered = output(&device, &[argument], &[("RESIN_SUPERVISOR_SECRET", "bananas")]);
        assert_eq!(answered.status.code(), Some(0), "{argument}");
        assert!(!String::from_utf8(answered.stdout).unwrap().contains("bananas"));
    }
}
