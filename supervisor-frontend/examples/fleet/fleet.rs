//! Devices that ask by the frontend's schedule, all started in second 0 with a target from before.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use supervisor_frontend::cloud::target::schedule::{Draw, Schedule};

use super::server::{self, Trouble};

const INTERVAL: Duration = Duration::from_mins(15);
/// How long a question takes, answered or not.
const ROUND_TRIP: Duration = Duration::from_millis(100);

/// The devices and when each asks next.
#[derive(Debug)]
pub struct Fleet {
    devices: Vec<Schedule>,
    next: BinaryHeap<Reverse<(Duration, usize)>>,
    random: Random,
}

impl Fleet {
    /// So many devices whose power comes back in the same moment.
    pub fn new(count: usize) -> Self {
        let mut random = Random(7);
        let devices = vec![Schedule::new(INTERVAL); count];
        let first =
            |(index, device): (usize, &Schedule)| Reverse((device.first(true, false, random.draw()), index));
        let next = devices.iter().enumerate().map(first).collect();
        Self { devices, next, random }
    }

    /// How many questions there were in each of so many seconds.
    pub fn run(mut self, trouble: &[Trouble], seconds: usize) -> Vec<u32> {
        let mut load = vec![0; seconds];
        while let Some(Reverse((at, index))) = self.next.pop() {
            let second = usize::try_from(at.as_secs()).unwrap_or(usize::MAX);
            let Some(count) = load.get_mut(second) else { break };
            *count += 1;
            let Some(device) = self.devices.get_mut(index) else { continue };
            let wait = device.after(server::answer(trouble, second), self.random.draw());
            self.next.push(Reverse((at + ROUND_TRIP + wait, index)));
        }
        load
    }
}

/// Sebastiano Vigna's `SplitMix64`: enough for a simulation, and the same on every machine.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn draw(&mut self) -> Draw {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Draw::from_bits(bits ^ (bits >> 31))
    }
}
