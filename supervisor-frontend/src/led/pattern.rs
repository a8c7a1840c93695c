//! Blink patterns as functions of time.

use std::time::Duration;

const BLINK: Duration = Duration::from_millis(200);
const IDENTIFY_CYCLE: Duration = Duration::from_millis(400);
/// Four blinks, then a pause.
const OFFLINE_BLINKS: Duration = Duration::from_millis(1600);
const OFFLINE_CYCLE: Duration = Duration::from_millis(2600);

/// A repeating pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// 200 ms on, 200 ms off.
    Identify,
    /// Four times 200 ms on, 200 ms off; then 1000 ms off.
    Offline,
}

impl Pattern {
    /// Whether the light is on `elapsed` after the pattern's start, and how long that stays so.
    pub fn at(self, elapsed: Duration) -> (bool, Duration) {
        let (cycle, blinks) = match self {
            Self::Identify => (IDENTIFY_CYCLE, IDENTIFY_CYCLE),
            Self::Offline => (OFFLINE_CYCLE, OFFLINE_BLINKS),
        };
        let phase = remainder(elapsed, cycle);
        if phase >= blinks {
            return (false, cycle.saturating_sub(phase));
        }
        let in_blink = remainder(phase, 2 * BLINK);
        if in_blink < BLINK {
            (true, BLINK.saturating_sub(in_blink))
        } else if phase + ((2 * BLINK).saturating_sub(in_blink)) >= blinks {
            // The last blink's dark half runs into the pause.
            (false, cycle.saturating_sub(phase))
        } else {
            (false, (2 * BLINK).saturating_sub(in_blink))
        }
    }
}

fn remainder(elapsed: Duration, cycle: Duration) -> Duration {
    let nanos = elapsed.as_nanos() % cycle.as_nanos();
    u64::try_from(nanos).map(Duration::from_nanos).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(pattern: Pattern, until_ms: u64) -> Vec<(u128, bool)> {
        let mut at = Duration::ZERO;
        let mut edges = vec![];
        while at < Duration::from_millis(until_ms) {
            let (on, stays) = pattern.at(at);
            edges.push((at.as_millis(), on));
            at += stays;
        }
        edges
    }

    #[test]
    fn identify_changes_every_200_ms() {
        assert_eq!(edges(Pattern::Identify, 800), [(0, true), (200, false), (400, true), (600, false)]);
    }

    #[test]
    fn offline_blinks_four_times_and_pauses() {
        let expected = [
            (0, true),
            (200, false),
            (400, true),
            (600, false),
            (800, true),
            (1000, false),
            (1200, true),
            (1400, false),
            (2600, true),
            (2800, false),
        ];
        assert_eq!(edges(Pattern::Offline, 3000), expected);
    }
}
