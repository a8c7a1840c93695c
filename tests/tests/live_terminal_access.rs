//! Who gets to a web terminal, and for how long: the real programs, a real container, and a tab that says what no
//! browser would.

use std::time::Duration;

use supervisor_tests::Result;
use supervisor_tests::command::run;
use supervisor_tests::live::Supervisor;
use supervisor_tests::live_app::LiveApp;
use supervisor_tests::wait::{check, wait_until};
use supervisor_tests::web_tab::{WebPage, spawn};
use tungstenite::http::header::{COOKIE, ORIGIN};

const SOON: Duration = Duration::from_mins(2);

/// What a browser that opens the URL is answered.
fn status(url: &str) -> Result<String> {
    run(&["curl", "-sS", "--max-time", "10", "-o", "/dev/null", "-w", "%{http_code}", url])
}

/// Waits until the terminal's page is not there any more.
fn gone(url: &str) -> Result<()> {
    wait_until("the end of the URL", SOON, || check(status(url)? == "404", "it still answers"))
}

/// An app of one process from its first moment on.
fn still_app(supervisor: &Supervisor) -> Result<LiveApp> {
    LiveApp::apply_with(supervisor, &[r#"command: ["sleep", "1000000"]"#, "stop_signal: KILL"])
}

/// How many processes run in the app's container.
fn processes(app: &LiveApp) -> Result<usize> {
    Ok(app.processes()?.lines().skip(1).count())
}

#[test]
fn token_that_is_not_the_terminals_finds_none_and_the_right_one_opens_its_shell() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = still_app(&supervisor)?;
    let before = processes(&app)?;
    let url = spawn(&supervisor, &app)?;
    let (base, token) = url.rsplit_once('/').ok_or("no token")?;
    let (most, last) = token.split_at(token.len() - 1);
    let key = supervisor.client()?.key;
    let other = if last == "0" { "1" } else { "0" };
    let wrong = [format!("{most}{other}"), most.to_owned(), format!("{token}0"), token.to_uppercase(), key];
    for word in wrong.iter().filter(|word| *word != token) {
        assert_eq!(status(&format!("{base}/{word}"))?, "404");
    }
    assert_eq!(processes(&app)?, before, "a shell");
    let mut tab = WebPage::load(&url)?.tab()?;
    tab.keys(b"echo in $((6*7))\n")?;
    tab.until("in 42")?;
    assert_eq!(processes(&app)?, before + 1);
    Ok(())
}

#[test]
fn url_that_nobody_opened_is_gone_after_its_time_and_the_next_one_is_another() -> Result<()> {
    let supervisor = Supervisor::start(&[("TTY_UNUSED_TIMEOUT", "2s")])?;
    let app = LiveApp::apply(&supervisor)?;
    let url = spawn(&supervisor, &app)?;
    gone(&url)?;
    assert_ne!(spawn(&supervisor, &app)?, url);
    assert_eq!(status(&url)?, "404");
    // A terminal that was opened in time is not unused, however long it stays.
    let (next, mut tab) = wait_until("a terminal that was opened in time", SOON, || {
        let next = spawn(&supervisor, &app)?;
        let tab = WebPage::load(&next)?.tab()?;
        Ok((next, tab))
    })?;
    tab.keys(b"sleep 3; echo still $((6*7))\n")?;
    tab.until("still 42")?;
    assert_eq!(status(&next)?, "200");
    Ok(())
}

#[test]
fn terminal_in_which_nothing_happens_ends_with_its_shell_and_one_that_shows_something_does_not() -> Result<()>
{
    let supervisor = Supervisor::start(&[("TTY_IDLE_TIMEOUT", "8s")])?;
    let app = LiveApp::apply(&supervisor)?;
    let url = spawn(&supervisor, &app)?;
    let page = WebPage::load(&url)?;
    let mut tab = page.tab()?;
    tab.keys(b"for i in $(seq 20); do sleep 0.5; echo tick $((i*i)); done; sleep 987654\n")?;
    tab.until("tick 400")?;

    assert_eq!(tab.until_ended()?, "expired");
    gone(&url)?;
    wait_until("the end of the shell", SOON, || {
        check(!app.processes()?.contains("987654"), "it is still there")
    })?;
    let late = page.ask(&[(ORIGIN, &page.origin), (COOKIE, &page.cookie)])?;
    assert_eq!(late.map(drop).map_err(|answer| answer.status().as_u16()), Err(404));
    assert_ne!(spawn(&supervisor, &app)?, url);
    Ok(())
}

#[test]
fn websocket_of_another_site_is_refused_and_the_real_shell_is_untouched() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = still_app(&supervisor)?;
    let page = WebPage::of(&supervisor, &app)?;
    let mut tab = page.tab()?;
    tab.keys(b"NAME=kept; clear; echo re''ady\n")?;
    tab.until("ready")?;
    let before = processes(&app)?;

    let cookie = (COOKIE, page.cookie.as_str());
    let own = (ORIGIN, page.origin.as_str());
    let another_port = page.origin.replace("http://127.0.0.1:", "http://127.0.0.1:1");
    let forged = page.cookie.replace(char::is_numeric, "x");
    let refused = [
        vec![cookie.clone(), (ORIGIN, "http://evil.example.org")],
        vec![cookie.clone(), (ORIGIN, &another_port)],
        vec![cookie.clone(), (ORIGIN, "null")],
        vec![cookie.clone(), own.clone(), (ORIGIN, "http://evil.example.org")],
        vec![cookie],
        vec![own.clone()],
        vec![own, (COOKIE, &forged)],
    ];
    for headers in refused {
        let answer = page.ask(&headers)?;
        assert_eq!(answer.map(drop).map_err(|answer| answer.status().as_u16()), Err(403), "{headers:?}");
    }

    assert_eq!(processes(&app)?, before, "another shell");
    tab.keys(b"echo still $NAME; stty size\n")?;
    let shown = tab.until("24 80")?;
    assert!(shown.contains("still kept"), "{shown}");
    Ok(())
}
