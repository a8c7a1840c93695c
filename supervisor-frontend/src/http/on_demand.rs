//! The HTTP server whose protocol is there only while somebody is connected. actix keeps the time for the `Date` of
//! its answers in each HTTP service, and wakes up for that four times a second, asked or not; a device sleeps better
//! without. The routes are built once, the protocol around them, which is little, when the first connection comes.

use std::{
    cell::RefCell,
    future::poll_fn,
    io,
    net::TcpListener,
    rc::{Rc, Weak},
    task::{Context, Poll},
    time::Duration,
};

use actix_http::{HttpService, Request, error::DispatchError};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, fn_factory, map_config};
use actix_web::{
    Error,
    body::MessageBody,
    dev::{self, AppConfig, ServiceResponse},
    rt::net::TcpStream,
};
use futures_util::{FutureExt as _, future::LocalBoxFuture};

/// How long a connection may take to say goodbye.
const DISCONNECT_DEADLINE: Duration = Duration::from_secs(2);

/// What a server may take, and how long its clients may.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// At the same time.
    pub connections: usize,
    /// For blocking work.
    pub blocking_threads: usize,
    /// For a request's head.
    pub head_deadline: Duration,
    /// For the next request on a connection.
    pub keep_alive: Duration,
    /// For requests in flight, once the server is asked to stop; whole seconds.
    pub drain: Duration,
}

/// A server with one thread for requests. `app` is called on that thread, once for each listener.
pub fn server<F, I, S, B>(listeners: Vec<TcpListener>, bounds: Bounds, app: F) -> io::Result<dev::Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<
            Request,
            Config = AppConfig,
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let mut server = dev::Server::build()
        .workers(1)
        .worker_max_blocking_threads(bounds.blocking_threads)
        .max_concurrent_connections(bounds.connections)
        .shutdown_timeout(bounds.drain.as_secs())
        .disable_signals();
    let stopping = server.graceful_shutdown_signal();
    for listener in listeners {
        let (app, stopping) = (app.clone(), stopping.clone());
        server = server.listen("http", listener, move || {
            let app = map_config(app(), |()| AppConfig::default());
            let stopping = stopping.clone();
            fn_factory(move || {
                let (routes, stopping) = (app.new_service(()), stopping.clone());
                async move {
                    let routes = Rc::new(routes.await?);
                    Ok::<_, ()>(OnDemand::new(move || {
                        let (routes, stopping) = (Rc::clone(&routes), stopping.clone());
                        HttpService::build()
                            .graceful_shutdown_signal(move || {
                                let stopping = stopping.clone();
                                async move { stopping.notified().await }
                            })
                            .keep_alive(bounds.keep_alive)
                            .client_request_timeout(bounds.head_deadline)
                            .client_disconnect_timeout(DISCONNECT_DEADLINE)
                            .tcp_nodelay(true)
                            .finish(fn_factory(move || std::future::ready(Ok::<_, ()>(Rc::clone(&routes)))))
                            .tcp()
                    }))
                }
            })
        })?;
    }
    Ok(server.run())
}

/// A service of connections, made for the first of them and gone with the last.
struct OnDemand<M, F: ServiceFactory<TcpStream>> {
    make: M,
    current: RefCell<Weak<F::Service>>,
}

impl<M: Fn() -> F, F: ServiceFactory<TcpStream, Config = ()>> OnDemand<M, F> {
    fn new(make: M) -> Self {
        Self { make, current: RefCell::default() }
    }

    /// A new service, which is ready at once: it waits for nothing but the routes, and they are built.
    fn begin(&self) -> Option<Rc<F::Service>> {
        let service = (self.make)().new_service(()).now_or_never()?.ok().map(Rc::new)?;
        *self.current.borrow_mut() = Rc::downgrade(&service);
        Some(service)
    }
}

impl<M, F> Service<TcpStream> for OnDemand<M, F>
where
    M: Fn() -> F,
    F: ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()>,
    F::Service: 'static,
{
    type Response = ();
    type Error = ();
    type Future = LocalBoxFuture<'static, Result<(), ()>>;

    fn poll_ready(&self, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&self, connection: TcpStream) -> Self::Future {
        // Here, and not when the connection is first worked on: those that come at once share it, too.
        let living = self.current.borrow().upgrade();
        let service = living.or_else(|| self.begin());
        Box::pin(async move {
            let service = service.ok_or(())?;
            poll_fn(|cx| service.poll_ready(cx)).await.map_err(drop)?;
            // What goes wrong on a connection is its client's doing.
            service.call(connection).await.map_err(drop)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::ready};

    use actix_service::fn_service;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn connection(listener: &tokio::net::TcpListener) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (client, listener.accept().await.unwrap().0)
    }

    #[actix_web::test]
    async fn protocol_is_made_for_the_first_connection_and_gone_with_the_last() {
        let (made, alive) = (Rc::new(Cell::new(0)), Rc::new(()));
        let (counted, held) = (made.clone(), Rc::downgrade(&alive));
        let server = OnDemand::new(move || {
            counted.set(counted.get() + 1);
            let held = held.clone();
            fn_factory(move || {
                let held = held.upgrade();
                ready(Ok::<_, ()>(fn_service(move |mut connection: TcpStream| {
                    let held = held.clone();
                    async move {
                        connection.write_u8(1).await?;
                        let _ = connection.read_to_end(&mut Vec::new()).await;
                        drop(held);
                        Ok::<(), DispatchError>(())
                    }
                })))
            })
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        assert_eq!((made.get(), Rc::strong_count(&alive)), (0, 1), "before anybody came");
        let (mut first_client, first) = connection(&listener).await;
        let first = actix_web::rt::spawn(server.call(first));
        first_client.read_u8().await.unwrap();
        let (mut second_client, second) = connection(&listener).await;
        let second = actix_web::rt::spawn(server.call(second));
        second_client.read_u8().await.unwrap();
        drop(first_client);
        first.await.unwrap().unwrap();
        assert_eq!(made.get(), 1, "shared");
        assert!(Rc::strong_count(&alive) > 1, "gone before the last");
        drop(second_client);
        second.await.unwrap().unwrap();
        assert_eq!(Rc::strong_count(&alive), 1, "not gone with the last");
        let (third_client, third) = connection(&listener).await;
        drop(third_client);
        // Whether the client still hears anything is no matter.
        let _ = server.call(third).await;
        assert_eq!((made.get(), Rc::strong_count(&alive)), (2, 1), "not made again");
        let burst = [connection(&listener).await, connection(&listener).await];
        let burst = burst.map(|(client, connection)| {
            drop(client);
            server.call(connection)
        });
        for call in burst {
            let _ = call.await;
        }
        assert_eq!((made.get(), Rc::strong_count(&alive)), (3, 1), "once for those that come at once");
    }
}
