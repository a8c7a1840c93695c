use super::*;
use crate::domain::test_samples::{depending_on, names, service, target};

fn order<const N: usize>(services: [(&str, Service); N]) -> Result<Vec<ServiceName>, Cycle> {
    start_order(&target(services).services)
}

#[test]
fn order_of_nothing_is_empty() {
    assert_eq!(order([]), Ok(Vec::new()));
}

#[test]
fn order_of_independent_services_is_by_name() {
    assert_eq!(order([("c", service()), ("a", service()), ("b", service())]), Ok(names(&["a", "b", "c"])));
}

#[test]
fn order_of_a_chain_against_the_alphabet_follows_the_chain() {
    let services = [("a", depending_on(&["b"])), ("b", depending_on(&["c"])), ("c", service())];
    assert_eq!(order(services), Ok(names(&["c", "b", "a"])));
}

#[test]
fn order_of_a_diamond_names_each_service_once() {
    let services = [
        ("base", service()),
        ("left", depending_on(&["base"])),
        ("right", depending_on(&["base"])),
        ("app", depending_on(&["left", "right"])),
    ];
    assert_eq!(order(services), Ok(names(&["base", "left", "right", "app"])));
}

#[test]
fn order_with_an_absent_dependency_ignores_it() {
    let services = [("a", depending_on(&["nowhere", "b"])), ("b", depending_on(&["nowhere"]))];
    assert_eq!(order(services), Ok(names(&["b", "a"])));
}

#[test]
fn order_of_a_service_that_waits_for_itself_is_a_cycle() {
    assert_eq!(order([("a", depending_on(&["a"])), ("b", service())]), Err(Cycle(names(&["a"]))));
}

#[test]
fn order_of_a_cycle_names_its_services_only() {
    let services = [
        ("a", depending_on(&["b"])),
        ("b", depending_on(&["a"])),
        ("free", service()),
        ("needed", service()),
        ("waits", depending_on(&["b", "needed"])),
        ("waits-longer", depending_on(&["waits"])),
    ];
    let cycle = order(services).unwrap_err();
    assert_eq!(cycle, Cycle(names(&["a", "b"])));
    assert!(cycle.to_string().ends_with("a, b"));
}

#[test]
fn order_of_two_cycles_names_both() {
    let services = [
        ("a", depending_on(&["b"])),
        ("b", depending_on(&["a"])),
        ("c", depending_on(&["d"])),
        ("d", depending_on(&["c"])),
    ];
    assert_eq!(order(services), Err(Cycle(names(&["a", "b", "c", "d"]))));
}
