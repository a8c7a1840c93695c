//! Core, frontend and engine are killed at every state of an update: it ends as the cloud wants it, or with the
//! release before where the new one is no good, with the app's data, and with no container twice.
#![allow(clippy::indexing_slicing, reason = "a JSON value's index answers null where there is nothing")]

mod scene;
mod states;

use scene::{Party, Scene};
use states::STATES;
use supervisor_tests::Result;

fn kill_at_each_state(party: Party) -> Result<()> {
    let mut scene = Scene::start(party)?;
    for (name, state) in STATES {
        let at = |error| format!("killed in the state '{name}': {error}");
        let ends_with = state(&mut scene).map_err(at)?;
        scene.converges(&ends_with).map_err(at)?;
    }
    scene.is_reported()
}

#[test]
fn core_killed_at_each_state_of_an_update_converges() -> Result<()> {
    kill_at_each_state(Party::Core)
}

#[test]
fn frontend_killed_at_each_state_of_an_update_converges() -> Result<()> {
    kill_at_each_state(Party::Frontend)
}

#[test]
fn engine_killed_at_each_state_of_an_update_converges() -> Result<()> {
    kill_at_each_state(Party::Engine)
}

#[test]
fn states_are_those_of_the_documentation() -> Result<()> {
    let page = include_str!("../../../docs/updates.md");
    let (_, section) = page.split_once("## States of an update\n").ok_or("no section")?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    let documented: Vec<&str> = rows.filter_map(|row| row.split('|').nth(1)).map(str::trim).collect();
    assert_eq!(documented, STATES.map(|(name, _)| name));
    Ok(())
}
