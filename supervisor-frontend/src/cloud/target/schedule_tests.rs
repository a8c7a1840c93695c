use proptest::prelude::*;

use super::*;

const INTERVAL: Duration = Duration::from_mins(15);
const LOWEST: Draw = Draw(0.0);
const HIGHEST: Draw = Draw(0.999_999);
const FAILED: Outcome = Outcome::Failed { retry_after: None };

fn told(seconds: u64) -> Outcome {
    Outcome::Failed { retry_after: Some(Duration::from_secs(seconds)) }
}

fn seconds(wait: Duration) -> u64 {
    (wait + Duration::from_millis(500)).as_secs()
}

#[test]
fn first_question_of_a_device_without_a_target_comes_at_once() {
    assert_eq!(Schedule::new(INTERVAL).first(false, true, HIGHEST), Duration::ZERO);
}

#[test]
fn first_question_of_a_device_with_a_target_is_spread() {
    let schedule = Schedule::new(INTERVAL);
    assert_eq!(schedule.first(true, false, LOWEST), Duration::ZERO);
    assert_eq!(seconds(schedule.first(true, false, HIGHEST)), 300);
    assert_eq!(seconds(Schedule::new(Duration::from_mins(1)).first(true, false, HIGHEST)), 20);
    assert_eq!(seconds(Schedule::new(Duration::from_hours(24)).first(true, false, HIGHEST)), 300);
}

#[test]
fn first_question_where_no_instant_update_is_wanted_waits_for_an_interval() {
    assert_eq!(Schedule::new(INTERVAL).first(true, true, LOWEST), INTERVAL);
}

#[test]
fn second_question_is_drawn_over_an_interval_and_the_others_follow_at_intervals() {
    let mut schedule = Schedule::new(INTERVAL);
    assert_eq!(seconds(schedule.clone().after(Outcome::Answered, LOWEST)), 60);
    assert_eq!(seconds(schedule.after(Outcome::Answered, HIGHEST)), 960);
    assert_eq!(seconds(schedule.after(Outcome::Answered, LOWEST)), 900);
    assert_eq!(seconds(schedule.after(Outcome::Answered, HIGHEST)), 960);
}

#[test]
fn failures_back_off_to_the_interval_and_an_answer_ends_that() {
    let mut schedule = Schedule::new(INTERVAL);
    let highest: Vec<u64> = (0..5).map(|_| seconds(schedule.after(FAILED, HIGHEST))).collect();
    assert_eq!(highest, [15, 60, 240, 900, 900]);
    assert_eq!(seconds(schedule.after(FAILED, LOWEST)), 450);
    schedule.after(Outcome::Answered, LOWEST);
    assert_eq!(seconds(schedule.after(FAILED, HIGHEST)), 15);
}

#[test]
fn server_that_asks_for_patience_gets_it_and_the_fleet_does_not_come_back_in_one_second() {
    let mut schedule = Schedule::new(INTERVAL);
    assert_eq!(seconds(schedule.clone().after(told(120), LOWEST)), 120);
    assert_eq!(seconds(schedule.after(told(120), HIGHEST)), 240);
    let mut patient = Schedule::new(INTERVAL);
    assert!(patient.after(told(86_400), LOWEST) == RETRY_AFTER, "it is capped");
}

#[test]
fn server_that_asks_for_less_than_the_backoff_does_not_shorten_it() {
    let mut schedule = Schedule::new(INTERVAL);
    for _ in 0..6 {
        schedule.after(FAILED, LOWEST);
    }
    assert!(schedule.after(told(1), LOWEST) >= INTERVAL / 2);
}

#[test]
fn interval_shorter_than_the_backoff_still_backs_off() {
    let mut schedule = Schedule::new(Duration::from_secs(10));
    assert_eq!(seconds(schedule.after(FAILED, HIGHEST)), 15);
    assert_eq!(seconds(schedule.after(FAILED, HIGHEST)), 15);
}

#[test]
fn day_without_a_cloud_costs_about_a_hundred_questions() {
    let mut schedule = Schedule::new(INTERVAL);
    let (mut passed, mut questions) = (Duration::ZERO, 0);
    while passed < Duration::from_hours(24) {
        passed += schedule.after(FAILED, LOWEST);
        questions += 1;
    }
    assert!((90..220).contains(&questions), "{questions}");
}

proptest! {
    #[test]
    fn wait_after_anything_is_neither_a_hot_loop_nor_for_ever(
        interval_s in 10_u64..100_000,
        happenings in proptest::collection::vec((any::<bool>(), proptest::option::of(0_u64..1_000_000), any::<u64>()), 1..60),
    ) {
        let interval = Duration::from_secs(interval_s);
        let mut schedule = Schedule::new(interval);
        for (answered, asked, bits) in happenings {
            let retry_after = asked.map(Duration::from_secs);
            let outcome = if answered { Outcome::Answered } else { Outcome::Failed { retry_after } };
            let wait = schedule.after(outcome, Draw::from_bits(bits));
            prop_assert!(wait >= Duration::from_secs(1), "{wait:?}");
            prop_assert!(wait <= 2 * interval.max(RETRY_AFTER), "{wait:?}");
        }
    }

    #[test]
    fn draw_of_any_bits_is_at_least_zero_and_below_one(bits in any::<u64>()) {
        let Draw(drawn) = Draw::from_bits(bits);
        prop_assert!((0.0..1.0).contains(&drawn));
    }
}
