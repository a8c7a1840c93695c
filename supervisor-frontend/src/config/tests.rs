use std::collections::BTreeMap;

use clap::CommandFactory as _;

use super::*;

/// Every variable.
const VARIABLES: [&str; 17] = [
    "CORE_SOCKET",
    "FRONTEND_STATE_DIR",
    "LISTEN_ADDRESS",
    "LISTEN_PORT",
    "TTY_LISTEN_PORT",
    "TTY_UNUSED_TIMEOUT",
    "TTY_IDLE_TIMEOUT",
    "TTY_TUNNEL_COMMAND",
    "LISTEN_INTERFACES",
    "RESIN_SUPERVISOR_SECRET",
    "API_ENDPOINT",
    "CONFIG_JSON",
    "APPLICATION_UPDATE_POLL_INTERVAL",
    "NODE_EXTRA_CA_CERTS",
    "LED_FILE",
    "HOST_OS_VERSION_PATH",
    "SUPERVISOR_LOG",
];

fn load_with(arguments: &[&str], variables: &[(&str, &str)]) -> Result<(Command, Config), Stop> {
    let arguments = std::iter::once("supervisor-frontend").chain(arguments.iter().copied());
    load(arguments.map(OsString::from), |name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
    })
}

fn mistake(variables: &[(&str, &str)]) -> String {
    match load_with(&[], variables) {
        Err(Stop::Setting(error)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn defaults_are_those_of_the_contract() {
    let (command, config) = load_with(&[], &[]).unwrap();
    assert_eq!(command, Command::Serve);
    assert_eq!(config.core_socket, PathBuf::from("/run/supervisor/core.sock"));
    assert_eq!(config.state_dir, PathBuf::from("/var/lib/supervisor/frontend"));
    assert_eq!(config.listen.to_string(), "0.0.0.0:48484");
    assert_eq!(config.led_file, PathBuf::from("/sys/class/leds/led0/brightness"));
    assert_eq!(config.os_release, PathBuf::from("/etc/os-release"));
    assert_eq!(config.log_filter, "info");
    assert!(config.fixed_key.is_none());
    assert_eq!((config.tty_port, config.tunnel), (48485, None));
    let Allowance { unused, idle } = config.tty_allowance;
    assert_eq!((unused, idle), (Duration::from_mins(10), Duration::from_mins(30)));
}

#[test]
fn variables_that_are_empty_count_as_unset() {
    let (_, config) = load_with(&[], &VARIABLES.map(|name| (name, ""))).unwrap();
    assert_eq!(config.listen.to_string(), "0.0.0.0:48484");
    assert!(config.fixed_key.is_none() && config.interfaces.is_none());
}

#[test]
fn cloud_is_none_by_default_and_taken_from_variables() {
    let cloud = load_with(&[], &[]).unwrap().1.cloud;
    assert_eq!((cloud.api_endpoint, cloud.extra_authorities), (None, None));
    assert_eq!(cloud.config_json, PathBuf::from("/mnt/boot/config.json"));
    let variables = [("API_ENDPOINT", "https://api.example.org"), ("NODE_EXTRA_CA_CERTS", "/ca.pem")];
    let cloud = load_with(&[], &variables).unwrap().1.cloud;
    assert_eq!(cloud.api_endpoint, "https://api.example.org".parse().ok());
    assert_eq!(cloud.extra_authorities, Some(PathBuf::from("/ca.pem")));
}

#[test]
fn cloud_whose_address_makes_no_sense_is_refused_and_a_password_not_shown() {
    let expected =
        "expected an http or https URL of an ASCII host, without user, password, query and fragment";
    assert_eq!(mistake(&[("API_ENDPOINT", "api.x")]), format!("API_ENDPOINT=api.x: {expected}"));
    let hidden = mistake(&[("API_ENDPOINT", "https://me:bananas@api.example.org")]);
    assert_eq!(hidden, format!("API_ENDPOINT=(not shown): {expected}"));
}

#[test]
fn interfaces_are_taken_from_variable_or_flag() {
    let (_, config) = load_with(&[], &[("LISTEN_INTERFACES", "lo,tun0")]).unwrap();
    assert_eq!(config.interfaces.unwrap().to_string(), "lo,tun0");
    let (_, config) = load_with(&["--listen-interfaces", "docker0"], &[("LISTEN_INTERFACES", "lo")]).unwrap();
    assert_eq!(config.interfaces.unwrap().to_string(), "docker0");
}

#[test]
fn flags_win_over_variables_before_and_after_the_verb() {
    for arguments in [["--listen-port", "1", "healthcheck"], ["healthcheck", "--listen-port", "1"]] {
        let (command, config) =
            load_with(&arguments, &[("LISTEN_PORT", "2"), ("LISTEN_ADDRESS", "::1")]).unwrap();
        assert_eq!(command, Command::Healthcheck);
        assert_eq!(config.listen.to_string(), "[::1]:1");
    }
}

#[test]
fn values_that_make_no_sense_are_named_on_one_line() {
    let expected = [
        (("LISTEN_PORT", "banana"), "LISTEN_PORT=banana: expected a TCP port, 0 to 65535 (0: any free one)"),
        (("LISTEN_PORT", "65536"), "LISTEN_PORT=65536: expected a TCP port, 0 to 65535 (0: any free one)"),
        (("TTY_LISTEN_PORT", "x"), "TTY_LISTEN_PORT=x: expected a TCP port, 0 to 65535 (0: any free one)"),
        (("TTY_LISTEN_PORT", "48484"), "TTY_LISTEN_PORT=48484: expected another port than LISTEN_PORT"),
        (("LISTEN_ADDRESS", "a\nb"), "LISTEN_ADDRESS=a\\nb: expected an IPv4 or IPv6 address"),
        (
            ("LISTEN_INTERFACES", "lo;tun0/"),
            "LISTEN_INTERFACES=lo;tun0/: expected up to 64 interface names with commas, such as lo,docker0,tun0",
        ),
        (("CORE_SOCKET", "core.sock"), "CORE_SOCKET=core.sock: expected an absolute path"),
        (("FRONTEND_STATE_DIR", "x"), "FRONTEND_STATE_DIR=x: expected an absolute path"),
        (("LED_FILE", "x"), "LED_FILE=x: expected an absolute path"),
        (("HOST_OS_VERSION_PATH", "x"), "HOST_OS_VERSION_PATH=x: expected an absolute path"),
    ];
    for (variable, line) in expected {
        assert_eq!(mistake(&[variable]), line);
    }
    for name in ["LISTEN_PORT", "TTY_LISTEN_PORT"] {
        let any_port = mistake(&[("LISTEN_INTERFACES", "lo"), (name, "0")]);
        assert!(any_port.starts_with(&format!("{name}=0: expected a fixed port")), "{any_port}");
    }
    assert!(mistake(&[("SUPERVISOR_LOG", "inof")]).starts_with("SUPERVISOR_LOG=inof: expected off, error"));
    let long = format!("/{}", "x".repeat(107));
    assert!(mistake(&[("CORE_SOCKET", &long)]).ends_with("expected a path of at most 107 bytes"));
}

#[test]
fn secret_is_taken_and_never_shown() {
    let (_, config) = load_with(&[], &[("RESIN_SUPERVISOR_SECRET", "bananas")]).unwrap();
    assert!(!format!("{config:?}").contains("bananas"));
    assert_eq!(config.fixed_key.unwrap().expose(), "bananas");
    let line = mistake(&[("RESIN_SUPERVISOR_SECRET", "not a word")]);
    assert!(!line.contains("not a word") && line.starts_with("RESIN_SUPERVISOR_SECRET="), "{line}");
}

#[test]
fn lifetimes_of_terminals_are_taken_with_their_units() {
    let variables = [("TTY_UNUSED_TIMEOUT", "90s"), ("TTY_IDLE_TIMEOUT", "1h 30m")];
    let Allowance { unused, idle } = load_with(&[], &variables).unwrap().1.tty_allowance;
    assert_eq!((unused, idle), (Duration::from_secs(90), Duration::from_mins(90)));
}

#[test]
fn lifetime_that_is_no_duration_or_out_of_bounds_is_refused() {
    for name in ["TTY_UNUSED_TIMEOUT", "TTY_IDLE_TIMEOUT"] {
        for value in ["10", "0s", "999ms", "-1m", "31d", "18446744073709551615s", "soon"] {
            let line = mistake(&[(name, value)]);
            let expected = format!("{name}={value}: expected a duration from 1s to 30d, such as 90s or 10m");
            assert_eq!(line, expected);
        }
        assert!(load_with(&[], &[(name, "30d")]).is_ok());
    }
}

#[test]
fn tunnel_command_is_taken_and_a_wrong_one_never_shown() {
    let (_, config) = load_with(&["--tty-tunnel-command", "ngrok http {port}"], &[]).unwrap();
    assert!(!format!("{config:?}").contains("ngrok"));
    let (program, arguments) = config.tunnel.unwrap().words(1);
    assert_eq!((program.as_str(), arguments), ("ngrok", vec!["http".to_owned(), "1".to_owned()]));
    let line = mistake(&[("TTY_TUNNEL_COMMAND", "ngrok --password 'hunter2")]);
    assert!(line.starts_with("TTY_TUNNEL_COMMAND=(not shown): expected a command"), "{line}");
}

#[test]
fn help_names_every_variable_and_no_secret_value() {
    let secrets =
        [("RESIN_SUPERVISOR_SECRET", "bananas"), ("TTY_TUNNEL_COMMAND", "ngrok --password hunter2")];
    let help = load_with(&["--help"], &secrets).unwrap_err().to_string();
    for name in VARIABLES {
        assert!(help.contains(name), "{name}\n{help}");
    }
    assert!(!help.contains("bananas") && !help.contains("hunter2"), "{help}");
}

#[test]
fn unknown_flag_is_a_mistake_in_the_arguments() {
    assert!(matches!(load_with(&["--nonsense"], &[]), Err(Stop::Arguments(_))));
}

#[test]
fn table_of_the_readme_has_exactly_the_variables_and_their_defaults() {
    let text = |os: &OsStr| os.to_str().unwrap().to_owned();
    // A secret has no flag.
    let mut declared = BTreeMap::from([(SECRET_VARIABLE.to_owned(), None)]);
    for argument in cli::Cli::command().get_arguments() {
        let default = argument.get_default_values().first();
        declared.extend(argument.get_env().map(|name| (text(name), default.map(|value| text(value)))));
    }
    let documented = supervisor_docs::settings("frontend").into_iter();
    let documented = documented.map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned)));
    assert_eq!(declared, documented.collect());
}
