//! When to report: pure, driven by what happened, when, and by a number that is drawn for it.

use std::time::{Duration, Instant};

/// The times that reports keep to.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// From one report to the next, at least.
    pub spacing: Duration,
    /// From one measurement to the next.
    pub metrics: Duration,
    /// The first wait after a failure; it doubles.
    pub backoff: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            spacing: Duration::from_secs(10),
            metrics: Duration::from_mins(5),
            backoff: Duration::from_secs(15),
        }
    }
}

/// How long a server can keep a device from reporting, unless the longest wait is longer.
const RETRY_AFTER: Duration = Duration::from_hours(1);

/// Attempts that failed one after the other, and until when there is none.
#[derive(Debug, Clone, Copy, Default)]
struct Hold {
    failures: u32,
    until: Option<Instant>,
}

impl Hold {
    fn left(&self, now: Instant) -> Duration {
        self.until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }
}

/// The waits between reports. What the cloud refuses because of the apps holds back the apps alone.
#[derive(Debug, Clone)]
pub struct Schedule {
    timing: Timing,
    all: Hold,
    apps: Hold,
    /// Apps were refused, and what else there is to tell goes first.
    rest_first: bool,
    measured: Option<Instant>,
}

impl Schedule {
    /// Nothing was reported yet.
    pub fn new(timing: Timing) -> Self {
        Self { timing, all: Hold::default(), apps: Hold::default(), rest_first: false, measured: None }
    }

    /// How long no report may go out.
    pub fn until_report(&self, now: Instant) -> Duration {
        self.all.left(now)
    }

    /// Whether the apps may be in the next report.
    pub fn may_tell_apps(&self, now: Instant) -> bool {
        !self.rest_first && self.apps.left(now).is_zero()
    }

    /// Whether it is time to measure.
    pub fn is_measurement_due(&self, now: Instant) -> bool {
        self.until_measurement(now).is_zero()
    }

    /// It was measured.
    pub const fn measured(&mut self, now: Instant) {
        self.measured = Some(now);
    }

    /// How long to wait for a change before looking anyway: for a measurement, or for apps that were held back.
    pub fn until_look(&self, now: Instant) -> Duration {
        let measurement = self.until_measurement(now);
        if self.apps.failures == 0 { measurement } else { self.apps.left(now).min(measurement) }
    }

    /// The cloud has accepted a report, with the apps in it or without.
    pub fn accepted(&mut self, now: Instant, with_apps: bool) {
        self.all = Hold { failures: 0, until: Some(now + self.timing.spacing) };
        self.nothing_left(with_apps);
    }

    /// There is nothing more to tell, looking at the apps too or not.
    pub fn nothing_left(&mut self, with_apps: bool) {
        self.rest_first = false;
        if with_apps {
            self.apps = Hold::default();
        }
    }

    /// The cloud does not take these apps. The rest may go out at its time.
    pub fn refused_apps(&mut self, now: Instant, longest: Duration, draw: f64) {
        self.rest_first = true;
        self.all.until = Some(now + self.timing.spacing);
        let wait = self.backoff(self.apps.failures, None, longest, draw);
        self.apps = Hold { failures: self.apps.failures.saturating_add(1), until: Some(now + wait) };
    }

    /// A report was not accepted. `longest`: the longest wait; `draw`: from 0 to 1, so that a fleet does not come back
    /// as one.
    pub fn failed(&mut self, now: Instant, retry_after: Option<Duration>, longest: Duration, draw: f64) {
        let wait = self.backoff(self.all.failures, retry_after, longest, draw).max(self.timing.spacing);
        self.all = Hold { failures: self.all.failures.saturating_add(1), until: Some(now + wait) };
    }

