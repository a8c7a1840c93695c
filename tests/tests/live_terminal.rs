//! Terminals and commands in a container of this machine's engine, through the local tool.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use supervisor_tests::Result;
use supervisor_tests::app::IMAGE;
use supervisor_tests::compose::one_service;
use supervisor_tests::engine::Engine;
use supervisor_tests::live::Supervisor;
use supervisor_tests::live_app::LiveApp;
use supervisor_tests::pty::Screen;
use supervisor_tests::wait::{check, wait_until};

const SOON: Duration = Duration::from_mins(2);
/// What core may grow by while 50 MB go through it, in kB.
const GROWTH_KB: u64 = 8 << 10;
/// More than fits into all queues between a process and its reader.
const FLOOD_FITS: u64 = 8 << 20;
const SENT: usize = 50_000_000;

fn shell(supervisor: &Supervisor, app: &LiveApp) -> Result<Screen> {
    let mut command = supervisor.admin_command(&["app", "shell", &app.id.to_string()]);
    let mut screen = Screen::start(&mut command, 33, 101)?;
    screen.until("# ").map_err(|error| format!("{error}\n{}", supervisor.logs()))?;
    Ok(screen)
}

fn resident_kb(supervisor: &Supervisor) -> Result<u64> {
    let [core, _] = supervisor.pids()?;
    let status = fs::read_to_string(format!("/proc/{core}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.split_whitespace().nth(1).ok_or("no number")?.parse()?)
}

/// Processes of the container whose command line holds `text`.
fn processes(container: &str, text: &str) -> Result<usize> {
    let all = Engine::default().shell(container, "ps")?;
    Ok(all.lines().filter(|line| line.contains(text)).count())
}

/// Bytes that a process of the container has written so far.
fn written(container: &str, command: &str) -> Result<u64> {
    let counts = Engine::default().shell(container, &format!("cat /proc/$(pidof {command})/io"))?;
    let line = counts.lines().find_map(|line| line.strip_prefix("wchar: ")).ok_or("no wchar")?;
    Ok(line.parse()?)
}

fn wait_for_none(container: &str, text: &str) -> Result<()> {
    wait_until("the end of every process", SOON, || {
        let left = processes(container, text)?;
        check(left == 0, format!("{left} left"))
    })
}

#[test]
fn shell_follows_keys_size_and_interrupts_and_passes_its_exit_code_on() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let mut screen = shell(&supervisor, &app)?;

    screen.keys(b"stty size\r")?;
    screen.until("33 101")?;
    screen.resize(40, 120)?;
    // The size is on its way while the keys are.
    screen.keys(b"while [ \"$(stty size)\" != '40 120' ]; do :; done; echo re''sized\r")?;
    screen.until("resized")?;

    screen.keys(b"sh -c 'echo be\"\"gun; exec sleep 1000'\r")?;
    screen.until("begun")?;
    screen.keys(b"\x03")?;
    screen.until("# ")?;

    // A character of four bytes, in two pieces, as the program in the container sees it.
    screen.keys(b"echo re\"\"ady; head -n 1 | wc -c\r")?;
    screen.until("ready")?;
    screen.keys(b"\xf0\x9f")?;
    screen.keys(b"\x98\x80\r")?;
    screen.until("5\r\n")?;

    screen.keys(b"exit 7\r")?;
    let (shown, code) = screen.end()?;
    assert_eq!(code, Some(7), "{shown}");
    Ok(())
}

#[test]
fn command_takes_fifty_megabytes_in_and_out_and_core_stays_small() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let id = app.id.to_string();
    supervisor.admin_ok(&["app", "exec", &id, "--", "true"])?;
    let before = resident_kb(&supervisor)?;
    let sent: Vec<u8> = (0..=250).cycle().take(SENT).collect();
    let input = supervisor.data(app.id).join("input");
    fs::write(&input, &sent)?;

    let mut command = supervisor.admin_command(&["app", "exec", &id, "--", "cat"]);
    let output = command.stdin(fs::File::open(&input)?).output()?;

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout == sent, "{} bytes came back", output.stdout.len());
    let after = resident_kb(&supervisor)?;
    assert!(after < before + GROWTH_KB, "{before} kB before, {after} kB after");
    Ok(())
}

