//! The practice ADFS judged by programs that somebody else wrote: `xmlsec1` and samael.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rstest::rstest;
use samael::crypto::{CertificateDer, Crypto, CryptoProvider, ReduceMode};
use vestibule::id::Entropy;
use vestibule::practice::adfs::Adfs;
use vestibule::practice::answer::{Answer, Attribute, Status, What};
use vestibule::practice::encrypt::{ContentCipher, Encryption, KeyTransport, encrypt};
use vestibule::practice::key::Key;
use vestibule::practice::persona;
use vestibule::practice::relying_party::RelyingParty;
use vestibule::practice::sign::{C14nMode, DigestMethod, SignatureMethod, Signing, sign};

use super::{EC, OTHER, RSA, SP, adfs, answer, now, relying_party};

const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion:Assertion";
const RESPONSE: &str = "urn:oasis:names:tc:SAML:2.0:protocol:Response";
const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor";

/// A folder of its own for each test, gone with it.
struct Desk(PathBuf);

impl Desk {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("vestibule-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Whether xmlsec1 verifies the signature on the element with that id.
    fn verifies(&self, xml: &str, kind: &str, id: &str, key: &Key) -> bool {
        let document = self.file("signed.xml", xml);
        let certificate = self.file("certificate.pem", key.certificate.to_pem().unwrap());
        let signature = format!("//*[@ID='{id}']/*[local-name()='Signature']");
        let run = Command::new("xmlsec1")
            .args([
                "--verify",
                "--id-attr:ID",
                kind,
                "--pubkey-cert-pem",
                &certificate,
            ])
            .args(["--node-xpath", &signature, &document])
            .output()
            .unwrap();
        run.status.success()
    }

    fn decrypts(&self, xml: &str, key: &Key) -> String {
        let document = self.file("encrypted.xml", xml);
        let private = self.file("key.pem", key.private.private_key_to_pem_pkcs8().unwrap());
        let run = Command::new("xmlsec1")
            .args([
                "--decrypt",
                "--privkey-pem",
                &private,
                "--id-attr:Id",
                "EncryptedKey",
                &document,
            ])
            .output()
            .unwrap();
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        String::from_utf8(run.stdout).unwrap()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(super) fn samael_verifies(xml: &str, key: &Key) -> bool {
    let certificate = CertificateDer::from(key.certificate.to_der().unwrap());
    Crypto::reduce_xml_to_signed(xml, &[certificate], ReduceMode::default()).is_ok()
}

#[test]
fn the_usual_response_is_verified_by_strangers() {
    let desk = Desk::new("usual");
    let answer = answer();

    let xml = adfs()
        .respond(&relying_party(), &answer, &Entropy::fixed())
        .unwrap();

    assert!(desk.verifies(&xml, ASSERTION, &answer.assertion_id, &RSA));
    assert!(!desk.verifies(&xml, ASSERTION, &answer.assertion_id, &OTHER));
    assert!(!desk.verifies(
        &xml.replace("Zoë", "Zoe"),
        ASSERTION,
        &answer.assertion_id,
        &RSA
    ));
    assert!(samael_verifies(&xml, &RSA));
    assert!(!samael_verifies(&xml.replace("Zoë", "Zoe"), &RSA));
}

#[rstest]
#[case::sha384(SignatureMethod::RsaSha384, DigestMethod::Sha384)]
#[case::sha512(SignatureMethod::RsaSha512, DigestMethod::Sha512)]
#[case::sha1(SignatureMethod::RsaSha1, DigestMethod::Sha1)]
#[case::ecdsa_sha256(SignatureMethod::EcdsaSha256, DigestMethod::Sha256)]
#[case::ecdsa_sha384(SignatureMethod::EcdsaSha384, DigestMethod::Sha256)]
#[case::ecdsa_sha512(SignatureMethod::EcdsaSha512, DigestMethod::Sha512)]
fn every_signature_algorithm_is_verified_by_xmlsec1(
    #[case] method: SignatureMethod,
    #[case] digest: DigestMethod,
) {
    let desk = Desk::new(&format!("{method:?}"));
    let is_ec = matches!(
        method,
        SignatureMethod::EcdsaSha256 | SignatureMethod::EcdsaSha384 | SignatureMethod::EcdsaSha512
    );
    let key = if is_ec { &EC } else { &RSA };
    let farm = Adfs::new(
        "https://fs.acme.example",
        vec![Key::clone(key)],
        OTHER.clone(),
    );
    let mut answer = answer();
    answer.signing = Signing {
        method,
        digest,
        ..Signing::default()
    };

    let xml = farm
        .respond(&relying_party(), &answer, &Entropy::fixed())
        .unwrap();

    assert!(desk.verifies(&xml, ASSERTION, &answer.assertion_id, key));
}

#[rstest]
#[case::inclusive(C14nMode::Inclusive, &[])]
#[case::inclusive_with_comments(C14nMode::InclusiveWithComments, &[])]
#[case::exclusive_with_comments(C14nMode::ExclusiveWithComments, &[])]
#[case::exclusive_with_prefixes(C14nMode::Exclusive, &["samlp", "xs"])]
fn every_canonical_form_is_verified_by_xmlsec1(#[case] mode: C14nMode, #[case] prefixes: &[&str]) {
    let desk = Desk::new(&format!("{mode:?}{}", prefixes.len()));
    let mut answer = answer();
    answer.signing.canonicalization = mode;
    answer.signing.transform = mode;
    answer.signing.inclusive_prefixes = prefixes.iter().map(ToString::to_string).collect();
    answer.signing.key_info = false;

    let xml = adfs()
        .respond(&relying_party(), &answer, &Entropy::fixed())
        .unwrap();

    assert!(desk.verifies(&xml, ASSERTION, &answer.assertion_id, &RSA));
}

#[rstest]
#[case::pretty(
    "<p:A xmlns:p=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"a\">\n  <!-- é > -->\n  <p:Issuer>me</p:Issuer>\n  <p:B x='>'/>\n</p:A>"
)]
#[case::without_issuer(
    "<A xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\" b='\">' ID=\"a\"><!--c-->text<B/></A>"
)]
#[case::empty("<A xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"a\"/>")]
#[case::empty_pair("<A xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"a\" ></A >")]
#[case::inner(
    "<W>é<A xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"a\" c=\"&lt;&#xD;&#xA;\"/>ü<A/></W>"
)]
#[case::with_declaration(
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<A xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"a\">\r\n<B/>\r\n</A>\r\n"
)]
fn any_xml_can_be_signed(#[case] xml: &str) {
    let desk = Desk::new(&format!("any{}", xml.len()));

    let signed = sign(xml, "a", &RSA, &Signing::default()).unwrap();

    assert!(
        desk.verifies(
            &signed,
            "urn:oasis:names:tc:SAML:2.0:assertion:A",
            "a",
            &RSA
        ),
        "{signed}"
    );
}

