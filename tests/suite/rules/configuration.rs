//! Rules 5, 6, 25 and 26: what a configuration may say.

use std::path::PathBuf;

use rstest::rstest;
use tempfile::TempDir;
use vestibule::account::{Document, Saml};
use vestibule::app::{App, Consent};
use vestibule::config::{AccountFile, Config, Error, read_account};
use vestibule::practice::persona::MAYA;
use vestibule::time::{Clock, Span};

use super::super::app::{NOW, TestApp, document};

const HEAD: &str = "account = \"acme-demo\"\nclient = \"Acme Bank\"\nstage = \"demo\"\n";

fn file(folder: &TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("acme-demo.toml");
    std::fs::write(&path, text).unwrap();
    path
}

/// What is wrong with a file of an account.
fn wrong(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let read: Result<AccountFile, Error> = read_account(&file(&folder, text));
    read.map_or_else(|error| error.to_string(), |_| String::new())
}

fn rule(operators: &str) -> String {
    format!("{HEAD}[[roles]]\nrole = \"maker\"\nclaim = \"urn:role\"\n{operators}\n")
}

#[rstest]
#[case::roles("[users]\nroles_from = \"uam\"", "users.roles_from")]
#[case::both("[users]\nroles_from = \"both\"", "users.roles_from")]
#[case::rule(
    "[[roles]]\nrole = \"uam_admin\"\nclaim = \"urn:role\"\nequals = \"x\"",
    "uam_admin"
)]
#[case::scim("[users]\nprovisioning = \"scim\"", "users.provisioning")]
fn rule_05_what_needs_the_uam_option_is_an_error_without_it(
    #[case] text: &str,
    #[case] named: &str,
) {
    let without = wrong(&format!("{HEAD}uam = false\n{text}"));
    let with = wrong(&format!("{HEAD}uam = true\n{text}"));

    assert!(
        without.contains("acme-demo.toml")
            && without.contains(named)
            && without.contains("`uam = true`"),
        "{without}"
    );
    assert_eq!(with, "");
}

#[test]
fn rule_06_the_defaults_are_two_years_thirty_days_and_seven_years() {
    let retention = Config::default().retention;

    assert_eq!(
        (
            retention.users_days,
            retention.attempts_days,
            retention.audit_days
        ),
        (730, 30, 2_555)
    );
}

#[rstest]
#[case::users("users_days = 731", "retention.users_days")]
#[case::attempts("attempts_days = 31", "retention.attempts_days")]
#[case::nothing("attempts_days = 0", "retention.attempts_days")]
#[case::audit("audit_days = 10", "unknown key `audit_days`")]
fn rule_06_an_account_may_not_lengthen_retention_nor_touch_the_audit(
    #[case] text: &str,
    #[case] named: &str,
) {
    let message = wrong(&format!("{HEAD}[retention]\n{text}"));

    assert!(message.contains(named), "{message}");
    assert_eq!(
        wrong(&format!(
            "{HEAD}[retention]\nusers_days = 730\nattempts_days = 1"
        )),
        ""
    );
}

#[rstest]
#[case::the_account(Some(10), 100)]
#[case::the_server(Some(100), 10)]
#[case::the_server_alone(None, 10)]
#[tokio::test]
async fn rule_06_the_shorter_retention_counts(#[case] own: Option<i64>, #[case] server: i64) {
    let test = TestApp::empty(|config| {
        config.retention.users_days = server;
        config.retention.attempts_days = server;
    })
    .await;
    let mut document = document("acme-demo");
    (
        document.retention.users_days,
        document.retention.attempts_days,
    ) = (own, own);
    test.apply(document).await;
    test.browser().sign_in(&MAYA).await;

    test.app.clock.advance(Span::days(10));
    test.shared.tidy().await.unwrap();
    let kept = test.written().await;
    test.app.clock.advance(Span::millis(1));
    test.shared.tidy().await.unwrap();
    let gone = test.written().await;

    assert_eq!((kept.0, kept.1), (1, 1));
    assert_eq!((gone.0, gone.1), (0, 0));
    assert!(gone.2 > kept.2, "the audit only grows");
}

