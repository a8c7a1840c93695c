//! The owner's policy on this machine's engine: the frontend's user applies targets through the real programs.

use std::fs;
use std::os::unix::fs::symlink;

use supervisor_tests::Result;
use supervisor_tests::app::IMAGE;
use supervisor_tests::compose::one_service;
use supervisor_tests::engine::Engine;
use supervisor_tests::live::Supervisor;
use supervisor_tests::live_app::LiveApp;
use supervisor_tests::scratch::Folder;

/// The tool's exit code for what is not allowed.
const NOT_ALLOWED: Option<i32> = Some(77);

/// What the refusal of something says that no line of a policy opens.
const NO_GRANT: &str = "no grant allows it";

/// Lines of a service that lead to root, the field that is refused for each, and how the granting line begins.
const WAYS: [(&str, &str, &str); 17] = [
    ("volumes: ['/:/host']", "volumes", r#"binds = [{ source = "/" }]"#),
    ("volumes: ['/var/run/docker.sock:/x']", "volumes", r#"binds = [{ source = "/var/run/docker.sock" }]"#),
    ("privileged: true", "privileged", "privileged = true"),
    ("cap_add: [SYS_ADMIN]", "cap_add", r#"cap_add = ["SYS_ADMIN"]"#),
    ("devices: ['/dev/null:/dev/x']", "devices", r#"devices = ["/dev/null"]"#),
    ("device_cgroup_rules: ['a *:* rwm']", "device_cgroup_rules", r#"device_cgroup_rules = ["a *:* rwm"]"#),
    ("pid: host", "pid", r#"pid = "host""#),
    ("ipc: host", "ipc", r#"ipc = "host""#),
    ("uts: host", "uts", r#"uts = "host""#),
    ("security_opt: ['seccomp=unconfined']", "security_opt", r#"security_opt = ["seccomp=unconfined"]"#),
    ("group_add: ['0']", "group_add", r#"group_add = ["0"]"#),
    (
        "sysctls: {net.ipv4.ip_forward: '1'}",
        "sysctls.net.ipv4.ip_forward",
        r#"sysctls = { "net.ipv4.ip_forward" = "1" }"#,
    ),
    ("runtime: runc", "runtime", r#"runtime = "runc""#),
    ("cgroup_parent: /", "cgroup_parent", r#"cgroup_parent = "/""#),
    ("ports: ['48484:80']", "ports", NO_GRANT),
    ("labels: {io.balena.features.dbus: '1'}", "labels.io.balena.features.dbus", r#"features = ["dbus"]"#),
    ("logging: {driver: syslog}", "logging", r#"logging = { driver = "syslog", options = {"#),
];

fn containers(app: &LiveApp) -> Result<usize> {
    Ok(Engine::default().service_containers(app.id, "main")?.len())
}

#[test]
fn ordinary_app_of_the_frontend_runs_and_the_owners_is_not_replaced() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let (app, owners) = (LiveApp::new(), LiveApp::apply(&supervisor)?);

    let applied = supervisor.apply_as_frontend(app.id, &one_service(IMAGE, &["ports: ['18080']"]))?;
    let replaced = supervisor.apply_as_frontend(owners.id, &one_service(IMAGE, &[]))?;

    assert_eq!(applied.code, Some(0), "{applied:?} {}", supervisor.logs());
    app.container()?;
    assert_eq!(replaced.code, NOT_ALLOWED, "{replaced:?}");
    Ok(())
}

#[test]
fn every_way_to_root_is_refused_and_makes_no_container() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::new();
    let link = supervisor.data(app.id).join("link");
    fs::create_dir_all(supervisor.data(app.id))?;
    symlink("/", &link)?;
    let planted = format!("volumes: ['{}:/host']", link.display());
    let planted_long = format!("volumes: [{{type: bind, source: '{}', target: /host}}]", link.display());
    let ways = [(planted.as_str(), "volumes", NO_GRANT), (&planted_long, "volumes", NO_GRANT)];
    let of = format!("; app {}, service main: ", app.id);
    for (way, field, grant) in ways.into_iter().chain(WAYS) {
        let refused = supervisor.apply_as_frontend(app.id, &one_service(IMAGE, &[way]))?;
        assert_eq!(refused.code, NOT_ALLOWED, "{way}: {refused:?}\n{}", supervisor.logs());
        let (what, how) = refused.stderr.split_once(&of).ok_or("no app")?;
        assert!(what.contains(&format!("services.main.{field}: ")), "{way}: {refused:?}");
        let granting = how.rsplit_once(" with the line ").map_or(how, |(_, line)| line);
        assert!(granting.starts_with(grant), "{way}: {refused:?}");
    }
    assert_eq!(containers(&app)?, 0);
    Ok(())
}

#[test]
fn symlink_in_place_of_the_apps_own_folder_is_refused() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let app = LiveApp::new();
    symlink("/etc", supervisor.data(app.id))?;

    let refused = supervisor.apply_as_frontend(app.id, &one_service(IMAGE, &[]))?;

    assert_eq!(refused.code, NOT_ALLOWED, "{refused:?}\n{}", supervisor.logs());
    assert_eq!(containers(&app)?, 0);
    Ok(())
}

#[test]
fn grant_opens_what_it_names_and_nothing_in_the_apps_own_folder() -> Result<()> {
    let folder = Folder::new()?;
    let (app, policy) = (LiveApp::new(), folder.join("policy.toml"));
    let shared = shared_folder(&folder)?;
    let grant = format!(
        "[[grant]]\napp = {}\nservice = \"main\"\nimage = \"supervisor-test-app\"\ncap_add = [\"NET_ADMIN\"]\n\
         binds = [{{ source = \"{shared}\", read_only = true }}]\n",
        app.id
    );
    fs::write(&policy, grant)?;
    let supervisor = Supervisor::start(&[("CORE_POLICY", &policy)])?;
    let bind = format!("volumes: ['{shared}:/host:ro']");
    let both = ["cap_add: [NET_ADMIN]", bind.as_str()];

    let granted = supervisor.apply_as_frontend(app.id, &one_service(IMAGE, &both))?;
    let more = supervisor.apply_as_frontend(app.id, &one_service(IMAGE, &["cap_add: [SYS_ADMIN]"]))?;

    assert_eq!(granted.code, Some(0), "{granted:?}\n{}", supervisor.logs());
    assert_eq!(more.code, NOT_ALLOWED, "{more:?}");
    assert!(more.stderr.ends_with(r#"cap_add = ["SYS_ADMIN"]"#), "{more:?}");
    let container = app.container()?;
    let seen = Engine::default().inspect(&container)?;
    assert!(seen.to_string().contains("NET_ADMIN"), "{seen}");

    // The owner's folder becomes a link into the app's: the grant is void.
    fs::create_dir_all(supervisor.data(app.id).join("sub"))?;
    fs::remove_dir(&shared)?;
    symlink(supervisor.data(app.id).join("sub"), &shared)?;
    let led_away = supervisor.client()?.post("/v1/restart", &app.body())?;
    assert_eq!(led_away.status, 403, "{led_away:?}");
    assert_eq!(led_away.body, "The owner's policy does not allow it: services.main.volumes");
    assert_eq!(app.container()?, container, "{}", supervisor.logs());
    Ok(())
}

/// A folder of the owner's that is granted.
fn shared_folder(folder: &Folder) -> Result<String> {
    let path = folder.join("shared");
    fs::create_dir(&path)?;
    Ok(path)
}
