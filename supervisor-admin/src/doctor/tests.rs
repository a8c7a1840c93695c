use std::path::PathBuf;

use supervisor_proto::{client::Hello, v1};

use super::{
    facts::{CoreFacts, CoreTrouble, FileFacts, LocalFacts, SocketFile, UnitState},
    *,
};
use crate::cloud_standing::CloudStanding;

fn file(mode: u32) -> FileFacts {
    FileFacts { uid: 0, gid: 65532, mode }
}

fn local() -> LocalFacts {
    LocalFacts {
        uid: 0,
        gid: 0,
        socket: PathBuf::from("/run/supervisor/core.sock"),
        socket_file: SocketFile::Socket { file: file(0o660), folder: file(0o750) },
        core_pid: Some(7),
        core_unit: None,
        led_path: PathBuf::from("/led"),
        led: Some(file(0o664)),
        now_s: 1_800_000_000,
    }
}

fn disk(free_bytes: u64, free_inodes: u64) -> v1::DiskReport {
    v1::DiskReport {
        what: "app data".to_owned(),
        path: "/resin-data".to_owned(),
        free_bytes,
        total_bytes: 10 << 30,
        free_inodes,
        total_inodes: 1000,
        ..v1::DiskReport::default()
    }
}

fn reply() -> v1::ExamineReply {
    v1::ExamineReply {
        engine: Some(v1::EngineReport { version: "20.10".to_owned(), ..v1::EngineReport::default() }),
        power: Some(v1::PowerReport::default()),
        clock: Some(v1::ClockReport { synchronised: true, ..v1::ClockReport::default() }),
        frontend: Some(v1::FrontendReport { connected: true, key_known: true, port: 48484 }),
        roles: Some(v1::RolesReport { frontend_uid: 65532, admin_gid: None, socket_gid: 65532 }),
        disks: vec![disk(5 << 30, 500)],
        policy: Some(v1::PolicyReport::default()),
        ..v1::ExamineReply::default()
    }
}

fn core(change: impl FnOnce(&mut v1::ExamineReply)) -> CoreFacts {
    let mut examined = reply();
    change(&mut examined);
    CoreFacts {
        hello: Hello { core_version: "1".to_owned(), role: v1::Role::Admin },
        apps: Ok(v1::AppsState { apps: Vec::new(), engine_available: true }),
        connectivity: Ok(v1::ConnectivityState {
            heartbeat_enabled: true,
            online: true,
            ..v1::ConnectivityState::default()
        }),
        examined: Ok(examined),
        cloud: Ok(standing("connected")),
    }
}

#[test]
fn field_that_the_engine_ignores_is_a_warning_with_app_service_and_field() {
    let field = v1::IgnoredFieldReport { app_id: 7, field: "services.main.runtime".to_owned() };
    let found = apps::evaluate(&core(|reply| reply.ignored_fields.push(field)));
    let warned: Vec<&Finding> = found.iter().filter(|finding| finding.level == Level::Warn).collect();
    let [finding] = warned.as_slice() else { panic!("{found:?}") };
    assert_eq!(finding.check, Check::Apps);
    assert!(finding.text.contains("app 7: services.main.runtime"), "{finding:?}");
}

fn standing(state: &str) -> CloudStanding {
    CloudStanding {
        state: state.to_owned(),
        answered_s_ago: None,
        last_error: None,
        refused_apps: std::collections::BTreeMap::new(),
        api_key_reported: true,
    }
}

#[test]
fn cloud_that_the_device_does_not_stand_well_with_is_named_with_an_advice() {
    let of = |cloud| Facts { local: local(), core: Ok(CoreFacts { cloud, ..core(|_| {}) }) };
    for state in ["connected", "unmanaged"] {
        assert_eq!(wrong(&of(Ok(standing(state)))), []);
    }
    for state in ["unregistered", "connecting", "unreachable", "what a newer frontend says"] {
        assert_eq!(wrong(&of(Ok(standing(state)))), [("cloud", Level::Warn)]);
    }
    for state in ["unauthorised", "unknown_device"] {
        assert_eq!(wrong(&of(Ok(standing(state)))), [("cloud", Level::Fail)]);
    }
    let unreported = CloudStanding { api_key_reported: false, ..standing("connected") };
    assert_eq!(wrong(&of(Ok(unreported.clone()))), [("cloud", Level::Warn)]);
    let alone = CloudStanding { state: "unmanaged".to_owned(), ..unreported };
    assert_eq!(wrong(&of(Ok(alone))), []);
    let refused_apps = [("a1".to_owned(), "privileged is not granted".to_owned())].into();
    assert_eq!(
        wrong(&of(Ok(CloudStanding { refused_apps, ..standing("connected") }))),
        [("cloud", Level::Fail)]
    );
    assert_eq!(wrong(&of(Err("the frontend does not answer".to_owned()))), []);
}

