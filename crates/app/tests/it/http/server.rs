//! The server itself: TLS, unknown paths, documentation, stopping.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use insta::assert_snapshot;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::support::Server;

#[test]
fn unknown_paths_and_methods_answer_alike() {
    let server = Server::start(&[]);
    let unknown = server.get("/api/v2/nothing");
    assert_snapshot!(unknown.shown_with(&["content-type", "x-ratelimit-limit"]), @r#"
    404
    content-type: application/json; charset=utf-8
    x-ratelimit-limit: (none)
    {"statusCode":404,"error":"Not Found","message":"Not Found"}
    "#);
    for (method, path) in [
        ("GET", "/"),
        ("DELETE", "/api/v2/jobs/users-imports"),
        ("GET", "/oauth/token"),
    ] {
        assert_eq!(
            server.authorized(method, path, &[], "").text(),
            unknown.text(),
            "{method} {path}"
        );
    }
}

#[test]
fn health_and_documentation_need_no_token() {
    let server = Server::start(&[]);
    let get = |path: &str| server.send("GET", path, &[], "");
    assert_snapshot!(get("/healthz").shown(), @r#"200 {"status":"ok"}"#);
    let page = get("/docs/");
    assert_eq!(page.status, 200);
    assert!(
        !page.text().contains("https://"),
        "loads something from elsewhere: {}",
        page.text()
    );
    assert_eq!(get("/docs/swagger-ui-bundle.js").status, 200);
}

/// The page of all paths, at the head of the router.
const ROUTES: &str = include_str!("../../../src/http/routes.rs");

#[test]
fn the_page_of_all_paths_is_complete() {
    let server = Server::start(&[]);
    let api = server.send("GET", "/openapi.json", &[], "").json();
    let mut served = vec![];
    for (path, operations) in api["paths"].as_object().unwrap() {
        let methods = operations.as_object().unwrap().keys();
        served.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let lines = ROUTES.lines().filter_map(|line| line.strip_prefix("//! "));
    let words = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let mut written: Vec<String> = words
        .filter(|words| words.len() == 3 && words[1].starts_with('/'))
        .map(|words| words[..2].join(" "))
        .collect();
    served.sort();
    written.sort();
    assert_eq!(served, written);
}

#[test]
fn every_operation_of_the_api_wants_a_token() {
    let server = Server::start(&[]);
    let api = server.send("GET", "/openapi.json", &[], "").json();
    let mut seen = 0;
    for (path, operations) in api["paths"].as_object().unwrap() {
        let is_management = path.starts_with("/api/");
        for (method, operation) in operations.as_object().unwrap() {
            let path = path.replace("{id}", "x").replace("{", "").replace("}", "");
            let answer = server.send(&method.to_uppercase(), &path, &[], "");
            assert_eq!(
                answer.status == 401 && answer.text().contains("Missing authentication"),
                is_management,
                "{method} {path}"
            );
            assert_eq!(
                operation.get("security").is_some(),
                is_management,
                "{method} {path}"
            );
            assert!(operation["summary"].is_string(), "{method} {path}");
            seen += usize::from(is_management);
        }
    }
    assert!(seen >= 7, "{api}");
}

#[test]
fn json_is_compressed_for_those_who_ask() {
    let server = Server::start(&[]);
    let answer = server.authorized("GET", "/openapi.json", &[("Accept-Encoding", "gzip")], "");
    assert_eq!(answer.header("content-encoding"), "gzip");
    assert_eq!(&answer.bytes[..2], [0x1f, 0x8b]);
}

#[test]
fn a_certificate_of_its_own_is_made_once() {
    let server = Server::start(&["--tls-self-signed"]);
    let folder = server.home().join("store.db-files/tls");
    let certificate = std::fs::read(folder.join("cert.pem")).unwrap();
    let host = server.base.strip_prefix("https://").unwrap();
    for (name, protocol) in [("localhost", "http/1.1"), ("127.0.0.1", "h2")] {
        let mut stream = tls(host, name, &certificate, protocol);
        if protocol == "http/1.1" {
            write!(
                stream,
                "GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            )
            .unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
            assert!(
                answer.contains("strict-transport-security: max-age=31536000"),
                "{answer}"
            );
        }
        stream.conn.complete_io(&mut stream.sock).ok();
        assert_eq!(stream.conn.alpn_protocol(), Some(protocol.as_bytes()));
    }
    #[cfg(unix)]
    for file in ["cert.pem", "key.pem"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = folder.join(file).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

/// Connects with TLS, trusting the certificate alone, and shakes hands.
fn tls(
    host: &str,
    name: &str,
    certificate: &[u8],
    protocol: &str,
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(certificate).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = TcpStream::connect(host).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut socket).unwrap();
    }
    StreamOwned::new(connection, socket)
}

#[cfg(unix)]
#[test]
fn it_stops_when_told() {
    let mut server = Server::start(&[]);
    assert_eq!(server.get("/api/purser/v1/jobs").status, 200);
    assert!(server.stop());
}
