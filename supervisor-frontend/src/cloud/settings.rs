//! What the cloud's configuration variables say to the supervisor itself.

use std::{collections::HashMap, time::Duration};

/// The `config` entries of a target state that concern the supervisor, each known by a name that begins with
/// `RESIN_SUPERVISOR_` or `BALENA_SUPERVISOR_`; where both are there, the latter counts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the contract")]
pub struct CloudSettings {
    /// `…_POLL_INTERVAL`, milliseconds: between two questions for the target.
    pub poll_interval: Duration,
    /// `…_OVERRIDE_LOCK`: updates do not wait for the apps' locks.
    pub override_lock: bool,
    /// `…_CONNECTIVITY_CHECK`: the heartbeat.
    pub connectivity_check: bool,
    /// `…_VPN_CONTROL`: the device's VPN is to be up.
    pub vpn: bool,
    /// `…_LOG_CONTROL`: logs go to the cloud.
    pub logs: bool,
    /// `…_INSTANT_UPDATE_TRIGGER`: the first question after a start comes soon, and a nudge asks at once.
    pub instant_update: bool,
    /// `…_UPDATE_STRATEGY`: of services whose labels name none.
    pub update_strategy: Option<String>,
    /// `…_HANDOVER_TIMEOUT`, milliseconds: the same.
    pub handover_timeout: Option<String>,
}

impl Default for CloudSettings {
    fn default() -> Self {
        Self {
            poll_interval: Duration::from_mins(15),
            override_lock: false,
            connectivity_check: true,
            vpn: true,
            logs: true,
            instant_update: true,
            update_strategy: None,
            handover_timeout: None,
        }
    }
}

/// A value that is not understood; the default is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WrongValue {
    /// The variable.
    pub name: String,
    /// What is expected of it.
    pub expected: &'static str,
}

/// Families of names; the later one counts.
const PREFIXES: [&str; 2] = ["RESIN_SUPERVISOR_", "BALENA_SUPERVISOR_"];
/// Intervals that are believed: ten seconds to a day.
pub const SHORTEST_INTERVAL: Duration = Duration::from_secs(10);
/// See [`SHORTEST_INTERVAL`].
pub const LONGEST_INTERVAL: Duration = Duration::from_hours(24);
const INTERVALS_MS: std::ops::RangeInclusive<u64> = 10_000..=86_400_000;
const HANDOVERS_MS: std::ops::RangeInclusive<u64> = 1..=86_400_000;
const STRATEGIES: [&str; 4] =
    ["download-then-kill", "kill-then-download", "delete-then-download", "hand-over"];

impl CloudSettings {
    /// Reads the variables of one target; what they do not say is as in `defaults`.
    pub fn read(config: &HashMap<String, String>, defaults: &Self) -> (Self, Vec<WrongValue>) {
        let mut read = defaults.clone();
        let mut wrong = Vec::new();
        for prefix in PREFIXES {
            for (name, value) in config {
                let Some(switch) = name.strip_prefix(prefix) else { continue };
                if let Err(expected) = read.set(switch, value.trim()) {
                    wrong.push(WrongValue { name: name.clone(), expected });
                }
            }
        }
        wrong.sort();
        (read, wrong)
    }

    fn set(&mut self, switch: &str, value: &str) -> Result<(), &'static str> {
        match switch {
            "POLL_INTERVAL" => {
                let expected = "milliseconds, 10000 to 86400000";
                self.poll_interval = Duration::from_millis(within(value, &INTERVALS_MS).ok_or(expected)?);
            }
            "OVERRIDE_LOCK" => self.override_lock = flag(value)?,
            "CONNECTIVITY_CHECK" => self.connectivity_check = flag(value)?,
            "VPN_CONTROL" => self.vpn = flag(value)?,
            "LOG_CONTROL" => self.logs = flag(value)?,
            "INSTANT_UPDATE_TRIGGER" => self.instant_update = flag(value)?,
            "UPDATE_STRATEGY" => {
                let expected = "download-then-kill, kill-then-download, delete-then-download or hand-over";
                let known = STRATEGIES.contains(&value).then(|| value.to_owned());
                self.update_strategy = Some(known.ok_or(expected)?);
            }
            "HANDOVER_TIMEOUT" => {
                let milliseconds = within(value, &HANDOVERS_MS).ok_or("milliseconds, 1 to 86400000")?;
                self.handover_timeout = Some(milliseconds.to_string());
            }
            _ => {}
        }
        Ok(())
    }
}

