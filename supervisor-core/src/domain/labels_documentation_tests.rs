//! `docs/labels.md` and what core knows of labels say the same.

use std::{collections::BTreeSet, fs, path::Path};

use supervisor_docs::{LABELS, rows, words};

use crate::domain::{
    test_samples::{name, record, rendered, service},
    wanted::WantedService,
};

const OF_SERVICES: [&str; 2] = ["label", "effect"];
const OF_THE_SUPERVISOR: [&str; 2] = ["set by the supervisor", "says"];

/// The names of a cell; a short one begins as the first does.
fn names(cell: &str) -> Vec<String> {
    let words = words(cell);
    let (start, _) = words[0].rsplit_once('.').unwrap();
    let name =
        |word: &&str| if word.starts_with("io.") { (*word).to_owned() } else { format!("{start}.{word}") };
    words.iter().map(name).collect()
}

fn does_nothing(effect: &str) -> bool {
    effect.starts_with("not yet") || effect.starts_with("none")
}

/// Labels, and beginnings of labels, in the programs' sources without their tests.
fn in_sources(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        if file.contains("test") || file == "fakes" {
            continue;
        }
        if path.is_dir() {
            in_sources(&path, found);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let literals = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            let literals = literals.flat_map(|line| line.split('"').skip(1).step_by(2));
            let is_label = |text: &&str| {
                ["io.balena.", "io.resin.", "io.supervisor."].iter().any(|s| text.starts_with(s))
            };
            found.extend(literals.filter(is_label).map(ToOwned::to_owned));
        }
    }
}

#[test]
fn page_has_exactly_the_labels_that_the_sources_name() {
    let mut named = BTreeSet::new();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR"));
    in_sources(&crates.join("src"), &mut named);
    in_sources(&crates.join("../proto/src"), &mut named);
    let (beginnings, named): (BTreeSet<String>, BTreeSet<String>) =
        named.into_iter().partition(|label| label.ends_with('.'));
    let of_services = rows(LABELS, OF_SERVICES).into_iter().filter(|[_, effect]| !does_nothing(effect));
    let documented = of_services.chain(rows(LABELS, OF_THE_SUPERVISOR));
    let documented: BTreeSet<String> = documented.flat_map(|[labels, _]| names(labels)).collect();
    assert_eq!(documented, named);
    for beginning in beginnings {
        assert!(documented.iter().any(|label| label.starts_with(&beginning)), "{beginning}");
    }
}

fn with_label(label: &str, value: &str) -> WantedService {
    let mut service = service();
    service.labels.insert(label.to_owned(), value.to_owned());
    rendered(&record([("web", service)])).services.remove(&name("web")).unwrap()
}

/// Everything of a container but its labels.
fn without_labels(service: WantedService) -> WantedService {
    let mut service = service;
    service.spec.labels.clear();
    service.config_hash.clear();
    service
}

#[test]
fn label_that_does_nothing_yet_changes_nothing_of_a_container_but_its_labels() {
    let plain = without_labels(with_label("own", "1"));
    for [labels, _] in rows(LABELS, OF_SERVICES).into_iter().filter(|[_, effect]| does_nothing(effect)) {
        for label in names(labels) {
            for value in ["0", "1", "download-then-kill"] {
                let service = with_label(&label, value);
                assert_eq!(service.spec.labels.get(&label).map(String::as_str), Some(value), "it is kept");
                assert_eq!(without_labels(service), plain, "{label}={value}");
            }
        }
    }
}

#[test]
fn label_of_the_supervisor_is_never_what_a_service_says() {
    for label in rows(LABELS, OF_THE_SUPERVISOR).into_iter().flat_map(|[labels, _]| names(labels)) {
        let said = with_label(&label, "what the service says").spec.labels.remove(&label);
        let refused_at_the_door = label.starts_with("io.supervisor.");
        assert!(refused_at_the_door || said.is_some_and(|value| value != "what the service says"), "{label}");
    }
}
