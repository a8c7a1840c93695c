//! The client against servers that behave, and servers that do not.

use std::{io::Write as _, sync::Arc, time::Duration};

use rcgen::{CertifiedKey, Issuer, KeyPair};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{self, pki_types::PrivateKeyDer},
};

use super::*;

/// Answers one connection with these bytes, closes it, and tells what was asked.
async fn server(answer: &'static [u8]) -> (ApiEndpoint, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move { serve(listener.accept().await.unwrap().0, answer).await });
    (format!("http://{address}").parse().unwrap(), serving)
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &[u8]) -> String {
    let mut request = Vec::new();
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        if stream.read_buf(&mut request).await.unwrap() == 0 {
            break;
        }
    }
    stream.write_all(answer).await.unwrap();
    stream.shutdown().await.unwrap();
    String::from_utf8(request).unwrap()
}

fn client(endpoint: ApiEndpoint, trust: &Trust) -> ApiClient {
    ApiClient::new(endpoint, trust, "Supervisor/1.2.3 (Linux; Ünused OS; prod)\r\n").unwrap()
}

async fn ask(client: &ApiClient, limit: usize) -> Result<Vec<u8>, CloudFailure> {
    read_body(success(client.get("/thing").bearer_auth("secret").send().await?)?, limit).await
}

async fn answer_to(answer: &'static [u8]) -> Result<Vec<u8>, CloudFailure> {
    let (endpoint, _) = server(answer).await;
    ask(&client(endpoint, &Trust::nobody()), 1000).await
}

#[tokio::test]
async fn get_sends_one_user_agent_of_visible_characters_and_takes_gzip() {
    let (endpoint, serving) = server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
    let body = ask(&client(endpoint, &Trust::nobody()), 2).await.unwrap();
    assert_eq!(body, b"hi");
    let request = serving.await.unwrap().to_ascii_lowercase();
    assert!(request.starts_with("get /thing http/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nuser-agent: supervisor/1.2.3 (linux; nused os; prod)\r\n"), "{request}");
    assert!(request.contains("\r\naccept-encoding: gzip\r\n"), "{request}");
    assert!(request.contains("\r\nauthorization: bearer secret\r\n"), "{request}");
}

#[tokio::test]
async fn answer_longer_than_its_limit_is_too_large_compressed_or_not() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&vec![b'x'; 100_000]).unwrap();
    let body = gzip.finish().unwrap();
    assert!(body.len() < 1000, "the limit is for what comes out");
    let mut zipped =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len())
            .into_bytes();
    zipped.extend(body);
    assert!(matches!(answer_to(zipped.leak()).await, Err(CloudFailure::TooLarge { limit: 1000 })));
    let mut plain = b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n".to_vec();
    plain.extend([b'x'; 1001]);
    assert!(matches!(answer_to(plain.leak()).await, Err(CloudFailure::TooLarge { limit: 1000 })));
}

#[tokio::test]
async fn answer_that_is_no_success_is_its_status_and_what_it_asks_for() {
    let failure = answer_to(b"HTTP/1.1 429 Slow Down\r\nRetry-After: 10\r\nContent-Length: 0\r\n\r\n").await;
    let failure = failure.unwrap_err();
    assert_eq!((failure.status(), failure.retry_after()), (Some(429), Some(Duration::from_secs(10))));
    let failure = answer_to(b"HTTP/1.1 304 Not Modified\r\n\r\n").await.unwrap_err();
    assert_eq!((failure.status(), failure.retry_after()), (Some(304), None));
}

#[tokio::test]
async fn redirect_is_not_followed() {
    let (elsewhere, other) = server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: {elsewhere}/thing\r\nContent-Length: 0\r\n\r\n");
    let failure = answer_to(answer.into_bytes().leak()).await.unwrap_err();
    assert_eq!(failure.status(), Some(302));
    assert!(!other.is_finished(), "the key went nowhere else");
    other.abort();
}

