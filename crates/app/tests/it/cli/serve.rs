//! `purser serve`: its flags; what it answers is tested beside the API.

use super::harness::Purser;

#[test]
fn usage_errors() {
    let purser = Purser::new();
    insta::assert_snapshot!(purser.run(["serve", "--listen", "here"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: invalid value 'here' for '--listen <ADDR>': invalid socket address syntax

    For more information, try '--help'.
    ---
    ");
    insta::assert_snapshot!(purser.run(["serve", "--tls-cert", "cert.pem"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: the following required arguments were not provided:
      --tls-key <FILE>

    Usage: purser serve --tls-cert <FILE> --tls-key <FILE>

    For more information, try '--help'.
    ---
    ");
    insta::assert_snapshot!(
        purser.run(["serve", "--tls-self-signed", "--tls-cert", "c.pem", "--tls-key", "k.pem"]),
        @"
        exit code 2
        --- stdout
        --- stderr
        error: a self-signed certificate needs no files

        hint: leave out `--tls-self-signed`, or `--tls-cert` and `--tls-key`
        ---
        "
    );
    insta::assert_snapshot!(purser.run(["serve", "--public-url", "users.example.com"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: `users.example.com` is no public URL

    hint: for example `--public-url https://users.example.com`
    ---
    ");
    insta::assert_snapshot!(purser.run(["serve", "--workers", "0"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: invalid value '0' for '--workers <N>': 0 is not in 1..=64

    For more information, try '--help'.
    ---
    ");
    assert!(purser.files().is_empty());
}

#[test]
fn an_address_in_use_is_a_failure() {
    let purser = Purser::with_store();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = purser.run(["-q", "serve", "--listen", &address]);
    assert_eq!(ran.code, 1, "{ran}");
    assert!(
        ran.stderr
            .starts_with("error: could not listen on 127.0.0.1:"),
        "{ran}"
    );
    assert!(
        ran.stderr.contains("choose another with `--listen`"),
        "{ran}"
    );
}

#[test]
fn a_variable_that_says_no_is_no_conflict() {
    let purser = Purser::with_store().env("PURSER_TLS_SELF_SIGNED", "false");
    let ran = purser.run([
        "serve",
        "--listen=127.0.0.1:0",
        "--tls-cert=none",
        "--tls-key=none",
    ]);
    assert_eq!(ran.code, 1, "{ran}");
    assert!(
        !ran.stderr.contains('\u{1b}'),
        "a log that is piped has no colors: {ran}"
    );
}
