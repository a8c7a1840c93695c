//! Names of interfaces, as an administrator lists them.

use std::{fmt, str::FromStr};

/// `IFNAMSIZ` without its final zero (`netdevice(7)`).
const NAME_MAX_BYTES: usize = 15;
/// More than any device has.
const MAX_NAMES: usize = 64;

/// One to 64 names of interfaces; they need not be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceNames(Vec<String>);

/// A list of interfaces that cannot be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a list of interface names")]
pub struct InvalidNames;

impl InterfaceNames {
    /// The names, in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether connections of this machine with itself are among what is meant.
    pub fn have_loopback(&self) -> bool {
        self.iter().any(|name| name == "lo")
    }
}

impl FromStr for InterfaceNames {
    type Err = InvalidNames;

    /// Names with commas between them; blanks around a name do not count.
    fn from_str(text: &str) -> Result<Self, InvalidNames> {
        let names: Vec<&str> = text.split(',').map(str::trim).collect();
        if names.len() > MAX_NAMES || !names.iter().all(|name| is_name(name)) {
            return Err(InvalidNames);
        }
        Ok(Self(names.into_iter().map(str::to_owned).collect()))
    }
}

impl fmt::Display for InterfaceNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

/// What the kernel takes for a name, without what only a typing error puts there.
fn is_name(name: &str) -> bool {
    let fits = (1..=NAME_MAX_BYTES).contains(&name.len()) && name != "." && name != "..";
    fits && name.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_commas_are_taken_in_their_order() {
        let names: InterfaceNames = "lo,docker0, supervisor0 ,tun0,resin-vpn,eth0.5".parse().unwrap();
        assert_eq!(names.to_string(), "lo,docker0,supervisor0,tun0,resin-vpn,eth0.5");
        assert!(names.have_loopback());
        assert!(!"docker0".parse::<InterfaceNames>().unwrap().have_loopback());
    }

    #[test]
    fn list_that_cannot_be_meant_is_refused() {
        let many = vec!["a"; MAX_NAMES + 1].join(",");
        for text in [
            "",
            ",",
            "lo,",
            "lo,,tun0",
            "lo tun0",
            "a/b",
            "eth0:1",
            "..",
            "0123456789abcdef",
            "l\u{f6}",
            &many,
        ] {
            assert_eq!(text.parse::<InterfaceNames>(), Err(InvalidNames), "{text}");
        }
    }
}
