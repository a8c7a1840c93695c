//! The device's own addresses, without those of containers, tunnels and the supervisor itself.

use std::{fs, io, net::IpAddr, path::Path};

use if_addrs::{IfAddr, get_if_addrs};

/// Interfaces that are not the device's own: engine bridges, tunnels, ours.
const FOREIGN_PREFIXES: [&str; 7] = ["docker", "br-", "veth", "tun", "resin-vpn", "supervisor0", "balena"];
const SYS_NET: &str = "/sys/class/net";

/// Addresses as `/v1/device` shows them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// IPv4 addresses, separated by blanks.
    pub ip: Option<String>,
    /// Hardware addresses in upper case, separated by blanks.
    pub mac: Option<String>,
}

struct Interface {
    name: String,
    ip: IpAddr,
    up: bool,
}

/// Lists the interfaces. Blocks.
pub fn look_up() -> io::Result<Addresses> {
    let interfaces: Vec<Interface> = get_if_addrs()?
        .into_iter()
        .filter(|interface| matches!(interface.addr, IfAddr::V4(_)))
        .map(|interface| Interface { ip: interface.ip(), up: interface.is_oper_up(), name: interface.name })
        .collect();
    Ok(collect(&interfaces, |name| mac_of(Path::new(SYS_NET), name)))
}

fn collect(interfaces: &[Interface], mac_of: impl Fn(&str) -> Option<String>) -> Addresses {
    let own: Vec<&Interface> = interfaces.iter().filter(|interface| is_own(interface)).collect();
    let mut macs: Vec<String> = own.iter().filter_map(|interface| mac_of(&interface.name)).collect();
    macs.dedup();
    let ips: Vec<String> = own.iter().map(|interface| interface.ip.to_string()).collect();
    Addresses { ip: joined(&ips), mac: joined(&macs) }
}

fn is_own(interface: &Interface) -> bool {
    interface.up
        && !interface.ip.is_loopback()
        && !FOREIGN_PREFIXES.iter().any(|prefix| interface.name.starts_with(prefix))
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

    fn interface(name: &str, ip: &str, up: bool) -> Interface {
        Interface { name: name.to_owned(), ip: ip.parse().unwrap(), up }
    }

    #[test]
    fn addresses_of_own_interfaces_are_joined_and_others_left_out() {
        let interfaces = [
            interface("lo", "127.0.0.1", true),
            interface("eth0", "192.168.0.114", true),
            interface("eth0", "192.168.0.115", true),
            interface("wlan0", "10.42.0.3", true),
            interface("eth1", "10.0.0.1", false),
            interface("docker0", "172.17.0.1", true),
            interface("br-12ab", "172.18.0.1", true),
            interface("tun0", "10.8.0.2", true),
            interface("resin-vpn", "10.8.0.3", true),
            interface("supervisor0", "10.114.104.1", true),
            interface("balena0", "10.114.101.1", true),
        ];
        let found = collect(&interfaces, |name| Some(format!("MAC-{name}")));
        assert_eq!(found.ip.as_deref(), Some("192.168.0.114 192.168.0.115 10.42.0.3"));
        assert_eq!(found.mac.as_deref(), Some("MAC-eth0 MAC-wlan0"));
    }

    #[test]
    fn addresses_of_no_interface_are_unknown() {
        assert_eq!(collect(&[], |_| None), Addresses::default());
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
