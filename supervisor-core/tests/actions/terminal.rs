//! Who may open a terminal where.

use std::{num::NonZeroU16, sync::Arc};

use supervisor_core::actions::terminal::{OpenRequest, Terminals};
use supervisor_proto::policy::{Policy, parse};

use crate::{
    domain::{
        confinement::{Mount, MountKind},
        intent::Action,
        record::AppliedBy,
        target::Target,
    },
    error::CoreError,
    fakes::{APP, FakeDevice, World, app, apply, service, target_of},
    ports::exec::WindowSize,
};

fn terminals(world: &World) -> Terminals {
    Terminals::new(Arc::clone(&world.reconciler), Arc::<FakeDevice>::clone(&world.device))
}

/// A shell for role frontend.
fn shell() -> OpenRequest {
    let number = |number| NonZeroU16::new(number).unwrap();
    OpenRequest {
        app: app(APP),
        service: None,
        command: Vec::new(),
        tty: true,
        size: WindowSize { rows: number(24), columns: number(80) },
        term: "xterm".to_owned(),
        by_owner: false,
    }
}

async fn refusal(world: &World, request: OpenRequest) -> String {
    match terminals(world).open(&request).await.map(|_| ()) {
        Err(CoreError::PolicyRefused { what }) => what,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn frontend_gets_a_shell_in_an_ordinary_container() {
    let world = World::with_app(APP).await;
    let folders = [format!("/resin-data/{APP}"), format!("/tmp/balena-supervisor/services/{APP}/main")];
    let own = folders.map(|source| Mount { kind: MountKind::HostPath, source });
    world.device.state().confinement.mounts.extend(own);
    let session = terminals(&world).open(&shell()).await.unwrap();
    assert_eq!((session.opened().service.as_str(), session.opened().program.as_str()), ("main", "sh"));
}

#[tokio::test]
async fn frontend_gets_no_command_and_nothing_without_a_terminal() {
    let world = World::with_app(APP).await;
    refusal(&world, OpenRequest { command: vec!["id".to_owned()], ..shell() }).await;
    refusal(&world, OpenRequest { tty: false, ..shell() }).await;
    assert_eq!(world.device.count("exec"), 0);
}

#[tokio::test]
async fn frontend_is_refused_a_container_with_a_privilege_and_the_owner_is_not() {
    let world = World::with_app(APP).await;
    world.device.state().confinement.granted.insert("cap_add".to_owned());
    assert!(refusal(&world, shell()).await.contains("cap_add"));
    assert_eq!(world.device.count("exec"), 0);
    terminals(&world).open(&OpenRequest { by_owner: true, ..shell() }).await.unwrap();
}

#[tokio::test]
async fn frontend_is_refused_a_container_with_another_apps_data() {
    let world = World::with_app(APP).await;
    let foreign = Mount { kind: MountKind::HostPath, source: "/resin-data/9".to_owned() };
    world.device.state().confinement.mounts.push(foreign);
    assert!(refusal(&world, shell()).await.contains("/resin-data/9"));
}

fn grant(lines: &str) -> Policy {
    parse(&format!("[[grant]]\napp = 2167\nservice = \"main\"\nimage = \"demo\"\n{lines}\n")).unwrap()
}

fn privileged() -> Target {
    let mut service = service();
    service.settings.privileges.privileged = true;
    target_of(APP, vec![("main", service)])
}

/// A device on which a privileged container runs, and on which a terminal in it is granted.
async fn with_privileged_container(action: Action) -> World {
    let world = World::new();
    world.reconciler.adoption_done(std::collections::BTreeSet::new());
    world.policy.send_replace(grant("privileged = true\nterminal = true"));
    world.act(APP, action).await.unwrap();
    world.device.state().confinement.privileged = true;
    world
}

#[tokio::test]
async fn frontend_enters_a_privileged_container_as_long_as_the_grant_covers_it() {
    let action = Action::Apply(Box::new(privileged()), AppliedBy::Frontend);
    let world = with_privileged_container(action).await;
    terminals(&world).open(&shell()).await.unwrap();
    world.policy.send_replace(grant("cap_add = [\"SYS_TIME\"]\nterminal = true"));
    assert!(refusal(&world, shell()).await.contains("privileged"));
    world.policy.send_replace(grant("privileged = true"));
    assert!(refusal(&world, shell()).await.contains("privileged"));
    assert_eq!(world.device.count("exec"), 1);
}

#[tokio::test]
async fn frontend_is_refused_a_privileged_container_of_the_owners_although_terminals_are_granted() {
    let world = with_privileged_container(apply(privileged())).await;
    assert!(refusal(&world, shell()).await.contains("privileged"));
    assert_eq!(world.device.count("exec"), 0);
}
