//! The server itself, and the handle by which a test speaks to it.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use actix_web::{
    App, Error, HttpRequest, HttpResponse, HttpServer, body::SizedStream, dev::ServerHandle, error, rt, web,
};
use futures_util::{StreamExt as _, stream};
use serde_json::{Map, Value};

use crate::{
    answer,
    body::{self, BodyError},
    fault::Fault,
    logs, register, report,
    route::Route,
    seen::Seen,
    signer::{ISSUER, Signer},
    state, token,
    world::{FLEET_ID, FLEET_UUID, PROVISIONING_KEY, World},
};

/// What the server's thread and the test share.
#[derive(Debug)]
pub struct Shared {
    world: Mutex<World>,
    changed: Condvar,
    signer: Signer,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes or asks the world, and wakes whoever waits for it to change.
    pub fn with<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let done = change(&mut self.world());
        self.changed.notify_all();
        done
    }
}

/// A cloud on loopback. It ends with this handle.
#[derive(Debug)]
pub struct FakeCloud {
    shared: Arc<Shared>,
    address: SocketAddr,
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
        let shared = Arc::new(Shared {
            world: Mutex::new(World { fleet_id: FLEET_ID, ..World::default() }),
            changed: Condvar::new(),
            signer,
        });
        let (address, running) = serve(&shared, address)?;
        Ok(Self { shared, address, running: Some(running) })
    }

    /// `http://127.0.0.1:<port>`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The key that may register devices.
    pub const fn provisioning_key(&self) -> &'static str {
        PROVISIONING_KEY
    }

    /// Where a registry sends its callers for a token.
    pub fn token_realm(&self) -> String {
        format!("{}/auth/v1/token", self.url())
    }

    /// The certificate by which a registry knows the tokens, in PEM form.
    pub fn token_certificate(&self) -> &str {
        self.shared.signer.certificate()
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
        look(&self.shared.world())
    }

    /// Waits until `look` finds something, and answers that; `None` when it does not in time.
    pub fn wait<T>(&self, deadline: Duration, mut look: impl FnMut(&World) -> Option<T>) -> Option<T> {
        let end = Instant::now() + deadline;
        let mut world = self.shared.world();
        loop {
            if let Some(found) = look(&world) {
                return Some(found);
            }
            let left = end.checked_duration_since(Instant::now())?;
            world = self.shared.changed.wait_timeout(world, left).unwrap_or_else(PoisonError::into_inner).0;
        }
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
            self.running = Some(serve(&self.shared, self.address)?.1);
        }
        Ok(())
    }
}

impl Drop for FakeCloud {
    fn drop(&mut self) {
        self.pause();
    }
}

fn serve(
    shared: &Arc<Shared>,
    address: SocketAddr,
) -> io::Result<(SocketAddr, (ServerHandle, JoinHandle<()>))> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    let data = web::Data::from(Arc::clone(shared));
    let (tell, told) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let run = async move {
            let app = move || App::new().app_data(data.clone()).default_service(web::to(handle));
            let server = HttpServer::new(app).workers(1).disable_signals().shutdown_timeout(0);
            let server = server.listen(listener)?.run();
            let _ = tell.send(server.handle());
            server.await
        };
        // A failure shows in the handle that never comes.
        let _ = rt::System::new().block_on(run);
    });
    let handle = told.recv().map_err(|_| io::Error::other("the server did not start"))?;
    Ok((address, (handle, thread)))
}

