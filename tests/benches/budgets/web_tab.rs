//! A tab of the web terminal, without a browser around it.

use std::{net::TcpStream, time::Duration};

use supervisor_tests::{Result, command::run, live::Supervisor, live_app::LiveApp, wait::check};
use tungstenite::{
    Message, WebSocket,
    client::IntoClientRequest as _,
    http::header::{COOKIE, HeaderValue, ORIGIN},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// It goes with its owner; the terminal stays.
#[derive(Debug)]
pub struct WebTab(WebSocket<TcpStream>);

impl WebTab {
    /// Asks for the app's terminal and opens it, with a shell at its prompt.
    pub fn open(supervisor: &Supervisor, app: &LiveApp) -> Result<Self> {
        let answer = supervisor.client()?.post("/v1/spawn-tty", &app.body())?;
        check(answer.status == 200, format!("{answer:?}"))?;
        let url = answer.body;
        let (origin, _token) = url.rsplit_once('/').ok_or("no path in the URL")?;
        let host = origin.strip_prefix("http://").ok_or("not an http URL")?;
        let (cookie, path) = cookie_and_path(&url)?;
        let mut request = format!("ws://{host}{path}socket").into_client_request()?;
        request.headers_mut().insert(ORIGIN, HeaderValue::from_str(origin)?);
        request.headers_mut().insert(COOKIE, HeaderValue::from_str(&cookie)?);
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let (socket, _) = tungstenite::client(request, stream).map_err(|error| error.to_string())?;
        let mut tab = Self(socket);
        // A tab's first size opens the shell.
        tab.0.send(Message::text(r#"{"type":"resize","rows":24,"columns":80}"#))?;
        tab.until("# ")?;
        Ok(tab)
    }

    /// Types.
    pub fn keys(&mut self, keys: &[u8]) -> Result<()> {
        Ok(self.0.send(Message::binary(keys.to_vec()))?)
    }

    /// Reads until `text` has been shown.
    pub fn until(&mut self, text: &str) -> Result<()> {
        let mut seen = String::new();
        while !seen.contains(text) {
            if let Message::Binary(bytes) =
                self.0.read().map_err(|error| format!("{error} after {seen:?}"))?
            {
                seen.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
        Ok(())
    }
}

/// What the page sets, and where it is for.
fn cookie_and_path(url: &str) -> Result<(String, String)> {
    let head = run(&["curl", "-sS", "-o", "/dev/null", "-D", "-", url])?;
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("set-cookie:"));
    let (_, value) = line.and_then(|line| line.split_once(": ")).ok_or("no cookie")?;
    let mut parts = value.split(';').map(str::trim);
    let cookie = parts.next().ok_or("an empty cookie")?;
    let path = parts.find_map(|part| part.strip_prefix("Path=")).ok_or("a cookie without a path")?;
    Ok((cookie.to_owned(), path.to_owned()))
}
