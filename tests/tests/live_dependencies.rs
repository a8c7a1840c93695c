//! A compose file as people have it: a migration job before a server, and a database with a health check on a
//! network of its own.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use supervisor_tests::Result;
use supervisor_tests::engine::Engine;
use supervisor_tests::live::Supervisor;
use supervisor_tests::scratch::{Folder, unique_app_id};
use supervisor_tests::wait::{check, wait_until};

const SOON: Duration = Duration::from_mins(2);

const FILE: &str = r#"
services:
  db:
    image: supervisor-test-app
    command: ["sh", "-c", "echo db >>/data/order; sleep 1; touch /tmp/ready; exec httpd -f -p 80 -h /tmp"]
    stop_signal: KILL
    healthcheck: {test: test -e /tmp/ready, interval: 500ms, retries: 1000}
    networks:
      back: {ipv4_address: SUBNET.10, aliases: [database]}
  migrate:
    image: supervisor-test-app
    command: ["sh", "-c", "echo migrate >>/data/order; exit CODE"]
    restart: "no"
    networks: [back]
    depends_on:
      db: {condition: service_healthy}
  web:
    image: supervisor-test-app
    command: ["sh", "-c", "echo web >>/data/order; exec sleep 1000000"]
    stop_signal: KILL
    environment: {GREETING: hello}
    networks:
      default:
      back: {aliases: [frontdoor]}
    depends_on:
      db: {condition: service_healthy}
      migrate: {condition: service_completed_successfully}
networks:
  back:
    internal: true
    ipam: {config: [{subnet: SUBNET.0/24}]}
"#;

/// The file for one app, with a subnet that no other test uses.
struct Server {
    id: u64,
    engine: Engine,
}

impl Server {
    fn new(supervisor: &Supervisor) -> Self {
        let id = unique_app_id();
        supervisor.remove_at_end(id);
        Self { id, engine: Engine::default() }
    }

    fn file(&self, code: u32) -> String {
        let subnet = format!("10.{}.{}", 180 + self.id / 250 % 50, self.id % 250);
        FILE.replace("SUBNET", &subnet).replace("CODE", &code.to_string())
    }

    fn only(&self, service: &str) -> Result<String> {
        let mut ids = self.engine.service_containers(self.id, service)?;
        check(ids.len() == 1, format!("{service}: {ids:?}"))?;
        ids.pop().ok_or_else(|| service.into())
    }

    /// Ids of db, migrate and web.
    fn all(&self) -> Result<[String; 3]> {
        Ok([self.only("db")?, self.only("migrate")?, self.only("web")?])
    }

    fn state(&self, service: &str) -> Result<String> {
        self.engine.docker(&["inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", &self.only(service)?])
    }

    fn shown(&self, supervisor: &Supervisor) -> Result<Value> {
        Ok(serde_json::from_str(&supervisor.admin_ok(&["app", "show", &self.id.to_string(), "--json"])?)?)
    }

    fn networks(&self) -> Result<String> {
        let label = format!("label=io.balena.app-id={}", self.id);
        self.engine.docker(&["network", "ls", "--filter", &label, "--format", "{{.Name}}"])
    }

    /// Waits until so many services have noted their start, each a moment after the engine started it; their names.
    /// What is replaced before it has noted its start never does.
    fn order(&self, supervisor: &Supervisor, starts: usize) -> Result<Vec<String>> {
        wait_until("the notes of starts", SOON, || {
            let text = fs::read_to_string(supervisor.data(self.id).join("order"))?;
            let order: Vec<String> = text.lines().map(str::to_owned).collect();
            check(order.len() >= starts, format!("{order:?}\n{}", supervisor.logs()))?;
            Ok(order)
        })
    }
}

#[test]
fn server_starts_after_its_database_is_healthy_and_its_migration_has_ended() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let server = Server::new(&supervisor);
    supervisor.apply(server.id, &server.file(0))?;

    assert_eq!(server.order(&supervisor, 3)?, ["db", "migrate", "web"], "{}", supervisor.logs());
    assert_eq!(server.state("migrate")?, "exited 0");
    assert_eq!(server.state("web")?, "running 0");
    let shown = server.shown(&supervisor)?;
    assert_eq!(shown["update_pending"], false, "{shown}");
    assert_eq!(shown["waiting_for"], serde_json::json!([]));

    let back = format!("{}_back", server.id);
    let web = server.engine.inspect(&server.only("web")?)?;
    let aliases = web["NetworkSettings"]["Networks"][&back]["Aliases"].to_string();
    assert!(aliases.contains("frontdoor") && aliases.contains("\"web\""), "{web}");
    let networks = web["NetworkSettings"]["Networks"].as_object().map(serde_json::Map::len);
    assert_eq!(networks, Some(3), "{web}");
    let db = server.engine.inspect(&server.only("db")?)?;
    let address = db["NetworkSettings"]["Networks"][&back]["IPAddress"].as_str().unwrap_or_default();
    assert!(address.ends_with(".10"), "{db}");
    // As programs look a name up: Podman 4's name servers of the other networks do not know it together with
    // the search domain, which is all that busybox's own nslookup asks for.
    let container = server.only("web")?;
    wait_until("the database by its alias", SOON, || {
        let ask = "curl -s --max-time 5 -o /dev/null -w '%{remote_ip}' http://database/";
        let reached = server.engine.shell(&container, ask)?;
        check(reached == address, reached)
    })
}

