//! A fleet that restarts at once, in simulated time, with the frontend's own schedule: how many questions for the
//! target its one server gets in each second, also while that server fails and afterwards.
//!
//! ```sh
//! cargo run --release -p supervisor-frontend --example fleet docs/fleet.svg
//! ```
//!
//! The draws have a fixed seed, so that the same code gives the same picture.

mod fleet;
mod plot;
mod server;

use std::{
    env, fs,
    io::{self, Write as _},
    process::ExitCode,
};

use fleet::Fleet;

const DEVICES: usize = 100_000;

fn main() -> ExitCode {
    let Some(path) = env::args_os().nth(1) else {
        let _ = writeln!(io::stderr(), "usage: fleet FILE.svg");
        return ExitCode::from(64);
    };
    let load = Fleet::new(DEVICES).run(&server::TROUBLE, server::END);
    let written = fs::write(path, plot::svg(&load, &server::TROUBLE)).and_then(|()| report(&load));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

/// The worst second of each stretch of time.
fn report(load: &[u32]) -> io::Result<()> {
    let mut out = io::stdout();
    let mut begin = 0;
    for stretch in server::TROUBLE.iter().chain([&server::Trouble::END]) {
        let seconds = load.get(begin..stretch.from).unwrap_or_default();
        let worst = seconds.iter().max().copied().unwrap_or_default();
        let sum: u64 = seconds.iter().map(|count| u64::from(*count)).sum();
        let mean = sum / u64::try_from(seconds.len().max(1)).unwrap_or(1);
        let until = stretch.from;
        writeln!(
            out,
            "seconds {begin} to {until}: worst {worst} requests/s, mean {mean}, before: {}",
            stretch.name
        )?;
        begin = stretch.from;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(load: &[u32]) -> u32 {
        load.iter().max().copied().unwrap_or_default()
    }

    #[test]
    fn fleet_that_restarts_at_once_stays_under_five_times_its_even_load() {
        let load = Fleet::new(DEVICES).run(&[], 3 * 3600);
        let even = u32::try_from(DEVICES).unwrap() / 900;
        assert!(worst(&load[..600]) < 5 * even, "{}", worst(&load[..600]));
        // From then on it is as good as even.
        assert!(worst(&load[3600..]) < 2 * even, "{}", worst(&load[3600..]));
        let hour: u32 = load[7200..].iter().sum();
        assert!((3 * u32::try_from(DEVICES).unwrap()..=4 * u32::try_from(DEVICES).unwrap()).contains(&hour));
    }

    #[test]
    fn server_that_fails_and_returns_is_never_asked_by_more_than_one_device_in_a_hundred_in_a_second() {
        let load = Fleet::new(DEVICES).run(&server::TROUBLE, server::END);
        assert!(worst(&load) < 1000, "{}", worst(&load));
    }

    #[test]
    fn same_seed_gives_the_same_load() {
        let run = || Fleet::new(1000).run(&server::TROUBLE, 3600);
        assert_eq!(run(), run());
    }

    #[test]
    fn picture_shows_every_stretch_of_trouble() {
        let load = Fleet::new(1000).run(&server::TROUBLE, server::END);
        let svg = plot::svg(&load, &server::TROUBLE);
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
        assert!(server::TROUBLE.iter().all(|trouble| svg.contains(trouble.name)));
    }
}
