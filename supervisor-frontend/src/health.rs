//! Whether the supervisor does its work, for `GET /v1/healthy`.
//!
//! The network, the cloud and the apps are not looked at: whoever restarts what is unhealthy would
//! restart a supervisor that can do nothing about them.

use std::time::Duration;

use crate::watchdog::{Heart, STUCK_AFTER};

/// How long core may be away before that counts: longer than a restart of it takes.
pub const CORE_ABSENCE: Duration = Duration::from_mins(1);

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unhealthy {
    /// One of the frontend's own loops stands still.
    #[error("a loop of the frontend has stood still for {} s", .0.as_secs())]
    Stuck(Duration),
    /// There has been no connection to core for too long.
    #[error("supervisor core has been away for {} s", .0.as_secs())]
    CoreAway(Duration),
}

/// What the verdict is made of.
#[derive(Debug, Clone)]
pub struct Health {
    /// Of the loop that keeps the link to core, moves the light and waits for signals.
    pub main: Heart,
    /// How long core may be away.
    pub core_absence: Duration,
}

impl Health {
    /// The verdict; `away` is how long core has been away, if it is. That the question is worked on
    /// shows that the loop of the HTTP side turns.
    pub fn check(&self, away: Option<Duration>) -> Result<(), Unhealthy> {
        judge(self.main.silence(), away, self.core_absence)
    }
}

fn judge(silence: Duration, away: Option<Duration>, core_absence: Duration) -> Result<(), Unhealthy> {
    if silence > STUCK_AFTER {
        return Err(Unhealthy::Stuck(silence));
    }
    match away {
        Some(away) if away > core_absence => Err(Unhealthy::CoreAway(away)),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(1);

    #[test]
    fn loops_that_turn_with_core_there_or_away_for_a_moment_are_healthy() {
        for away in [None, Some(SOON), Some(CORE_ABSENCE)] {
            assert_eq!(judge(STUCK_AFTER, away, CORE_ABSENCE), Ok(()));
        }
    }

    #[test]
    fn loop_that_stands_still_is_unhealthy() {
        let silence = STUCK_AFTER + SOON;
        assert_eq!(judge(silence, None, CORE_ABSENCE), Err(Unhealthy::Stuck(silence)));
    }

    #[test]
    fn core_that_stays_away_is_unhealthy() {
        let away = CORE_ABSENCE + SOON;
        assert_eq!(judge(SOON, Some(away), CORE_ABSENCE), Err(Unhealthy::CoreAway(away)));
    }
}
