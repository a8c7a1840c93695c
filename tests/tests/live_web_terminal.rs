//! The web terminal: the real programs, a real container, a real browser.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use supervisor_tests::Result;
use supervisor_tests::browser::{Browser, DESKTOP, PHONE};
use supervisor_tests::cable::Cable;
use supervisor_tests::command::finish;
use supervisor_tests::engine::Engine;
use supervisor_tests::live::Supervisor;
use supervisor_tests::live_app::LiveApp;
use supervisor_tests::relay::Relay;
use supervisor_tests::wait::{check, wait_until};
use supervisor_tests::web_tab::spawn;

const SCREEN: &str = ".xterm-rows";
const STATE: &str = "#state";
const SOON: Duration = Duration::from_mins(2);
const ENTER: &str = "\u{e007}";
const CONTROL: &str = "\u{e009}";
/// `WebDriver`'s word for letting go of all modifiers.
const RELEASE: &str = "\u{e000}";

/// Where pictures go that are to be kept: the folder `docs`, when they are made anew.
const PICTURES: &str = "SUPERVISOR_PICTURES";

/// A browser that shows the terminal of a running app, with a shell in it.
fn opened(supervisor: &Supervisor, app: &LiveApp) -> Result<Browser> {
    let browser = Browser::start(DESKTOP)?;
    browser.open(&spawn(supervisor, app)?)?;
    browser.wait_for_text(STATE, "Connected").map_err(|error| format!("{error} {}", supervisor.logs()))?;
    Ok(browser)
}

/// Waits until a program with these words runs in the app's container: from then on its keys are its own.
fn runs(app: &LiveApp, words: &str) -> Result<()> {
    wait_until(words, SOON, || {
        let processes = app.processes()?;
        check(processes.contains(words), processes)
    })
}

fn picture(browser: &Browser, name: &str) -> Result<()> {
    if let Some(folder) = env::var_os(PICTURES) {
        return browser.screenshot(&PathBuf::from(folder).join(name));
    }
    // It has to be possible to make one.
    let file = env::temp_dir().join(format!("{}-{name}", std::process::id()));
    browser.screenshot(&file)?;
    check(fs::metadata(&file)?.len() > 1000, "an empty picture")?;
    Ok(fs::remove_file(file)?)
}

#[test]
fn terminal_in_a_browser_types_shows_resizes_and_tells_the_exit_code() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let browser = opened(&supervisor, &app)?;
    assert_eq!(browser.text("#app")?, "demo");
    assert_eq!(browser.text("#service")?, "main · sh");
    let address = browser.evaluate("return location.pathname")?;
    assert!(address.as_str().is_some_and(|path| path.starts_with("/s/")), "{address}");

    browser.keys(&format!("export PS1='demo:\\w# '; clear{ENTER}"))?;
    // Four bytes for one character, and a colour that xterm.js sets by a style of its own.
    browser.keys(&format!("printf '\\360\\237\\230\\200 \\033[38;2;9;9;255mblue\\033[0m\\n'{ENTER}"))?;
    browser.wait_for_text(SCREEN, "\u{1f600} blue\n")?;
    let colour = "return [...document.querySelectorAll('.xterm-rows span')].some(span => span.style.color === 'rgb(9, 9, 255)')";
    assert_eq!(browser.evaluate(colour)?, true);
    browser.keys(&format!("clear; ls -l --color /; df -h /data; uname -sm{ENTER}"))?;
    browser.wait_for_text(SCREEN, "Linux")?;
    picture(&browser, "terminal-desktop.png")?;

    let rows = |browser: &Browser| -> Result<String> {
        browser.keys(&format!("clear; stty size{ENTER}"))?;
        wait_until("the size", SOON, || {
            let text = browser.text(SCREEN)?;
            let size =
                text.lines().find(|line| line.trim().split(' ').all(|word| word.parse::<u16>().is_ok()));
            Ok(size.ok_or_else(|| text.clone())?.trim().to_owned())
        })
    };
    let before = rows(&browser)?;
    browser.resize(700, 500)?;
    wait_until("another size", SOON, || check(rows(&browser)? != before, "the same size"))?;

    browser.keys(&format!("clear; sleep 987654{ENTER}"))?;
    runs(&app, "sleep 987654")?;
    browser.keys(&format!("{CONTROL}c{RELEASE}"))?;
    browser.keys(&format!("echo code $?{ENTER}"))?;
    browser.wait_for_text(SCREEN, "code 130")?;
    browser.keys(&format!("exit 3{ENTER}"))?;
    browser.wait_for_text(SCREEN, "[The shell ended with exit code 3.]")?;
    browser.wait_for_text("#notice", "The shell ended with exit code 3.")?;
    assert_eq!(browser.text(STATE)?, "Ended");
    let complaints = browser.complaints()?;
    assert!(complaints.is_empty(), "{complaints:?}");
    Ok(())
}

