//! Honest encryption: every accepted cipher and key transport, in both places of the key.

use vestibule::account::Encryption as Wanted;
use vestibule::practice::answer::What;
use vestibule::practice::encrypt::{ContentCipher, Encryption, KeyTransport};
use vestibule::practice::sign::DigestMethod;

use super::super::app::{IDP_KEYS, TestApp};
use super::encryption::{around, honest as assertion, seal, seal_for};
use super::honest::{Variation, accept, honest, saying};
use super::scene::Scene;
use super::surgery::{after, before, cut, swap};

const CONTENTS: [ContentCipher; 6] = [
    ContentCipher::Aes128Cbc,
    ContentCipher::Aes192Cbc,
    ContentCipher::Aes256Cbc,
    ContentCipher::Aes128Gcm,
    ContentCipher::Aes192Gcm,
    ContentCipher::Aes256Gcm,
];

fn transports() -> Vec<KeyTransport> {
    use DigestMethod::{Sha1, Sha256, Sha384, Sha512};
    let pairs = [
        (Sha1, Sha1),
        (Sha1, Sha256),
        (Sha256, Sha1),
        (Sha256, Sha256),
        (Sha384, Sha384),
        (Sha512, Sha512),
    ];
    let newer = pairs.map(|(digest, mgf)| KeyTransport::Oaep11 { digest, mgf });
    std::iter::once(KeyTransport::OaepMgf1p)
        .chain(newer)
        .collect()
}

pub(super) fn all() -> Vec<Variation> {
    let pairs = CONTENTS.into_iter().flat_map(|content| {
        transports()
            .into_iter()
            .map(move |transport| (content, transport))
    });
    pairs
        .map(|(content, transport)| {
            saying(
                format!("it is encrypted by {content:?} and {transport:?}"),
                move |answer| {
                    answer.encryption = Some(Encryption {
                        content,
                        transport,
                        key_as_sibling: false,
                    });
                },
            )
        })
        .collect()
}

fn changed(name: &str, change: fn(&Scene<'_>, &str) -> String) -> Variation {
    honest(name, move |scene| {
        let sealed = seal(scene, &assertion(scene), &Encryption::default());
        around(scene, &change(scene, &sealed))
    })
}

pub(super) fn shapes() -> Vec<Variation> {
    let signed = |name, what, key_as_sibling| {
        saying(name, move |answer| {
            answer.sign = what;
            answer.encryption = Some(Encryption {
                key_as_sibling,
                ..Encryption::default()
            });
        })
    };
    vec![
        signed("the key stands beside the content", What::Assertion, true),
        signed(
            "the response around it is signed, the assertion is not",
            What::Response,
            false,
        ),
        signed(
            "response and assertion are signed, the key stands beside the content",
            What::Both,
            true,
        ),
        changed("it is encrypted for somebody else too", |scene, sealed| {
            let other = seal_for(scene, "", &Encryption::default(), &IDP_KEYS[2].certificate);
            let other = cut(&other, "<e:EncryptedKey ", "</e:EncryptedKey>").to_owned();
            after(
                &before(sealed, "<e:EncryptedKey ", &other),
                "</e:EncryptedKey>",
                "",
            )
        }),
        changed("nothing says for whom it is encrypted", |_, sealed| {
            let key = cut(sealed, "<e:EncryptedKey ", "</e:EncryptedKey>");
            let bare = swap(key, cut(key, "<KeyInfo ", "</KeyInfo>"), "");
            swap(sealed, key, &bare)
        }),
        changed("the values are broken into lines", |_, sealed| {
            let value = cut(sealed, "<xenc:CipherValue>", "</").to_owned();
            let broken: Vec<String> = value[18..value.len() - 2]
                .chars()
                .collect::<Vec<_>>()
                .chunks(76)
                .map(|line| line.iter().collect())
                .collect();
            swap(
                sealed,
                &value,
                &format!("<xenc:CipherValue>\n{}\n</", broken.join("\n")),
            )
        }),
        honest("a declaration stands in the encrypted text", |scene| {
            let text = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}",
                assertion(scene)
            );
            around(scene, &seal(scene, &text, &Encryption::default()))
        }),
    ]
}

#[tokio::test]
async fn every_accepted_cipher_and_transport_is_accepted() {
    let test = TestApp::new().await;

    accept(&test, all()).await;
}

#[tokio::test]
async fn encrypted_assertions_come_in_several_shapes() {
    let test =
        TestApp::with(|document| document.saml.as_mut().unwrap().encryption = Wanted::Required)
            .await;

    accept(&test, shapes()).await;
}
