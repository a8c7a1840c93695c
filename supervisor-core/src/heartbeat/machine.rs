//! Decides when the device counts as connected, without a clock or a network.

use super::endpoint::Endpoint;

/// How well the device reaches the fleet's cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectivityState {
    /// The switch of the API's tcp-ping route.
    pub heartbeat_enabled: bool,
    /// The VPN is up, so there is no need to check.
    pub vpn_active: bool,
    /// What is checked.
    pub endpoint: Option<Endpoint>,
    /// False only after a check failed; without checks the device counts as connected.
    pub online: bool,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Connect now, then wait an interval.
    Attempt(Endpoint),
    /// Wait an interval and look at the VPN again.
    LookAgain,
    /// Wait until the switch is set.
    WaitForSwitch,
}

/// The heartbeat's state machine.
#[derive(Debug)]
pub struct Machine {
    state: ConnectivityState,
}

impl Machine {
    /// Connected until a check fails.
    pub fn new(endpoint: Option<Endpoint>, enabled: bool) -> Self {
        let state =
            ConnectivityState { heartbeat_enabled: enabled, vpn_active: false, endpoint, online: true };
        Self { state }
    }

    /// Takes in the switch and the VPN, and says what follows from them.
    pub fn observe(&mut self, enabled: bool, vpn_active: bool) -> Next {
        self.state.heartbeat_enabled = enabled;
        self.state.vpn_active = vpn_active;
        let next = match &self.state.endpoint {
            Some(_) if !enabled => Next::WaitForSwitch,
            Some(_) if vpn_active => Next::LookAgain,
            Some(endpoint) => return Next::Attempt(endpoint.clone()),
            None => Next::WaitForSwitch,
        };
        self.state.online = true;
        next
    }

    /// Takes in the end of an attempt.
    pub fn attempted(&mut self, reached: bool) {
        self.state.online = reached;
    }

    /// The state as it is now.
    pub fn state(&self) -> &ConnectivityState {
        &self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> Endpoint {
        "https://api.example.org".parse().unwrap()
    }

    fn offline() -> Machine {
        let mut machine = Machine::new(Some(endpoint()), true);
        machine.attempted(false);
        assert!(!machine.state().online);
        machine
    }

    #[test]
    fn machine_counts_as_online_before_the_first_attempt() {
        assert!(Machine::new(Some(endpoint()), true).state().online);
    }

    #[test]
    fn machine_attempts_while_enabled_without_vpn() {
        assert_eq!(offline().observe(true, false), Next::Attempt(endpoint()));
    }

    #[test]
    fn machine_stays_offline_until_an_attempt_succeeds() {
        let mut machine = offline();
        machine.observe(true, false);
        assert!(!machine.state().online);
        machine.attempted(true);
        assert!(machine.state().online);
    }

    #[test]
    fn machine_when_disabled_is_online_and_waits_for_the_switch() {
        let mut machine = offline();
        assert_eq!(machine.observe(false, false), Next::WaitForSwitch);
        assert!(machine.state().online && !machine.state().heartbeat_enabled);
    }

    #[test]
    fn machine_with_vpn_is_online_and_looks_again() {
        let mut machine = offline();
        assert_eq!(machine.observe(true, true), Next::LookAgain);
        assert!(machine.state().online && machine.state().vpn_active);
    }

    #[test]
    fn machine_without_endpoint_is_online_and_needs_no_timer() {
        let mut machine = Machine::new(None, true);
        for (enabled, vpn) in [(true, false), (true, true), (false, false), (false, true)] {
            assert_eq!(machine.observe(enabled, vpn), Next::WaitForSwitch);
            assert!(machine.state().online);
        }
    }
}
