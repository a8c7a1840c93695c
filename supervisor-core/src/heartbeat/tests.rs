//! The driver against a fake network and a paused clock.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};

use async_trait::async_trait;
use tokio::time::Instant;

use super::*;

const INTERVAL: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(7);

#[derive(Clone, Copy)]
enum Network {
    Up,
    Down,
    Silent,
}

#[derive(Clone)]
struct World {
    network: watch::Sender<Network>,
    vpn: Arc<AtomicBool>,
    looks: Arc<AtomicUsize>,
    attempts: watch::Sender<Vec<Instant>>,
}

#[async_trait]
impl Connector for World {
    async fn connect(&self, _: &Endpoint) -> io::Result<()> {
        self.attempts.send_modify(|attempts| attempts.push(Instant::now()));
        let network = *self.network.borrow();
        match network {
            Network::Up => Ok(()),
            Network::Down => Err(io::ErrorKind::ConnectionRefused.into()),
            Network::Silent => std::future::pending().await,
        }
    }
}

impl VpnStatus for World {
    fn is_active(&self) -> bool {
        self.looks.fetch_add(1, SeqCst);
        self.vpn.load(SeqCst)
    }
}

struct Running {
    world: World,
    switch: watch::Sender<bool>,
    states: watch::Receiver<ConnectivityState>,
    started: Instant,
}

impl Running {
    fn start(network: Network, endpoint: Option<&str>) -> Self {
        let world = World {
            network: watch::Sender::new(network),
            vpn: Arc::default(),
            looks: Arc::default(),
            attempts: watch::Sender::default(),
        };
        let (switch, enabled) = watch::channel(true);
        let endpoint = endpoint.map(|url| url.parse().unwrap());
        let config = HeartbeatConfig { endpoint, interval: INTERVAL, timeout: TIMEOUT };
        let (heartbeat, states) = Heartbeat::new(config, world.clone(), world.clone(), enabled);
        tokio::spawn(heartbeat.run());
        Self { world, switch, states, started: Instant::now() }
    }

    fn with(network: Network) -> Self {
        Self::start(network, Some("https://api.example.org"))
    }

    async fn online_is(&mut self, online: bool) -> ConnectivityState {
        self.states.wait_for(|state| state.online == online).await.unwrap().clone()
    }

    async fn attempts(&self, count: usize) -> Vec<Duration> {
        let mut attempts = self.world.attempts.subscribe();
        let attempts = attempts.wait_for(|attempts| attempts.len() >= count).await.unwrap();
        attempts.iter().map(|at| *at - self.started).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn heartbeat_attempts_at_once_and_then_after_each_interval() {
    let running = Running::with(Network::Up);
    assert_eq!(running.attempts(3).await, [Duration::ZERO, INTERVAL, INTERVAL * 2]);
    assert!(running.states.borrow().online);
}

#[tokio::test(start_paused = true)]
async fn heartbeat_counts_the_interval_from_the_end_of_a_silent_attempt() {
    let mut running = Running::with(Network::Silent);
    running.online_is(false).await;
    assert_eq!(running.started.elapsed(), TIMEOUT);
    assert_eq!(running.attempts(2).await, [Duration::ZERO, TIMEOUT + INTERVAL]);
}

#[tokio::test(start_paused = true)]
async fn heartbeat_goes_offline_and_online_with_the_network() {
    let mut running = Running::with(Network::Down);
    running.online_is(false).await;
    running.world.network.send_replace(Network::Up);
    running.online_is(true).await;
}

#[tokio::test(start_paused = true)]
async fn heartbeat_publishes_changes_only() {
    let mut running = Running::with(Network::Down);
    running.online_is(false).await;
    running.states.mark_unchanged();
    running.attempts(5).await;
    assert!(!running.states.has_changed().unwrap());
}

#[tokio::test(start_paused = true)]
async fn heartbeat_switched_off_is_online_at_once_and_attempts_no_more() {
    let mut running = Running::with(Network::Down);
    running.online_is(false).await;
    running.switch.send_replace(false);
    let state = running.online_is(true).await;
    assert!(!state.heartbeat_enabled);
    sleep(INTERVAL * 10).await;
    assert_eq!(running.world.attempts.borrow().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn heartbeat_switched_off_ends_an_attempt_that_runs() {
    let mut running = Running::with(Network::Silent);
    running.attempts(1).await;
    running.switch.send_replace(false);
    running.states.wait_for(|state| !state.heartbeat_enabled).await.unwrap();
    sleep(TIMEOUT * 2).await;
    assert!(running.states.borrow().online);
}

#[tokio::test(start_paused = true)]
async fn heartbeat_switched_on_again_attempts_at_once() {
    let mut running = Running::with(Network::Down);
    running.online_is(false).await;
    running.switch.send_replace(false);
    running.online_is(true).await;
    running.switch.send_replace(true);
    running.online_is(false).await;
    assert_eq!(running.attempts(2).await, [Duration::ZERO; 2]);
}

#[tokio::test(start_paused = true)]
async fn heartbeat_switched_on_twice_attempts_no_sooner() {
    let running = Running::with(Network::Up);
    running.attempts(1).await;
    running.switch.send_replace(true);
    assert_eq!(running.attempts(2).await, [Duration::ZERO, INTERVAL]);
}

#[tokio::test(start_paused = true)]
async fn heartbeat_pauses_while_the_vpn_is_up() {
    let mut running = Running::with(Network::Down);
    running.online_is(false).await;
    running.world.vpn.store(true, SeqCst);
    let state = running.online_is(true).await;
    assert!(state.vpn_active);
    sleep(INTERVAL * 5).await;
    assert_eq!(running.world.attempts.borrow().len(), 1);
    running.world.vpn.store(false, SeqCst);
    let state = running.online_is(false).await;
    assert!(!state.vpn_active);
}

#[tokio::test(start_paused = true)]
async fn heartbeat_without_endpoint_never_wakes_up() {
    let running = Running::start(Network::Down, None);
    sleep(INTERVAL * 100).await;
    assert_eq!(running.world.looks.load(SeqCst), 1);
    assert!(running.world.attempts.borrow().is_empty());
    assert!(running.states.borrow().online);
}

#[tokio::test(start_paused = true)]
async fn heartbeat_ends_with_its_switch() {
    let mut running = Running::with(Network::Up);
    running.attempts(1).await;
    drop(running.switch);
    while running.states.changed().await.is_ok() {}
}

#[tokio::test]
async fn heartbeat_over_real_tcp_notices_that_the_listener_is_gone() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (_switch, enabled) = watch::channel(true);
    let config = HeartbeatConfig {
        endpoint: Some(url.parse().unwrap()),
        interval: Duration::from_millis(1),
        timeout: TIMEOUT,
    };
    let host = tempfile::tempdir().unwrap();
    let vpn = VpnStatusFolder::new(host.path(), std::path::Path::new("/run"));
    let (heartbeat, mut states) = Heartbeat::new(config, TcpConnector, vpn, enabled);
    tokio::spawn(heartbeat.run());
    let (_peer, _) = listener.accept().await.unwrap();
    assert!(states.borrow().online);
    drop(listener);
    states.wait_for(|state| !state.online).await.unwrap();
}
