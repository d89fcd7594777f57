//! What the binary is made of: the lists of `deny.toml`, held also where cargo-deny is not installed.

use std::process::Command;

use serde_json::Value;

use crate::sources::{read, root};

#[test]
fn no_banned_crate_is_locked() {
    let lock = read("Cargo.lock");
    let banned = quoted(&list("\ndeny = ["));
    assert!(!banned.is_empty());
    for name in banned {
        assert!(
            !lock.contains(&format!("\nname = \"{name}\"\n")),
            "{name} is banned by deny.toml"
        );
    }
}

#[test]
fn every_licence_is_allowed() {
    let allowed = quoted(&list("\nallow = ["));
    let packages = metadata();
    let packages = packages["packages"].as_array().unwrap();
    assert!(packages.len() > 100, "these are not all");
    for package in packages {
        let (name, licence) = (
            &package["name"],
            package["license"].as_str().unwrap_or_default(),
        );
        assert!(
            is_allowed(licence, &allowed),
            "{name} has the licence `{licence}`"
        );
    }
}

/// Returns whether one may choose allowed licences only. Alternatives stand in brackets where both words occur.
fn is_allowed(licence: &str, allowed: &[String]) -> bool {
    let is_known = |name: &str| allowed.iter().any(|known| known == name.trim());
    licence.split(" AND ").all(|part| {
        let part = part.replace(['(', ')'], "").replace('/', " OR ");
        part.split(" OR ").any(is_known)
    })
}

/// Returns the list of `deny.toml` that begins so.
fn list(begin: &str) -> String {
    let page = read("deny.toml");
    let (_, rest) = page.split_once(begin).unwrap();
    rest.split_once("\n]").unwrap().0.to_owned()
}

fn quoted(list: &str) -> Vec<String> {
    list.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// Returns the packages that this machine's build needs.
fn metadata() -> Value {
    let version = cargo(&["-vV"]);
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    let metadata = [
        "metadata",
        "--offline",
        "--format-version",
        "1",
        "--filter-platform",
        host,
    ];
    serde_json::from_str(&cargo(&metadata)).unwrap()
}

fn cargo(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(args)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn licences_are_read_as_they_are_written() {
    let allowed = ["MIT", "ISC"].map(str::to_owned);
    for (licence, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND ISC", true),
        ("", false),
    ] {
        assert_eq!(is_allowed(licence, &allowed), expected, "{licence}");
    }
}
