//! Algorithms: RSA and ECDSA with SHA-2 that fit the key, and nothing that a message could ask for besides.

use std::sync::LazyLock;

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use vestibule::id::Entropy;
use vestibule::practice::answer::What;
use vestibule::practice::key::Key;
use vestibule::practice::sign::{DigestMethod, SignatureMethod};
use vestibule::saml::check::Code;

use super::super::app::{NOW, TestApp, document};
use super::surgery::{DSIG, cut, resign, sealed_with, swap};
use super::{Case, Scene, forged, refuse};

const MORE: &str = "http://www.w3.org/2001/04/xmldsig-more#";

static EC: LazyLock<Key> =
    LazyLock::new(|| Key::ec("ADFS Signing", NOW, 365, &Entropy::fixed()).unwrap());

/// Signed with this method, if only the other side would have it.
fn method(name: &str, method: SignatureMethod, because: &'static str) -> Case {
    forged(name, Code::Signature, because, move |scene| {
        let mut answer = scene.answer();
        answer.signing.method = method;
        scene.respond(&answer)
    })
}

fn digest(name: &str, digest: DigestMethod, because: &'static str) -> Case {
    forged(name, Code::Signature, because, move |scene| {
        let mut answer = scene.answer();
        answer.signing.digest = digest;
        scene.respond(&answer)
    })
}

/// An honest signature whose `SignedInfo` names another algorithm, signed again as it stands.
fn named(name: &str, from: &'static str, to: &'static str, because: &'static str) -> Case {
    forged(name, Code::Signature, because, move |scene| {
        resign(
            &swap(&scene.honest(What::Assertion), from, to),
            &scene.test.adfs.signing[0],
        )
    })
}

pub(super) fn weak() -> Vec<Case> {
    vec![
        method(
            "HMAC-SHA-1 with the public key as its secret",
            SignatureMethod::HmacSha1,
            "algorithm http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        ),
        method(
            "HMAC-SHA-256 with the public key as its secret",
            SignatureMethod::HmacSha256,
            "hmac-sha256",
        ),
        method("RSA with SHA-1", SignatureMethod::RsaSha1, "rsa-sha1"),
        method("RSA with MD5", SignatureMethod::RsaMd5, "rsa-md5"),
        digest("a digest by SHA-1", DigestMethod::Sha1, "xmldsig#sha1"),
        digest("a digest by MD5", DigestMethod::Md5, "xmldsig-more#md5"),
        forged(
            "HMAC with the certificate as its secret",
            Code::Signature,
            "hmac-sha256",
            |scene| {
                hmac(
                    scene,
                    &scene.test.adfs.signing[0].certificate.to_pem().unwrap(),
                )
            },
        ),
        forged(
            "HMAC with a secret of one zero",
            Code::Signature,
            "hmac-sha256",
            |scene| hmac(scene, b"\0"),
        ),
        forged(
            "HMAC cut off after no bits at all",
            Code::Signature,
            "SignatureMethod has parameters",
            |scene| {
                let length = "#rsa-sha256\"><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>";
                let xml = swap(&scene.honest(What::Assertion), "#rsa-sha256\"/>", length);
                resign(&xml, &scene.test.adfs.signing[0])
            },
        ),
    ]
}

fn hmac(scene: &Scene<'_>, secret: &[u8]) -> String {
    let xml = swap(
        &scene.honest(What::Assertion),
        "#rsa-sha256",
        "#hmac-sha256",
    );
    let key = PKey::hmac(secret).unwrap();
    sealed_with(&xml, |info| {
        let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
        signer.sign_oneshot_to_vec(info).unwrap()
    })
}

pub(super) fn unknown() -> Vec<Case> {
    let rsa = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    let sha = "http://www.w3.org/2001/04/xmlenc#sha256";
    vec![
        named("the method is none", rsa, "none", "algorithm none"),
        named("the method is empty", rsa, "", "algorithm "),
        named("the method is unknown", rsa, "urn:x", "algorithm urn:x"),
        named(
            "the method is written in capitals",
            rsa,
            "HTTP://WWW.W3.ORG/2001/04/XMLDSIG-MORE#RSA-SHA256",
            "algorithm HTTP",
        ),
        named(
            "the method has white space before it",
            rsa,
            " http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "algorithm  http",
        ),
        named(
            "the method is RSA-PSS",
            rsa,
            "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
            "sha256-rsa-MGF1",
        ),
        named(
            "the method is DSA",
            rsa,
            "http://www.w3.org/2009/xmldsig11#dsa-sha256",
            "dsa-sha256",
        ),
        named(
            "the method is RSA with SHA-224",
            rsa,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224",
            "rsa-sha224",
        ),
        named(
            "the digest's method is unknown",
            sha,
            "urn:x",
            "algorithm urn:x",
        ),
        named(
            "the digest's method is SHA-224",
            sha,
            "http://www.w3.org/2001/04/xmldsig-more#sha224",
            "sha224",
        ),
        named(
            "the digest's method is a signature's",
            sha,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "rsa-sha256",
        ),
        forged(
            "there is no method",
            Code::Signature,
            "SignatureMethod without an Algorithm",
            |scene| {
                let xml = scene.honest(What::Assertion);
                let method = cut(&xml, "<ds:SignatureMethod", "/>");
                resign(
                    &swap(&xml, method, "<ds:SignatureMethod/>"),
                    &scene.test.adfs.signing[0],
                )
            },
        ),
        forged(
            "the method's name is in a namespace",
            Code::Signature,
            "SignatureMethod without an Algorithm",
            |scene| {
                let xml = swap(
                    &scene.honest(What::Assertion),
                    "<ds:SignatureMethod Algorithm",
                    "<ds:SignatureMethod ds:Algorithm",
                );
                resign(&xml, &scene.test.adfs.signing[0])
            },
        ),
        forged(
            "the method stands where the digest's should",
            Code::Signature,
            "SignatureMethod where DigestMethod should stand",
            |scene| {
                let xml = scene.honest(What::Assertion);
                let digest = cut(&xml, "<ds:DigestMethod", "/>");
                let method = format!(
                    "<ds:SignatureMethod xmlns:ds=\"{DSIG}\" Algorithm=\"{MORE}rsa-sha256\"/>"
                );
                resign(&swap(&xml, digest, &method), &scene.test.adfs.signing[0])
            },
        ),
    ]
}

/// Methods that are fine, with a key of another kind or for another digest.
pub(super) fn mismatched() -> Vec<Case> {
    let unknown = "made by none";
    let ec = |name: &str, to: &'static str| {
        forged(name, Code::Signature, unknown, move |scene| {
            let xml = swap(&scene.honest(What::Assertion), "#rsa-sha256", to);
            sealed_with(&xml, |info| {
                SignatureMethod::EcdsaSha256.sign(info, &EC).unwrap()
            })
        })
    };
    vec![
        ec(
            "ECDSA by a stranger where the known keys are RSA",
            "#ecdsa-sha256",
        ),
        ec("ECDSA by a stranger that calls itself RSA", "#rsa-sha256"),
        named(
            "a signature by RSA that calls itself ECDSA",
            "#rsa-sha256",
            "#ecdsa-sha256",
            unknown,
        ),
        named(
            "a signature with SHA-256 that calls itself SHA-512",
            "#rsa-sha256",
            "#rsa-sha512",
            unknown,
        ),
        named(
            "a digest by SHA-256 that calls itself SHA-512",
            "http://www.w3.org/2001/04/xmlenc#sha256",
            "http://www.w3.org/2001/04/xmlenc#sha512",
            "changed after signing",
        ),
        forged("ECDSA of two zeros", Code::Signature, unknown, |scene| {
            let xml = swap(
                &scene.honest(What::Assertion),
                "#rsa-sha256",
                "#ecdsa-sha256",
            );
            sealed_with(&xml, |_| vec![0; 64])
        }),
    ]
}

