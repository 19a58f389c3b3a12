//! What is no token of ours: every way that attackers have tried.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use serde_json::{Value, json};
use vestibule::account::Stage;
use vestibule::gate::{AppGrant, Grant, Refusal, Signer, TokenKey};
use vestibule::id::{AccountId, Entropy};
use vestibule::role::Role;
use vestibule::time::Span;

use super::{LIVE, PROFILES};
use crate::app::{NOW, PUBLIC_URL};

struct Desk {
    key: TokenKey,
    signer: Signer,
    token: String,
}

fn grant() -> Grant {
    let account = AccountId::new(NOW, &Entropy::fixed());
    Grant {
        stage: Stage::Demo,
        audience: PROFILES.into(),
        subject: "crd_0198c0de000070008000000000000000".into(),
        client: "crd_0198c0de000070008000000000000000".into(),
        account,
        session: None,
        roles: BTreeSet::from([Role::Maker]),
        permissions: BTreeSet::from(["call:accept".into()]),
    }
}

fn desk() -> Desk {
    let key = TokenKey::generate(1, NOW, NOW).unwrap();
    let keys = std::slice::from_ref(&key);
    let signer = Signer::new(PUBLIC_URL, keys, Entropy::fixed(), NOW);
    let token = signer.access(&grant(), NOW).unwrap();
    Desk { key, signer, token }
}

impl Desk {
    fn refused(&self, token: &str) -> Refusal {
        let verified = self.signer.verify(token, PROFILES, Stage::Demo, NOW);
        verified.expect_err(token)
    }

    /// The token with another header and the signature of whoever signs.
    fn with_header(&self, header: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let claims = self.token.split('.').nth(1).unwrap();
        let message = format!("{}.{claims}", BASE64.encode(header.to_string()));
        let signature = sign(message.as_bytes());
        format!("{message}.{}", BASE64.encode(signature))
    }

    /// Signed with our own key: only the header can be at fault.
    fn ours(&self, message: &[u8]) -> Vec<u8> {
        let key = openssl::ec::EcKey::private_key_from_der(self.key.private()).unwrap();
        let digest = openssl::sha::sha256(message);
        let made = openssl::ecdsa::EcdsaSig::sign(&digest, &key).unwrap();
        [made.r(), made.s()]
            .map(|number| number.to_vec_padded(32).unwrap())
            .concat()
    }

    fn header(&self) -> Value {
        json!({ "alg": "ES256", "typ": "at+jwt", "kid": self.key.jwk().kid })
    }
}

#[test]
fn an_honest_token_is_read() {
    let desk = desk();

    let access = desk.signer.verify(&desk.token, PROFILES, Stage::Demo, NOW);

    let access = access.unwrap();
    assert_eq!(access.scope, "call:accept");
    let header = desk.with_header(&desk.header(), |message| desk.ours(message));
    assert!(
        desk.signer
            .verify(&header, PROFILES, Stage::Demo, NOW)
            .is_ok()
    );
}

#[test]
fn a_token_without_a_signature_is_refused() {
    let desk = desk();
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let mut header = desk.header();
        header["alg"] = json!(alg);
        let unsigned = desk.with_header(&header, |_| Vec::new());
        assert_eq!(desk.refused(&unsigned), Refusal::Algorithm);
    }
    let stripped = desk.token.rsplit_once('.').unwrap().0.to_owned() + ".";
    assert_eq!(desk.refused(&stripped), Refusal::Signature);
}

#[test]
fn a_public_key_is_no_shared_secret() {
    let desk = desk();
    let jwk = serde_json::to_vec(desk.key.jwk()).unwrap();
    for secret in [jwk, b"secret".to_vec()] {
        let hmac = |message: &[u8]| {
            let key = PKey::hmac(&secret).unwrap();
            let digest = MessageDigest::sha256();
            let mut signer = openssl::sign::Signer::new(digest, &key).unwrap();
            signer.sign_oneshot_to_vec(message).unwrap()
        };
        let mut header = desk.header();
        header["alg"] = json!("HS256");
        assert_eq!(
            desk.refused(&desk.with_header(&header, hmac)),
            Refusal::Algorithm
        );
        let header = desk.header();
        assert_eq!(
            desk.refused(&desk.with_header(&header, hmac)),
            Refusal::Signature
        );
    }
}

#[test]
fn another_algorithm_is_refused() {
    let desk = desk();
    for alg in [
        "RS256", "PS256", "ES384", "ES512", "EdDSA", "HS512", "es256",
    ] {
        let mut header = desk.header();
        header["alg"] = json!(alg);
        let token = desk.with_header(&header, |message| desk.ours(message));
        assert_eq!(desk.refused(&token), Refusal::Algorithm, "{alg}");
    }
}