fn flag(value: &str) -> Result<bool, &'static str> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "on" => Ok(true),
        "0" | "false" | "off" => Ok(false),
        _ => Err("1, true or on; 0, false or off"),
    }
}

fn within(value: &str, range: &std::ops::RangeInclusive<u64>) -> Option<u64> {
    value.parse().ok().filter(|milliseconds| range.contains(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<const N: usize>(config: [(&str, &str); N]) -> (CloudSettings, Vec<WrongValue>) {
        let config = config.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        CloudSettings::read(&config, &CloudSettings::default())
    }

    #[test]
    fn settings_without_variables_are_the_defaults() {
        assert_eq!(read([("PORT", "80"), ("RESIN_HOST_NAME", "x")]), (CloudSettings::default(), vec![]));
    }

    #[test]
    fn settings_by_names_of_both_families_are_read() {
        for prefix in PREFIXES {
            let pairs = [
                ("POLL_INTERVAL", "600000"),
                ("OVERRIDE_LOCK", "1"),
                ("CONNECTIVITY_CHECK", "false"),
                ("VPN_CONTROL", "off"),
                ("LOG_CONTROL", "0"),
                ("INSTANT_UPDATE_TRIGGER", "False"),
                ("UPDATE_STRATEGY", "hand-over"),
                ("HANDOVER_TIMEOUT", "60000"),
            ];
            let config = pairs.map(|(name, value)| (format!("{prefix}{name}"), value.to_owned())).into();
            let (settings, wrong) = CloudSettings::read(&config, &CloudSettings::default());
            let expected = CloudSettings {
                poll_interval: Duration::from_mins(10),
                override_lock: true,
                connectivity_check: false,
                vpn: false,
                logs: false,
                instant_update: false,
                update_strategy: Some("hand-over".to_owned()),
                handover_timeout: Some("60000".to_owned()),
            };
            assert_eq!((settings, wrong), (expected, vec![]));
        }
    }

    #[test]
    fn settings_in_both_families_are_as_the_newer_name_says() {
        let (settings, _) =
            read([("BALENA_SUPERVISOR_VPN_CONTROL", "false"), ("RESIN_SUPERVISOR_VPN_CONTROL", "true")]);
        assert!(!settings.vpn);
    }

    #[test]
    fn settings_of_a_wrong_value_keep_the_default_and_name_the_variable() {
        for (name, value) in [
            ("RESIN_SUPERVISOR_POLL_INTERVAL", "0"),
            ("RESIN_SUPERVISOR_POLL_INTERVAL", "9999"),
            ("RESIN_SUPERVISOR_POLL_INTERVAL", "86400001"),
            ("RESIN_SUPERVISOR_POLL_INTERVAL", "15m"),
            ("BALENA_SUPERVISOR_POLL_INTERVAL", "99999999999999999999999"),
            ("BALENA_SUPERVISOR_OVERRIDE_LOCK", "yes"),
            ("BALENA_SUPERVISOR_LOG_CONTROL", ""),
            ("BALENA_SUPERVISOR_UPDATE_STRATEGY", "hope"),
            ("BALENA_SUPERVISOR_HANDOVER_TIMEOUT", "-1"),
        ] {
            let (settings, wrong) = read([(name, value)]);
            assert_eq!(settings, CloudSettings::default(), "{name}={value}");
            assert_eq!(wrong.iter().map(|wrong| wrong.name.as_str()).collect::<Vec<_>>(), [name]);
        }
    }
}