#[rstest]
#[case::none("")]
#[case::two("equals = \"a\"\nmatches = \"a*\"")]
#[case::three("equals = \"a\"\nany_of = [\"a\"]\nmatches = \"a*\"")]
fn rule_25_a_rule_has_exactly_one_operator(#[case] operators: &str) {
    let message = wrong(&rule(operators));

    assert!(
        message.contains("exactly one of `equals`, `any_of` and `matches`"),
        "{message}"
    );
}

#[rstest]
#[case::star("matches = \"vkyc-*\"", "vkyc-maker", true)]
#[case::dot("matches = \"vkyc.maker\"", "vkyc-maker", false)]
#[case::question("matches = \"vkyc-make?\"", "vkyc-maker", false)]
#[case::class("matches = \"vkyc-[a-z]*\"", "vkyc-maker", false)]
#[case::literal("equals = \"vkyc-*\"", "vkyc-maker", false)]
#[case::exact("equals = \"vkyc-maker\"", "VKYC-Maker", false)]
#[case::any_case("equals = \"vkyc-maker\"\nignore_case = true", "VKYC-Maker", true)]
#[case::one_value("any_of = [\"a\", \"b\"]", "a,b", false)]
fn rule_25_only_the_star_is_special(
    #[case] operator: &str,
    #[case] value: &str,
    #[case] expected: bool,
) {
    let document: Document = toml::from_str(&rule(operator)).unwrap();

    assert_eq!(document.roles[0].accepts(value), expected);
}

#[test]
fn rule_25_lists_in_the_environment_are_separated_by_commas() {
    let folder = tempfile::tempdir().unwrap();
    let empty = file(&folder, "");
    let set = [
        (
            "VESTIBULE_SERVER_TRUSTED_PROXIES",
            "10.0.0.0/8, 192.0.2.0/24",
        ),
        ("VESTIBULE_SERVER_EGRESS_IPS", ""),
    ];
    let set = set.map(|(name, value)| (name.to_owned(), value.to_owned()));

    let config = Config::load(Some(&empty), set.into_iter()).unwrap();

    let proxies: Vec<String> = config
        .server
        .trusted_proxies
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(proxies, ["10.0.0.0/8", "192.0.2.0/24"]);
    assert!(config.server.egress_ips.is_empty());
}

#[rstest]
#[case::default(None, 2048)]
#[case::larger(Some(3072), 3072)]
#[tokio::test]
async fn rule_26_our_keys_have_the_size_that_was_asked_for_and_live_for_five_years(
    #[case] asked: Option<u32>,
    #[case] bits: u32,
) {
    let test = TestApp::empty(|_| {}).await;
    let app = App::open(
        test.app.config.clone(),
        Clock::manual(NOW),
        test.app.entropy.clone(),
    )
    .await
    .unwrap();
    let mut document = document("acme-demo");
    document.saml = Some(asked.map_or_else(Saml::default, |key_bits| Saml {
        key_bits,
        ..Saml::default()
    }));
    let file = AccountFile {
        document,
        metadata: None,
    };

    let account = app
        .apply(&file, "shell:test", &Consent::default())
        .await
        .unwrap()
        .account;

    let mut tx = app.store.read().await.unwrap();
    let keys = tx.of(account.id).keys(&app.ring).await.unwrap();
    let facts = |pair: &vestibule::saml::keys::KeyPair| {
        vestibule::saml::keys::Certificate::of(&pair.certificate).unwrap()
    };
    let (signing, encryption) = (facts(&keys.signing[0]), facts(&keys.encryption[0]));
    assert_ne!(signing.fingerprint, encryption.fingerprint);
    for certificate in [signing, encryption] {
        assert_eq!(certificate.key, format!("RSA {bits}"));
        assert_eq!(certificate.days_left(NOW), 5 * 365);
    }
}

#[rstest]
#[case(1024, false)]
#[case(2047, false)]
#[case(2048, true)]
#[case(3072, true)]
#[case(4096, true)]
#[case(8192, false)]
fn rule_26_no_other_size_can_be_asked_for(#[case] bits: u32, #[case] fine: bool) {
    let message = wrong(&format!("{HEAD}[saml]\nkey_bits = {bits}"));

    assert_eq!(message.is_empty(), fine, "{message}");
}
