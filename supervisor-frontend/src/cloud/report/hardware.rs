//! Which board it is and whether its power suffices, where the kernel tells that to a process without privilege. Blocks.

use std::{fs, path::Path};

/// A longer number is none.
const MAX_SERIAL: usize = 64;
/// The kernel's driver for the Raspberry Pi's own voltage monitor
/// (<https://docs.kernel.org/hwmon/raspberrypi-hwmon.html>). Alarms of other chips are about other voltages.
const BOARD_VOLTAGE: &str = "rpi_volt";

/// The serial number of the board: of the device tree, else the `Serial` of `/proc/cpuinfo`. Of printable ASCII
/// characters, as the cloud takes no others.
pub fn serial(proc: &Path) -> Option<String> {
    let of_the_tree = fs::read_to_string(proc.join("device-tree/serial-number")).ok();
    let of_the_processor = || {
        let text = fs::read_to_string(proc.join("cpuinfo")).ok()?;
        let value = text.lines().find_map(|line| line.strip_prefix("Serial")?.trim().strip_prefix(':'))?;
        Some(value.to_owned())
    };
    let is_serial =
        |text: &str| (1..=MAX_SERIAL).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    let clean = |text: String| text.trim_matches(['\0', '\n', ' ']).to_owned();
    let serial = of_the_tree.map(clean).filter(|text| is_serial(text));
    serial.or_else(|| of_the_processor().map(clean).filter(|text| is_serial(text)))
}

/// Whether the board has had too little voltage since this was asked last; none where nothing watches it.
pub fn is_undervolted(sys: &Path) -> Option<bool> {
    let monitors = fs::read_dir(sys.join("class/hwmon")).ok()?.filter_map(Result::ok);
    let read = |path: &Path| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    let mut of_the_board =
        monitors.filter(|monitor| read(&monitor.path().join("name")).as_deref() == Some(BOARD_VOLTAGE));
    match read(&of_the_board.next()?.path().join("in0_lcrit_alarm"))?.as_str() {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), text).unwrap();
    }

    #[test]
    fn serial_of_the_device_tree_counts_before_that_of_the_processor() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(serial(root.path()), None);
        write(root.path(), "cpuinfo", "processor\t: 0\nHardware\t: BCM2835\nSerial\t\t: 00000000a1b2c3d4\n");
        assert_eq!(serial(root.path()).as_deref(), Some("00000000a1b2c3d4"));
        write(root.path(), "device-tree/serial-number", "10000000a1b2c3d4\0");
        assert_eq!(serial(root.path()).as_deref(), Some("10000000a1b2c3d4"));
    }

    #[test]
    fn serial_that_the_cloud_would_not_take_is_none() {
        for text in ["", "\0", "a b", "caf\u{e9}", &"1".repeat(MAX_SERIAL + 1)] {
            let root = tempfile::tempdir().unwrap();
            write(root.path(), "device-tree/serial-number", text);
            assert_eq!(serial(root.path()), None, "{text:?}");
        }
    }

    #[test]
    fn voltage_is_that_of_the_boards_own_monitor_and_unknown_without_one() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(is_undervolted(root.path()), None);
        write(root.path(), "class/hwmon/hwmon0/name", "nct6775\n");
        write(root.path(), "class/hwmon/hwmon0/in0_lcrit_alarm", "1\n");
        assert_eq!(is_undervolted(root.path()), None);
        write(root.path(), "class/hwmon/hwmon1/name", "rpi_volt\n");
        for (text, told) in [("0\n", Some(false)), ("1\n", Some(true)), ("", None)] {
            write(root.path(), "class/hwmon/hwmon1/in0_lcrit_alarm", text);
            assert_eq!(is_undervolted(root.path()), told);
        }
    }
}
