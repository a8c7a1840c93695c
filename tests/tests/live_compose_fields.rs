//! Fields of compose files, seen to take effect in the containers of a real engine.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use supervisor_tests::Result;
use supervisor_tests::engine::Engine;
use supervisor_tests::live::Supervisor;
use supervisor_tests::live_app::LiveApp;
use supervisor_tests::scratch::Folder;
use supervisor_tests::wait::{check, wait_until};

const SOON: Duration = Duration::from_mins(2);
const FIELDS: &str = include_str!("../files/fields.yaml");

/// The app of `fields.yaml`, applied, and the folder that it mounts.
struct Fields {
    app: LiveApp,
    engine: Engine,
    folder: Folder,
    text: String,
}

impl Fields {
    fn apply(supervisor: &Supervisor) -> Result<Self> {
        let folder = Folder::new()?;
        fs::write(folder.path().join("seen"), "by the host")?;
        let text = FIELDS.replace("FOLDER", &folder.path().to_string_lossy());
        let fields = Self { app: LiveApp::new(), engine: Engine::default(), folder, text };
        supervisor.apply(fields.app.id, &fields.text)?;
        Ok(fields)
    }

    fn container(&self, service: &str) -> Result<String> {
        self.engine.running_service(self.app.id, service)
    }

    fn containers(&self) -> Result<[String; 2]> {
        Ok([self.container("main")?, self.container("other")?])
    }

    fn in_main(&self, line: &str) -> Result<String> {
        self.engine.shell(&self.container("main")?, line)
    }

    fn id(&self) -> String {
        self.app.id.to_string()
    }
}