#[test]
fn change_recreates_exactly_the_services_it_touches() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let server = Server::new(&supervisor);
    supervisor.apply(server.id, &server.file(0))?;
    let [db, migrate, web] = server.all()?;
    server.order(&supervisor, 3)?;

    let greeting = server.file(0).replace("hello", "good day");
    let plan = Folder::new()?;
    fs::write(plan.join("changed.yaml"), &greeting)?;
    let words =
        ["app", "plan", &plan.join("changed.yaml"), "--app-id", &server.id.to_string(), "--name", "demo"];
    let foreseen = supervisor.admin_ok(&words)?;
    assert!(foreseen.contains("GREETING"), "{foreseen}");
    supervisor.apply(server.id, &greeting)?;
    let changed = server.all()?;
    assert_eq!((&changed[0], &changed[1]), (&db, &migrate), "{}", supervisor.logs());
    assert_ne!(changed[2], web);
    server.order(&supervisor, 3 + 1)?;

    // Another network: everything that is on it, and the job runs again.
    let open = greeting.replace("internal: true", "internal: false");
    supervisor.apply(server.id, &open)?;
    let made_anew = server.all()?;
    assert!(made_anew.iter().all(|id| !changed.contains(id)), "{}", supervisor.logs());
    assert_eq!(server.order(&supervisor, 3 + 1 + 3)?.len(), 3 + 1 + 3);

    // Without it, it goes.
    supervisor.apply(server.id, "services: {web: {image: supervisor-test-app}}")?;
    assert_eq!(server.networks()?, format!("{}_default", server.id));
    Ok(())
}

#[test]
fn failing_migration_keeps_the_server_from_starting_and_says_so() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let server = Server::new(&supervisor);
    let folder = Folder::new()?;
    fs::write(folder.join("app.yaml"), server.file(3))?;
    let words =
        ["app", "apply", &folder.join("app.yaml"), "--app-id", &server.id.to_string(), "--name", "demo"];
    let refused = supervisor.admin(&words)?;

    assert_ne!(refused.code, Some(0));
    assert!(refused.stderr.contains("migrate ended with exit code 3"), "{refused:?}\n{}", supervisor.logs());
    assert_eq!(server.state("web")?, "created 0");
    let shown = server.shown(&supervisor)?;
    assert!(shown["last_error"].to_string().contains("exit code 3"), "{shown}");
    assert_eq!((&shown["update_failed"], &shown["update_pending"]), (&Value::Bool(true), &Value::Bool(true)));
    assert_eq!(server.order(&supervisor, 2)?, ["db", "migrate"]);

    supervisor.apply(server.id, &server.file(0))?;
    assert_eq!(server.state("web")?, "running 0");
    assert_eq!(server.shown(&supervisor)?["last_error"], Value::Null);
    Ok(())
}

#[test]
fn restart_purge_and_removal_do_to_the_job_what_they_do_to_the_app() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    let server = Server::new(&supervisor);
    let app = server.id.to_string();
    supervisor.apply(server.id, &server.file(0))?;
    let [db, migrate, web] = server.all()?;
    server.order(&supervisor, 3)?;

    supervisor.admin_ok(&["app", "restart", &app, "--service", "web"])?;
    let restarted = server.all()?;
    assert_eq!((&restarted[0], &restarted[1]), (&db, &migrate), "{}", supervisor.logs());
    assert_ne!(restarted[2], web);
    server.order(&supervisor, 4)?;

    supervisor.admin_ok(&["app", "restart", &app])?;
    assert_ne!(server.only("migrate")?, migrate);
    assert_eq!(server.order(&supervisor, 7)?, ["db", "migrate", "web", "web", "db", "migrate", "web"]);

    supervisor.admin_ok(&["app", "purge", &app, "--yes"])?;
    assert_eq!(server.order(&supervisor, 3)?, ["db", "migrate", "web"], "{}", supervisor.logs());
    assert_eq!(server.state("web")?, "running 0");

    supervisor.admin_ok(&["app", "remove", &app, "--yes"])?;
    assert_eq!(server.networks()?, "");
    assert!(server.engine.service_containers(server.id, "web")?.is_empty());
    Ok(())
}
