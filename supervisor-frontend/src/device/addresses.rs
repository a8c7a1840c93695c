//! The device's own addresses, without those of containers, tunnels and the supervisor itself.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr},
    path::Path,
};

use if_addrs::get_if_addrs;

/// The names of tunnels begin so.
const TUNNEL_PREFIXES: [&str; 2] = ["tun", "resin-vpn"];
/// The names of an engine's bridges, their ports, and of ours.
const BRIDGE_PREFIXES: [&str; 5] = ["docker", "br-", "veth", "supervisor0", "balena"];
const SYS_NET: &str = "/sys/class/net";

/// Addresses as `/v1/device` shows them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// IPv4 addresses, separated by blanks.
    pub ip: Option<String>,
    /// Hardware addresses in upper case, separated by blanks.
    pub mac: Option<String>,
    /// All interfaces that are up, with one entry for each of their IPv4 addresses.
    pub up: Vec<Interface>,
}

/// An interface and an address of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// The address.
    pub address: Ipv4Addr,
}

/// Whose an interface is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The device's own.
    Own,
    /// A way to elsewhere through one of the others.
    Tunnel,
    /// Of containers.
    Bridge,
    /// The machine's way to itself.
    Loopback,
}

impl Interface {
    /// The name of what the address is on: an alias such as `eth0:1` shares `eth0`.
    pub fn device(&self) -> &str {
        self.name.split(':').next().unwrap_or(&self.name)
    }

    /// Whose it is, by its name.
    pub fn kind(&self) -> Kind {
        let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| self.name.starts_with(prefix));
        if self.address.is_loopback() {
            Kind::Loopback
        } else if begins(&TUNNEL_PREFIXES) {
            Kind::Tunnel
        } else if begins(&BRIDGE_PREFIXES) {
            Kind::Bridge
        } else {
            Kind::Own
        }
    }
}

/// Lists the interfaces. Blocks.
pub fn look_up() -> io::Result<Addresses> {
    let up =
        get_if_addrs()?.into_iter().filter(if_addrs::Interface::is_oper_up).filter_map(with_ipv4).collect();
    Ok(collect(up, |name| mac_of(Path::new(SYS_NET), name)))
}

fn with_ipv4(interface: if_addrs::Interface) -> Option<Interface> {
    let IpAddr::V4(address) = interface.ip() else { return None };
    Some(Interface { name: interface.name, address })
}

fn collect(up: Vec<Interface>, mac_of: impl Fn(&str) -> Option<String>) -> Addresses {
    let own: Vec<&Interface> = up.iter().filter(|interface| interface.kind() == Kind::Own).collect();
    let mut macs: Vec<String> = own.iter().filter_map(|interface| mac_of(&interface.name)).collect();
    macs.dedup();
    let ips: Vec<String> = own.iter().map(|interface| interface.address.to_string()).collect();
    Addresses { ip: joined(&ips), mac: joined(&macs), up }
}

fn joined(list: &[String]) -> Option<String> {
    (!list.is_empty()).then(|| list.join(" "))
}

fn mac_of(sys_net: &Path, name: &str) -> Option<String> {
    // An alias such as `eth0:1` shares the hardware of `eth0`.
    let device = name.split(':').next().unwrap_or(name);
    let text = fs::read_to_string(sys_net.join(device).join("address")).ok()?;
    let mac = text.trim().to_ascii_uppercase();
    (mac.len() == "00:00:00:00:00:00".len()).then_some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(name: &str, address: &str) -> Interface {
        Interface { name: name.to_owned(), address: address.parse().unwrap() }
    }

    #[test]
    fn addresses_of_own_interfaces_are_joined_and_others_left_out() {
        let interfaces = [
            interface("lo", "127.0.0.1"),
            interface("eth0", "192.168.0.114"),
            interface("eth0", "192.168.0.115"),
            interface("wlan0", "10.42.0.3"),
            interface("docker0", "172.17.0.1"),
            interface("br-12ab", "172.18.0.1"),
            interface("tun0", "10.8.0.2"),
            interface("resin-vpn", "10.8.0.3"),
            interface("supervisor0", "10.114.104.1"),
            interface("balena0", "10.114.101.1"),
        ];
        let found = collect(interfaces.to_vec(), |name| Some(format!("MAC-{name}")));
        assert_eq!(found.ip.as_deref(), Some("192.168.0.114 192.168.0.115 10.42.0.3"));
        assert_eq!(found.mac.as_deref(), Some("MAC-eth0 MAC-wlan0"));
    }

    #[test]
    fn addresses_of_no_interface_are_unknown() {
        assert_eq!(collect(vec![], |_| None), Addresses::default());
    }

    #[test]
    fn mac_of_an_interface_is_read_in_upper_case() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("eth0")).unwrap();
        fs::write(root.path().join("eth0/address"), "02:42:ac:11:00:0a\n").unwrap();
        assert_eq!(mac_of(root.path(), "eth0").as_deref(), Some("02:42:AC:11:00:0A"));
        assert_eq!(mac_of(root.path(), "eth0:1").as_deref(), Some("02:42:AC:11:00:0A"));
        assert_eq!(mac_of(root.path(), "eth9"), None);
    }
}
