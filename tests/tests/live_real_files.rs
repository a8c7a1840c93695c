//! Compose files as people have them: applied, changed, planned and removed.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use supervisor_tests::Result;
use supervisor_tests::curl::Client;
use supervisor_tests::engine::Engine;
use supervisor_tests::live::Supervisor;
use supervisor_tests::live_app::LiveApp;
use supervisor_tests::scratch::{Folder, free_port};
use supervisor_tests::wait::{check, wait_until};

const SOON: Duration = Duration::from_mins(2);

/// A compose file with a free port, applied.
struct RealFile {
    app: LiveApp,
    engine: Engine,
    text: String,
    page: Client,
}

impl RealFile {
    fn apply(supervisor: &Supervisor, text: &str) -> Result<Self> {
        let port = free_port()?;
        let text = text
            .replace("PORT: \"PORT\"", &format!("PORT: \"{port}\""))
            .replace(":PORT:", &format!(":{port}:"));
        let page = Client { launcher: vec![], base: format!("http://127.0.0.1:{port}"), key: String::new() };
        let file = Self { app: LiveApp::new(), engine: Engine::default(), text, page };
        supervisor.apply(file.app.id, &file.text)?;
        Ok(file)
    }

    fn container(&self, service: &str) -> Result<String> {
        wait_until(service, SOON, || self.engine.running_service(self.app.id, service))
    }

    /// The page that the app serves once it runs.
    fn page(&self) -> Result<String> {
        wait_until("the page", SOON, || {
            let answer = self.page.get("/")?;
            check(answer.status == 200, format!("status {}", answer.status))?;
            Ok(answer.body)
        })
    }

    /// What applying `text` would do: the services that it changes.
    fn planned(&self, supervisor: &Supervisor, text: &str) -> Result<Vec<String>> {
        let folder = Folder::new()?;
        let file = folder.join("changed.yaml");
        fs::write(&file, text)?;
        let plan = supervisor.admin_ok(&[
            "app",
            "plan",
            &file,
            "--app-id",
            &self.app.id.to_string(),
            "--name",
            "demo",
            "--json",
        ])?;
        let plan: Value = serde_json::from_str(&plan)?;
        let services = plan.pointer("/services").and_then(Value::as_array).ok_or("no services")?.iter();
        let changed = services.filter(|service| service["change"] != "none");
        Ok(changed.filter_map(|service| service["name"].as_str()).map(str::to_owned).collect())
    }

    /// Removes the app; what of it is left in the engine.
    fn remove(&self, supervisor: &Supervisor) -> Result<[String; 3]> {
        supervisor.admin_ok(&["app", "remove", &self.app.id.to_string(), "--yes"])?;
        let label = format!("label=io.balena.app-id={}", self.app.id);
        Ok([
            self.engine.docker(&["ps", "-aq", "--filter", &label])?,
            self.engine.docker(&["network", "ls", "-q", "--filter", &label])?,
            self.engine.docker(&["volume", "ls", "-q", "--filter", &label])?,
        ])
    }
}

#[test]
fn web_app_with_a_database_and_a_volume_is_applied_changed_planned_and_removed() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let file = RealFile::apply(&supervisor, include_str!("../files/web-and-database.yaml"))?;
    assert!(file.page()?.contains("Hello from web"), "{}", supervisor.logs());
    let (db, web) = (file.container("db")?, file.container("web")?);
    let rows = || file.engine.shell(&file.container("db")?, "cat /var/lib/db/rows");
    assert_eq!(rows()?.trim(), "visit of hello");
    assert!(file.planned(&supervisor, &file.text)?.is_empty());

    let changed = file.text.replace("GREETING: hello", "GREETING: again");
    assert_eq!(file.planned(&supervisor, &changed)?, ["web"]);
    supervisor.apply(file.app.id, &changed)?;

    assert_eq!(file.container("db")?, db);
    assert_ne!(file.container("web")?, web);
    wait_until("the second visit", SOON, || {
        let rows = rows()?;
        check(rows.trim() == "visit of hello\nvisit of again", rows)
    })?;
    let [containers, networks, volumes] = file.remove(&supervisor)?;
    assert_eq!((containers.as_str(), networks.as_str()), ("", ""));
    assert_eq!(volumes.trim(), format!("{}_db-data", file.app.id));
    Ok(())
}

#[test]
fn host_network_service_with_a_device_is_applied_changed_planned_and_removed() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let file = RealFile::apply(&supervisor, include_str!("../files/host-and-device.yaml"))?;
    assert!(file.page()?.contains("Hello from bridge"), "{}", supervisor.logs());
    let bridge = file.container("bridge")?;
    let write = "echo x >/dev/ttyS9 && echo written";
    assert_eq!(file.engine.shell(&bridge, write)?.trim(), "written");
    assert_eq!(file.engine.inspect(&bridge)?.pointer("/HostConfig/NetworkMode"), Some(&"host".into()));

    let changed = file.text.replace("target: /dev/ttyS9", "target: /dev/ttyS8");
    assert_eq!(file.planned(&supervisor, &changed)?, ["bridge"]);
    supervisor.apply(file.app.id, &changed)?;

    assert!(file.page()?.contains("Hello from bridge"));
    let seen = file.engine.shell(&file.container("bridge")?, "ls /dev | grep ttyS")?;
    assert_eq!(seen.trim(), "ttyS8");
    assert_eq!(file.remove(&supervisor)?, [String::new(), String::new(), String::new()]);
    Ok(())
}