#[test]
fn terminal_on_a_phone_has_the_keys_that_a_phone_lacks() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let browser = Browser::start(PHONE)?;
    browser.open(&spawn(&supervisor, &app)?)?;
    browser.wait_for_text(STATE, "Connected")?;
    browser.keys(&format!("export PS1='\\w# '; clear; ls /; sleep 987654{ENTER}"))?;
    browser.wait_for_text(SCREEN, "usr")?;
    runs(&app, "sleep 987654")?;
    browser.click("[data-key=control]")?;
    browser.keys("c")?;
    browser.keys(&format!("echo code $?{ENTER}"))?;
    browser.wait_for_text(SCREEN, "code 130")?;
    browser.click("[data-key=up]")?;
    browser.click("[data-key=up]")?;
    browser.wait_for_text(SCREEN, "# export PS1")?;
    browser.click("[data-key=control]")?;
    browser.keys("u")?;
    browser.keys(&format!("uptime{ENTER}"))?;
    browser.wait_for_text(SCREEN, "load average")?;
    picture(&browser, "terminal-phone.png")?;
    let sideways = browser.evaluate("return document.documentElement.scrollWidth > innerWidth")?;
    assert_eq!(sideways, false, "the page must not scroll sideways");
    Ok(())
}

#[test]
fn restart_under_a_terminal_says_so_and_the_next_one_is_in_the_new_container() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let before = spawn(&supervisor, &app)?;
    let browser = opened(&supervisor, &app)?;
    let answer = supervisor.client()?.post("/v1/restart", &app.body())?;
    assert_eq!(answer.status, 200, "{answer:?}");
    browser.wait_for_text(SCREEN, "[The app is being restarted.]")?;
    assert_ne!(spawn(&supervisor, &app)?, before);
    browser.open(&before)?;
    browser.wait_for_text("h1", "There is no terminal here")?;
    opened(&supervisor, &app)?.wait_for_text(STATE, "Connected")?;
    Ok(())
}

#[test]
fn container_or_core_that_dies_under_a_terminal_is_told() -> Result<()> {
    let mut supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let browser = opened(&supervisor, &app)?;
    let container = app.container()?;
    Engine::default().docker(&["kill", &container])?;
    browser.wait_for_text(SCREEN, "[The container stopped.]")?;
    // The engine leaves alone what somebody killed.
    supervisor.client()?.post("/v1/restart", &app.body())?;

    let browser = opened(&supervisor, &app)?;
    supervisor.kill_core();
    browser.wait_for_text(SCREEN, "core went away")?;
    browser.wait_for_text(STATE, "Ended").map(drop)
}

#[test]
fn terminal_of_a_stopped_app_says_why_and_opens_when_it_runs_again() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let id = app.id.to_string();
    supervisor.admin_ok(&["app", "stop", &id])?;
    let browser = Browser::start(DESKTOP)?;
    browser.open(&spawn(&supervisor, &app)?)?;
    browser.wait_for_text("#notice", "not running")?;
    supervisor.admin_ok(&["app", "start", &id])?;
    app.container()?;
    browser.click("#again")?;
    browser.wait_for_text(STATE, "Connected")?;
    Ok(())
}

