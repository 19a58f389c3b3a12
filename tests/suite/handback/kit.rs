//! The files of the kit, as they are handed over.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{StatusCode, header};
use vestibule::account::Document;
use vestibule::app::Refused;
use vestibule::handback::{Group, Kit, zip};
use vestibule::practice::persona::UMA;
use vestibule::role::Role;

use crate::app::{TestApp, document};

const SID: &str = "S-1-5-21-1004336348-1177238915-682003330-1101";

fn groups() -> BTreeMap<Role, Group> {
    [
        (Role::Maker, SID),
        (Role::Checker, "CORP\\APP Checkers (VKYC)"),
        (Role::Auditor, "APP-Auditors"),
    ]
    .map(|(role, group)| (role, Group::parse(group).unwrap()))
    .into()
}

async fn kit(
    change: impl FnOnce(&mut Document),
    groups: BTreeMap<Role, Group>,
) -> anyhow::Result<Kit> {
    let test = TestApp::empty(|config| {
        config.server.ingress_ips = vec!["192.0.2.10".into()];
        config.server.egress_ips = vec!["192.0.2.20".into()];
    })
    .await;
    let mut document = document("acme-demo");
    change(&mut document);
    let account = test.apply(document).await;
    test.app.handback(&account, groups).await
}

fn text<'k>(kit: &'k Kit, name: &str) -> &'k str {
    &kit.files
        .iter()
        .find(|file| file.name == name)
        .unwrap()
        .text
}

/// A text without fingerprints: keys are made afresh for each run.
fn without_prints(text: &str) -> String {
    let is_print = |word: &str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let mut plain = text.replace("\r\n", "\n");
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    for print in words.filter(|word| is_print(word)) {
        plain = plain.replace(print, "[fingerprint]");
    }
    plain
}

#[tokio::test]
async fn the_files_say_what_an_administrator_needs() {
    let kit = kit(|_| {}, groups()).await.unwrap();

    for file in kit
        .files
        .iter()
        .filter(|file| file.name != "sp-metadata.xml")
    {
        assert!(file.text.contains("\r\n") && !file.text.replace("\r\n", "").contains('\n'));
        insta::assert_snapshot!(file.name.replace('.', "_"), without_prints(&file.text));
    }
    insta::assert_debug_snapshot!("warnings", kit.warnings);
}

#[tokio::test]
async fn every_name_in_the_rules_is_the_one_that_adfs_uses() {
    let kit = kit(|_| {}, groups()).await.unwrap();

    let mut found = BTreeSet::new();
    for name in [
        "rules.txt",
        "add-trust.ps1",
        "verify-trust.ps1",
        "README.txt",
    ] {
        let text = text(&kit, name);
        assert!(!text.contains("https://schemas."), "{name}");
        assert!(!text.contains(['“', '”', '‘', '’', '\u{a0}']), "{name}");
        for start in text.match_indices("http://").map(|(at, _)| at) {
            let uri = text[start..]
                .split(['"', '\'', ' ', '\r', '\n', ','])
                .next();
            found.insert(uri.unwrap().to_owned());
        }
    }
    let known = [
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/groupsid",
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/windowsaccountname",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claimproperties/format",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    ];
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), known);
    let rules = text(&kit, "rules.txt");
    assert_eq!(
        rules.matches("@RuleName").count(),
        rules.matches(");\r\n").count()
    );
}

#[tokio::test]
async fn what_nobody_has_named_yet_stops_the_script() {
    let kit = kit(|_| {}, BTreeMap::new()).await.unwrap();

    assert!(text(&kit, "rules.txt").contains("WRITE-HERE-the-SID-of-the-group-for-maker"));
    assert!(text(&kit, "add-trust.ps1").contains("-SimpleMatch 'WRITE-HERE' -Quiet"));
    assert_eq!(kit.warnings.len(), 5);
    assert!(text(&kit, "add-trust.ps1").contains("'Permit everyone'"));
}

#[tokio::test]
async fn rule_53_what_cannot_be_written_is_refused_with_a_sentence() {
    let quote = [(
        Role::Maker,
        Group::parse("a\" => issue(claim = c);").unwrap(),
    )];
    let refused = kit(|_| {}, quote.into()).await.unwrap_err();
    assert!(refused.is::<Refused>() && refused.to_string().contains("quotation mark"));
    let everybody = [(Role::Maker, Group::parse("s-1-1-0").unwrap())];
    let everybody = kit(|_| {}, everybody.into()).await.unwrap_err();
    assert!(everybody.to_string().contains("may hold everybody"));
    let rule = "role = \"maker\"\nclaim = \"urn:x\"\nequals = \"a\\nb\"";
    let control = kit(
        |document| document.roles = vec![toml::from_str(rule).unwrap()],
        BTreeMap::new(),
    );
    let control = control.await.unwrap_err().to_string();
    assert!(control.contains("control character"), "{control}");
}

