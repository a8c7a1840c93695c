//! The references: the smallest servers that the same libraries make, each in a process of its own.

use std::{
    env,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use actix_web::{App, HttpServer, web};
use supervisor_proto::v1::{
    ConnectivityState, GetConnectivityRequest, HelloReply, HelloRequest, SetHeartbeatReply,
    SetHeartbeatRequest, SetVpnReply, SetVpnRequest, WatchConnectivityRequest,
    connectivity_server::{Connectivity, ConnectivityServer},
    contract_server::{Contract, ContractServer},
};
use supervisor_tests::Result;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::{Request, Response, Status, transport::Server};

/// A reference that ends with its owner.
#[derive(Debug)]
pub struct Bare(Child);

impl Bare {
    /// The HTTP server, and where it listens.
    pub fn start_http() -> Result<(Self, SocketAddr)> {
        let (bare, line) = Self::start(&["bare-http"])?;
        Ok((bare, line.parse()?))
    }

    /// The gRPC server on a Unix socket.
    pub fn start_grpc(socket: &str) -> Result<Self> {
        Ok(Self::start(&["bare-grpc", socket])?.0)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Its first line says that it listens, and where.
    fn start(words: &[&str]) -> Result<(Self, String)> {
        let mut child = Command::new(env::current_exe()?).args(words).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let bare = Self(child);
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        Ok((bare, line.trim().to_owned()))
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// actix-web with one worker that answers `OK` to everything.
pub fn http() -> Result<()> {
    runtime()?.block_on(async {
        let server = HttpServer::new(|| App::new().default_service(web::to(|| async { "OK" })));
        let server = server.workers(1).tcp_nodelay(true).bind("127.0.0.1:0")?;
        println!("{}", server.addrs().first().ok_or("not bound")?);
        Ok(server.run().await?)
    })
}

/// tonic on a Unix socket with a method that does nothing.
pub fn grpc(socket: &str) -> Result<()> {
    runtime()?.block_on(async {
        let listener = UnixListenerStream::new(tokio::net::UnixListener::bind(socket)?);
        println!("{socket}");
        let server = Server::builder().add_service(ContractServer::new(Nothing));
        Ok(server.add_service(ConnectivityServer::new(Nothing)).serve_with_incoming(listener).await?)
    })
}

struct Nothing;

#[tonic::async_trait]
impl Contract for Nothing {
    async fn hello(
        &self,
        request: Request<HelloRequest>,
    ) -> std::result::Result<Response<HelloReply>, Status> {
        let contract_version = request.into_inner().contract_version;
        Ok(Response::new(HelloReply { contract_version, ..HelloReply::default() }))
    }
}

#[tonic::async_trait]
impl Connectivity for Nothing {
    async fn set_heartbeat(
        &self,
        _request: Request<SetHeartbeatRequest>,
    ) -> std::result::Result<Response<SetHeartbeatReply>, Status> {
        Ok(Response::new(SetHeartbeatReply {}))
    }

    async fn set_vpn(
        &self,
        _request: Request<SetVpnRequest>,
    ) -> std::result::Result<Response<SetVpnReply>, Status> {
        Ok(Response::new(SetVpnReply {}))
    }

    async fn get_connectivity(
        &self,
        _request: Request<GetConnectivityRequest>,
    ) -> std::result::Result<Response<ConnectivityState>, Status> {
        Ok(Response::new(ConnectivityState::default()))
    }

    type WatchConnectivityStream = tokio_stream::Empty<std::result::Result<ConnectivityState, Status>>;

    async fn watch_connectivity(
        &self,
        _request: Request<WatchConnectivityRequest>,
    ) -> std::result::Result<Response<Self::WatchConnectivityStream>, Status> {
        Ok(Response::new(tokio_stream::empty()))
    }
}
