//! Honest signatures of every accepted kind, on the assertion, on the response, on both.

use std::sync::LazyLock;

use vestibule::id::Entropy;
use vestibule::practice::adfs::Adfs;
use vestibule::practice::answer::What;
use vestibule::practice::key::Key;
use vestibule::practice::sign::{DigestMethod, SignatureMethod, Signing, sign};
use vestibule::time::Span;

use super::super::app::{IDP_KEYS, NOW, TestApp, document};
use super::honest::{Variation, accept, honest, saying};

static EC: LazyLock<Key> =
    LazyLock::new(|| Key::ec("ADFS Signing", NOW, 365, &Entropy::fixed()).unwrap());

pub(super) fn places() -> Vec<Variation> {
    let signed = |name, what| saying(name, move |answer| answer.sign = what);
    vec![
        signed("the assertion is signed", What::Assertion),
        signed("the response is signed", What::Response),
        signed("response and assertion are signed", What::Both),
        saying("the certificate does not come along", |answer| {
            answer.signing.key_info = false;
        }),
        saying("neither certificate comes along", |answer| {
            answer.sign = What::Both;
            answer.signing.key_info = false;
        }),
        honest("the second known key signs", |scene| {
            let (answer, signing) = (scene.answer(), Signing::default());
            sign(&answer.xml(), &answer.assertion_id, &IDP_KEYS[1], &signing).unwrap()
        }),
        honest(
            "one known key signs the assertion, the other the response",
            |scene| {
                let (answer, signing) = (scene.answer(), Signing::default());
                let xml =
                    sign(&answer.xml(), &answer.assertion_id, &IDP_KEYS[1], &signing).unwrap();
                sign(&xml, &answer.response_id, &IDP_KEYS[0], &signing).unwrap()
            },
        ),
    ]
}

pub(super) fn algorithms() -> Vec<Variation> {
    use {DigestMethod as Digest, SignatureMethod as Method};
    let methods = [Method::RsaSha256, Method::RsaSha384, Method::RsaSha512];
    let digests = [Digest::Sha256, Digest::Sha384, Digest::Sha512];
    let pairs = methods
        .into_iter()
        .flat_map(|method| digests.map(|digest| (method, digest)));
    pairs
        .map(|(method, digest)| {
            saying(
                format!("it is signed by {method:?} over {digest:?}"),
                move |answer| {
                    (answer.signing.method, answer.signing.digest) = (method, digest);
                },
            )
        })
        .collect()
}

pub(super) fn prefixes() -> Vec<Variation> {
    let lists: [&[&str]; 4] = [
        &["xs"],
        &["samlp", "xs"],
        &["#default"],
        &["#default", "ds", "samlp", "a"],
    ];
    let listed = lists.into_iter().flat_map(|list| {
        [What::Assertion, What::Response].map(|what| {
            saying(
                format!("{list:?} are inclusive prefixes of the {what:?}"),
                move |answer| {
                    answer.sign = what;
                    answer.signing.inclusive_prefixes =
                        list.iter().map(ToString::to_string).collect();
                },
            )
        })
    });
    listed.collect()
}

#[tokio::test]
async fn every_accepted_signature_is_accepted_in_every_place() {
    let test = TestApp::new().await;

    accept(&test, places()).await;
    accept(&test, algorithms()).await;
    accept(&test, prefixes()).await;
}

#[tokio::test]
async fn an_elliptic_key_may_sign() {
    use SignatureMethod::{EcdsaSha256, EcdsaSha384, EcdsaSha512};
    let mut test = TestApp::empty(|_| {}).await;
    test.adfs.signing = vec![EC.clone()];
    test.apply(document("acme-demo")).await;
    let by = |method| {
        saying(format!("it is signed by {method:?}"), move |answer| {
            answer.signing.method = method;
            answer.sign = What::Both;
        })
    };

    accept(
        &test,
        [EcdsaSha256, EcdsaSha384, EcdsaSha512].map(by).into(),
    )
    .await;
}

/// The key is the anchor, not its certificate's dates.
#[tokio::test]
async fn a_key_counts_though_its_certificate_has_expired() {
    let mut test = TestApp::empty(|_| {}).await;
    let (private, then) = (IDP_KEYS[0].private.clone(), NOW.minus(Span::days(400)));
    let old = Key::with_certificate(private, "ADFS Signing", then, 365, &Entropy::fixed()).unwrap();
    test.adfs = Adfs::new("https://adfs.acme.test", vec![old], IDP_KEYS[2].clone());
    test.apply(document("acme-demo")).await;

    accept(&test, vec![saying("the certificate has expired", |_| {})]).await;
}