async fn handle(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Error> {
    let shared = shared.into_inner();
    let (route, subject) = Route::of(request.method().as_str(), request.path());
    let fault = shared.with(|world| world.take_fault(route));
    match fault {
        None => Ok(answer(&shared, &request, payload, route, subject).await),
        Some(Fault::Slow(delay)) => {
            rt::time::sleep(delay).await;
            Ok(answer(&shared, &request, payload, route, subject).await)
        }
        Some(Fault::Truncated) => {
            Ok(truncated(answer(&shared, &request, payload, route, subject).await).await)
        }
        Some(Fault::Lost) => {
            answer(&shared, &request, payload, route, subject).await;
            Ok(broken())
        }
        Some(other) => {
            let body = body::read(request.headers(), payload).await.unwrap_or_default();
            let failed = fail(other).await;
            note(&shared, &request, route, body, failed.status().as_u16());
            Ok(failed)
        }
    }
}

async fn fail(fault: Fault) -> HttpResponse {
    match fault {
        Fault::Status(status, retry_after) => {
            let mut answer = answer::builder(status);
            if let Some(seconds) = retry_after {
                answer.insert_header(("Retry-After", seconds.to_string()));
            }
            answer.finish()
        }
        Fault::Silent => std::future::pending().await,
        Fault::Body(body) => answer::builder(200).content_type("application/json; charset=utf-8").body(body),
        Fault::GzipBomb(bytes) => answer::builder(200)
            .content_type("application/json; charset=utf-8")
            .insert_header(("Content-Encoding", "gzip"))
            .body(answer::gzip(&vec![b' '; bytes])),
        Fault::NotModified => answer::bare(304),
        Fault::Closed | Fault::Slow(_) | Fault::Truncated | Fault::Lost => broken(),
    }
}

/// An answer that breaks off before its body.
fn broken() -> HttpResponse {
    let nothing =
        stream::once(async { Err::<web::Bytes, Error>(error::ErrorInternalServerError("broken off")) });
    answer::builder(200).body(SizedStream::new(1, nothing))
}

async fn truncated(whole: HttpResponse) -> HttpResponse {
    let headers = whole.headers().clone();
    let body = actix_web::body::to_bytes(whole.into_body()).await.unwrap_or_default();
    let size = body.len() as u64;
    let half = stream::once(std::future::ready(Ok(body.slice(..body.len() / 2))));
    let end = stream::once(async {
        // Until the half is on its way; an error at once would take it back.
        rt::time::sleep(Duration::from_millis(50)).await;
        Err::<web::Bytes, Error>(error::ErrorInternalServerError("broken off"))
    });
    let mut answer = answer::builder(200);
    for (name, value) in &headers {
        answer.insert_header((name.clone(), value.clone()));
    }
    answer.body(SizedStream::new(size.max(1), half.chain(end)))
}

async fn answer(
    shared: &Arc<Shared>,
    request: &HttpRequest,
    payload: web::Payload,
    route: Route,
    subject: &str,
) -> HttpResponse {
    let key = key(request);
    let key = key.as_deref();
    if route == Route::LogStream {
        // Seen when it begins, as it may not end.
        note(shared, request, route, Vec::new(), 0);
        return logs::stream(shared, request, subject, key, payload).await;
    }
    let body = match body::read(request.headers(), payload).await {
        Ok(body) => body,
        Err(BodyError::TooLarge) => return answer::bare(413),
        Err(BodyError::Broken) => return answer::bare(400),
    };
    let mut answer = shared.with(|world| match route {
        Route::Token => token::get(world, &shared.signer, request),
        _ => known(world, request, route, subject, key, &body),
    });
    let ahead = shared.with(|world| world.clock_ahead_s);
    if let Some(date) = date(ahead) {
        answer.headers_mut().insert(actix_web::http::header::DATE, date);
    }
    note(shared, request, route, body, answer.status().as_u16());
    answer
}

fn known(
    world: &mut World,
    request: &HttpRequest,
    route: Route,
    subject: &str,
    key: Option<&str>,
    body: &[u8],
) -> HttpResponse {
    let json = || body_value(request, body);
    match route {
        Route::Register => {
            json().map_or_else(|| answer::bare(400), |body| register::register(world, key, &body))
        }
        Route::KeyExchange => register::exchange(world, key),
        Route::State => state::get(world, subject, key, request.headers()),
        Route::Report => json().map_or_else(|| answer::bare(400), |body| report::patch(world, key, &body)),
        Route::Logs => {
            json().map_or_else(|| answer::bare(400), |body| logs::batch(world, subject, key, &body))
        }
        Route::Ping => answer::builder(200).body("OK"),
        Route::Connectivity => answer::bare(204),
        Route::LogStream | Route::Token | Route::Other => answer::bare(404),
    }
}

/// A body that is no JSON by its type counts as an empty object, as the framework makes it one.
fn body_value(request: &HttpRequest, body: &[u8]) -> Option<Value> {
    let kind =
        request.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        return serde_json::from_slice(body).ok();
    }
    Some(Value::Object(Map::new()))
}

fn key(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let bearer = header.and_then(|value| value.strip_prefix("Bearer ")).map(ToOwned::to_owned);
    let mut query = request.query_string().split('&');
    bearer.or_else(|| query.find_map(|pair| pair.strip_prefix("apikey=")).map(ToOwned::to_owned))
}

fn date(ahead_s: i64) -> Option<actix_web::http::header::HeaderValue> {
    let offset = Duration::from_secs(ahead_s.unsigned_abs());
    let now = std::time::SystemTime::now();
    let shown = if ahead_s < 0 { now.checked_sub(offset)? } else { now.checked_add(offset)? };
    actix_web::http::header::HttpDate::from(shown).to_string().parse().ok()
}

fn note(shared: &Shared, request: &HttpRequest, route: Route, body: Vec<u8>, status: u16) {
    let headers = request.headers().iter();
    let seen = Seen {
        route,
        method: request.method().to_string(),
        path: request.path().to_owned(),
        query: request.query_string().to_owned(),
        headers: headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body,
        status,
        at: Instant::now(),
    };
    shared.with(|world| world.seen.push(seen));
}
