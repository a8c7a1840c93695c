//! A tab of the web terminal, without a browser around it: it says what a test wants, also what no browser would.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Duration;

use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::HandshakeError;
use tungstenite::http::Response;
use tungstenite::http::header::{COOKIE, HeaderName, HeaderValue, ORIGIN};
use tungstenite::{Error, Message, WebSocket};

use crate::Result;
use crate::command::run;
use crate::live::Supervisor;
use crate::live_app::LiveApp;
use crate::wait::check;

const PATIENCE: Duration = Duration::from_mins(2);
/// A tab's first size opens the shell.
const SIZE: &str = r#"{"type":"resize","rows":24,"columns":80}"#;

/// An answer that opens no WebSocket.
pub type Refusal = Response<Option<Vec<u8>>>;

/// A terminal's page: what a browser keeps of it.
#[derive(Debug)]
pub struct WebPage {
    /// Name and port of the listener.
    host: String,
    /// What its scripts ask as.
    pub origin: String,
    /// The cookie that the URL was exchanged for.
    pub cookie: String,
    /// Where the page lives without its token; it ends with a slash.
    pub path: String,
}

impl WebPage {
    /// Asks for the app's terminal, and loads its page.
    pub fn of(supervisor: &Supervisor, app: &LiveApp) -> Result<Self> {
        Self::load(&spawn(supervisor, app)?)
    }

    /// Loads it from the URL that spawn answered.
    pub fn load(url: &str) -> Result<Self> {
        let (origin, _token) = url.rsplit_once('/').ok_or("no path in the URL")?;
        let host = origin.strip_prefix("http://").ok_or("not an http URL")?;
        let (cookie, path) = cookie_and_path(url)?;
        Ok(Self { host: host.to_owned(), origin: origin.to_owned(), cookie, path })
    }

    /// A tab as the page opens it, with a shell at its prompt.
    pub fn tab(&self) -> Result<WebTab> {
        let mut tab =
            self.ask(&[(ORIGIN, &self.origin), (COOKIE, &self.cookie)])?.map_err(|answer| told(&answer))?;
        tab.say(SIZE)?;
        tab.until("# ")?;
        Ok(tab)
    }

    /// A WebSocket with these headers besides its own, or the answer that refuses it.
    pub fn ask(&self, headers: &[(HeaderName, &str)]) -> Result<std::result::Result<WebTab, Refusal>> {
        let mut request = format!("ws://{}{}socket", self.host, self.path).into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().append(name, HeaderValue::from_str(value)?);
        }
        let stream = TcpStream::connect(&self.host)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(Ok(WebTab(socket))),
            Err(HandshakeError::Failure(Error::Http(answer))) => Ok(Err(*answer)),
            Err(error) => Err(error.to_string().into()),
        }
    }
}

/// The URL of the app's terminal.
pub fn spawn(supervisor: &Supervisor, app: &LiveApp) -> Result<String> {
    let answer = supervisor.client()?.post("/v1/spawn-tty", &app.body())?;
    check(answer.status == 200, format!("{answer:?} {}", supervisor.logs()))?;
    Ok(answer.body)
}

fn told(answer: &Refusal) -> String {
    format!("the terminal answers {}", answer.status())
}

/// An open WebSocket. It goes with its owner; the terminal stays.
#[derive(Debug)]
pub struct WebTab(WebSocket<TcpStream>);

impl WebTab {
    /// Asks for the app's terminal and opens it, with a shell at its prompt.
    pub fn open(supervisor: &Supervisor, app: &LiveApp) -> Result<Self> {
        WebPage::of(supervisor, app)?.tab()
    }

    /// Types.
    pub fn keys(&mut self, keys: &[u8]) -> Result<()> {
        Ok(self.0.send(Message::binary(keys.to_vec()))?)
    }

    /// Says something of the page's own, in JSON.
    pub fn say(&mut self, json: &str) -> Result<()> {
        Ok(self.0.send(Message::text(json))?)
    }

    /// Reads until `text` has been shown, and gives what was.
    pub fn until(&mut self, text: &str) -> Result<String> {
        let mut seen = String::new();
        while !seen.contains(text) {
            if let Message::Binary(bytes) = self.read().map_err(|error| format!("{error} after {seen:?}"))? {
                seen.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
        Ok(seen)
    }

    /// Reads until the terminal says why it ended, whatever it shows before.
    pub fn until_ended(&mut self) -> Result<String> {
        loop {
            if let Message::Text(text) = self.read()? {
                let said: serde_json::Value = serde_json::from_str(&text)?;
                if said.get("type").is_some_and(|kind| kind == "ended") {
                    let reason = said.get("reason").and_then(serde_json::Value::as_str);
                    return Ok(reason.ok_or("ended without a reason")?.to_owned());
                }
            }
        }
    }

    /// The next message. A read with a time limit is interrupted when its process is stopped and goes on, see
    /// signal(7): it is taken up again.
    fn read(&mut self) -> std::result::Result<Message, Error> {
        loop {
            match self.0.read() {
                Err(Error::Io(error)) if error.kind() == ErrorKind::Interrupted => {}
                read => return read,
            }
        }
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
