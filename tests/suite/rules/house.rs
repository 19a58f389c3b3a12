//! Rules 15, 57 and 62: what the sources themselves have to keep to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Every source file below a folder, with its text.
pub(crate) fn sources(folder: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut found, mut open) = (BTreeMap::new(), vec![root.join(folder)]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn rule_15_nothing_of_the_practice_identity_provider_is_built_unless_it_is_asked_for() {
    let manifest =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();

    let features = manifest["features"].as_table().unwrap();
    assert!(features.contains_key("practice"));
    assert!(!features.contains_key("default"));
    let library = &sources("src")["src/lib.rs"];
    for module in ["practice", "demo"] {
        let gated = format!("#[cfg(feature = \"practice\")]\npub mod {module};");
        assert!(library.contains(&gated), "{module}");
    }
}

#[test]
fn rule_57_samael_writes_and_never_reads() {
    let users: Vec<String> = sources("src")
        .into_iter()
        .filter(|(_, text)| text.contains("samael::"))
        .map(|(name, _)| name)
        .collect();

    assert_eq!(users, ["src/saml/descriptor.rs", "src/saml/request.rs"]);
    for name in users {
        let text = &sources("src")[&name];
        for reading in [
            "FromStr",
            ".parse",
            "from_str",
            "samael::crypto",
            "samael::service_provider",
        ] {
            assert!(!text.contains(reading), "{reading} in {name}");
        }
    }
}

#[test]
fn rule_62_pages_go_by_id_and_never_by_the_order_of_text() {
    for (name, text) in sources("src/store") {
        assert!(!text.contains("OFFSET"), "{name}");
        for order in text.split("ORDER BY ").skip(1) {
            let column = order
                .split(|c: char| !c.is_ascii_lowercase() && c != '_')
                .next()
                .unwrap();
            // Keys are written in hex, which every collation sorts alike.
            let is_sound = ["id", "user_id", "number", "revision", "free_at"].contains(&column)
                || column.ends_with("_key");
            assert!(is_sound, "ORDER BY {column} in {name}");
        }
    }
}
