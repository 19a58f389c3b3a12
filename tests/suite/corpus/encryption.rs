//! Encrypted assertions of a wrong kind or shape, or tampered with: every way to fail looks the same.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::x509::X509;
use vestibule::practice::answer::What;
use vestibule::practice::encrypt::{ContentCipher, Encryption, KeyTransport, encrypt};
use vestibule::practice::sign::DigestMethod;
use vestibule::saml::check::Code;

use super::super::app::{IDP_KEYS, TestApp};
use super::surgery::{after, assertion, before, cut, swap, without};
use super::{Case, Scene, forged, refuse};

/// The honest assertion, signed by itself.
pub(super) fn honest(scene: &Scene<'_>) -> String {
    let answer = scene.answer();
    scene.sign(&answer.assertion_xml(), &answer.assertion_id)
}

/// The honest response around something else than its assertion.
pub(super) fn around(scene: &Scene<'_>, inside: &str) -> String {
    let xml = scene.honest(What::Nothing);
    swap(&xml, assertion(&xml), inside)
}

pub(super) fn seal(scene: &Scene<'_>, text: &str, encryption: &Encryption) -> String {
    let ours = scene.rp.encryption_certificate.clone().unwrap();
    seal_for(scene, text, encryption, &ours)
}

pub(super) fn seal_for(
    scene: &Scene<'_>,
    text: &str,
    encryption: &Encryption,
    to: &X509,
) -> String {
    encrypt(text, to, encryption, &scene.test.app.entropy).unwrap()
}

/// The honest assertion, encrypted as ADFS does, and then changed.
fn changed(name: &str, because: &'static str, change: impl Fn(&str) -> String + 'static) -> Case {
    forged(name, Code::Decryption, because, move |scene| {
        let sealed = seal(scene, &honest(scene), &Encryption::default());
        around(scene, &change(&sealed))
    })
}

/// The honest assertion, encrypted in another way.
fn with(name: &str, because: &'static str, encryption: Encryption) -> Case {
    forged(name, Code::Decryption, because, move |scene| {
        around(scene, &seal(scene, &honest(scene), &encryption))
    })
}

pub(super) const UNREADABLE: &str = "cannot be decrypted";

/// The octets of one of the two encrypted values, changed.
fn octets(name: &str, element: &'static str, change: fn(&mut Vec<u8>)) -> Case {
    changed(name, UNREADABLE, move |sealed| {
        let (start, end) = (format!("<{element}>"), format!("</{element}>"));
        let old = cut(sealed, &start, &end);
        let mut value = STANDARD
            .decode(old.split(['<', '>']).nth(2).unwrap())
            .unwrap();
        change(&mut value);
        swap(
            sealed,
            old,
            &format!("{start}{}{end}", STANDARD.encode(value)),
        )
    })
}

