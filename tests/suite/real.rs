//! Real ADFS files, where they are at hand: `VESTIBULE_FIXTURES` names their folder.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::pkey::PKey;
use openssl::x509::X509;
use vestibule::account::{Account, Document, ReturnTo, Revision, Slug, State};
use vestibule::id::{AccountId, Entropy};
use vestibule::saml::check::Code;
use vestibule::saml::connection::{Connection, Keys, Restrictions};
use vestibule::saml::keys::KeyPair;
use vestibule::saml::metadata::{Descriptor, OwnSignature, Problem};
use vestibule::saml::request::Pending;
use vestibule::saml::response::{self, Context, Reading};
use vestibule::time::{Span, Timestamp};

/// The bytes of a real file; none where the folder is not there, which is said.
fn real(name: &str) -> Option<Vec<u8>> {
    let Some(folder) = std::env::var_os("VESTIBULE_FIXTURES") else {
        eprintln!("passed over: VESTIBULE_FIXTURES is not set, so {name} is not looked at");
        return None;
    };
    let path = PathBuf::from(folder).join("adfs").join(name);
    Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn descriptor(name: &str) -> Option<Result<Descriptor, Problem>> {
    real(name).map(|bytes| Descriptor::read(&bytes))
}

struct Case {
    response: &'static str,
    metadata: String,
    entity_id: &'static str,
    acs: &'static str,
    request: &'static str,
    at: &'static str,
}

impl Case {
    fn verify(&self) -> (Result<String, Code>, Reading) {
        let (connection, now) = (self.connection(), Timestamp::parse(self.at).unwrap());
        let find = |id: &str| (id == self.request).then(|| pending(&connection, id, now));
        let entropy = Entropy::fixed();
        let context = Context {
            connection: &connection,
            find: &find,
            now,
            entropy: &entropy,
        };
        let (text, mut reading) = (
            String::from_utf8(real(self.response).unwrap()).unwrap(),
            Reading::default(),
        );
        let verdict = response::verify(&text, &context, &mut reading);
        (
            verdict
                .map(|assertion| assertion.subject().to_owned())
                .map_err(|rejection| rejection.code),
            reading,
        )
    }

    fn connection(&self) -> Connection {
        let document: Document =
            toml::from_str("account = \"real\"\nclient = \"Real\"\nstage = \"demo\"\n[saml]\n")
                .unwrap();
        let now = Timestamp::parse(self.at).unwrap();
        let account = Account {
            id: AccountId::new(now, &Entropy::fixed()),
            slug: Slug::parse("real").unwrap(),
            state: State::Enabled,
            entity_id: self.entity_id.into(),
            active: 1,
            created_at: now,
        };
        let revision = Revision {
            number: 1,
            document,
            metadata: Some(self.metadata.clone()),
            author: "test".into(),
            created_at: now,
        };
        let private =
            PKey::private_key_from_pem(&real("keys/gosaml2-sp-decryption.TEST.key.pem").unwrap())
                .unwrap();
        let certificate =
            X509::from_pem(&real("keys/gosaml2-sp-decryption.cert.pem").unwrap()).unwrap();
        let pair = KeyPair {
            private,
            certificate,
        };
        let keys = Keys {
            signing: vec![pair.clone()],
            encryption: vec![pair],
        };
        let mut connection = Connection::compile(
            account,
            revision,
            &keys,
            &Restrictions::default(),
            "https://unused.example",
        )
        .unwrap();
        connection.addresses.acs = self.acs.into();
        connection
    }
}

fn pending(connection: &Connection, id: &str, now: Timestamp) -> Pending {
    let (host, at) = ("unused.example".into(), now.minus(Span::minutes(2)));
    Pending {
        id: id.into(),
        ..Pending::new(connection, host, ReturnTo::home(), at, &Entropy::System)
    }
}

fn coveo(response: &'static str, metadata: &str) -> Option<Case> {
    let metadata = String::from_utf8(real(metadata)?).unwrap();
    Some(Case {
        response,
        metadata,
        entity_id: "https://localhost:8443",
        acs: "https://localhost:8443/rest/search/login/adfs",
        request: "zf170924b-f5ec-4cb5-a9ae-2ab2cfd714d3",
        at: "2016-03-21T16:51:00Z",
    })
}

/// The metadata of the real responses of 2017 is not published; this one is written around their certificate.
fn gosaml2(response: &'static str, at: &'static str, request: &'static str) -> Option<Case> {
    let pem = real("keys/gosaml2-adfs-idp-signing.cert.pem")?;
    let certificate = STANDARD.encode(X509::from_pem(&pem).unwrap().to_der().unwrap());
    let text = String::from_utf8(real("responses/adfs-gosaml2-2017.xml")?).unwrap();
    let issuer = text
        .split("<Issuer")
        .nth(1)
        .and_then(|rest| rest.split(['>', '<']).nth(1))
        .unwrap()
        .to_owned();
    let metadata = format!(
        "<EntityDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata' entityID='{issuer}'><IDPSSODescriptor protocolSupportEnumeration='urn:oasis:names:tc:SAML:2.0:protocol'>\
         <KeyDescriptor use='signing'><KeyInfo xmlns='http://www.w3.org/2000/09/xmldsig#'><X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>\
         <SingleSignOnService Binding='urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect' Location='https://idp.example/adfs/ls/'/></IDPSSODescriptor></EntityDescriptor>"
    );
    Some(Case {
        response,
        metadata,
        entity_id: "https://saml.test.nope/session/sso/saml/spentityid/dknhyszjl7",
        acs: "https://saml.test.nope/session/sso/saml/acs/dknhyszjl7",
        request,
        at,
    })
}

#[test]
fn real_metadata_is_read_as_it_is() {
    let Some(first) = descriptor("metadata/adfs-2.0-msidlab7.xml") else {
        return;
    };
    let (first, second) = (
        first.unwrap(),
        descriptor("metadata/adfs-2016-msidlab11.xml")
            .unwrap()
            .unwrap(),
    );

    assert_eq!(
        (first.claims.len(), first.own_signature),
        (21, OwnSignature::Verifies)
    );
    assert_eq!(
        (second.claims.len(), second.own_signature),
        (63, OwnSignature::Verifies)
    );
    assert!(first.sso_redirect.unwrap().ends_with("/adfs/ls/") && !second.signing.is_empty());
}

#[test]
fn both_signing_keys_are_read_in_any_order_from_the_identity_providers_role_alone() {
    let Some(one) = descriptor("metadata/adfs-coveo-two-signing-certs.xml") else {
        return;
    };
    let (one, other) = (
        one.unwrap(),
        descriptor("metadata/adfs-coveo-two-signing-certs-reversed.xml")
            .unwrap()
            .unwrap(),
    );
    let prints = |descriptor: &Descriptor| {
        descriptor
            .signing
            .iter()
            .map(|key| key.certificate.fingerprint.clone())
            .collect::<Vec<_>>()
    };

    assert_eq!(prints(&one).len(), 2);
    assert_eq!(
        prints(&one),
        prints(&other).into_iter().rev().collect::<Vec<_>>()
    );
    assert_eq!(one.own_signature, OwnSignature::Broken);
}

#[test]
fn byte_order_marks_and_utf_16_with_a_wrong_declaration_are_read() {
    let Some(marked) = descriptor("metadata/entra-coveo-2019-bom.xml") else {
        return;
    };
    let (marked, wide) = (
        marked.unwrap(),
        descriptor("metadata/entra-coveo-2019-utf16le-double-bom.xml")
            .unwrap()
            .unwrap(),
    );

    assert_eq!(marked.entity_id, wide.entity_id);
    assert!(marked.entity_id.ends_with('/'));
}

#[test]
fn a_descriptor_with_only_a_weak_key_is_refused_by_name() {
    let Some(refused) = descriptor("metadata/okta-coveo.xml") else {
        return;
    };

    assert!(matches!(refused, Err(Problem::OnlyWeakKeys(reason)) if reason.contains("1024")));
}

#[test]
fn the_plainest_real_answer_verifies_with_either_order_of_keys() {
    for metadata in [
        "metadata/adfs-coveo-two-signing-certs.xml",
        "metadata/adfs-coveo-two-signing-certs-reversed.xml",
    ] {
        let Some(case) = coveo("responses/adfs-coveo-2016.xml", metadata) else {
            return;
        };
        let (verdict, reading) = case.verify();

        assert!(verdict.is_ok(), "{:#?}", reading.trace);
        assert_eq!(reading.claims.len(), 1);
    }
}

#[test]
fn a_real_answer_is_refused_with_its_signature_stripped_or_broken() {
    let metadata = "metadata/adfs-coveo-two-signing-certs.xml";
    let Some(stripped) = coveo("responses/adfs-coveo-2016-signature-stripped.xml", metadata) else {
        return;
    };
    let broken = coveo(
        "responses/adfs-coveo-2016-bad-assertion-signature.xml",
        metadata,
    )
    .unwrap();

    let (verdict, reading) = stripped.verify();
    assert_eq!(verdict, Err(Code::Signature));
    assert!(
        format!("{:?}", reading.trace).contains("neither the response nor the assertion is signed")
    );
    assert_eq!(broken.verify().0, Err(Code::Signature));
}

#[test]
fn a_real_answer_of_2017_verifies_clear_and_encrypted() {
    let Some(clear) = gosaml2(
        "responses/adfs-gosaml2-2017.xml",
        "2017-09-21T23:27:07Z",
        "_5988bf45-1cc8-4228-b3e8-1aa8590e63d3",
    ) else {
        return;
    };
    let encrypted = gosaml2(
        "responses/adfs-gosaml2-2017-encrypted.xml",
        "2017-09-21T23:19:12Z",
        "_252d0129-1c83-496e-b039-ffc9cee11cca",
    )
    .unwrap();

    for case in [clear, encrypted] {
        let (verdict, reading) = case.verify();
        assert!(
            verdict.is_ok_and(|subject| subject.contains('@')),
            "{}: {:#?}",
            case.response,
            reading.trace
        );
        assert!(reading.spent.is_some());
    }
}

#[test]
fn a_real_answer_is_refused_an_hour_later() {
    let Some(case) = coveo(
        "responses/adfs-coveo-2016.xml",
        "metadata/adfs-coveo-two-signing-certs.xml",
    ) else {
        return;
    };

    assert_eq!(
        Case {
            at: "2016-03-21T17:51:00Z",
            ..case
        }
        .verify()
        .0,
        Err(Code::Root)
    );
}

#[test]
fn real_answers_signed_with_sha_1_or_not_at_all_are_refused() {
    let metadata = "metadata/adfs-coveo-two-signing-certs.xml";
    let Some(resigned) = coveo("responses/adfs-onelogin-resigned-both.xml", metadata) else {
        return;
    };
    let redacted = coveo("responses/adfs-pac4j-2021-redacted.xml", metadata).unwrap();

    assert!(resigned.verify().0.is_err());
    assert!(redacted.verify().0.is_err());
}
