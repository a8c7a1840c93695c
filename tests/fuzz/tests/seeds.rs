//! Every seed through its target, without the fuzzer. What a fuzzer once found is a seed.

use std::{collections::BTreeSet, fs, path::PathBuf};

use supervisor_fuzz::TARGETS;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("seeds")
}

#[test]
fn seed_of_every_target_keeps_its_word() {
    for target in TARGETS {
        let mut count = 0;
        for entry in fs::read_dir(folder().join(target.name)).unwrap() {
            (target.check)(&fs::read(entry.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count > 0, "{} has no seed", target.name);
    }
}

#[test]
fn folder_of_seeds_and_dictionary_name_a_target() {
    let known: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(name.strip_suffix(".dict").unwrap_or(&name)), "{name}");
    }
}
