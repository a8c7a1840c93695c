//! The connectivity check: a TCP connection to the fleet's API, again and again, while no VPN shows that the
//! cloud is reachable anyway.

mod endpoint;
mod machine;
mod probes;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

pub use self::{
    endpoint::{Endpoint, EndpointError},
    machine::{ConnectivityState, Machine, Next},
    probes::{Connector, TcpConnector, VpnStatus, VpnStatusFolder},
};

/// When to check what.
#[derive(Debug, Clone)]
pub struct HeartbeatConfig {
    /// The API's host and port; without one nothing is checked.
    pub endpoint: Option<Endpoint>,
    /// From the end of one attempt to the start of the next.
    pub interval: Duration,
    /// How long one attempt may take.
    pub timeout: Duration,
}

/// The heartbeat and what it looks at.
#[derive(Debug)]
pub struct Heartbeat<C, V> {
    config: HeartbeatConfig,
    connector: C,
    vpn: V,
    enabled: watch::Receiver<bool>,
    state: watch::Sender<ConnectivityState>,
}

/// Nobody can switch the heartbeat any more: the program is ending.
struct SwitchGone;

impl<C: Connector, V: VpnStatus> Heartbeat<C, V> {
    /// `enabled` is the API's switch; what is found goes to the receiver, which is told of changes only.
    pub fn new(
        config: HeartbeatConfig,
        connector: C,
        vpn: V,
        enabled: watch::Receiver<bool>,
    ) -> (Self, watch::Receiver<ConnectivityState>) {
        let initial = Machine::new(config.endpoint.clone(), *enabled.borrow()).state().clone();
        let (state, states) = watch::channel(initial);
        (Self { config, connector, vpn, enabled, state }, states)
    }

    /// Runs until the switch's sender is gone.
    pub async fn run(mut self) {
        let mut enabled = *self.enabled.borrow_and_update();
        let mut machine = Machine::new(self.config.endpoint.clone(), enabled);
        loop {
            let next = machine.observe(enabled, self.vpn.is_active());
            self.publish(machine.state());
            enabled = match self.follow(next, &mut machine, enabled).await {
                Ok(enabled) => enabled,
                Err(SwitchGone) => return,
            };
        }
    }

    /// Does what comes next, until it is done or the switch was set; gives the switch's position.
    async fn follow(&mut self, next: Next, machine: &mut Machine, enabled: bool) -> Result<bool, SwitchGone> {
        let mut switch = self.enabled.clone();
        let done = async {
            match next {
                Next::Attempt(endpoint) => {
                    machine.attempted(self.reaches(&endpoint).await);
                    self.publish(machine.state());
                    sleep(self.config.interval).await;
                }
                Next::LookAgain => sleep(self.config.interval).await,
                Next::WaitForSwitch => std::future::pending().await,
            }
        };
        tokio::select! {
            () = done => Ok(enabled),
            // A switch that is set to where it was already changes nothing.
            changed = switch.wait_for(|now| *now != enabled) => changed.map(|now| *now).map_err(|_| SwitchGone),
        }
    }

    async fn reaches(&self, endpoint: &Endpoint) -> bool {
        match timeout(self.config.timeout, self.connector.connect(endpoint)).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                log::debug!("heartbeat failed endpoint={endpoint} error={error}");
                false
            }
            Err(_elapsed) => {
                log::debug!("heartbeat timed out endpoint={endpoint}");
                false
            }
        }
    }

    fn publish(&self, state: &ConnectivityState) {
        self.state.send_if_modified(|published| {
            if published.online != state.online {
                log::info!("connectivity changed online={} vpn={}", state.online, state.vpn_active);
            }
            let changed = *published != *state;
            published.clone_from(state);
            changed
        });
    }
}