#[test]
fn a_header_that_brings_a_key_or_an_extension_is_refused() {
    let desk = desk();
    for (name, value) in [
        ("jku", json!("https://evil.test/jwks.json")),
        ("jwk", json!(desk.key.jwk())),
        ("x5u", json!("https://evil.test/key.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("a")),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
    ] {
        let mut header = desk.header();
        header[name] = value;
        let token = desk.with_header(&header, |message| desk.ours(message));
        assert_eq!(desk.refused(&token), Refusal::Header, "{name}");
    }
    for missing in ["kid", "typ"] {
        let mut header = desk.header();
        header.as_object_mut().unwrap().remove(missing);
        let token = desk.with_header(&header, |message| desk.ours(message));
        assert_eq!(desk.refused(&token), Refusal::Header, "{missing}");
    }
}

#[test]
fn a_foreign_key_is_refused_under_its_own_name_and_under_ours() {
    let desk = desk();
    let foreign = self::desk();
    assert_eq!(desk.refused(&foreign.token), Refusal::Key);
    for kid in ["", "../../dev/null", "' OR 1=1"] {
        let mut header = desk.header();
        header["kid"] = json!(kid);
        let token = desk.with_header(&header, |message| desk.ours(message));
        assert_eq!(desk.refused(&token), Refusal::Key);
    }

    let forged = desk.with_header(&desk.header(), |message| foreign.ours(message));

    assert_eq!(desk.refused(&forged), Refusal::Signature);
}

#[test]
fn a_token_is_good_from_its_making_to_its_end() {
    let desk = desk();
    let at = |now| {
        desk.signer
            .verify(&desk.token, PROFILES, Stage::Demo, now)
            .err()
    };

    assert_eq!(at(NOW.plus(Span::seconds(299))), None);
    assert_eq!(at(NOW.plus(Span::seconds(300))), Some(Refusal::Expired));
    assert_eq!(at(NOW.minus(Span::seconds(5))), None);
    assert_eq!(at(NOW.minus(Span::seconds(6))), Some(Refusal::NotYet));
}

#[test]
fn rule_38_a_token_is_for_one_app_and_one_stage() {
    let desk = desk();
    let verify = |audience, stage| desk.signer.verify(&desk.token, audience, stage, NOW).err();

    assert_eq!(verify(LIVE, Stage::Demo), Some(Refusal::Audience));
    assert_eq!(
        verify(&PROFILES[..19], Stage::Demo),
        Some(Refusal::Audience)
    );
    assert_eq!(verify(PROFILES, Stage::Live), Some(Refusal::Issuer));
    let keys = std::slice::from_ref(&desk.key);
    let elsewhere = Signer::new("https://sso.evil", keys, Entropy::fixed(), NOW);
    let token = elsewhere.access(&grant(), NOW).unwrap();
    assert_eq!(desk.refused(&token), Refusal::Issuer);
}

#[test]
fn rule_39_the_token_for_an_app_is_no_credential() {
    let desk = desk();
    let Grant {
        stage,
        audience,
        subject,
        account,
        roles,
        ..
    } = grant();
    let app = AppGrant {
        stage,
        audience,
        subject,
        account,
        roles,
    };

    let token = desk.signer.app(&app, NOW).unwrap();

    assert_eq!(desk.refused(&token), Refusal::Type);
    let claims = BASE64.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let (iat, exp) = (claims["iat"].as_i64(), claims["exp"].as_i64());
    assert_eq!(exp.unwrap() - iat.unwrap(), 60);
    for typ in ["JWT", "AT+JWT", "application/at+jwt", "vestibule-app+jwt"] {
        let mut header = desk.header();
        header["typ"] = json!(typ);
        let token = desk.with_header(&header, |message| desk.ours(message));
        assert_eq!(desk.refused(&token), Refusal::Type, "{typ}");
    }
}

#[test]
fn every_changed_character_is_noticed() {
    let desk = desk();

    for at in 0..desk.token.len() {
        let mut bytes = desk.token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        let read = desk.signer.verify(&changed, PROFILES, Stage::Demo, NOW);
        assert!(read.is_err(), "{at}");
    }
    for odd in [
        "",
        ".",
        "..",
        "...",
        "a.b",
        &desk.token.repeat(2),
        &format!(" {}", desk.token),
    ] {
        desk.refused(odd);
    }
    let padded = format!("{}==", desk.token);
    assert!(matches!(
        desk.refused(&padded),
        Refusal::Signature | Refusal::Malformed
    ));
}

#[test]
fn a_signature_of_another_form_is_refused() {
    let desk = desk();
    let with =
        |sign: &dyn Fn(&[u8]) -> Vec<u8>| desk.refused(&desk.with_header(&desk.header(), sign));

    assert_eq!(with(&|_| vec![0; 64]), Refusal::Signature, "CVE-2022-21449");
    assert_eq!(
        with(&|message| desk.ours(message)[..63].to_vec()),
        Refusal::Signature
    );
    assert_eq!(
        with(&|message| [desk.ours(message), vec![0]].concat()),
        Refusal::Signature
    );
    let der = |message: &[u8]| {
        let key = openssl::ec::EcKey::private_key_from_der(desk.key.private()).unwrap();
        let digest = openssl::sha::sha256(message);
        openssl::ecdsa::EcdsaSig::sign(&digest, &key)
            .unwrap()
            .to_der()
            .unwrap()
    };
    assert_eq!(with(&der), Refusal::Signature);
}