fn sound() -> Facts {
    Facts { local: local(), core: Ok(core(|_| {})) }
}

fn wrong(facts: &Facts) -> Vec<(&'static str, Level)> {
    let findings = evaluate(facts);
    for finding in &findings {
        let is_wrong = matches!(finding.level, Level::Warn | Level::Fail);
        assert_eq!(
            finding.advice.is_some(),
            is_wrong,
            "what is wrong, and only that, has an advice: {finding:?}"
        );
    }
    let wrong = findings.iter().filter(|finding| finding.advice.is_some());
    wrong.map(|finding| (finding.check.as_str(), finding.level)).collect()
}

#[test]
fn sound_device_has_no_advice() {
    assert_eq!(wrong(&sound()), []);
}

#[test]
fn each_fault_that_core_sees_is_found_alone() {
    type Break = fn(&mut v1::ExamineReply);
    let cases: [(Break, (&str, Level)); 14] = [
        (
            |r| {
                let (path, problem) = ("/etc/p.toml".to_owned(), "line 3: odd".to_owned());
                r.policy = Some(v1::PolicyReport { path, grants: 2, reload_problem: problem });
            },
            ("policy", Level::Warn),
        ),
        (|r| r.engine.as_mut().unwrap().problem = "gone".to_owned(), ("engine", Level::Fail)),
        (|r| r.power.as_mut().unwrap().reboot_problem = "no".to_owned(), ("power", Level::Fail)),
        (|r| r.power.as_mut().unwrap().power_off_problem = "no".to_owned(), ("power", Level::Fail)),
        (|r| r.clock.as_mut().unwrap().synchronised = false, ("clock", Level::Warn)),
        (|r| r.frontend.as_mut().unwrap().connected = false, ("frontend", Level::Warn)),
        (|r| r.frontend = Some(v1::FrontendReport::default()), ("frontend", Level::Fail)),
        (|r| r.frontend.as_mut().unwrap().key_known = false, ("frontend", Level::Warn)),
        (|r| r.disks = vec![disk(100 << 20, 500)], ("disk", Level::Warn)),
        (|r| r.disks = vec![disk(1 << 20, 500)], ("disk", Level::Fail)),
        (|r| r.disks = vec![disk(5 << 30, 3)], ("disk", Level::Warn)),
        (
            |r| r.disks = vec![v1::DiskReport { problem: "io".to_owned(), ..disk(0, 0) }],
            ("disk", Level::Warn),
        ),
        (|r| r.locks = vec![v1::LockReport::default()], ("locks", Level::Warn)),
        (|r| r.lock_problems = vec!["app 7: odd".to_owned()], ("locks", Level::Warn)),
    ];
    for (number, (fault, expected)) in cases.into_iter().enumerate() {
        let facts = Facts { local: local(), core: Ok(core(fault)) };
        assert_eq!(wrong(&facts), [expected], "case {number}");
    }
}

#[test]
fn file_system_without_inodes_of_its_own_and_one_that_core_does_not_see_are_no_fault() {
    let without = v1::DiskReport { free_inodes: 0, total_inodes: 0, ..disk(5 << 30, 0) };
    let unseen = v1::DiskReport {
        what: "engine data".to_owned(),
        not_visible: true,
        problem: "x".to_owned(),
        ..disk(0, 0)
    };
    let facts = Facts { local: local(), core: Ok(core(|reply| reply.disks = vec![without, unseen])) };
    assert_eq!(wrong(&facts), []);
}

#[test]
fn lock_of_cores_own_is_no_fault() {
    let ours = v1::LockReport { ours: true, ..v1::LockReport::default() };
    let facts = Facts { local: local(), core: Ok(core(|reply| reply.locks = vec![ours])) };
    assert_eq!(wrong(&facts), []);
}

#[test]
fn release_that_was_given_up_is_a_warning_and_one_that_stays_a_failure() {
    let failed = |restored: &str| v1::FailedRelease {
        commit: "new".to_owned(),
        restored_commit: restored.to_owned(),
        reason: "main is not healthy".to_owned(),
        at_s: 1_700_000_000,
    };
    for (restored, level) in [("old", Level::Warn), ("", Level::Fail)] {
        let mut facts = sound();
        let core = facts.core.as_mut().unwrap();
        let app =
            v1::AppState { app_id: 7, failed_release: Some(failed(restored)), ..v1::AppState::default() };
        core.apps.as_mut().unwrap().apps = vec![app];
        assert_eq!(wrong(&facts), [("apps", level)]);
        let found = evaluate(&facts).into_iter().find(|finding| finding.level == level).unwrap();
        for part in ["app 7", "new", restored, "main is not healthy"] {
            assert!(found.text.contains(part), "{part}: {}", found.text);
        }
    }
}