#[test]
fn command_keeps_its_outputs_apart_and_passes_its_exit_code_on() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let id = app.id.to_string();
    let done = supervisor.admin(&["app", "exec", &id, "--", "sh", "-c", "echo out; echo err >&2; exit 5"])?;
    assert_eq!((done.code, done.stdout.as_str(), done.stderr.as_str()), (Some(5), "out", "err"));
    let missing = supervisor.admin(&["app", "exec", &id, "--", "no-such-program"])?;
    assert_eq!(missing.code, Some(127), "{missing:?}");
    Ok(())
}

#[test]
fn shell_ends_with_its_container_and_with_what_is_done_to_its_app() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let id = app.id.to_string();
    let mut container = app.container()?;
    let start_anew = || Engine::default().docker(&["restart", "-t", "0", &app.container()?]).map(drop);
    let act = |verb: &str| supervisor.admin_ok(&["app", verb, &id, "--yes"]).map(drop);
    let change = || supervisor.apply(app.id, &one_service(IMAGE, &["environment: {CHANGED: '1'}"]));
    let cases: [(&str, &dyn Fn() -> Result<()>); 4] = [
        ("the container has stopped", &start_anew),
        ("the app is being restarted", &|| act("restart")),
        ("the app is being purged", &|| act("purge")),
        ("the app is being updated", &change),
    ];
    for (why, end) in cases {
        let screen = shell(&supervisor, &app)?;
        end()?;
        let (shown, code) = screen.end()?;
        assert!(shown.contains(why), "{why}: {shown}\n{}", supervisor.logs());
        assert_eq!(code, Some(69), "{shown}");
        container = if why.contains("stopped") { app.container()? } else { app.container_after(&container)? };
    }
    Ok(())
}

#[test]
fn client_that_is_killed_leaves_no_process_behind() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let container = app.container()?;
    let mut screen = shell(&supervisor, &app)?;
    screen.keys(b"sleep 98761 & (trap '' HUP; sleep 98762) & sh -c \"trap '' HUP; sleep 98763; :\"\r")?;
    wait_until("three sleeps and a shell around one", SOON, || {
        let count = processes(&container, "sleep 9876")?;
        check(count == 4, format!("{count}"))
    })?;
    drop(screen);
    wait_for_none(&container, "sleep 9876").map_err(|error| format!("{error}\n{}", supervisor.logs()).into())
}

#[test]
fn end_of_core_ends_shells_and_their_processes() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let container = app.container()?;
    let mut screen = shell(&supervisor, &app)?;
    screen.keys(b"sleep 98764\r")?;
    wait_until("the sleep", SOON, || check(processes(&container, "sleep 98764")? == 1, "not yet"))?;
    let [core, _] = supervisor.pids()?;
    kill_process(i32::try_from(core).ok().and_then(Pid::from_raw).ok_or("no process id")?, Signal::TERM)?;
    let (shown, exit) = screen.end()?;
    assert!(shown.contains("supervisor-core is shutting down"), "{shown}");
    assert_eq!(exit, Some(69));
    wait_for_none(&container, "sleep 98764").map_err(|error| format!("{error}\n{}", supervisor.logs()).into())
}

