//! The fuzzer's program, made by `scripts/fuzz`; it runs the target that `FUZZ_TARGET` names. Built without the
//! fuzzer it gives files, such as those that a fuzzer found, to a target: `supervisor-fuzz TARGET FILE...`, and lists
//! the targets without one.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
mod engine {
    use std::sync::LazyLock;

    use supervisor_fuzz::{Target, target};

    static TARGET: LazyLock<Option<Target>> =
        LazyLock::new(|| std::env::var("FUZZ_TARGET").ok().and_then(|name| target(&name)));

    libfuzzer_sys::fuzz_target!(
        init: assert!(TARGET.is_some(), "FUZZ_TARGET has to name a target"),
        |data: &[u8]| {
            if let Some(target) = *TARGET {
                (target.check)(data);
            }
        }
    );
}

#[cfg(not(fuzzing))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::io::Write as _;

    use supervisor_fuzz::{TARGETS, target};

    let mut words = std::env::args().skip(1);
    let Some(name) = words.next() else {
        for target in TARGETS {
            writeln!(std::io::stdout(), "{}", target.name)?;
        }
        return Ok(());
    };
    let target = target(&name).ok_or_else(|| format!("no target {name}"))?;
    for file in words {
        (target.check)(&std::fs::read(file)?);
    }
    Ok(())
}
