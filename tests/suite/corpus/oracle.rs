//! Judges that somebody else wrote: what we accept, `xmlsec1` and samael verify as well.

use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::encrypt::Decrypter;
use openssl::hash::MessageDigest;
use openssl::rsa::Padding;
use openssl::symm::{Cipher, decrypt, decrypt_aead};
use samael::crypto::{CertificateDer, Crypto, CryptoProvider, ReduceMode};
use uppsala::{Document, NodeId, Parser};
use vestibule::practice::answer::What;
use vestibule::practice::key::Key;
use vestibule::practice::persona::MAYA;

use super::super::app::{SP_KEYS, TestApp};
use super::scene::Scene;
use super::surgery::{DSIG, SAML, SAMLP, attribute, cut};

/// Every signature of the message verifies by both, and what is signed names the same person.
pub(super) fn agrees(xml: &str, keys: &[Key], subject: &str) -> Result<(), String> {
    let inside = xml.contains("<EncryptedAssertion").then(|| decrypted(xml));
    let mut named = false;
    for document in std::iter::once(xml).chain(inside.as_deref()) {
        let places = places(document);
        for id in &places {
            if !keys.iter().any(|key| xmlsec1(document, id, key)) {
                return Err(format!("xmlsec1 refuses the signature of {id}"));
            }
        }
        if !places.is_empty() {
            let verified = samael(document, keys)?;
            let inside = inside
                .iter()
                .filter(|_| verified.contains("<EncryptedAssertion"));
            named |= inside.chain([&verified]).any(|text| names(text, subject));
        }
    }
    if named {
        Ok(())
    } else {
        Err(format!("nothing that is signed names {subject}"))
    }
}

/// The parts of a document that samael has verified.
pub(super) fn samael(xml: &str, keys: &[Key]) -> Result<String, String> {
    let certificates: Vec<CertificateDer> = keys
        .iter()
        .map(|key| CertificateDer::from(key.certificate.to_der().unwrap()))
        .collect();
    // The exact octets that were digested can be had of one signature only.
    let mode = if places(xml).len() == 1 {
        ReduceMode::PreDigest
    } else {
        ReduceMode::default()
    };
    Crypto::reduce_xml_to_signed(xml, &certificates, mode)
        .map_err(|error| format!("samael refuses: {error:?}"))
}

/// Whether an element of the document has this text.
pub(super) fn names(xml: &str, text: &str) -> bool {
    let document = parse(xml);
    elements(&document)
        .into_iter()
        .any(|node| document.text_content_deep(node) == text)
}

/// The IDs of the elements in which a signature stands.
fn places(xml: &str) -> Vec<String> {
    let document = parse(xml);
    let is_signature = |node: &NodeId| {
        let element = document.element(*node);
        element.is_some_and(|element| element.matches_name_ns(DSIG, "Signature"))
    };
    let signed = elements(&document).into_iter().filter(is_signature);
    signed
        .filter_map(|signature| document.get_attribute(document.parent(signature)?, "ID"))
        .map(str::to_owned)
        .collect()
}

fn parse(xml: &str) -> Document<'_> {
    Parser::new().parse(xml).unwrap()
}

fn elements(document: &Document<'_>) -> Vec<NodeId> {
    let root = document.document_element().unwrap();
    let mut all = document.descendants(root);
    all.insert(0, root);
    all.retain(|node| document.element(*node).is_some());
    all
}

fn xmlsec1(xml: &str, id: &str, key: &Key) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let (document, certificate) = (folder.path().join("a.xml"), folder.path().join("a.pem"));
    std::fs::write(&document, xml).unwrap();
    std::fs::write(&certificate, key.certificate.to_pem().unwrap()).unwrap();
    let run = Command::new("xmlsec1")
        .args(["--verify", "--pubkey-cert-pem"])
        .arg(certificate)
        .args(["--id-attr:ID", &format!("{SAML}:Assertion")])
        .args(["--id-attr:ID", &format!("{SAMLP}:Response")])
        .args([
            "--node-xpath",
            &format!("//*[@ID='{id}']/*[local-name()='Signature']"),
        ])
        .arg(document)
        .output()
        .unwrap();
    run.status.success()
}

