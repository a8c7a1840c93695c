//! When a downloaded update is carried out: a label of the service, after the pulls. Pure; the clock and the boot
//! are told.

use std::{collections::BTreeSet, fmt};

use super::target::{Service, Target};

/// Says when; absent and `now`: at once.
const APPLY: &str = "io.supervisor.update.apply";

const MINUTE_S: u64 = 60;
const DAY_MINUTES: u64 = 24 * 60;
/// While nobody knows the time, it is looked again after this.
const CLOCK_AGAIN_S: u64 = 300;

/// When an update may be carried out, as one service says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApplyTime {
    /// At the next boot of the device.
    Reboot,
    /// When somebody says so.
    OnCall,
    /// At this time of the day.
    Window(Window),
}

/// A time of the day, UTC. It may go over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// First minute of the day.
    from: u64,
    /// First minute after it; another one than `from`.
    until: u64,
}

/// What has to be known for a decision.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Seconds since 1970.
    pub now_s: u64,
    /// Whether that can be believed.
    pub clock_is_right: bool,
    /// Which boot this is; empty: nobody knows.
    pub boot_id: &'a str,
    /// Which boot it was when the update came.
    pub came_on_boot: &'a str,
}

/// Whether an update may be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Now.
    Due,
    /// Not yet.
    Waits {
        /// What it waits for, to complete "waits for".
        what: String,
        /// When to look again, seconds since 1970; none: time alone changes nothing.
        look_at_s: Option<u64>,
    },
}

/// What all services of a target ask for; none: now. An update waits until all of them allow it.
pub fn times_of(target: &Target) -> BTreeSet<ApplyTime> {
    target.services.values().filter_map(|service| chosen(service).0).collect()
}

/// One sentence for each label of the target that is not understood.
pub fn warnings(target: &Target) -> Vec<String> {
    let services = target.services.iter();
    let problems = services.filter_map(|(name, service)| Some((name, chosen(service).1?)));
    problems.map(|(name, problem)| format!("services.{name}.labels: {problem}")).collect()
}

/// A time that is not understood is no reason to do at once what was not to be done at once.
fn chosen(service: &Service) -> (Option<ApplyTime>, Option<String>) {
    match service.labels.get(APPLY).map(String::as_str) {
        None | Some("" | "now") => (None, None),
        Some("reboot") => (Some(ApplyTime::Reboot), None),
        Some("on-call") => (Some(ApplyTime::OnCall), None),
        Some(other) => {
            let Some(window) = Window::parse(other) else {
                let problem = format!(
                    "{APPLY} is {other:?}, which is not now, reboot, on-call or a time such as 02:00-04:00; \
                     updates wait for a call"
                );
                return (Some(ApplyTime::OnCall), Some(problem));
            };
            (Some(ApplyTime::Window(window)), None)
        }
    }
}

/// Whether an update with these times may be carried out now.
pub fn decide(times: &BTreeSet<ApplyTime>, moment: Moment<'_>) -> Verdict {
    let first = times.iter().find_map(|time| match time.wait(moment) {
        Verdict::Due => None,
        wait @ Verdict::Waits { .. } => Some(wait),
    });
    first.unwrap_or(Verdict::Due)
}

impl ApplyTime {
    fn wait(self, moment: Moment<'_>) -> Verdict {
        let waits = |what: &str| Verdict::Waits { what: what.to_owned(), look_at_s: None };
        match self {
            Self::Reboot => {
                let is_known = !moment.boot_id.is_empty() && !moment.came_on_boot.is_empty();
                let is_another = is_known && moment.boot_id != moment.came_on_boot;
                if is_another { Verdict::Due } else { waits("a reboot of the device") }
            }
            Self::OnCall => waits("a call to apply it"),
            Self::Window(window) => window.wait(moment),
        }
    }
}

impl Window {
    /// `HH:MM-HH:MM`.
    fn parse(text: &str) -> Option<Self> {
        let (from, until) = text.split_once('-')?;
        let (from, until) = (minute_of_day(from)?, minute_of_day(until)?);
        (from != until).then_some(Self { from, until })
    }

    /// A clock that is not right tells no time of the day: the window counts as closed.
    fn wait(self, moment: Moment<'_>) -> Verdict {
        if !moment.clock_is_right {
            let what = format!("the time from {self}, and the clock is not synchronised");
            return Verdict::Waits { what, look_at_s: Some(moment.now_s.saturating_add(CLOCK_AGAIN_S)) };
        }
        let minute = (moment.now_s / MINUTE_S) % DAY_MINUTES;
        let since_opening = (minute + DAY_MINUTES - self.from) % DAY_MINUTES;
        let length = (self.until + DAY_MINUTES - self.from) % DAY_MINUTES;
        if since_opening < length {
            return Verdict::Due;
        }
        let begin_of_minute_s = moment.now_s - moment.now_s % MINUTE_S;
        let opens_s = begin_of_minute_s.saturating_add((DAY_MINUTES - since_opening) * MINUTE_S);
        Verdict::Waits { what: format!("the time from {self}"), look_at_s: Some(opens_s) }
    }
}

fn minute_of_day(text: &str) -> Option<u64> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str, below: u64| {
        let is_two_digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<u64>().ok().filter(|number| is_two_digits && *number < below)
    };
    Some(number(hour, 24)? * 60 + number(minute, 60)?)
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = (self.from, self.until);
        write!(f, "{:02}:{:02} to {:02}:{:02} UTC", from / 60, from % 60, until / 60, until % 60)
    }
}

#[cfg(test)]
#[path = "apply_time_tests.rs"]
mod tests;
