//! Network namespaces: machines of their own, as far as the network is concerned.

use crate::Result;
use crate::command::{Finished, finish, run};
use crate::scratch::unique;

/// A network namespace; it goes at the end, and its links with it.
#[derive(Debug)]
pub struct Namespace(String);

impl Namespace {
    /// Makes one whose `lo` is up.
    pub fn new() -> Result<Self> {
        let namespace = Self(format!("supervisor-test-{}", unique()));
        run(&["ip", "netns", "add", &namespace.0])?;
        namespace.ip(&["link", "set", "lo", "up"])?;
        Ok(namespace)
    }

    /// `ip` with these words in here.
    pub fn ip(&self, words: &[&str]) -> Result<String> {
        let start = ["ip", "-n", &self.0];
        run(&[&start[..], words].concat())
    }

    /// Words that run a command in here.
    pub fn launcher(&self) -> Vec<String> {
        ["ip", "netns", "exec", &self.0].map(str::to_owned).to_vec()
    }

    /// Lays a cable: `name` here with address 10.77.`net`.1, and at the other end a new namespace with
    /// address 10.77.`net`.2 that sends everything through it.
    pub fn neighbour(&self, name: &str, net: u8) -> Result<Self> {
        let other = Self::new()?;
        let link = ["link", "add", name, "type", "veth", "peer", "name", "up0", "netns", &other.0];
        self.ip(&link)?;
        self.ip(&["address", "add", &format!("10.77.{net}.1/24"), "dev", name])?;
        self.ip(&["link", "set", name, "up"])?;
        other.ip(&["address", "add", &format!("10.77.{net}.2/24"), "dev", "up0"])?;
        other.ip(&["link", "set", "up0", "up"])?;
        other.ip(&["route", "add", "default", "via", &format!("10.77.{net}.1")])?;
        Ok(other)
    }

    /// `GET` of a URL from here; a connection that is not made within so many seconds is none.
    pub fn get(&self, url: &str, seconds: u32) -> Result<Finished> {
        let (mut words, seconds) = (self.launcher(), seconds.to_string());
        let curl = ["curl", "-sS", "--connect-timeout", &seconds, "--max-time", "120", url];
        words.extend(curl.map(str::to_owned));
        finish(&words)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(finish(&["ip", "netns", "delete", &self.0]));
    }
}
