//! The practice ADFS: one farm, one relying party, two judges; and the practice integration behind our own gate.

mod browser;
mod integration;
mod requests;
mod strangers;

use std::sync::LazyLock;

use vestibule::id::Entropy;
use vestibule::practice::adfs::Adfs;
use vestibule::practice::answer::Answer;
use vestibule::practice::key::Key;
use vestibule::practice::persona;
use vestibule::practice::relying_party::RelyingParty;
use vestibule::time::Timestamp;

static RSA: LazyLock<Key> = LazyLock::new(|| rsa("ADFS Signing - fs.acme.example"));
static OTHER: LazyLock<Key> = LazyLock::new(|| rsa("ADFS Encryption - fs.acme.example"));
static SP: LazyLock<Key> = LazyLock::new(|| rsa("vestibule"));
static EC: LazyLock<Key> = LazyLock::new(|| {
    Key::ec(
        "ADFS Signing - fs.acme.example",
        now(),
        365,
        &Entropy::fixed(),
    )
    .unwrap()
});

fn rsa(name: &str) -> Key {
    Key::rsa(name, 2048, now(), 365, &Entropy::System).unwrap()
}

fn now() -> Timestamp {
    Timestamp::parse("2026-01-31T09:05:00.123Z").unwrap()
}

fn adfs() -> Adfs {
    Adfs::new("https://fs.acme.example", vec![RSA.clone()], OTHER.clone())
}

fn relying_party() -> RelyingParty {
    RelyingParty {
        entity_id: "https://vestibule.example/saml/acme-demo/metadata".to_owned(),
        acs_url: "https://vestibule.example/saml/acme-demo/acs".to_owned(),
        logout_url: None,
        signing_certificates: vec![SP.certificate.clone()],
        encryption_certificate: None,
        signed_requests_required: false,
    }
}

fn answer() -> Answer {
    Answer::honest(
        &adfs(),
        &relying_party(),
        &persona::ZOE,
        Some("_request"),
        now(),
        &Entropy::fixed(),
    )
}
