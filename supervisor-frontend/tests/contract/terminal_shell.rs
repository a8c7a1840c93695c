//! A shell in tabs.

use serde_json::json;
use supervisor_proto::v1::{ErrorReason, WindowSize, terminal_input::Input};

use crate::support::{
    terminal::{SIZE, Stage},
    websocket::Message,
};

#[tokio::test]
async fn first_tab_opens_the_shell_with_its_size_and_is_told() {
    let mut stage = Stage::new().await;
    let mut tab = stage.spawn().await.page().await.tab().await;
    assert_eq!(tab.next().await, Message::Json(json!({"type": "hello", "app": 2167, "name": "demo"})));
    tab.say(r#"{"type":"resize","rows":50,"columns":132}"#).await;
    let shell = stage.core.shell().await;
    assert_eq!((shell.open.app_id, shell.open.tty), (2167, true));
    assert!(shell.open.command.is_empty() && shell.open.service.is_empty());
    assert_eq!(shell.open.term, "xterm-256color");
    assert_eq!(shell.open.size, Some(WindowSize { rows: 50, columns: 132 }));
    shell.opened().await;
    let opened = tab.until("opened").await;
    assert_eq!((&opened["service"], &opened["command"]), (&json!("main"), &json!("bash")));
}

#[tokio::test]
async fn keystrokes_and_output_pass_unchanged_also_where_characters_are_split() {
    let mut stage = Stage::new().await;
    let (_, mut tab, mut shell) = stage.open().await;
    let face = "\u{1f600}".as_bytes();
    tab.keys(&face[..1]).await;
    tab.keys(&face[1..]).await;
    tab.keys(b"\x03").await;
    assert_eq!(shell.typed(5).await, [face, b"\x03"].concat());
    shell.write(&face[..3]).await;
    shell.write(&face[3..]).await;
    shell.write(*b"\xff\x00!").await;
    assert_eq!(tab.screen(b"!").await, [face, b"\xff\x00!"].concat());
}

#[tokio::test]
async fn fragmented_and_empty_frames_are_put_together() {
    let mut stage = Stage::new().await;
    let (_, mut tab, mut shell) = stage.open().await;
    tab.keys(b"").await;
    tab.frame(0x02, b"ab").await;
    tab.frame(0x00, b"c").await;
    tab.frame(0x80, b"d").await;
    assert_eq!(shell.typed(4).await, b"abcd");
}

#[tokio::test]
async fn output_reaches_every_tab_and_input_comes_from_any() {
    let mut stage = Stage::new().await;
    let (page, mut one, mut shell) = stage.open().await;
    let mut other = page.tab().await;
    shell.write("shared").await;
    one.screen(b"shared").await;
    other.screen(b"shared").await;
    one.keys(b"1").await;
    assert_eq!(shell.typed(1).await, b"1");
    other.keys(b"2").await;
    assert_eq!(shell.typed(1).await, b"2");
}

#[tokio::test]
async fn size_follows_the_tab_that_is_typed_in_or_looked_at() {
    let mut stage = Stage::new().await;
    let (page, mut one, mut shell) = stage.open().await;
    let mut other = page.tab().await;
    other.say(r#"{"type":"resize","rows":10,"columns":20}"#).await;
    other.say(r#"{"type":"focus"}"#).await;
    assert_eq!(shell.resized().await, (10, 20));
    one.keys(b"x").await;
    assert_eq!(shell.resized().await, (24, 80));
    one.say(r#"{"type":"resize","rows":30,"columns":90}"#).await;
    assert_eq!(shell.resized().await, (30, 90));
    let mut told = other.until("size").await;
    while told != json!({"type": "size", "rows": 30, "columns": 90}) {
        told = other.until("size").await;
    }
}

#[tokio::test]
async fn tab_is_told_whether_it_is_the_one_that_answers_programs() {
    let mut stage = Stage::new().await;
    let (page, mut one, mut shell) = stage.open().await;
    let mut other = page.tab().await;
    other.keys(b"x").await;
    assert_eq!(shell.typed(1).await, b"x");
    assert_eq!(other.until("active").await["active"], true);
    let mut told = vec![];
    while told.last() != Some(&false) {
        told.push(one.until("active").await["active"] == true);
    }
    one.keys(b"y").await;
    assert_eq!(other.until("active").await["active"], false);
    assert_eq!(one.until("active").await["active"], true);
}

#[tokio::test]
async fn replay_tells_how_much_of_it_was_there_before() {
    let mut stage = Stage::new().await;
    let page = stage.spawn().await.page().await;
    let mut tab = page.tab().await;
    assert_eq!(tab.until("replay").await["bytes"], 0);
    tab.say(SIZE).await;
    let shell = stage.core.shell().await;
    shell.write("0123456789").await;
    tab.screen(b"0123456789").await;
    assert_eq!(page.tab().await.until("replay").await["bytes"], 10);
}

#[tokio::test]
async fn tab_that_comes_back_finds_the_same_shell_and_its_recent_output() {
    let mut stage = Stage::new().await;
    let (page, tab, mut shell) = stage.open().await;
    shell.write("before ").await;
    drop(tab);
    shell.write("meanwhile ").await;
    let mut again = page.tab().await;
    again.until("replay").await;
    again.screen(b"before meanwhile ").await;
    again.keys(b"k").await;
    assert_eq!(shell.typed(1).await, b"k");
}

#[tokio::test]
async fn replay_of_much_output_begins_at_a_whole_character() {
    let mut stage = Stage::new().await;
    let (page, mut tab, shell) = stage.open().await;
    let line = "\x1b[38;5;208m\u{1f600}\x1b[0m ".repeat(1000);
    for _ in 0..40 {
        shell.write(line.as_bytes()).await;
    }
    shell.write("the end").await;
    tab.screen(b"the end").await;
    let shown = page.tab().await.screen(b"the end").await;
    assert!(shown.len() <= 256 * 1024 && shown.len() > 200 * 1024, "{}", shown.len());
    let shown = String::from_utf8(shown).expect("no half character");
    let starts = ["\x1b[38;5;208m", "\u{1f600}", "\x1b[0m", " "];
    assert!(starts.iter().any(|start| shown.starts_with(start)), "{:?}", &shown[..20]);
}

#[tokio::test]
async fn shell_that_core_refuses_is_told_and_can_be_tried_again() {
    for (reason, subject, sentence) in [
        (ErrorReason::ContainerNotRunning, "", "Container is not running"),
        (ErrorReason::NoShell, "", "The image has no shell"),
        (ErrorReason::PolicyRefused, "privileged", "The owner's policy does not allow it: privileged"),
    ] {
        let mut stage = Stage::new().await;
        let mut tab = stage.spawn().await.page().await.tab().await;
        stage.core.script(|script| script.failure = Some((reason, subject, "x")));
        tab.say(SIZE).await;
        assert_eq!(tab.until("refused").await["message"], sentence);
        stage.core.script(|script| script.failure = None);
        tab.say(r#"{"type":"open"}"#).await;
        let shell = stage.core.shell().await;
        shell.opened().await;
        tab.until("opened").await;
    }
}

#[tokio::test]
async fn shell_opens_once_for_several_tabs() {
    let mut stage = Stage::new().await;
    let (page, _tab, mut shell) = stage.open().await;
    let mut other = page.tab().await;
    other.say(SIZE).await;
    other.say(r#"{"type":"open"}"#).await;
    other.keys(b"k").await;
    while !matches!(shell.input().await, Some(Input::Data(_))) {}
    assert_eq!(stage.core.shells_waiting(), 0);
}