#[test]
fn reload_finds_the_same_shell_and_a_despawned_one_is_gone_from_the_container() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let browser = opened(&supervisor, &app)?;
    browser.keys(&format!("NAME=kept; sleep 987654{ENTER}"))?;
    runs(&app, "sleep 987654")?;
    browser.reload()?;
    browser.wait_for_text(STATE, "Connected")?;
    browser.wait_for_text(SCREEN, "sleep 987654")?;
    browser.keys(&format!("{CONTROL}c{RELEASE}"))?;
    browser.keys(&format!("echo still $NAME; sleep 456789{ENTER}"))?;
    browser.wait_for_text(SCREEN, "still kept")?;
    runs(&app, "sleep 456789")?;

    let answer = supervisor.client()?.post("/v1/despawn-tty", &app.body())?;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    browser.wait_for_text("#notice", "despawn-tty")?;
    wait_until("the end of the shell", SOON, || check(!app.processes()?.contains("456789"), "still there"))
}

#[test]
fn page_whose_device_falls_silent_says_so_and_comes_back_to_the_same_shell() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let browser = opened(&supervisor, &app)?;
    let [_, frontend] = supervisor.pids()?.map(|id| id.to_string());
    // What the page will do when its patience is at an end, at hand: the longest of its times.
    browser.evaluate(
        "const patient = setTimeout; \
         window.setTimeout = (work, ms) => { if (ms > 20000) window.lose = work; return patient(work, ms); }",
    )?;
    browser.keys(&format!("NAME=kept; echo arri''ved{ENTER}"))?;
    browser.wait_for_text(SCREEN, "arrived")?;
    finish(&["kill", "-STOP", &frontend])?;
    let told = browser.evaluate("lose()").and_then(|_| browser.wait_for_text(STATE, "Reconnecting"));
    finish(&["kill", "-CONT", &frontend])?;
    told?;
    browser.wait_for_text(STATE, "Connected")?;
    browser.keys(&format!("clear; echo still $NAME{ENTER}"))?;
    browser.wait_for_text(SCREEN, "still kept").map(drop)
}

#[test]
fn network_that_breaks_is_told_and_the_same_shell_comes_back_with_what_it_said_meanwhile() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let url = spawn(&supervisor, &app)?;
    let (device, path) = url.trim_start_matches("http://").split_once('/').ok_or("no path")?;
    let cable = Cable::to(device.parse()?)?;
    let browser = Browser::start(DESKTOP)?;
    browser.open(&format!("http://{}/{path}", cable.address()))?;
    browser.wait_for_text(STATE, "Connected")?;
    let (go, said) = (supervisor.data(app.id).join("go"), supervisor.data(app.id).join("said"));
    let wait = "until [ -e /data/go ]; do sleep 1; done; echo mean''while; touch /data/said";
    browser.keys(&format!("NAME=kept; echo wai''ting; {wait}{ENTER}"))?;
    browser.wait_for_text(SCREEN, "waiting")?;

    cable.cut();
    browser.wait_for_text(STATE, "Reconnecting")?;
    fs::write(go, "")?;
    wait_until("the shell to go on without a tab", SOON, || check(said.exists(), "not yet"))?;
    assert!(!browser.text(SCREEN)?.contains("meanwhile"));
    cable.mend();

    browser.wait_for_text(STATE, "Connected")?;
    browser.wait_for_text(SCREEN, "meanwhile")?;
    browser.keys(&format!("echo still $NAME{ENTER}"))?;
    browser.wait_for_text(SCREEN, "still kept")?;
    Ok(())
}

#[test]
fn second_tab_of_the_same_link_shows_the_same_shell() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let first = opened(&supervisor, &app)?;
    first.keys(&format!("NAME=shared; echo be''fore{ENTER}"))?;
    first.wait_for_text(SCREEN, "before")?;

    let second = opened(&supervisor, &app)?;
    second.wait_for_text(SCREEN, "before")?;
    // One after the other: keys of two tabs come by two ways.
    for (typing, name) in [(&second, "second"), (&first, "first")] {
        typing.keys(&format!("echo from {name}: $NAME{ENTER}"))?;
        for browser in [&first, &second] {
            browser.wait_for_text(SCREEN, &format!("from {name}: shared"))?;
        }
    }
    Ok(())
}