#[test]
fn apps_that_fail_are_ill_or_end_again_and_again_are_found() {
    let service = |state: &str, health: &str| v1::ServiceState {
        container_state: state.to_owned(),
        health: health.to_owned(),
        ..v1::ServiceState::default()
    };
    let app = v1::AppState {
        app_id: 7,
        last_error: "no such image".to_owned(),
        services: vec![
            service("running", "unhealthy"),
            service("restarting", ""),
            service("running", "healthy"),
        ],
        ..v1::AppState::default()
    };
    let mut core = core(|_| {});
    core.apps.as_mut().unwrap().apps = vec![app];
    let facts = Facts { local: local(), core: Ok(core) };
    assert_eq!(wrong(&facts), [("apps", Level::Fail), ("apps", Level::Warn), ("apps", Level::Fail)]);
}

#[test]
fn connectivity_that_is_off_or_broken_is_found_and_a_vpn_pauses_it() {
    for (enabled, vpn, online, expected) in [
        (true, false, true, None),
        (true, true, false, None),
        (false, false, true, Some(("connectivity", Level::Warn))),
        (true, false, false, Some(("connectivity", Level::Warn))),
    ] {
        let mut core = core(|_| {});
        core.connectivity = Ok(v1::ConnectivityState {
            heartbeat_enabled: enabled,
            vpn_active: vpn,
            endpoint: "api:443".to_owned(),
            online,
        });
        let found = wrong(&Facts { local: local(), core: Ok(core) });
        assert_eq!(found.first().copied(), expected);
    }
}

#[test]
fn role_frontend_sees_little_and_is_told() {
    let mut core = core(|_| {});
    core.hello.role = v1::Role::Frontend;
    core.examined = Err("this role may not do that".to_owned());
    let found = wrong(&Facts { local: local(), core: Ok(core) });
    assert_eq!(found, [("role", Level::Warn), ("examination", Level::Warn)]);
}

#[test]
fn core_that_cannot_be_reached_is_explained_by_what_is_seen_from_here() {
    let stopped = |change: fn(&mut LocalFacts)| {
        let mut local = LocalFacts { core_pid: None, ..local() };
        change(&mut local);
        wrong(&Facts { local, core: Err(CoreTrouble::Unreachable) })
    };
    let (socket, process) = (("socket", Level::Fail), ("process", Level::Fail));
    assert_eq!(stopped(|_| {}), [socket, process]);
    assert_eq!(stopped(|local| local.socket_file = SocketFile::Missing), [socket, process]);
    assert_eq!(stopped(|local| local.socket_file = SocketFile::NotASocket), [socket, process]);
    assert_eq!(stopped(|local| local.core_pid = Some(1)), [socket, ("process", Level::Warn)]);
    let failed = stopped(|local| {
        local.core_unit = Some(UnitState { active: "failed".to_owned(), result: "exit-code".to_owned() });
    });
    assert_eq!(failed, [socket, process, ("unit", Level::Fail)]);
}

#[test]
fn each_other_trouble_with_core_is_one_finding() {
    for (trouble, check) in [
        (CoreTrouble::Closed, "socket"),
        (CoreTrouble::NoRole, "role"),
        (CoreTrouble::OtherContract("contract 2".to_owned()), "contract"),
        (CoreTrouble::Silent("broken pipe".to_owned()), "core"),
    ] {
        assert_eq!(wrong(&Facts { local: local(), core: Err(trouble) }), [(check, Level::Fail)]);
    }
}

#[test]
fn socket_that_is_open_to_everybody_is_found() {
    for (file_mode, folder_mode) in [(0o666, 0o750), (0o660, 0o755)] {
        let socket_file = SocketFile::Socket { file: file(file_mode), folder: file(folder_mode) };
        let facts = Facts { local: LocalFacts { socket_file, ..local() }, ..sound() };
        assert_eq!(wrong(&facts), [("socket", Level::Warn)]);
    }
}

#[test]
fn led_is_judged_by_what_the_frontend_may_do() {
    let led = |uid, gid, mode| {
        let led = Some(FileFacts { uid, gid, mode });
        wrong(&Facts { local: LocalFacts { led, ..local() }, ..sound() })
    };
    assert_eq!(led(0, 65532, 0o664), []);
    assert_eq!(led(65532, 0, 0o600), []);
    assert_eq!(led(0, 0, 0o666), []);
    for (uid, gid, mode) in [(0, 0, 0o644), (0, 65532, 0o606), (65532, 65532, 0o466)] {
        assert_eq!(led(uid, gid, mode), [("led", Level::Warn)], "{uid} {gid} {mode:o}");
    }
    assert_eq!(wrong(&Facts { local: LocalFacts { led: None, ..local() }, ..sound() }), []);
}

#[test]
fn year_that_cannot_be_is_found_also_without_core() {
    for now_s in [0, 1_000_000_000, 5_000_000_000] {
        let facts = Facts { local: LocalFacts { now_s, ..local() }, ..sound() };
        assert_eq!(wrong(&facts), [("clock", Level::Fail)], "{now_s}");
    }
}
