//! The connection to the system bus that all D-Bus adapters share.

use std::{io, sync::Arc, time::Duration};

use tokio::{sync::Mutex, time::timeout};
use zbus::{Connection, connection, fdo};

/// How long one call may take, the connection's set-up included.
const DEADLINE: Duration = Duration::from_secs(5);

/// A call over the bus that failed.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The bus cannot be reached.
    #[error("cannot connect to the system bus")]
    Connect(#[source] zbus::Error),
    /// The bus or the service behind it did not answer in time.
    #[error("no answer over the system bus within {} ms", .0.as_millis())]
    Deadline(Duration),
    /// The call was answered with an error, or could not be carried.
    #[error("the call over the system bus failed")]
    Call(#[source] zbus::Error),
}

/// The system bus: dialled at the first call, and again at the first call after it went away.
#[derive(Debug, Clone)]
pub struct SystemBus {
    address: Option<String>,
    deadline: Duration,
    connection: Arc<Mutex<Option<Connection>>>,
}

impl SystemBus {
    /// `address` as in `DBUS_SYSTEM_BUS_ADDRESS`; without one, the system's default.
    /// <https://dbus.freedesktop.org/doc/dbus-specification.html#addresses>
    pub fn new(address: Option<String>) -> Self {
        Self { address, deadline: DEADLINE, connection: Arc::default() }
    }

    /// The same bus with another deadline than 5 s for each call.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Runs `call` once over a connection that has just proven to work. `call` is never repeated: a method
    /// that may have reached its service is not sent again.
    pub(super) async fn run<T, F>(&self, call: impl FnOnce(Connection) -> F) -> Result<T, BusError>
    where
        F: Future<Output = zbus::Result<T>>,
    {
        let answer = timeout(self.deadline, async {
            let connection = self.working_connection().await?;
            call(connection).await.map_err(BusError::Call)
        });
        match answer.await {
            Ok(result) => result,
            Err(_elapsed) => {
                self.forget();
                Err(BusError::Deadline(self.deadline))
            }
        }
    }

    /// A connection whose bus has answered a ping; a dead one is replaced.
    async fn working_connection(&self) -> Result<Connection, BusError> {
        let mut shared = self.connection.lock().await;
        if let Some(connection) = shared.take()
            && !connection.is_closed()
            && ping(&connection).await.is_ok()
        {
            return Ok(shared.insert(connection).clone());
        }
        let connection = self.dial().await.map_err(BusError::Connect)?;
        Ok(shared.insert(connection).clone())
    }

    async fn dial(&self) -> zbus::Result<Connection> {
        let builder = match &self.address {
            Some(address) => connection::Builder::address(address.as_str()),
            None => connection::Builder::system(),
        };
        builder.build().await
    }

    /// After a missed deadline the next call starts with a new connection. Where another call is just using
    /// the slot, that call has found its state out by itself.
    fn forget(&self) {
        if let Ok(mut shared) = self.connection.try_lock() {
            *shared = None;
        }
    }
}

/// Asks the bus itself, not a service: the answer shows that the connection is alive.
async fn ping(connection: &Connection) -> zbus::Result<()> {
    let bus = fdo::DBusProxy::builder(connection)
        .cache_properties(zbus::proxy::CacheProperties::No)
        .build()
        .await?;
    bus.get_id().await.map(drop).map_err(|error| zbus::Error::InputOutput(Arc::new(io::Error::other(error))))
}