#[test]
fn question_to_the_terminal_is_answered_once_however_many_tabs_and_reloads_see_it() -> Result<()> {
    const ANSWER: &str = "1;2c";
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let browser = opened(&supervisor, &app)?;
    let other = opened(&supervisor, &app)?;
    // What the shell is sent is shown, line by line.
    browser.keys(&format!("stty -echo -icanon; printf '\\033[c'; echo as''ked; cat -v{ENTER}"))?;
    browser.wait_for_text(SCREEN, "asked")?;
    other.wait_for_text(SCREEN, "asked")?;
    // The answer, whichever tab's it is, is shown with the next line that comes by the same way.
    browser.keys(ENTER)?;
    other.keys(&format!("middle{ENTER}"))?;
    browser.wait_for_text(SCREEN, "middle")?;
    browser.wait_for_text(SCREEN, ANSWER)?;
    browser.reload()?;
    browser.wait_for_text(SCREEN, "middle")?;
    browser.keys(&format!("last{ENTER}"))?;
    for tab in [&browser, &other] {
        let shown = tab.wait_for_text(SCREEN, "last")?;
        assert_eq!(shown.matches(ANSWER).count(), 1, "{shown}");
    }
    Ok(())
}

#[test]
fn flood_in_a_terminal_keeps_memory_bounded_and_the_api_answers() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let client = supervisor.client()?;
    let browser = opened(&supervisor, &app)?;
    let before = supervisor.frontend_memory_kib()?;
    browser
        .keys(&format!("yes {} | head -c 50000000; echo; echo all there{ENTER}", "0123456789".repeat(6)))?;
    browser.wait_for_text(SCREEN, "\nall there")?;
    browser.keys(&format!("yes flood{ENTER}"))?;
    browser.wait_for_text(SCREEN, "flood\nflood")?;
    for _ in 0..100 {
        assert_eq!(client.get("/ping")?.body, "OK");
    }
    let grown = supervisor.frontend_memory_kib()?.saturating_sub(before);
    assert!(grown < 8 * 1024, "{grown} KiB more");
    browser.keys(&format!("{CONTROL}c{RELEASE}"))?;
    browser.keys(&format!("clear; echo quiet{ENTER}"))?;
    browser.wait_for_text(SCREEN, "quiet")?;
    Ok(())
}

#[test]
fn terminal_through_an_openssh_reverse_tunnel_works_and_ends_with_it() -> Result<()> {
    // OpenSSH's client runs only for users that have a name.
    const NOBODY: u32 = 65534;
    let relay = Relay::start(NOBODY)?;
    let command = relay.tunnel_command();
    let uid = NOBODY.to_string();
    let supervisor = Supervisor::start(&[("TTY_TUNNEL_COMMAND", &command), ("FRONTEND_UID", &uid)])?;
    let app = LiveApp::apply(&supervisor)?;
    let url = spawn(&supervisor, &app)?;
    assert!(url.starts_with(&relay.url()), "{url}");
    let browser = Browser::start(DESKTOP)?;
    browser.open(&url)?;
    browser.wait_for_text(STATE, "Connected")?;
    browser.keys(&format!("echo through $((6*7)){ENTER}"))?;
    browser.wait_for_text(SCREEN, "through 42")?;

    let api = finish(&["curl", "-sS", &format!("{}/ping", relay.url())])?;
    assert!(api.stdout.contains("There is no terminal here"), "{api:?}");
    supervisor.client()?.post("/v1/despawn-tty", &app.body())?;
    wait_until("the tunnel's end", SOON, || {
        let ended = finish(&["curl", "-sS", "--max-time", "5", &relay.url()])?;
        check(ended.code != Some(0), "it still answers")
    })
}

#[test]
fn log_after_a_terminal_shows_neither_its_token_nor_what_was_typed() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::apply(&supervisor)?;
    let url = spawn(&supervisor, &app)?;
    let browser = opened(&supervisor, &app)?;
    browser.keys(&format!("echo hunter2{ENTER}"))?;
    browser.wait_for_text(SCREEN, "hunter2")?;
    let token = Path::new(&url).file_name().and_then(|name| name.to_str()).ok_or("no token")?;
    // Written when the answer is on its way.
    let log = wait_until("the page in the log", SOON, || {
        let log = supervisor.logs();
        check(log.contains("path=(terminal) status=200"), log.clone())?;
        Ok(log)
    })?;
    assert!(!log.contains(token) && !log.contains("hunter2"), "{log}");
    Ok(())
}