#[tokio::test]
async fn rule_53_a_hostile_client_name_changes_no_line_but_its_own() {
    let hostile = "Bank'; Stop-Computer; '’ \u{202e}$(x)";
    let named = kit(
        |document| hostile.clone_into(&mut document.client),
        groups(),
    )
    .await
    .unwrap();
    let plain = kit(|_| {}, groups()).await.unwrap();

    for (one, other) in named.files.iter().zip(&plain.files) {
        if one.name == "README.txt" {
            assert_eq!(one.text.lines().count(), other.text.lines().count());
        } else {
            assert_eq!(one.text.replace('\u{feff}', ""), other.text, "{}", one.name);
        }
    }
}

#[tokio::test]
async fn a_kit_without_our_addresses_says_so_loudly() {
    let test = TestApp::new().await;
    let account = test.account().await;
    let kit = test.app.handback(&account, groups()).await.unwrap();

    let warned = kit.warnings.join("\n");
    assert!(warned.contains("server.ingress_ips") && warned.contains("server.egress_ips"));
    assert!(text(&kit, "README.txt").contains("ask us before you open a firewall"));
}

#[tokio::test]
async fn the_zip_holds_the_same_bytes_each_time() {
    let kit = kit(|_| {}, groups()).await.unwrap();

    let packed = zip(&kit).unwrap();

    assert_eq!(packed, zip(&kit).unwrap());
    assert_eq!(&packed[..2], b"PK");
    for file in &kit.files {
        let bytes = file.text.as_bytes();
        assert!(
            packed.windows(bytes.len()).any(|part| part == bytes),
            "{}",
            file.name
        );
        assert_eq!(file.digest().len(), 64);
    }
}

#[tokio::test]
async fn an_administrator_takes_the_kit_from_the_page() {
    let test = TestApp::new().await;
    let mut uma = test.browser();
    uma.sign_in(&UMA).await;
    let at = "/portal/accounts/acme-demo/handback";

    let page = uma.follow(&format!("{at}?maker={SID}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains(&format!("kit.zip?maker={SID}")) && page.body.contains("SHA-256"));
    let rules = uma
        .follow(&format!("{at}/files/rules.txt?maker={SID}"))
        .await;
    assert!(rules.body.contains(SID), "{}", rules.body);
    let kept = rules.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert_eq!(kept, "attachment; filename=\"rules.txt\"");
    let none = uma.get(&format!("{at}/files/master.key")).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    let hostile = uma
        .follow(&format!("{at}?maker=%22%20%3D%3E%20issue()"))
        .await;
    assert_eq!(hostile.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        hostile.body.contains("cannot be written"),
        "{}",
        hostile.body
    );
}

#[tokio::test]
async fn an_address_that_somebody_sends_around_names_no_group_in_the_kit() {
    let test = TestApp::new().await;
    let mut uma = test.browser();
    uma.sign_in(&UMA).await;
    let at = "/portal/accounts/acme-demo/handback";

    for place in ["", "/files/rules.txt"] {
        let sent = uma.get(&format!("{at}{place}?uam_admin={SID}")).await;
        assert_eq!(sent.status, StatusCode::OK, "{}", sent.body);
        assert!(!sent.body.contains(SID), "{place}: {}", sent.body);
    }
}

#[tokio::test]
async fn groups_that_hold_everybody_stand_for_no_role() {
    for everybody in [
        "S-1-1-0",
        "S-1-5-11",
        "S-1-5-32-545",
        "S-1-5-21-1-2-3-513",
        "S-1-5-21-1-2-3-515",
        "S-1-5-21-0-0-0-1497",
        "S-1-5-21-1-2-1101",
        "S-1-5-21-1-2-3-4-1101",
        "S-1-5-21-1-2-3-99999999999",
        "CORP\\Domain Users",
        "everyone",
    ] {
        let group = Group::parse(everybody).unwrap();
        let groups = BTreeMap::from([(Role::Checker, group)]);
        let refused = kit(|_| {}, groups).await.unwrap_err();
        assert!(
            refused.to_string().contains("may hold everybody"),
            "{everybody}"
        );
    }
}