    fn backoff(&self, failures: u32, asked: Option<Duration>, longest: Duration, draw: f64) -> Duration {
        let first = self.timing.backoff;
        let doubled = first.saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX));
        let own = doubled.min(longest.max(first));
        let draw = draw.clamp(0.0, 1.0);
        match asked.map(|asked| asked.min(RETRY_AFTER.max(longest))) {
            // Everybody was told the same: who comes when is drawn on top.
            Some(asked) if asked >= own => asked + own.mul_f64(draw),
            Some(_) | None => own / 2 + (own / 2).mul_f64(draw),
        }
    }

    fn until_measurement(&self, now: Instant) -> Duration {
        self.measured.map_or(Duration::ZERO, |at| (at + self.timing.metrics).saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_mins(15);

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn report_after_one_that_was_accepted_waits_ten_seconds() {
        let (mut schedule, now) = (Schedule::new(Timing::default()), Instant::now());
        assert_eq!(schedule.until_report(now), Duration::ZERO);
        schedule.accepted(now, true);
        assert_eq!(schedule.until_report(now + s(4)), s(6));
        assert_eq!(schedule.until_report(now + s(10)), Duration::ZERO);
    }

    #[test]
    fn failures_back_off_to_the_longest_wait_and_success_ends_that() {
        let (mut schedule, now) = (Schedule::new(Timing::default()), Instant::now());
        let waits: Vec<u64> = (0..8)
            .map(|_| {
                schedule.failed(now, None, LONGEST, 1.0);
                schedule.until_report(now).as_secs()
            })
            .collect();
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 900, 900]);
        schedule.accepted(now, false);
        schedule.failed(now, None, LONGEST, 1.0);
        assert_eq!(schedule.until_report(now), s(15));
    }

    #[test]
    fn day_without_a_cloud_costs_about_a_hundred_reports() {
        for draw in [0.0, 0.5, 1.0] {
            let (mut schedule, start) = (Schedule::new(Timing::default()), Instant::now());
            let (mut now, mut reports) = (start, 0);
            while now < start + Duration::from_hours(24) {
                now += schedule.until_report(now);
                schedule.failed(now, None, LONGEST, draw);
                reports += 1;
            }
            assert!((90..220).contains(&reports), "{reports}");
            assert!(schedule.until_report(now) <= LONGEST);
        }
    }

    #[test]
    fn waits_are_drawn_and_never_shorter_than_between_two_reports() {
        let (mut schedule, now) = (Schedule::new(Timing::default()), Instant::now());
        schedule.failed(now, None, LONGEST, 0.0);
        assert_eq!(schedule.until_report(now), s(10));
        schedule.failed(now, None, LONGEST, 0.5);
        assert_eq!(schedule.until_report(now), Duration::from_millis(22_500));
    }

    #[test]
    fn server_that_asks_for_patience_gets_it_within_bounds() {
        let (mut schedule, now) = (Schedule::new(Timing::default()), Instant::now());
        schedule.failed(now, Some(s(120)), LONGEST, 0.0);
        assert_eq!(schedule.until_report(now), s(120));
        schedule.failed(now, Some(s(86_400)), LONGEST, 0.0);
        assert_eq!(schedule.until_report(now), RETRY_AFTER);
        schedule.failed(now, Some(s(1)), LONGEST, 1.0);
        assert_eq!(schedule.until_report(now), s(60), "not before its own backoff");
    }

    #[test]
    fn refused_apps_hold_back_the_apps_alone_and_come_again_later() {
        let (mut schedule, now) = (Schedule::new(Timing::default()), Instant::now());
        schedule.measured(now);
        schedule.refused_apps(now, LONGEST, 1.0);
        assert_eq!(schedule.until_report(now), s(10));
        assert!(!schedule.may_tell_apps(now + s(14)));
        assert_eq!(schedule.until_look(now), s(15));
        schedule.accepted(now + s(10), false);
        schedule.refused_apps(now + s(15), LONGEST, 1.0);
        assert!(!schedule.may_tell_apps(now + s(45)), "the rest goes first");
        schedule.nothing_left(false);
        assert!(!schedule.may_tell_apps(now + s(44)) && schedule.may_tell_apps(now + s(45)));
        schedule.accepted(now + s(45), true);
        assert!(schedule.may_tell_apps(now + s(45)));
        assert_eq!(schedule.until_look(now + s(45)), s(255), "until the next measurement");
    }

    #[test]
    fn measurement_is_due_at_first_and_then_every_five_minutes() {
        let (mut schedule, now) = (Schedule::new(Timing::default()), Instant::now());
        assert!(schedule.is_measurement_due(now));
        schedule.measured(now);
        assert!(!schedule.is_measurement_due(now + s(299)) && schedule.is_measurement_due(now + s(300)));
    }
}