#[test]
fn flood_that_nobody_reads_makes_the_process_wait_and_the_api_answers() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let client = supervisor.client()?;
    let app = LiveApp::apply(&supervisor)?;
    let container = app.container()?;
    let before = resident_kb(&supervisor)?;
    let mut screen = shell(&supervisor, &app)?;
    screen.keys(b"yes\r")?;
    screen.until("y\r\ny\r\n")?;
    // It has written what fits in between, and no more from one look to the next.
    let mut last = 0;
    wait_until("the process to wait", SOON, || {
        let now = written(&container, "yes")?;
        let before = std::mem::replace(&mut last, now);
        check(before == now, format!("{before}, then {now} bytes written"))
    })?;
    assert!(last < FLOOD_FITS, "{last} bytes were written");
    assert_eq!(client.get("/ping")?.status, 200);
    supervisor.admin_ok(&["app", "show", &app.id.to_string()])?;
    let after = resident_kb(&supervisor)?;
    assert!(after < before + GROWTH_KB, "{before} kB before, {after} kB after");
    screen.keys(b"\x03")?;
    screen.until("# ")?;
    Ok(())
}

/// An image of nothing but `/busybox`, which is no shell by that name.
fn only_busybox(image: &str) -> Result<()> {
    let engine = Engine::default();
    let source = engine.docker(&["create", IMAGE])?;
    let mut packing = Command::new("docker");
    packing.args(["cp", &format!("{source}:/bin/busybox"), "-"]).stdout(Stdio::piped());
    let mut packing = packing.spawn()?;
    let packed = packing.stdout.take().ok_or("no archive")?;
    let imported = Command::new("docker").args(["import", "-", image]).stdin(packed).output()?;
    packing.wait()?;
    engine.docker(&["rm", &source])?;
    check(imported.status.success(), format!("{imported:?}"))
}

#[test]
fn image_without_a_shell_runs_commands_but_has_no_terminal() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let image = format!("supervisor-test-no-shell-{}", std::process::id());
    only_busybox(&image)?;
    let app = LiveApp::new();
    let outcome = (|| -> Result<()> {
        let compose = format!(
            "services:\n  main:\n    image: {image}\n    command: [/busybox, sleep, '1000']\n    stop_signal: SIGKILL\n"
        );
        supervisor.apply(app.id, &compose)?;
        let id = app.id.to_string();
        let done = supervisor.admin(&["app", "exec", &id, "--", "/busybox", "false"])?;
        assert_eq!(done.code, Some(1), "{done:?}");
        let mut command = supervisor.admin_command(&["app", "shell", &id]);
        let (shown, code) = Screen::start(&mut command, 24, 80)?.end()?;
        assert!(shown.contains("no shell"), "{shown}");
        assert_eq!(code, Some(69));
        Ok(())
    })();
    drop(supervisor);
    Engine::default().docker(&["rmi", "-f", &image])?;
    outcome
}

#[test]
fn frontend_gets_a_shell_but_no_command_and_nothing_in_a_container_with_privileges() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let plain = LiveApp::apply(&supervisor)?;
    let granted = LiveApp::apply_with(&supervisor, &["cap_add: [NET_ADMIN]"])?;

    let mut command = supervisor.frontend_command(&["app", "shell", &plain.id.to_string()]);
    let mut screen = Screen::start(&mut command, 24, 80)?;
    screen.until("# ").map_err(|error| format!("{error}\n{}", supervisor.logs()))?;
    screen.keys(b"exit\r")?;
    assert_eq!(screen.end()?.1, Some(0));

    // Not every engine tells of this one.
    let routing = LiveApp::apply_with(&supervisor, &["sysctls: {net.ipv4.ip_forward: '1'}"])?;
    for (app, held) in [(&granted, "cap_add"), (&routing, "sysctls")] {
        let mut command = supervisor.frontend_command(&["app", "shell", &app.id.to_string()]);
        let (shown, code) = Screen::start(&mut command, 24, 80)?.end()?;
        assert!(shown.contains(held), "{shown}");
        assert_eq!(code, Some(77), "{shown}");
    }

    let refused =
        supervisor.frontend_command(&["app", "exec", &plain.id.to_string(), "--", "id"]).output()?;
    assert_eq!(refused.status.code(), Some(77), "{refused:?}");
    // The owner may.
    supervisor.admin_ok(&["app", "exec", &granted.id.to_string(), "--", "true"])?;
    Ok(())
}