pub(super) fn algorithms() -> Vec<Case> {
    let transport = |transport| Encryption {
        transport,
        ..Encryption::default()
    };
    let content = |content| Encryption {
        content,
        ..Encryption::default()
    };
    let md5 = KeyTransport::Oaep11 {
        digest: DigestMethod::Md5,
        mgf: DigestMethod::Md5,
    };
    let cipher = "content cipher";
    vec![
        with(
            "the key is encrypted by RSA 1.5",
            "key transport",
            transport(KeyTransport::Rsa15),
        ),
        with(
            "the key is encrypted by OAEP with MD5",
            "OAEP digest",
            transport(md5),
        ),
        with(
            "the content is encrypted by triple DES",
            cipher,
            content(ContentCipher::TripleDesCbc),
        ),
        changed("the content's cipher is unknown", cipher, |sealed| {
            swap(sealed, "xmlenc#aes256-cbc", "xmlenc#rot13")
        }),
        changed(
            "the content's cipher is missing",
            "no EncryptionMethod",
            |sealed| without(sealed, cut(sealed, "<xenc:EncryptionMethod", "/>")),
        ),
        changed("the key is encrypted by a key", "key transport", |sealed| {
            swap(sealed, "#rsa-oaep-mgf1p", "#kw-aes256")
        }),
        changed("the key's mask is unknown", "mask generation", |sealed| {
            let sealed = swap(
                sealed,
                "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
                "http://www.w3.org/2009/xmlenc11#rsa-oaep",
            );
            swap(
                &sealed,
                "</e:EncryptionMethod>",
                "<m:MGF xmlns:m=\"http://www.w3.org/2009/xmlenc11#\" Algorithm=\"urn:x\"/></e:EncryptionMethod>",
            )
        }),
        changed("the key has parameters", "OAEP parameters", |sealed| {
            before(
                sealed,
                "</e:EncryptionMethod>",
                "<e:OAEPparams>AAAA</e:OAEPparams>",
            )
        }),
        changed(
            "the content calls itself another cipher's",
            UNREADABLE,
            |sealed| swap(sealed, "xmlenc#aes256-cbc", "xmlenc#aes128-cbc"),
        ),
        forged(
            "the content is GCM and calls itself CBC",
            Code::Decryption,
            UNREADABLE,
            |scene| {
                let gcm = Encryption {
                    content: ContentCipher::Aes256Gcm,
                    ..Encryption::default()
                };
                let sealed = seal(scene, &honest(scene), &gcm);
                around(
                    scene,
                    &swap(
                        &sealed,
                        "http://www.w3.org/2009/xmlenc11#aes256-gcm",
                        "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
                    ),
                )
            },
        ),
    ]
}

pub(super) fn shapes() -> Vec<Case> {
    let key = |sealed: &str| cut(sealed, "<e:EncryptedKey ", "</e:EncryptedKey>").to_owned();
    let reference = "<xenc:CipherReference URI=\"http://169.254.169.254/\"/>";
    vec![
        changed("there is no key", "0 encrypted keys", move |sealed| {
            without(sealed, &key(sealed))
        }),
        changed("there are four keys", "4 encrypted keys", move |sealed| {
            after(sealed, &key(sealed), &key(sealed).repeat(3))
        }),
        changed(
            "there are a thousand keys",
            "4 encrypted keys",
            move |sealed| {
                let short = swap(
                    &key(sealed),
                    cut(sealed, "<e:CipherValue>", "</e:CipherValue>"),
                    "<e:CipherValue/>",
                );
                let short = without(&short, cut(&short, "<KeyInfo", "</KeyInfo>"));
                after(sealed, &key(sealed), &short.repeat(400))
            },
        ),
        changed(
            "the key is to be fetched",
            "0 encrypted keys",
            move |sealed| {
                swap(
                    sealed,
                    &key(sealed),
                    "<RetrievalMethod Type=\"http://www.w3.org/2001/04/xmlenc#EncryptedKey\" URI=\"http://169.254.169.254/\"/>",
                )
            },
        ),
        changed(
            "the content is to be fetched",
            "CipherData holds other than",
            move |sealed| {
                swap(
                    sealed,
                    cut(sealed, "<xenc:CipherValue>", "</xenc:CipherValue>"),
                    reference,
                )
            },
        ),
        changed(
            "the key's value is to be fetched",
            "CipherData holds other than",
            move |sealed| {
                swap(
                    sealed,
                    cut(sealed, "<e:CipherValue>", "</e:CipherValue>"),
                    &reference.replace("xenc:", "e:"),
                )
            },
        ),
        changed(
            "there are two contents",
            "not exactly one EncryptedData",
            |sealed| {
                let data = cut(sealed, "<xenc:EncryptedData ", "</xenc:EncryptedData>");
                after(sealed, data, data)
            },
        ),
        changed(
            "there is no content",
            "not exactly one EncryptedData",
            |sealed| {
                without(
                    sealed,
                    cut(sealed, "<xenc:EncryptedData ", "</xenc:EncryptedData>"),
                )
            },
        ),
        changed(
            "the content has two values",
            "CipherData holds other than",
            |sealed| {
                let value = cut(sealed, "<xenc:CipherValue>", "</xenc:CipherValue>");
                after(sealed, value, value)
            },
        ),
        changed(
            "the content is in two places",
            "more than one CipherData",
            |sealed| {
                let data = cut(sealed, "<xenc:CipherData>", "</xenc:CipherData>");
                after(sealed, data, data)
            },
        ),
        changed(
            "a comment stands in the content",
            "CipherValue holds more than text",
            |sealed| after(sealed, "<xenc:CipherValue>", "<!---->"),
        ),
        changed(
            "the content is not base64",
            "CipherValue is not base64",
            |sealed| after(sealed, "<xenc:CipherValue>", "*"),
        ),
    ]
}