#[test]
fn every_field_takes_effect_in_the_container() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let fields = Fields::apply(&supervisor)?;
    let mut wrong = Vec::new();
    for (line, expected) in [
        // The engine's init, whatever it is called.
        ("grep -q '^sh$' /proc/1/comm || echo init", "init"),
        ("touch /x 2>/dev/null || echo read-only", "read-only"),
        ("hostname", "pump-7"),
        ("grep -c '^search.*plant.example' /etc/resolv.conf", "1"),
        ("grep -c 10.9.8.7 /etc/hosts", "1"),
        ("test -c /dev/ttyS9 && echo device", "device"),
        ("grep NoNewPrivs /proc/self/status | cut -f 2", "1"),
        ("grep Groups /proc/self/status | grep -wc 44", "1"),
        ("cat /proc/sys/net/core/somaxconn", "256"),
        // Not the soft limit of files: the engine's runtime, written in Go, raises its own and at times hands it on.
        ("echo $(ulimit -Hn) $(ulimit -c)", "1024 0"),
        ("grep Cpus_allowed_list /proc/self/status | cut -f 2", "0"),
        ("cat /proc/1/oom_score_adj", "100"),
        ("df -k /dev/shm | tail -n 1 | awk '{print $2}'", "8192"),
        ("df -k /run | tail -n 1 | awk '{print $2}'", "1024"),
        ("df -k /scratch | tail -n 1 | awk '{print $2}'", "2048"),
        ("grep -c ' /memory tmpfs ' /proc/mounts", "1"),
        ("stat -c %a /run /scratch /memory | tr '\\n' ' '", "700 1770 1770 "),
        ("cat /host/seen /strict/seen", "by the hostby the host"),
        ("touch /host/x 2>/dev/null || echo read-only", "read-only"),
        ("touch /strict/from-inside && echo written", "written"),
        ("touch /store/x /data/x /tmp/balena/x && rm /tmp/balena/x && echo writable", "writable"),
    ] {
        let found = fields.in_main(line).unwrap_or_else(|error| error.to_string());
        if found.trim_end() != expected.trim_end() {
            wrong.push(format!("{line}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(fields.folder.path().join("from-inside").exists());
    // On its way from the container to the engine's file.
    wait_until("the app's words", SOON, || {
        let said = supervisor.admin_ok(&["app", "logs", &fields.id(), "--service", "main"])?;
        check(said.trim() == "says hello", said)
    })?;
    let main =
        ["app", "logs", &fields.id(), "--service", "main", "--timestamps", "--since"].map(str::to_owned);
    let since = |time: &'static str| {
        let words: Vec<&str> = main.iter().map(String::as_str).chain([time]).collect();
        supervisor.admin_ok(&words)
    };
    let timed = since("1h")?;
    let (time, line) = timed.trim().split_once(' ').ok_or("no time")?;
    assert!(time.contains('T') && line == "says hello", "{timed}");
    assert_eq!(since("2200-01-01T00:00:00Z")?, "");
    // CHOWN is bit 0 and MKNOD bit 27 of the kernel's mask.
    let bounding = fields.in_main("grep CapBnd /proc/self/status | cut -f 2")?;
    assert_eq!(u64::from_str_radix(bounding.trim(), 16)? & (1 | 1 << 27), 0, "{bounding}");
    Ok(())
}

#[test]
fn every_field_is_what_the_engine_was_asked_for() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let fields = Fields::apply(&supervisor)?;
    let found = fields.engine.inspect(&fields.container("main")?)?;
    let mut wrong = Vec::new();
    for (path, expected) in [
        ("/Config/Tty", json!(true)),
        ("/Config/OpenStdin", json!(true)),
        ("/HostConfig/Dns", json!(["10.9.8.1", "10.9.8.2"])),
        ("/HostConfig/DnsSearch", json!(["plant.example"])),
        ("/HostConfig/DnsOptions", json!(["ndots:2"])),
        ("/HostConfig/Memory", json!(67_108_864)),
        ("/HostConfig/MemoryReservation", json!(33_554_432)),
        ("/HostConfig/PidsLimit", json!(50)),
        ("/HostConfig/NanoCpus", json!(500_000_000)),
        ("/HostConfig/CpuShares", json!(512)),
        ("/HostConfig/LogConfig/Type", json!("json-file")),
        ("/HostConfig/Privileged", json!(false)),
    ] {
        if found.pointer(path) != Some(&expected) {
            wrong.push(format!("{path}: {:?}, not {expected}", found.pointer(path)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let mounts = found["Mounts"].as_array().ok_or("no mounts")?;
    let strict = mounts.iter().find(|mount| mount["Destination"] == "/strict").ok_or("no strict bind")?;
    assert_eq!(strict["Propagation"], "private");
    let volume = fields.engine.docker(&["volume", "inspect", &format!("{}_store", fields.app.id)])?;
    let volume: Value = serde_json::from_str(&volume)?;
    assert_eq!(volume.pointer("/0/Labels/plant"), Some(&json!("seven")));
    Ok(())
}

#[test]
fn domain_name_ipc_mode_and_log_options_are_what_the_engine_was_asked_for() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let fields = Fields::apply(&supervisor)?;
    let found = fields.engine.inspect(&fields.container("main")?)?;
    assert_eq!(found.pointer("/Config/Domainname"), Some(&json!("plant.example")));
    assert_eq!(found.pointer("/HostConfig/IpcMode"), Some(&json!("private")));
    let options = json!({"max-size": "1m", "max-file": "2"});
    assert_eq!(found.pointer("/HostConfig/LogConfig/Config"), Some(&options));
    Ok(())
}

#[test]
fn change_of_one_field_is_planned_and_recreates_exactly_its_service() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let fields = Fields::apply(&supervisor)?;
    let mut before = fields.containers()?;
    let file = Folder::new()?;
    let path = file.join("changed.yaml");
    for (old, new, field) in [
        ("hostname: pump-7", "hostname: pump-8", "hostname"),
        ("read_only: true", "read_only: false", "read_only"),
        ("size=1m,mode=0700", "size=2m,mode=0700", "tmpfs"),
        ("cap_drop: [CHOWN, CAP_MKNOD]", "cap_drop: [CHOWN]", "cap_drop"),
        ("mem_limit: 64m", "mem_limit: 65m", "mem_limit"),
        (":/host:ro", ":/host", "volumes"),
    ] {
        fs::write(&path, fields.text.replace(old, new))?;
        let plan = supervisor.admin_ok(&[
            "app",
            "plan",
            &path,
            "--app-id",
            &fields.id(),
            "--name",
            "demo",
            "--json",
        ])?;
        let plan: Value = serde_json::from_str(&plan)?;
        let changed: Vec<(&str, Vec<&str>)> = plan["services"]
            .as_array()
            .ok_or("no services")?
            .iter()
            .filter(|service| service["change"] != "none")
            .map(|service| {
                let fields = service["changed_fields"].as_array().into_iter().flatten();
                (service["name"].as_str().unwrap_or_default(), fields.filter_map(Value::as_str).collect())
            })
            .collect();
        assert_eq!(changed, [("main", vec![field])], "{plan}");

        supervisor.apply(fields.app.id, &fields.text.replace(old, new))?;
        let after = fields.containers()?;
        assert_ne!(after[0], before[0], "{field}");
        assert_eq!(after[1], before[1], "{field}");
        before = after;
        supervisor.apply(fields.app.id, &fields.text)?;
        before[0] = fields.container("main")?;
    }
    Ok(())
}

#[test]
fn app_whose_record_is_lost_is_adopted_with_every_field() -> Result<()> {
    let mut supervisor = Supervisor::start(&[])?;
    let fields = Fields::apply(&supervisor)?;
    let before = fields.containers()?;
    supervisor.kill_core();
    fs::remove_dir_all(supervisor.core_state().join("apps"))?;
    supervisor.start_core()?;

    // What was adopted and what the file says are the same: nothing is made anew.
    supervisor.apply(fields.app.id, &fields.text)?;
    assert_eq!(fields.containers()?, before, "{}", supervisor.logs());
    Ok(())
}

#[test]
fn apply_of_access_to_the_host_warns_and_carries_it_out() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::new();
    supervisor.remove_at_end(app.id);
    let folder = Folder::new()?;
    let file = folder.join("app.yaml");
    let text = "services:\n  main:\n    image: supervisor-test-app\n    uts: host\n    volumes:\n      - /run:/host-run:ro\n";
    fs::write(&file, text)?;

    let id = app.id.to_string();
    let applied = supervisor.admin(&["app", "apply", &file, "--app-id", &id, "--name", "demo"])?;

    assert_eq!(applied.code, Some(0), "{applied:?}");
    for warned in ["services.main.uts gives the container access", "engine's socket"] {
        assert!(applied.stderr.contains(warned), "{}", applied.stderr);
    }
    let host = fs::read_to_string("/proc/sys/kernel/hostname")?;
    assert_eq!(Engine::default().shell(&app.container()?, "hostname")?.trim(), host.trim());
    Ok(())
}