#[test]
fn assertion_and_response_can_both_be_signed() {
    let desk = Desk::new("both");
    let mut answer = answer();
    answer.sign = What::Both;

    let xml = adfs()
        .respond(&relying_party(), &answer, &Entropy::fixed())
        .unwrap();

    // Both ids must be known to xmlsec1, and it takes one `--id-attr` for each kind.
    let inner = xml
        .split_once("<samlp:Status>")
        .unwrap()
        .1
        .split_once("</samlp:Status>")
        .unwrap()
        .1;
    let assertion = inner.strip_suffix("</samlp:Response>").unwrap();
    assert!(desk.verifies(assertion, ASSERTION, &answer.assertion_id, &RSA));
    assert!(desk.verifies(&xml, RESPONSE, &answer.response_id, &RSA));
}

#[rstest]
#[case(ContentCipher::Aes128Cbc)]
#[case(ContentCipher::Aes192Cbc)]
#[case(ContentCipher::Aes256Cbc)]
#[case(ContentCipher::Aes128Gcm)]
#[case(ContentCipher::Aes192Gcm)]
#[case(ContentCipher::Aes256Gcm)]
#[case(ContentCipher::TripleDesCbc)]
fn every_content_cipher_is_decrypted_by_xmlsec1(#[case] content: ContentCipher) {
    let desk = Desk::new(&format!("{content:?}"));
    let encryption = Encryption {
        content,
        ..Encryption::default()
    };

    let xml = encrypt(
        "<A xmlns=\"urn:a\">Zoe</A>",
        &SP.certificate,
        &encryption,
        &Entropy::System,
    )
    .unwrap();

    assert!(
        desk.decrypts(&xml, &SP)
            .contains("<A xmlns=\"urn:a\">Zoe</A>")
    );
}

