//! The host in a terminal's URL: where the listener can be reached.

use std::net::{IpAddr, Ipv4Addr};

use crate::{
    device::addresses::{Addresses, Kind},
    interfaces::InterfaceNames,
};

/// The listener's own address, or else the first of the interfaces that are listened on. `None` without an IPv4
/// address: an IPv6 address would need brackets.
pub(super) fn of(listen: IpAddr, interfaces: Option<&InterfaceNames>, device: &Addresses) -> Option<String> {
    match (listen, interfaces) {
        (IpAddr::V4(address), _) if !address.is_unspecified() => Some(address.to_string()),
        (IpAddr::V6(address), _) if !address.is_unspecified() => None,
        (_, Some(names)) => listed(names, device).map(|address| address.to_string()),
        (_, None) => device.ip.as_deref()?.split(' ').next().map(str::to_owned),
    }
}

/// Of the interfaces in the list, in its order: the device's own come before tunnels, those before the bridges of
/// containers, and loopback, which nobody else reaches, is last.
fn listed(names: &InterfaceNames, device: &Addresses) -> Option<Ipv4Addr> {
    let found = |kind: Kind| {
        let known = |name| device.up.iter().find(|known| known.device() == name && known.kind() == kind);
        names.iter().find_map(known).map(|known| known.address)
    };
    [Kind::Own, Kind::Tunnel, Kind::Bridge, Kind::Loopback].into_iter().find_map(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::addresses::Interface;

    fn device() -> Addresses {
        let up = [
            ("lo", [127, 0, 0, 1]),
            ("eth0", [192, 168, 0, 114]),
            ("eth0", [192, 168, 0, 115]),
            ("wlan0", [10, 0, 0, 2]),
            ("docker0", [172, 17, 0, 1]),
            ("supervisor0", [10, 114, 104, 1]),
            ("tun0", [10, 8, 0, 2]),
        ];
        let up = up.map(|(name, address)| Interface { name: name.to_owned(), address: address.into() });
        Addresses { ip: Some("192.168.0.114 10.0.0.2".to_owned()), mac: None, up: up.to_vec() }
    }

    fn host(listen: &str, interfaces: Option<&str>) -> Option<String> {
        let names = interfaces.map(|names| names.parse().unwrap());
        of(listen.parse().unwrap(), names.as_ref(), &device())
    }

    #[test]
    fn host_of_the_url_is_the_listeners_or_the_devices_first() {
        assert_eq!(host("0.0.0.0", None).as_deref(), Some("192.168.0.114"));
        assert_eq!(host("::", None).as_deref(), Some("192.168.0.114"));
        assert_eq!(host("10.0.0.2", None).as_deref(), Some("10.0.0.2"));
        assert_eq!(host("10.0.0.2", Some("eth0")).as_deref(), Some("10.0.0.2"));
        assert_eq!(host("fe80::1", None), None);
        assert_eq!(of("0.0.0.0".parse().unwrap(), None, &Addresses::default()), None);
    }

    #[test]
    fn host_with_listed_interfaces_is_the_first_of_them_that_others_reach() {
        for (interfaces, expected) in [
            ("wlan0,eth0", "10.0.0.2"),
            ("lo,docker0,eth0", "192.168.0.114"),
            ("lo,docker0,supervisor0,tun0,resin-vpn", "10.8.0.2"),
            ("lo,supervisor0,docker0", "10.114.104.1"),
            ("lo", "127.0.0.1"),
            ("eth7,lo", "127.0.0.1"),
        ] {
            assert_eq!(host("0.0.0.0", Some(interfaces)).as_deref(), Some(expected), "{interfaces}");
        }
        assert_eq!(host("0.0.0.0", Some("eth7,resin-vpn")), None);
    }
}
