//! How the device stands with its cloud. Only the frontend knows; it is asked over loopback, with the key and the port
//! that it told core.

use std::{collections::BTreeMap, io, net::Ipv4Addr, time::Duration};

use serde::{Deserialize, Serialize};
use supervisor_proto::{
    client::{CallError, CoreClient},
    v1::GetApiAccessRequest,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

const DEADLINE: Duration = Duration::from_secs(3);
/// Many times what the answer has.
const MAX_ANSWER_BYTES: u64 = 256 << 10;

/// `cloud` of `GET /v1/device`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct CloudStanding {
    /// A word, for example `connected`.
    pub state: String,
    /// Seconds since the cloud last gave its word on what should run.
    pub answered_s_ago: Option<u64>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// Why apps are not carried out as the cloud wants, by uuid.
    #[serde(default)]
    pub refused_apps: BTreeMap<String, String>,
    /// The cloud knows the API's present key.
    pub api_key_reported: bool,
}

/// Why it cannot be said.
#[derive(Debug, thiserror::Error)]
pub enum Unknown {
    /// Core does not tell the key.
    #[error("core does not tell this caller the API's key")]
    Key(#[source] CallError),
    /// Nothing answers there in time.
    #[error("the frontend does not answer on 127.0.0.1:{port}")]
    Silent {
        /// Where it should.
        port: u32,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// What answers there is not a frontend of this release.
    #[error("what answers on 127.0.0.1:{port} says nothing of a cloud")]
    Answer {
        /// Where it was asked.
        port: u32,
    },
}

#[derive(Deserialize)]
struct Device {
    cloud: CloudStanding,
}

/// Asks.
pub async fn ask(core: &CoreClient, request_id: &str) -> Result<CloudStanding, Unknown> {
    let access = core.get_api_access(GetApiAccessRequest {}, request_id).await.map_err(Unknown::Key)?;
    let port = access.port;
    let silent = |source| Unknown::Silent { port, source };
    let asked = timeout(DEADLINE, device(port, &access.api_key)).await;
    let answer = asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(silent)?;
    parse(&answer).ok_or(Unknown::Answer { port })
}

async fn device(port: u32, key: &str) -> io::Result<Vec<u8>> {
    let port = u16::try_from(port).map_err(io::Error::other)?;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let request = format!(
        "GET /v1/device HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER_BYTES).read_to_end(&mut answer).await?;
    Ok(answer)
}

fn parse(answer: &[u8]) -> Option<CloudStanding> {
    let text = std::str::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    if !head.starts_with("HTTP/1.1 200 ") {
        return None;
    }
    serde_json::from_str::<Device>(body).ok().map(|device| device.cloud)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_of_a_frontend_is_read_and_others_are_not() {
        let body = r#"{"api_port":48484,"cloud":{"state":"connected","answered_s_ago":7,"last_error":null,"refused_apps":{"a":"x"},"api_key_reported":true,"newer":1}}"#;
        let standing =
            parse(format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{body}").as_bytes()).unwrap();
        assert_eq!((standing.state.as_str(), standing.answered_s_ago), ("connected", Some(7)));
        for other in
            ["", "HTTP/1.1 401 Unauthorized\r\n\r\nUnauthorized", "HTTP/1.1 200 OK\r\n\r\n{}", "SSH-2.0"]
        {
            assert_eq!(parse(other.as_bytes()), None, "{other}");
        }
        assert_eq!(parse(b"\xff"), None);
    }
}
