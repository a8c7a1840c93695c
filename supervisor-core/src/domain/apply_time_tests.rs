use proptest::prelude::*;

use super::*;
use crate::domain::test_samples::{service, target};

const NIGHT: u64 = 1_700_006_400; // 2023-11-15 00:00:00 UTC

fn asks(value: &str) -> Service {
    Service { labels: [(APPLY.to_owned(), value.to_owned())].into(), ..service() }
}

fn moment(now_s: u64) -> Moment<'static> {
    Moment { now_s, clock_is_right: true, boot_id: "one", came_on_boot: "one" }
}

fn at(hour: u64, minute: u64) -> u64 {
    NIGHT + hour * 3_600 + minute * 60
}

fn decided(value: &str, moment: Moment<'_>) -> Verdict {
    decide(&times_of(&target([("web", asks(value))])), moment)
}

fn look_at(verdict: &Verdict) -> Option<u64> {
    match verdict {
        Verdict::Due => panic!("it is due"),
        Verdict::Waits { look_at_s, .. } => *look_at_s,
    }
}

#[test]
fn update_without_a_label_or_with_now_is_due() {
    assert_eq!(decide(&times_of(&target([("web", service())])), moment(NIGHT)), Verdict::Due);
    for value in ["now", ""] {
        assert_eq!(decided(value, moment(NIGHT)), Verdict::Due);
    }
}

#[test]
fn update_at_a_reboot_is_due_on_another_boot_only() {
    assert_eq!(look_at(&decided("reboot", moment(NIGHT))), None);
    assert_eq!(decided("reboot", Moment { boot_id: "two", ..moment(NIGHT) }), Verdict::Due);
    for unknown in [
        Moment { boot_id: "", ..moment(NIGHT) },
        Moment { came_on_boot: "", ..moment(NIGHT) },
        Moment { boot_id: "", came_on_boot: "", ..moment(NIGHT) },
    ] {
        assert_eq!(look_at(&decided("reboot", unknown)), None);
    }
}

#[test]
fn update_on_call_is_never_due_by_itself() {
    let later = Moment { boot_id: "two", ..moment(at(23, 0)) };
    assert_eq!(look_at(&decided("on-call", later)), None);
}

#[test]
fn window_is_open_from_its_first_minute_to_its_last() {
    let cases = [(1, 59, false), (2, 0, true), (3, 59, true), (4, 0, false), (23, 0, false)];
    for (hour, minute, is_due) in cases {
        let verdict = decided("02:00-04:00", moment(at(hour, minute)));
        assert_eq!(verdict == Verdict::Due, is_due, "{hour}:{minute}");
    }
    assert_eq!(look_at(&decided("02:00-04:00", moment(at(1, 59) + 59))), Some(at(2, 0)));
    assert_eq!(look_at(&decided("02:00-04:00", moment(at(4, 0) + 1))), Some(at(26, 0)));
}

#[test]
fn window_over_midnight_is_open_on_both_sides_of_it() {
    for (hour, minute, is_due) in
        [(22, 59, false), (23, 0, true), (0, 0, true), (0, 29, true), (0, 30, false)]
    {
        let verdict = decided("23:00-00:30", moment(at(hour, minute)));
        assert_eq!(verdict == Verdict::Due, is_due, "{hour}:{minute}");
    }
    assert_eq!(look_at(&decided("23:00-00:30", moment(at(0, 30)))), Some(at(23, 0)));
}

#[test]
fn window_of_a_clock_that_is_not_right_is_closed_and_looked_at_again() {
    let unsure = Moment { clock_is_right: false, ..moment(at(3, 0)) };
    assert_eq!(look_at(&decided("02:00-04:00", unsure)), Some(at(3, 5)));
}

#[test]
fn update_waits_until_every_service_allows_it() {
    let both = times_of(&target([("db", asks("reboot")), ("web", asks("02:00-04:00"))]));
    let rebooted = |now_s| Moment { boot_id: "two", ..moment(now_s) };
    assert_eq!(look_at(&decide(&both, moment(at(3, 0)))), None);
    assert_eq!(look_at(&decide(&both, rebooted(at(1, 0)))), Some(at(2, 0)));
    assert_eq!(decide(&both, rebooted(at(3, 0))), Verdict::Due);
}

#[test]
fn time_that_is_not_understood_waits_for_a_call_with_a_warning() {
    for value in ["2:00-4:00", "02:00", "02:00-24:00", "02:60-03:00", "02:00-02:00", "later", "+2:00-04:00"] {
        let target = target([("web", asks(value))]);
        assert_eq!(times_of(&target), [ApplyTime::OnCall].into(), "{value}");
        assert_eq!(warnings(&target).len(), 1, "{value}");
    }
    for value in ["now", "reboot", "on-call", "22:30-05:00"] {
        assert!(warnings(&target([("web", asks(value))])).is_empty(), "{value}");
    }
}

proptest! {
    #[test]
    fn window_is_open_when_it_is_looked_at_again(from in 0..1440_u64, length in 1..1440_u64, now_s in 0..4_000_000_000_u64) {
        let times = [ApplyTime::Window(Window { from, until: (from + length) % 1440 })].into();
        if let Verdict::Waits { look_at_s, .. } = decide(&times, moment(now_s)) {
            let opens_s = look_at_s.unwrap();
            prop_assert!(opens_s > now_s && opens_s - now_s <= 86_400);
            prop_assert_eq!(decide(&times, moment(opens_s)), Verdict::Due);
            prop_assert_ne!(decide(&times, moment(opens_s - 1)), Verdict::Due);
        }
    }
}