/// The content of an encrypted assertion in ADFS's shape, decrypted apart from the code under test.
fn decrypted(xml: &str) -> String {
    let content = value(cut(xml, "<xenc:CipherValue>", "</xenc:CipherValue>"));
    let mut keys = xml.split("<e:EncryptedKey").skip(1);
    let key = keys.find_map(unwrap).expect("a key of ours");
    let method = attribute(cut(xml, "<xenc:EncryptionMethod", ">"), "Algorithm");
    let authenticated = method.ends_with("gcm");
    let cipher = match (key.len(), authenticated) {
        (16, false) => Cipher::aes_128_cbc(),
        (24, false) => Cipher::aes_192_cbc(),
        (32, false) => Cipher::aes_256_cbc(),
        (16, true) => Cipher::aes_128_gcm(),
        (24, true) => Cipher::aes_192_gcm(),
        (32, true) => Cipher::aes_256_gcm(),
        (length, _) => panic!("{method} with {length} bytes"),
    };
    let (iv, rest) = content.split_at(cipher.iv_len().unwrap());
    let plain = if authenticated {
        let (body, tag) = rest.split_at(rest.len() - 16);
        decrypt_aead(cipher, &key, Some(iv), &[], body, tag)
    } else {
        decrypt(cipher, &key, Some(iv), rest)
    };
    String::from_utf8(plain.unwrap()).unwrap()
}

/// The content's key, where this `EncryptedKey` is for us.
fn unwrap(encrypted: &str) -> Option<Vec<u8>> {
    let digest = |name: &str| {
        let known = ["sha1", "sha256", "sha384", "sha512"];
        let found = known
            .into_iter()
            .find(|known| name.ends_with(known))
            .unwrap();
        MessageDigest::from_name(found).unwrap()
    };
    let algorithm = |start| attribute(cut(encrypted, start, ">"), "Algorithm");
    let mask = if encrypted.contains("<e11:MGF") {
        algorithm("<e11:MGF")
    } else {
        "sha1"
    };
    let private = &SP_KEYS.encryption[0].private;
    let mut decrypter = Decrypter::new(private).unwrap();
    decrypter.set_rsa_padding(Padding::PKCS1_OAEP).unwrap();
    decrypter
        .set_rsa_oaep_md(digest(algorithm("<DigestMethod")))
        .unwrap();
    decrypter.set_rsa_mgf1_md(digest(mask)).unwrap();
    let wrapped = value(cut(encrypted, "<e:CipherValue>", "</e:CipherValue>"));
    let mut key = vec![0; decrypter.decrypt_len(&wrapped).unwrap()];
    let length = decrypter.decrypt(&wrapped, &mut key).ok()?;
    key.truncate(length);
    Some(key)
}

fn value(element: &str) -> Vec<u8> {
    let text = element.split(['<', '>']).nth(2).unwrap();
    let packed: String = text.split_whitespace().collect();
    STANDARD.decode(packed).unwrap()
}

/// Judges who never say no would prove nothing.
#[tokio::test]
async fn the_judges_refuse_what_was_changed() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let scene = Scene::begin(&test, &mut browser).await;
    let (xml, keys) = (scene.honest(What::Assertion), &test.adfs.signing);
    let changed = xml.replace("vkyc-maker", "vkyc-checker");
    let id = &places(&xml)[0];

    assert_eq!(agrees(&xml, keys, MAYA.upn), Ok(()));
    assert!(xmlsec1(&xml, id, &keys[0]) && !xmlsec1(&xml, id, &keys[1]));
    assert!(!xmlsec1(&changed, id, &keys[0]) && samael(&changed, keys).is_err());
    assert!(agrees(&xml, keys, "uma@corp.acme.example").is_err());
    let bare = scene.honest(What::Nothing);
    assert!(agrees(&bare, keys, MAYA.upn).is_err() && samael(&bare, keys).is_err());
}
