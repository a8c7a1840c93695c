//! A real browser without a window: Chromium, told what to do over `WebDriver` (<https://www.w3.org/TR/webdriver2/>).

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Result;
use crate::command::run;
use crate::process::Process;
use crate::scratch::{Folder, free_port};
use crate::wait::{check, wait_until};

const READY: Duration = Duration::from_mins(2);
/// A flood of output takes its time on a slow machine.
const SOON: Duration = Duration::from_mins(5);
/// Runs as root, without a window, and asks nobody on the network for anything.
const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
];
/// `WebDriver`'s word for a reference to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A window's size in CSS pixels, and whether it is a phone's.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// A phone has a touch screen of two device pixels for each.
    pub is_phone: bool,
}

/// A laptop's.
pub const DESKTOP: Window = Window { width: 1100, height: 640, is_phone: false };
/// A phone held upright.
pub const PHONE: Window = Window { width: 390, height: 760, is_phone: true };

/// A browser with one tab; it ends with its owner.
#[derive(Debug)]
pub struct Browser {
    session: String,
    log: std::path::PathBuf,
    _driver: Process,
    _folder: Folder,
}

impl Browser {
    /// Starts it.
    pub fn start(window: Window) -> Result<Self> {
        let folder = Folder::new()?;
        let port = free_port()?;
        let log = folder.path().join("driver.log");
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).env("HOME", folder.path());
        let driver = Process::start(&mut command, &log)?;
        let base = format!("http://127.0.0.1:{port}");
        wait_until("the browser's driver", READY, || {
            let ready = call("GET", &format!("{base}/status"), None)?.get("ready") == Some(&json!(true));
            check(ready, "not ready")
        })?;
        let wanted = capabilities(window, &folder.join("profile"));
        let begun = call("POST", &format!("{base}/session"), Some(&wanted))?;
        let id = text_of(&begun, "sessionId").ok_or("no browser session")?;
        let session = format!("{base}/session/{id}");
        Ok(Self { session, log, _driver: driver, _folder: folder })
    }

    /// Loads a page.
    pub fn open(&self, url: &str) -> Result<()> {
        self.post("url", &json!({ "url": url })).map(drop)
    }

    /// Loads the page anew; returns when the new one is there, and the one before is not looked at any more.
    pub fn reload(&self) -> Result<()> {
        self.post("refresh", &json!({})).map(drop)
    }

    /// What a function body returns in the page.
    pub fn evaluate(&self, script: &str) -> Result<Value> {
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// The text of the first element that the selector finds, as it is seen.
    pub fn text(&self, selector: &str) -> Result<String> {
        let script = format!("return document.querySelector({}).innerText", json!(selector));
        Ok(self.evaluate(&script)?.as_str().unwrap_or_default().replace('\u{a0}', " "))
    }

    /// Waits until that text contains `wanted`, and gives it.
    pub fn wait_for_text(&self, selector: &str, wanted: &str) -> Result<String> {
        wait_until(&format!("{wanted:?} in {selector}"), SOON, || {
            let text = self.text(selector)?;
            check(text.contains(wanted), text.clone())?;
            Ok(text)
        })
    }

    /// Types into the element that has the focus.
    pub fn keys(&self, text: &str) -> Result<()> {
        let element = call("GET", &format!("{}/element/active", self.session), None)?;
        let id = text_of(&element, ELEMENT).ok_or("nothing has the focus")?;
        self.post(&format!("element/{id}/value"), &json!({ "text": text })).map(drop)
    }

    /// Clicks on, or taps at, what the selector finds.
    pub fn click(&self, selector: &str) -> Result<()> {
        let found = self.post("element", &json!({ "using": "css selector", "value": selector }))?;
        let id = text_of(&found, ELEMENT).ok_or("no such element")?;
        self.post(&format!("element/{id}/click"), &json!({})).map(drop)
    }

    /// Gives the window another size.
    pub fn resize(&self, width: u32, height: u32) -> Result<()> {
        self.post("window/rect", &json!({ "width": width, "height": height })).map(drop)
    }

    /// Writes a picture of what is seen.
    pub fn screenshot(&self, file: &Path) -> Result<()> {
        let picture = call("GET", &format!("{}/screenshot", self.session), None)?;
        let encoded = picture.as_str().ok_or("no picture")?;
        let script = format!("base64 -d >'{}'", file.display());
        crate::command::run_with_input(&["sh", "-c", &script], encoded).map(drop)
    }

    /// What the page complained about: refused by its policy, not found, thrown.
    pub fn complaints(&self) -> Result<Vec<String>> {
        let log = self.post("se/log", &json!({ "type": "browser" }))?;
        let entries = log.as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(entries.iter().filter_map(|entry| text_of(entry, "message").map(str::to_owned)).collect())
    }

    fn post(&self, what: &str, body: &Value) -> Result<Value> {
        call("POST", &format!("{}/{what}", self.session), Some(body)).map_err(|error| {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            format!("{what}: {error} {}", log.lines().last().unwrap_or_default()).into()
        })
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(call("DELETE", &self.session, None));
    }
}

fn capabilities(window: Window, profile: &str) -> Value {
    let mut arguments: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
    arguments.push(format!("--user-data-dir={profile}"));
    arguments.push(format!("--window-size={},{}", window.width, window.height));
    let phone = json!({ "deviceMetrics": {
        "width": window.width, "height": window.height, "pixelRatio": 2.0, "touch": true, "mobile": true,
    }});
    let options = if window.is_phone {
        json!({ "args": arguments, "mobileEmulation": phone })
    } else {
        json!({ "args": arguments })
    };
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" },
    }}})
}

/// One command of the protocol; its value.
fn call(method: &str, url: &str, body: Option<&Value>) -> Result<Value> {
    let mut words =
        vec!["curl", "-sS", "--max-time", "300", "-X", method, "-H", "Content-Type: application/json"];
    let text = body.map(Value::to_string);
    if let Some(text) = &text {
        words.extend(["--data", text]);
    }
    words.push(url);
    let mut answer: Value = serde_json::from_str(&run(&words)?)?;
    let value = answer.get_mut("value").map(Value::take).unwrap_or_default();
    match text_of(&value, "error") {
        Some(error) => Err(format!("{error}: {}", text_of(&value, "message").unwrap_or_default()).into()),
        None => Ok(value),
    }
}

fn text_of<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value.get(member)?.as_str()
}
