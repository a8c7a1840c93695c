//! The server itself, and the handle by which a test speaks to it.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use actix_web::{App, HttpServer, dev::ServerHandle, rt, web};
use serde_json::Value;

use crate::{
    door::Door,
    fault::Fault,
    register,
    route::Route,
    serve::serve_request,
    shared::Shared,
    signer::{ISSUER, Signer},
    world::{FLEET_ID, FLEET_UUID, PROVISIONING_KEY, USER_KEY, World},
};

/// A cloud on loopback. It ends with this handle.
#[derive(Debug)]
pub struct FakeCloud {
    shared: Arc<Shared>,
    door: Door,
    running: Option<(ServerHandle, JoinHandle<()>)>,
}

impl FakeCloud {
    /// A cloud with one fleet that has no release, on any free port.
    pub fn start() -> io::Result<Self> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// The same with another number of the fleet.
    pub fn start_fleet(fleet_id: u64) -> io::Result<Self> {
        let cloud = Self::start()?;
        cloud.shared.with(|world| world.fleet_id = fleet_id);
        Ok(cloud)
    }

    /// The same at this address.
    pub fn start_at(address: SocketAddr) -> io::Result<Self> {
        let signer = Signer::new().map_err(io::Error::other)?;
        let world = World { fleet_id: FLEET_ID, ..World::default() };
        let shared = Arc::new(Shared::new(world, signer));
        let door = Door::take(address)?;
        let running = serve(&shared, &door)?;
        Ok(Self { shared, door, running: Some(running) })
    }

    /// `http://127.0.0.1:<port>`
    pub fn url(&self) -> String {
        format!("http://{}", self.door.address())
    }

    /// The key that may register devices.
    pub const fn provisioning_key(&self) -> &'static str {
        PROVISIONING_KEY
    }

    /// A user's key: it may exchange the keys of devices.
    pub const fn user_key(&self) -> &'static str {
        USER_KEY
    }

    /// The key that registers devices may exchange their keys too, as servers may allow; the recorded one did not.
    pub fn allow_exchange(&self) {
        self.shared.with(|world| world.may_exchange = true);
    }

    /// Where a registry sends its callers for a token.
    pub fn token_realm(&self) -> String {
        format!("{}/auth/v1/token", self.url())
    }

    /// The certificate by which a registry knows the tokens, in PEM form.
    pub fn token_certificate(&self) -> &str {
        self.shared.signer().certificate()
    }

    /// Who issues the tokens, by name.
    pub const fn token_issuer(&self) -> &'static str {
        ISSUER
    }

    /// The fleet's number, which is also its app's.
    pub fn fleet_id(&self) -> u64 {
        self.look(|world| world.fleet_id)
    }

    /// The fleet's uuid.
    pub const fn fleet_uuid(&self) -> &'static str {
        FLEET_UUID
    }

    /// Makes a release of `services`, `volumes` and `networks` in the form of the target state, and the one
    /// that devices are to run. Ids that a service lacks are given. Answers its commit.
    pub fn release(&self, content: Value) -> String {
        self.shared.with(|world| world.add_release(content))
    }

    /// Makes an earlier release the one to run again; `None`: the fleet has none.
    pub fn track(&self, commit: Option<&str>) {
        self.shared.with(|world| world.current = commit.map(ToOwned::to_owned));
    }

    /// Sets a configuration variable, or takes it away.
    pub fn configure(&self, name: &str, value: Option<&str>) {
        self.shared.with(|world| match value {
            Some(value) => world.config.insert(name.to_owned(), value.to_owned()),
            None => world.config.remove(name),
        });
    }

    /// Adds an app to every device's target, such as one of the cloud's own.
    pub fn add_app(&self, uuid: &str, app: Value) {
        self.shared.with(|world| world.extra_apps.insert(uuid.to_owned(), app));
    }

    /// Takes such an app away again.
    pub fn remove_app(&self, uuid: &str) {
        self.shared.with(|world| world.extra_apps.remove(uuid));
    }

    /// Puts a device there that registered earlier.
    pub fn add_device(&self, uuid: &str, key: &str) {
        let body = serde_json::json!({
            "application": self.fleet_id(), "device_type": "intel-nuc", "uuid": uuid, "api_key": key,
        });
        self.shared.with(|world| register::register(world, Some(PROVISIONING_KEY), &body));
    }

    /// Deletes a device, as an operator may.
    pub fn delete_device(&self, uuid: &str) {
        self.shared.with(|world| {
            if let Some(device) = world.devices.get_mut(uuid) {
                device.deleted = true;
            }
        });
    }

    /// Fails the next requests of this kind, one after the other; after what was told before.
    pub fn fail(&self, route: Route, faults: impl IntoIterator<Item = Fault>) {
        self.shared.with(|world| world.faults.entry(route).or_default().extend(faults));
    }

    /// Fails every request of this kind until told otherwise.
    pub fn fail_always(&self, route: Route, fault: Option<Fault>) {
        self.shared.with(|world| match fault {
            Some(fault) => world.lasting.insert(route, fault),
            None => world.lasting.remove(&route),
        });
    }

    /// Sets the server's clock ahead of this machine's; it shows in the header `Date`.
    pub fn set_clock_ahead(&self, seconds: i64) {
        self.shared.with(|world| world.clock_ahead_s = seconds);
    }

    /// Looks at what the server holds.
    pub fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        self.shared.look(look)
    }

    /// Waits until `look` finds something, and answers that; `None` when it does not in time.
    pub fn wait<T>(&self, deadline: Duration, look: impl FnMut(&World) -> Option<T>) -> Option<T> {
        self.shared.wait(deadline, look)
    }

    /// Nothing listens any more; what the server holds is kept for [`Self::resume`].
    pub fn pause(&mut self) {
        if let Some((handle, thread)) = self.running.take() {
            // Not waited for: requests that hang by a fault would hold it up.
            drop(handle.stop(false));
            let _ = thread.join();
        }
    }

    /// Listens again where it did.
    pub fn resume(&mut self) -> io::Result<()> {
        if self.running.is_none() {
            self.running = Some(serve(&self.shared, &self.door)?);
        }
        Ok(())
    }
}

impl Drop for FakeCloud {
    fn drop(&mut self) {
        self.pause();
    }
}

fn serve(shared: &Arc<Shared>, door: &Door) -> io::Result<(ServerHandle, JoinHandle<()>)> {
    let listener = door.listen()?;
    let data = web::Data::from(Arc::clone(shared));
    let (tell, told) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let run = async move {
            let app = move || App::new().app_data(data.clone()).default_service(web::to(serve_request));
            let server = HttpServer::new(app).workers(1).disable_signals().shutdown_timeout(0);
            let server = server.listen(listener)?.run();
            let _ = tell.send(server.handle());
            server.await
        };
        // A failure shows in the handle that never comes.
        let _ = rt::System::new().block_on(run);
    });
    let handle = told.recv().map_err(|_| io::Error::other("the server did not start"))?;
    Ok((handle, thread))
}