#[test]
fn rsa_1_5_and_a_key_beside_the_data_are_decrypted_by_xmlsec1() {
    let desk = Desk::new("sibling");
    let encryption = Encryption {
        transport: KeyTransport::Rsa15,
        key_as_sibling: true,
        ..Encryption::default()
    };

    let xml = encrypt(
        "<A xmlns=\"urn:a\"/>",
        &SP.certificate,
        &encryption,
        &Entropy::System,
    )
    .unwrap();

    assert!(desk.decrypts(&xml, &SP).contains("<A xmlns=\"urn:a\"/>"));
}

#[test]
fn an_encrypted_assertion_is_the_signed_one() {
    let desk = Desk::new("encrypted");
    let rp = RelyingParty {
        encryption_certificate: Some(SP.certificate.clone()),
        ..relying_party()
    };
    let answer = Answer::honest(&adfs(), &rp, &persona::ZOE, None, now(), &Entropy::System);

    let xml = adfs().respond(&rp, &answer, &Entropy::System).unwrap();

    assert!(!xml.contains("Zoë"));
    assert!(desk.verifies(
        &desk.decrypts(&xml, &SP),
        ASSERTION,
        &answer.assertion_id,
        &RSA
    ));
}

#[test]
fn a_refusal_has_no_assertion_and_may_be_signed() {
    let desk = Desk::new("refusal");
    let mut answer = answer();
    answer.status = Status::Refused {
        top: "Responder".to_owned(),
        second: Some("RequestDenied".to_owned()),
    };
    answer.sign = What::Response;

    let xml = adfs()
        .respond(&relying_party(), &answer, &Entropy::fixed())
        .unwrap();

    assert!(!xml.contains("Assertion"));
    assert!(xml.contains("status:RequestDenied"));
    assert!(desk.verifies(&xml, RESPONSE, &answer.response_id, &RSA));
}

#[test]
fn the_metadata_has_the_shape_of_a_real_farm() {
    let desk = Desk::new("metadata");

    let xml = adfs().metadata().unwrap();

    let id = xml.split('"').nth(1).unwrap();
    assert!(desk.verifies(&xml, ENTITY, id, &RSA));
    assert_eq!(xml.lines().count(), 1);
    assert!(xml.starts_with("<EntityDescriptor ID=\"_"));
    assert!(xml.contains(" entityID=\"http://fs.acme.example/adfs/services/trust\""));
    assert!((40_000..80_000).contains(&xml.find("<IDPSSODescriptor").unwrap()));
    assert_eq!(adfs().metadata().unwrap(), xml);
}

#[test]
fn values_keep_their_letters() {
    let mut answer = answer();
    answer.attributes = vec![Attribute {
        name: "urn:x".to_owned(),
        values: vec!["a<b>&\"c\"\r\n".to_owned()],
        ..Attribute::default()
    }];

    let xml = answer.xml();

    assert!(
        xml.contains("<AttributeValue>a&lt;b&gt;&amp;&quot;c&quot;&#xD;&#xA;</AttributeValue>")
    );
}

/// Decrypts what `xmlsec1` of Debian 12 is too old for, with OpenSSL's own command.
#[test]
fn oaep_with_sha256_is_decrypted_by_openssl() {
    let desk = Desk::new("oaep");
    let transport = KeyTransport::Oaep11 {
        digest: DigestMethod::Sha256,
        mgf: DigestMethod::Sha256,
    };
    let encryption = Encryption {
        transport,
        ..Encryption::default()
    };

    let xml = encrypt("<A/>", &SP.certificate, &encryption, &Entropy::fixed()).unwrap();

    let value = xml
        .split_once("<e:CipherValue>")
        .unwrap()
        .1
        .split_once('<')
        .unwrap()
        .0;
    let sealed = desk.file("sealed", STANDARD.decode(value).unwrap());
    let private = desk.file("key.pem", SP.private.private_key_to_pem_pkcs8().unwrap());
    let run = Command::new("openssl")
        .args(["pkeyutl", "-decrypt", "-inkey", &private, "-in", &sealed])
        .args([
            "-pkeyopt",
            "rsa_padding_mode:oaep",
            "-pkeyopt",
            "rsa_oaep_md:sha256",
            "-pkeyopt",
            "rsa_mgf1_md:sha256",
        ])
        .output()
        .unwrap();
    assert_eq!(run.stdout, Entropy::fixed().bytes::<32>());
}
