//! What a tunnel's command prints: the first URL and the last lines are kept, in bounded memory.

use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    sync::watch,
};

use crate::terminal::escape::Position;

/// The part of a line that is looked at, in bytes.
const LINE_MAX_BYTES: usize = 4096;
/// The part of the last line that is kept, in characters.
const KEPT_MAX_CHARS: usize = 200;
const SCHEMES: [&str; 2] = ["http://", "https://"];

/// What was seen of a command's output.
#[derive(Debug, Default)]
pub struct Seen {
    /// The first URL, without a slash at its end.
    pub url: Option<String>,
    /// The last line on standard output that is not blank, without control characters.
    said: String,
    /// The same on standard error.
    complained: String,
}

/// Which output a line came on. The two are read side by side, so only within one of them is there an order.
#[derive(Debug, Clone, Copy)]
pub(super) enum Channel {
    Output,
    Error,
}

impl Seen {
    /// The last line: a complaint, if there was one.
    pub fn last_line(&self) -> &str {
        if self.complained.is_empty() { &self.said } else { &self.complained }
    }

    fn note(&mut self, channel: Channel, line: &[u8]) {
        let line = visible(line);
        if self.url.is_none() {
            self.url = first_url(&line).map(str::to_owned);
        }
        if !line.trim().is_empty() {
            let kept = line.trim().chars().take(KEPT_MAX_CHARS).collect();
            match channel {
                Channel::Output => self.said = kept,
                Channel::Error => self.complained = kept,
            }
        }
    }
}

/// Reads to the end, or for ever.
pub(super) async fn read(
    channel: Channel,
    output: Option<impl AsyncRead + Unpin>,
    seen: &watch::Sender<Seen>,
) {
    let Some(mut output) = output else { return };
    let (mut line, mut chunk) = (Vec::new(), [0_u8; 1024]);
    while let Ok(count @ 1..) = output.read(&mut chunk).await {
        for byte in chunk.iter().take(count) {
            if matches!(byte, b'\n' | b'\r') {
                seen.send_modify(|seen| seen.note(channel, &line));
                line.clear();
            } else if line.len() < LINE_MAX_BYTES {
                line.push(*byte);
            }
        }
    }
    seen.send_modify(|seen| seen.note(channel, &line));
}

/// The line without escape sequences and control characters.
fn visible(line: &[u8]) -> String {
    let mut position = Position::Clean;
    let plain: Vec<u8> = line
        .iter()
        .copied()
        .filter(|byte| {
            let before = position;
            position = position.after(*byte);
            let is_text = |position| matches!(position, Position::Clean | Position::Character(_));
            is_text(before) && is_text(position)
        })
        .collect();
    String::from_utf8_lossy(&plain).chars().filter(|c| !c.is_control()).collect()
}

/// The first URL of a host, without a slash at its end. One with a path is passed over: it is a page about the
/// tunnel, or a tunnel whose path would swallow the token.
fn first_url(line: &str) -> Option<&str> {
    let mut rest = line;
    loop {
        let start = SCHEMES.iter().filter_map(|scheme| rest.find(scheme)).min()?;
        rest = rest.get(start..)?;
        let end = rest.find(|c: char| !c.is_ascii_graphic() || "\"'<>|\\^`{}()[]*".contains(c));
        let (url, after) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
        let url = url.trim_end_matches(['.', ',', ';', '/']);
        if is_of_a_host(url) {
            return Some(url);
        }
        rest = after;
    }
}

fn is_of_a_host(url: &str) -> bool {
    let host = SCHEMES.iter().find_map(|scheme| url.strip_prefix(scheme));
    host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@']))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn seen(output: &[u8]) -> Seen {
        let seen = watch::Sender::new(Seen::default());
        read(Channel::Output, Some(output), &seen).await;
        seen.send_replace(Seen::default())
    }

    #[tokio::test]
    async fn first_url_is_found_wherever_tunnels_print_it() {
        for (output, url) in [
            ("https://a-b.example.org", "https://a-b.example.org"),
            (
                "starting\nt=1 lvl=info url=https://x.example.org:8443/\nhttp://other\n",
                "https://x.example.org:8443",
            ),
            ("|  https://x.example.org.  |", "https://x.example.org"),
            ("\x1b[32mhttp://\x1b[1m10.0.0.1:99\x1b[0m\r\n", "http://10.0.0.1:99"),
            ("(http://a)", "http://a"),
            ("see https://docs.example.org/tunnels https://x.example.org", "https://x.example.org"),
            ("https://docs.example.org/?to=https://a\nhttps://b", "https://b"),
        ] {
            assert_eq!(seen(output.as_bytes()).await.url.as_deref(), Some(url), "{output}");
        }
    }

    #[tokio::test]
    async fn url_of_more_than_a_host_is_passed_over() {
        for output in ["http://a/b", "http://a?b", "http://a#b", "http://user@a", "https://a/http://b"] {
            assert_eq!(seen(output.as_bytes()).await.url, None, "{output}");
        }
    }

    #[tokio::test]
    async fn output_without_a_url_leaves_its_last_line() {
        for (output, line) in
            [("", ""), ("one\ntwo\n\n", "two"), ("ftp://a http:// \x1b]0;t\x07end", "ftp://a http:// end")]
        {
            let seen = seen(output.as_bytes()).await;
            assert_eq!((seen.url.as_deref(), seen.last_line()), (None, line), "{output}");
        }
    }

    #[tokio::test]
    async fn complaint_counts_more_than_what_was_said_after_it() {
        let seen = watch::Sender::new(Seen::default());
        read(Channel::Error, Some(&b"no route"[..]), &seen).await;
        read(Channel::Output, Some(&b"trying"[..]), &seen).await;
        assert_eq!(seen.borrow().last_line(), "no route");
    }

    #[tokio::test]
    async fn output_without_end_of_line_is_bounded() {
        let seen = seen(&vec![b'x'; 1_000_000]).await;
        assert_eq!(seen.last_line().len(), KEPT_MAX_CHARS);
    }
}