#[tokio::test]
async fn answer_cut_short_is_a_network_failure() {
    for cut in
        [&b""[..], b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"]
    {
        let failure = answer_to(cut).await.unwrap_err();
        assert!(matches!(failure, CloudFailure::Network(_)), "{failure:?}");
    }
}

#[tokio::test]
async fn answer_with_broken_compression_is_not_understood() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\nnot gzip";
    assert!(matches!(answer_to(answer).await, Err(CloudFailure::NotUnderstood(_))));
}

#[tokio::test]
async fn server_that_is_not_there_is_a_network_failure() {
    let (endpoint, serving) = server(b"").await;
    serving.abort();
    let _ = serving.await;
    assert!(matches!(ask(&client(endpoint, &Trust::nobody()), 1).await, Err(CloudFailure::Network(_))));
}

#[tokio::test(start_paused = true)]
async fn server_that_says_nothing_is_given_up_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let holding = tokio::spawn(async move {
        let _held = listener.accept().await.unwrap();
        std::future::pending::<()>().await;
    });
    let outcome = ask(&client(endpoint, &Trust::nobody()), 1).await;
    holding.abort();
    assert!(matches!(outcome, Err(CloudFailure::Timeout)), "{outcome:?}");
}

#[tokio::test]
async fn failure_shows_neither_url_nor_key() {
    let failure = answer_to(b"not http at all\r\n\r\n").await.unwrap_err();
    let shown = format!("{failure:?} {}", crate::error_chain::chain(&failure));
    assert!(!shown.contains("thing") && !shown.contains("secret"), "{shown}");
}

struct TlsServer {
    endpoint: ApiEndpoint,
    authority: String,
    serving: JoinHandle<Option<String>>,
}

/// A server that an authority of its own vouches for.
async fn tls_server() -> TlsServer {
    let authority_key = KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = parameters.self_signed(&authority_key).unwrap();
    let signing_key = KeyPair::generate().unwrap();
    let cert = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&signing_key, &Issuer::new(parameters, authority_key))
        .unwrap();
    let server = CertifiedKey { cert, signing_key };
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![server.cert.der().clone()],
                PrivateKeyDer::Pkcs8(server.signing_key.serialize_der().into()),
            )
            .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        let stream = listener.accept().await.unwrap().0;
        let stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await.ok()?;
        Some(serve(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await)
    });
    let endpoint = format!("https://localhost:{port}").parse().unwrap();
    TlsServer { endpoint, authority: authority.pem(), serving }
}

#[tokio::test]
async fn server_of_an_unknown_authority_is_not_told_the_request() {
    let server = tls_server().await;
    let outcome = ask(&client(server.endpoint, &Trust::of_the_system()), 10).await;
    assert!(matches!(outcome, Err(CloudFailure::Tls(_))), "{outcome:?}");
    assert_eq!(server.serving.await.unwrap(), None);
}

#[tokio::test]
async fn server_of_the_owner_s_authority_is_trusted_from_config_and_file() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let server = tls_server().await;
    let mut trust = Trust::of_the_system();
    trust.add_base64_pem(&format!("{}\n", STANDARD.encode(&server.authority))).unwrap();
    assert_eq!(ask(&client(server.endpoint, &trust), 10).await.unwrap(), b"hi");

    let server = tls_server().await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(server.authority.as_bytes()).unwrap();
    let mut trust = Trust::nobody();
    trust.add_file(file.path()).unwrap();
    assert_eq!(ask(&client(server.endpoint, &trust), 10).await.unwrap(), b"hi");
}

#[test]
fn certificate_that_is_none_is_refused_and_changes_nothing() {
    let mut trust = Trust::nobody();
    assert!(matches!(trust.add_pem(b""), Err(BadCertificate::NotPem)));
    assert!(matches!(trust.add_base64_pem("%%%"), Err(BadCertificate::NotBase64(_))));
    let garbage = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(trust.add_pem(garbage), Err(BadCertificate::Unusable(_))));
    assert!(matches!(trust.add_file("/nonexistent".as_ref()), Err(BadCertificate::Unreadable(_))));
    assert_eq!(format!("{trust:?}"), "Trust(0 authorities)");
}
