//! Frames that nobody should send, and output that nobody can read.

use std::time::Duration;

use supervisor_frontend::{server::Limits, terminal::TerminalLimits};

use crate::support::{
    http::PATIENCE,
    terminal::{SIZE, Stage},
    websocket::{Message, TEXT},
};

#[tokio::test]
async fn hostile_frame_closes_its_tab_with_a_code_and_no_other() {
    let mut stage = Stage::new().await;
    let (page, mut good, mut shell) = stage.open().await;
    let long = "x".repeat(300);
    let huge = vec![0; 64 * 1024 + 1];
    let texts: [&[u8]; 7] = [
        b"nonsense",
        b"{}",
        br#"{"type":"exec"}"#,
        br#"{"type":"resize","rows":0,"columns":1}"#,
        br#"{"type":"resize","rows":99999,"columns":1}"#,
        long.as_bytes(),
        b"[[[[[[[[",
    ];
    for text in texts {
        let mut tab = page.tab().await;
        tab.frame(0x80 | TEXT, text).await;
        assert_eq!(tab.closed().await, Some(1008), "{}", String::from_utf8_lossy(text));
    }
    for (first, payload, code) in
        [(0x82, &huge[..], 1009), (0x81, b"\xff\xfe", 1007), (0x80, b"x", 1002), (0x83, b"x", 1002)]
    {
        let mut tab = page.tab().await;
        tab.frame(first, payload).await;
        assert_eq!(tab.closed().await, Some(code), "{first:x}");
    }
    let mut unmasked = page.tab().await;
    unmasked.raw(&[0x82, 1, b'x']).await;
    assert_eq!(unmasked.closed().await, Some(1002));
    good.keys(b"ok").await;
    assert_eq!(shell.typed(2).await, b"ok");
}

#[tokio::test]
async fn tab_beyond_the_limit_is_told_to_try_later() {
    let mut stage = Stage::new().await;
    let (page, _first, _shell) = stage.open().await;
    let mut tabs = vec![];
    for _ in 0..7 {
        let mut tab = page.tab().await;
        tab.until("hello").await;
        tabs.push(tab);
    }
    assert_eq!(page.tab().await.closed().await, Some(1013));
    drop(tabs.pop());
    loop {
        if matches!(page.tab().await.next().await, Message::Json(_)) {
            break;
        }
    }
}

#[tokio::test]
async fn flood_with_a_tab_that_reads_nothing_waits_and_the_api_answers() {
    let mut stage = Stage::new().await;
    let (_, mut tab, shell) = stage.open().await;
    let flood = tokio::spawn(async move {
        for _ in 0..2000 {
            shell.write(vec![b'y'; 16 * 1024]).await;
        }
        shell.write("done").await;
    });
    for _ in 0..50 {
        assert_eq!(stage.frontend.get("/ping").await.body, "OK");
    }
    assert!(!flood.is_finished(), "32 MiB went somewhere");
    // The tab reads: everything comes, or what is recent after a jump.
    tab.screen(b"done").await;
    flood.await.unwrap();
}

#[tokio::test]
async fn flood_with_a_stuck_tab_beside_a_reading_one_passes_and_the_stuck_one_jumps_ahead() {
    let mut stage = Stage::new().await;
    let (page, mut reading, shell) = stage.open().await;
    let mut stuck = page.tab().await;
    stuck.until("opened").await;
    let flood = tokio::spawn(async move {
        for _ in 0..1000 {
            shell.write(vec![b'y'; 16 * 1024]).await;
        }
        shell.write("done").await;
    });
    reading.screen(b"done").await;
    flood.await.unwrap();
    let shown = stuck.screen(b"done").await;
    assert!(shown.len() <= 256 * 1024, "jumped to what is recent, not {}", shown.len());
}

#[tokio::test]
async fn flood_without_a_tab_passes_and_leaves_its_end() {
    let mut stage = Stage::new().await;
    let (page, tab, shell) = stage.open().await;
    drop(tab);
    for _ in 0..1000 {
        shell.write(vec![b'y'; 16 * 1024]).await;
    }
    shell.write("done").await;
    // What this one waits for has then gone through.
    page.tab().await.screen(b"done").await;
    let shown = page.tab().await.screen(b"done").await;
    assert!(shown.len() <= 256 * 1024, "{}", shown.len());
}

#[tokio::test]
async fn tab_whose_browser_does_not_answer_is_closed() {
    let stage = Stage::with(pings_every(Duration::from_millis(10)), |_| {}).await;
    let mut tab = stage.spawn().await.page().await.tab().await;
    tab.say(SIZE).await;
    assert_eq!(tab.closed_without_pongs().await, Some(1001));
}

fn pings_every(ping_interval: Duration) -> Limits {
    let terminal = TerminalLimits { ping_interval, ..TerminalLimits::default() };
    Limits { terminal, ..Limits::default() }
}

#[tokio::test]
async fn tab_whose_browser_takes_nothing_does_not_hold_the_shell_for_ever() {
    let mut stage = Stage::with(pings_every(Duration::from_secs(1)), |_| {}).await;
    let (_, _stuck, shell) = stage.open().await;
    let flood = async {
        for _ in 0..2000 {
            shell.write(vec![b'y'; 16 * 1024]).await;
        }
    };
    tokio::time::timeout(PATIENCE, flood).await.expect("the shell waits for a tab that is gone");
}

#[tokio::test]
async fn tab_that_pastes_more_than_the_shell_reads_is_not_closed() {
    let mut stage = Stage::with(pings_every(Duration::from_millis(500)), |_| {}).await;
    let (_, mut tab, mut shell) = stage.open().await;
    let pasted = vec![b'p'; 64 * 1024];
    for _ in 0..48 {
        tab.keys(&pasted).await;
    }
    tab.answer_pings(6).await;
    shell.typed(48 * pasted.len()).await;
}

#[tokio::test]
async fn tab_hears_with_each_ping_that_the_device_is_there() {
    let stage = Stage::with(pings_every(Duration::from_millis(10)), |_| {}).await;
    let mut tab = stage.spawn().await.page().await.tab().await;
    for _ in 0..3 {
        tab.until("alive").await;
    }
}
