//! HTTP as a person does it: by `curl`, from wherever the launcher runs it.

use crate::Result;
use crate::command::run;

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names in lower case, in the order of the answer.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// The first header of that name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

/// Where `curl` runs and whom it calls.
#[derive(Debug, Clone)]
pub struct Client {
    /// Words before `curl`, e.g. `["docker", "exec", "device"]`; none: this machine.
    pub launcher: Vec<String>,
    /// e.g. `http://172.17.0.2:48484`.
    pub base: String,
    /// The API key, sent as the seed does: `?apikey=`.
    pub key: String,
}

impl Client {
    /// A call as in the seed's examples: key in the query, JSON content type.
    pub fn call(&self, method: &str, path: &str, body: Option<&str>) -> Result<Answer> {
        let url = format!("{}{path}?apikey={}", self.base, self.key);
        let json = ["--header", "Content-Type:application/json"];
        let mut arguments = vec!["-X", method, json[0], json[1]];
        if let Some(body) = body {
            arguments.extend(["--data", body]);
        }
        arguments.push(&url);
        self.curl(&arguments)
    }

    /// POST with a JSON body.
    pub fn post(&self, path: &str, body: &str) -> Result<Answer> {
        self.call("POST", path, Some(body))
    }

    /// POST without a body.
    pub fn post_empty(&self, path: &str) -> Result<Answer> {
        self.call("POST", path, None)
    }

    /// GET.
    pub fn get(&self, path: &str) -> Result<Answer> {
        self.call("GET", path, None)
    }

    /// The same client with another key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    /// `curl` with these arguments and the answer's head.
    pub fn curl(&self, arguments: &[&str]) -> Result<Answer> {
        let mut words: Vec<&str> = self.launcher.iter().map(String::as_str).collect();
        words.extend(["curl", "-sS", "-i", "--connect-timeout", "30", "--max-time", "300"]);
        words.extend(arguments);
        parse(&run(&words)?)
    }
}

/// An answer as `curl -i` prints it; interim 1xx answers are passed over.
fn parse(text: &str) -> Result<Answer> {
    let text = text.replace("\r\n", "\n");
    let (head, body) = text.split_once("\n\n").unwrap_or((text.as_str(), ""));
    let mut lines = head.lines();
    let status_line = lines.next().unwrap_or_default();
    let status: u16 = status_line
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| format!("not an HTTP answer: {text}"))?;
    if status < 200 {
        return parse(body);
    }
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Ok(Answer { status, headers, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_with_interim_head_is_parsed() {
        let answer =
            parse("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 423 Locked\r\nAllow: GET\r\n\r\nno").unwrap();
        assert_eq!((answer.status, answer.header("allow"), answer.body.as_str()), (423, Some("GET"), "no"));
    }

    #[test]
    fn answer_without_body_is_parsed() {
        assert_eq!(parse("HTTP/1.1 204 No Content\r\ndate: x\r\n\r\n").unwrap().body, "");
    }
}