#[tokio::test]
async fn weak_unknown_and_mismatched_algorithms_are_refused() {
    let test = TestApp::new().await;

    refuse(&test, weak()).await;
    refuse(&test, unknown()).await;
    refuse(&test, mismatched()).await;
}

/// Values that no elliptic key could have made, and one that it made in another form.
pub(super) fn elliptic() -> Vec<Case> {
    let value = |name: &str, make: fn(&[u8]) -> Vec<u8>| {
        forged(name, Code::Signature, "made by none", move |scene| {
            let xml = swap(
                &scene.honest(What::Assertion),
                "#rsa-sha256",
                "#ecdsa-sha256",
            );
            sealed_with(&xml, make)
        })
    };
    vec![
        value("ECDSA of zeros where a key is elliptic", |_| vec![0; 64]),
        value("ECDSA of ones", |_| vec![255; 64]),
        value("ECDSA of nothing", |_| Vec::new()),
        value("ECDSA with a byte missing", |info| {
            SignatureMethod::EcdsaSha256
                .sign(info, &EC)
                .unwrap()
                .split_off(1)
        }),
        value("ECDSA written as DER", |info| {
            SignatureMethod::RsaSha256.sign(info, &EC).unwrap()
        }),
        named(
            "RSA that calls itself ECDSA where a key is elliptic",
            "#rsa-sha256",
            "#ecdsa-sha256",
            "made by none",
        ),
    ]
}

#[tokio::test]
async fn an_elliptic_key_is_not_taken_for_another_kind_or_form() {
    let mut test = TestApp::empty(|_| {}).await;
    test.adfs.signing[1] = EC.clone();
    test.apply(document("acme-demo")).await;

    refuse(&test, elliptic()).await;
}