pub(super) fn tampered() -> Vec<Case> {
    let (content, key) = ("xenc:CipherValue", "e:CipherValue");
    vec![
        octets(
            "the content's last byte is changed (padding)",
            content,
            |value| *value.last_mut().unwrap() ^= 1,
        ),
        octets(
            "the content's block before the last is changed (padding)",
            content,
            |value| {
                let at = value.len() - 17;
                value[at] ^= 0xff;
            },
        ),
        octets("the content's first byte is changed", content, |value| {
            value[0] ^= 1;
        }),
        octets("a byte amid the content is changed", content, |value| {
            value[1_000] ^= 0x80;
        }),
        octets(
            "the content is not made of whole blocks",
            content,
            |value| value.truncate(value.len() - 1),
        ),
        octets("the content is a block short", content, |value| {
            value.truncate(value.len() - 16);
        }),
        octets("the content is its vector alone", content, |value| {
            value.truncate(16);
        }),
        octets("the content is shorter than its vector", content, |value| {
            value.truncate(15);
        }),
        octets("the content is nothing", content, Vec::clear),
        octets("a byte of the key is changed", key, |value| value[100] ^= 1),
        octets("the key is nothing", key, Vec::clear),
        octets("the key is a byte short", key, |value| {
            value.truncate(value.len() - 1);
        }),
        octets("the key is longer than ours", key, |value| {
            value.extend([0; 256]);
        }),
        octets("the key is zero", key, |value| value.fill(0)),
        octets("the key is more than the modulus", key, |value| {
            value.fill(0xff);
        }),
        forged(
            "the tag of the content is changed",
            Code::Decryption,
            UNREADABLE,
            |scene| {
                let gcm = Encryption {
                    content: ContentCipher::Aes256Gcm,
                    ..Encryption::default()
                };
                let sealed = seal(scene, &honest(scene), &gcm);
                let old = cut(&sealed, "<xenc:CipherValue>", "</xenc:CipherValue>");
                let mut value = STANDARD
                    .decode(old.split(['<', '>']).nth(2).unwrap())
                    .unwrap();
                *value.last_mut().unwrap() ^= 1;
                let fresh = format!(
                    "<xenc:CipherValue>{}</xenc:CipherValue>",
                    STANDARD.encode(value)
                );
                around(scene, &swap(&sealed, old, &fresh))
            },
        ),
        forged(
            "it is encrypted for another account's key",
            Code::Decryption,
            UNREADABLE,
            |scene| {
                let sealed = seal_for(
                    scene,
                    &honest(scene),
                    &Encryption::default(),
                    &IDP_KEYS[2].certificate,
                );
                around(scene, &sealed)
            },
        ),
    ]
}

#[tokio::test]
async fn weak_and_odd_encryption_is_refused() {
    let test = TestApp::new().await;

    refuse(&test, algorithms()).await;
    refuse(&test, shapes()).await;
}

#[tokio::test]
async fn an_encrypted_assertion_that_was_tampered_with_is_refused() {
    let test = TestApp::new().await;

    refuse(&test, tampered()).await;
}
