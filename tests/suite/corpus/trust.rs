//! Key trust: only the signing keys of this account's own identity provider, out of its own role in its metadata.

use std::sync::LazyLock;

use vestibule::app::Consent;
use vestibule::config::AccountFile;
use vestibule::id::Entropy;
use vestibule::practice::adfs::Adfs;
use vestibule::practice::key::Key;
use vestibule::practice::sign::{Signing, sign};
use vestibule::saml::check::Code;

use super::super::app::{IDP_KEYS, NOW, SP_KEYS, TestApp, document};
use super::surgery::{DSIG, SAMLP, after, cut, signature, swap, without};
use super::{Case, Scene, forged, refuse};

/// Keys of others, the last of them short.
static STRANGERS: LazyLock<[Key; 4]> = LazyLock::new(|| {
    let name = "ADFS Signing - adfs.acme.test";
    let key = |bits| Key::rsa(name, bits, NOW, 365, &Entropy::fixed()).unwrap();
    [key(2048), key(2048), key(2048), key(1024)]
});

const UNKNOWN: &str = "made by none of the identity provider's";

/// The honest response, signed with another key.
fn signed_by(scene: &Scene<'_>, key: &Key, signing: &Signing) -> String {
    let answer = scene.answer();
    sign(&answer.xml(), &answer.assertion_id, key, signing).unwrap()
}

fn by(name: &str, key: impl Fn() -> Key + 'static) -> Case {
    forged(name, Code::Signature, UNKNOWN, move |scene| {
        signed_by(scene, &key(), &Signing::default())
    })
}

fn ours(index: usize) -> Key {
    let pair = [&SP_KEYS.signing[0], &SP_KEYS.encryption[0]][index];
    Key {
        private: pair.private.clone(),
        certificate: pair.certificate.clone(),
    }
}

/// A stranger's signature with another `KeyInfo`.
fn with_key_info(scene: &Scene<'_>, key_info: &str) -> String {
    let bare = Signing {
        key_info: false,
        ..Signing::default()
    };
    let xml = signed_by(scene, &STRANGERS[0], &bare);
    after(&xml, "</ds:SignatureValue>", key_info)
}

pub(super) fn cases() -> Vec<Case> {
    let informed = |name, build: fn(&Scene<'_>) -> String| {
        forged(name, Code::Signature, UNKNOWN, move |scene: &Scene<'_>| {
            with_key_info(scene, &build(scene))
        })
    };
    vec![
        by(
            "a stranger's key comes with its certificate, of the right name",
            || STRANGERS[0].clone(),
        ),
        by(
            "the key is the identity provider's, for encryption only",
            || IDP_KEYS[2].clone(),
        ),
        by("the key is our own, for signing", || ours(0)),
        by("the key is our own, for encryption", || ours(1)),
        informed(
            "a stranger's key comes with the genuine certificate",
            |scene| {
                let xml = scene.honest(vestibule::practice::answer::What::Assertion);
                cut(&xml, "<KeyInfo ", "</KeyInfo>").to_owned()
            },
        ),
        informed("a stranger's key comes as a bare KeyValue", |_| {
            format!(
                "<KeyInfo xmlns=\"{DSIG}\"><KeyValue><RSAKeyValue><Modulus>AQAB</Modulus><Exponent>AQAB</Exponent></RSAKeyValue></KeyValue></KeyInfo>"
            )
        }),
        informed("a stranger's key is to be fetched", |_| {
            format!(
                "<KeyInfo xmlns=\"{DSIG}\"><RetrievalMethod URI=\"http://169.254.169.254/key\" Type=\"{DSIG}X509Data\"/></KeyInfo>"
            )
        }),
        informed("a stranger's key comes without any word about it", |_| {
            String::new()
        }),
        forged(
            "two keys come along",
            Code::Signature,
            "Signature holds other than",
            |scene| {
                let xml = signed_by(scene, &STRANGERS[0], &Signing::default());
                let info = cut(&xml, "<KeyInfo ", "</KeyInfo>");
                after(&xml, info, info)
            },
        ),
    ]
}

/// The practice identity provider's metadata with a stranger's key everywhere but where it would count.
fn spiked(adfs: &Adfs) -> String {
    let certificate = |key: &Key| key.certificate_base64().unwrap();
    let metadata = adfs.metadata().unwrap();
    let metadata = without(&metadata, signature(&metadata));
    let service = cut(&metadata, "<SPSSODescriptor ", "</SPSSODescriptor>");
    let spiked = service.replace(&certificate(&IDP_KEYS[2]), &certificate(&STRANGERS[0]));
    let metadata = swap(&metadata, service, &spiked);
    let token = cut(
        &metadata,
        "<RoleDescriptor xsi:type=\"fed:SecurityTokenServiceType\"",
        "</RoleDescriptor>",
    );
    let spiked = token.replace(&certificate(&IDP_KEYS[1]), &certificate(&STRANGERS[1]));
    let metadata = swap(&metadata, token, &spiked);
    let weak = format!(
        "<KeyDescriptor use=\"signing\"><KeyInfo xmlns=\"{DSIG}\"><X509Data><X509Certificate>{}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>",
        certificate(&STRANGERS[3])
    );
    let role = format!("<IDPSSODescriptor protocolSupportEnumeration=\"{SAMLP}\">");
    let metadata = after(&metadata, &role, &weak);
    let id = cut(&metadata, "<EntityDescriptor ID=\"", "\"")
        .split('"')
        .nth(1)
        .unwrap()
        .to_owned();
    sign(&metadata, &id, &STRANGERS[2], &Signing::default()).unwrap()
}

async fn trust(test: &TestApp, slug: &str, metadata: String) {
    let file = AccountFile {
        document: document(slug),
        metadata: Some(metadata.into_bytes()),
    };
    test.app
        .apply(&file, "shell:test", &Consent::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_key_that_a_message_brings_along_means_nothing() {
    let test = TestApp::new().await;

    refuse(&test, cases()).await;
}

#[tokio::test]
async fn keys_elsewhere_in_the_metadata_do_not_count() {
    let test = TestApp::empty(|_| {}).await;
    trust(&test, "acme-demo", spiked(&test.adfs)).await;

    refuse(
        &test,
        vec![
            by("the key is that of the service provider's role", || {
                STRANGERS[0].clone()
            }),
            by("the key is that of the token service's role", || {
                STRANGERS[1].clone()
            }),
            by("the key is the one that signed the metadata", || {
                STRANGERS[2].clone()
            }),
            by("the key has 1024 bits", || STRANGERS[3].clone()),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_key_that_the_metadata_has_no_longer_does_not_count() {
    let test = TestApp::new().await;
    let mut later = test.adfs.clone();
    later.signing.truncate(1);
    trust(&test, "acme-demo", later.metadata().unwrap()).await;

    refuse(
        &test,
        vec![by("the key is retired", || IDP_KEYS[1].clone())],
    )
    .await;
}

#[tokio::test]
async fn the_key_of_another_accounts_identity_provider_does_not_count() {
    let test = TestApp::new().await;
    let mut other = test.adfs.clone();
    other.signing = vec![STRANGERS[0].clone()];
    trust(&test, "beta-demo", other.metadata().unwrap()).await;

    refuse(
        &test,
        vec![by(
            "the key is another account's, whose identity provider has the same name",
            || STRANGERS[0].clone(),
        )],
    )
    .await;
}
