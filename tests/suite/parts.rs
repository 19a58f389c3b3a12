//! The list of what the program is made of, which the portal shows, is what Cargo says.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

const LIST: &str = "src/http/portal/parts.txt";

/// Every crate that the program links on Linux, with its version and licence.
fn linked() -> String {
    let asked =
        "metadata --locked --offline --format-version 1 --filter-platform x86_64-unknown-linux-gnu";
    let said = Command::new(env!("CARGO")).args(asked.split(' ')).output();
    let said: Value = serde_json::from_slice(&said.unwrap().stdout).unwrap();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let uses: BTreeMap<String, Vec<String>> = list(&said["resolve"]["nodes"])
        .iter()
        .map(|node| {
            let is_linked = |dep: &&Value| {
                let mut kinds = dep["dep_kinds"].as_array().unwrap().iter();
                kinds.any(|kind| kind["kind"].is_null())
            };
            let deps = list(&node["deps"]);
            let deps = deps.iter().filter(is_linked).map(|dep| text(&dep["pkg"]));
            (text(&node["id"]), deps.collect())
        })
        .collect();
    let mut reached = BTreeSet::new();
    let mut open = vec![text(&said["resolve"]["root"])];
    while let Some(next) = open.pop() {
        for used in &uses[&next] {
            if reached.insert(used.clone()) {
                open.push(used.clone());
            }
        }
    }
    let packages = list(&said["packages"]);
    let here = packages
        .iter()
        .filter(|one| reached.contains(&text(&one["id"])));
    let mut lines: Vec<String> = here
        .map(|one| {
            ["name", "version", "license"]
                .map(|field| text(&one[field]))
                .join("\t")
                + "\n"
        })
        .collect();
    lines.sort();
    lines.concat()
}

#[test]
fn the_list_of_parts_is_what_is_linked() {
    let linked = linked();
    if std::env::var("INSTA_UPDATE").as_deref() == Ok("always") {
        std::fs::write(LIST, &linked).unwrap();
    }
    let listed = std::fs::read_to_string(LIST).unwrap_or_default();
    assert!(
        listed == linked,
        "{LIST} is out of date: run this test with INSTA_UPDATE=always"
    );
}
