//! Rules 17, 18 and 21: the order of the checks, their cost, and what is said and kept of them.

use axum::http::StatusCode;
use rstest::rstest;
use vestibule::account::State;
use vestibule::practice::adfs::Adfs;
use vestibule::practice::answer::{Attribute, Status, What};
use vestibule::practice::encrypt::{ContentCipher, Encryption};
use vestibule::practice::persona::{MAYA, NOOR};
use vestibule::saml::advice::Advice;
use vestibule::saml::check::{Code, Outcome};

use super::super::app::{IDP_KEYS, TestApp};
use super::{ROLE, broken, everything, holds};

const SECRET: &str = "staff-number-4711-of-maya";

/// A claim that the account has no use for.
fn secret() -> Attribute {
    Attribute {
        name: "http://acme.example/claims/staff-number".into(),
        values: vec![SECRET.into()],
        ..Attribute::default()
    }
}

fn values<'x>(xml: &'x str, name: &str) -> Vec<&'x str> {
    let tag = format!("{name}>");
    let parts = xml.split(tag.as_str()).skip(1).step_by(2);
    parts.map(|part| part.split('<').next().unwrap()).collect()
}

#[tokio::test]
async fn rule_17_the_first_failure_decides_and_the_cheap_checks_come_first() {
    let test = TestApp::new().await;
    let foreign = Adfs {
        signing: vec![IDP_KEYS[2].clone()],
        ..test.adfs.clone()
    };
    let mut found = Vec::new();

    for mended in 0..8 {
        let mut browser = test.browser();
        let request = browser.begin().await;
        let mut answer = test.answer(&MAYA, Some(&request)).await;
        let mut trust = test.trust().await;
        answer.conditions.as_mut().unwrap().audiences = vec!["urn:other".into()];
        answer.encryption = Some(Encryption::default());
        if mended < 6 {
            trust.encryption_certificate = Some(IDP_KEYS[0].certificate.clone());
        }
        if mended < 5 {
            answer.sign = What::Both;
        }
        if mended < 4 {
            answer.status = Status::Refused {
                top: "Responder".into(),
                second: None,
            };
            answer.sign = What::Response;
        }
        if mended < 3 {
            answer.in_response_to = Some("_0".into());
        }
        if mended < 2 {
            answer.issuer = Some("urn:other".into());
        }
        if mended < 1 {
            answer.destination = Some("https://other.test/acs".into());
        }
        let farm = if mended < 7 { &foreign } else { &test.adfs };
        let refused = browser
            .deliver(&farm.respond(&trust, &answer, &test.app.entropy).unwrap())
            .await;
        found.push(broken(&test.attempt_of(refused.reference()).await));
    }

    let order = [
        Code::Destination,
        Code::Issuer,
        Code::InResponseTo,
        Code::Status,
        Code::Signature,
        Code::Decryption,
        Code::Signature,
        Code::Audience,
    ];
    assert_eq!(found, order);
}

#[tokio::test]
async fn rule_17_later_rows_read_not_checked_and_unverified_claims_are_known_as_such() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let mut answer = test.answer(&MAYA, Some(&request)).await;
    answer.sign = What::Nothing;

    let refused = browser.deliver(&test.respond(&answer).await).await;

    let attempt = test.attempt_of(refused.reference()).await;
    let outcome = |code| {
        attempt
            .rows
            .iter()
            .find(|row| row.code == code)
            .unwrap()
            .outcome
    };
    assert_eq!(outcome(Code::Status), Outcome::Passed);
    assert_eq!(outcome(Code::Signature), Outcome::Failed);
    for later in [
        Code::Conditions,
        Code::Audience,
        Code::Replay,
        Code::Roles,
        Code::Admit,
    ] {
        assert_eq!(outcome(later), Outcome::NotChecked, "{later:?}");
    }
    assert!(attempt.claims.iter().any(|claim| claim.name == ROLE));
    assert_eq!(attempt.claims.len(), answer.attributes.len());
    assert_eq!(attempt.advice, Some(Advice::NothingSigned));
    assert_eq!(attempt.verified_by, None);
}

#[tokio::test]
async fn rule_17_codes_for_encryption_and_for_a_disabled_account_exist() {
    let test = TestApp::with(|document| {
        document.saml.as_mut().unwrap().encryption = vestibule::account::Encryption::Required;
    })
    .await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let xml = test.honest(&MAYA, &request).await;
    let mut later = browser.clone();
    let clear = browser.deliver(&xml).await;
    test.app
        .set_account_state(test.slug, State::Disabled, "shell:test")
        .await
        .unwrap();
    let disabled = later.deliver(&xml).await;

    assert_eq!(
        broken(&test.attempt_of(clear.reference()).await),
        Code::Encryption
    );
    assert_eq!(
        broken(&test.attempt_of(disabled.reference()).await),
        Code::Disabled
    );
}

#[rstest]
#[case::three(3, StatusCode::SEE_OTHER)]
#[case::four(4, StatusCode::FORBIDDEN)]
#[tokio::test]
async fn rule_18_at_most_three_encrypted_keys_are_tried(
    #[case] keys: usize,
    #[case] status: StatusCode,
) {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let mut answer = test.answer(&MAYA, Some(&request)).await;
    answer.encryption = Some(Encryption::default());
    let xml = test.respond(&answer).await;
    let (start, end) = (
        xml.find("<e:EncryptedKey").unwrap(),
        xml.find("</e:EncryptedKey>").unwrap(),
    );
    let key = &xml[start..end + "</e:EncryptedKey>".len()];

    let answered = browser.deliver(&xml.replace(key, &key.repeat(keys))).await;

    assert_eq!(answered.status, status);
}

#[tokio::test]
async fn rule_21_decryption_padding_and_parsing_are_one_code() {
    let test = TestApp::new().await;
    let mut seen = Vec::new();

    for fault in ["key", "length", "padding", "content"] {
        let mut browser = test.browser();
        let request = browser.begin().await;
        let mut answer = test.answer(&MAYA, Some(&request)).await;
        let content = ContentCipher::Aes256Cbc;
        answer.encryption = Some(Encryption {
            content,
            ..Encryption::default()
        });
        let xml = spoiled(&test.respond(&answer).await, fault);
        let refused = browser.deliver(&xml).await;
        let attempt = test.attempt_of(refused.reference()).await;
        assert_eq!(broken(&attempt), Code::Decryption, "{fault}");
        let page = refused.body.replace(refused.reference(), "");
        let rows: Vec<_> = attempt
            .rows
            .into_iter()
            .filter(|row| row.code == Code::Decryption)
            .collect();
        seen.push((refused.status, page, rows, attempt.advice));
    }

    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
}

/// The response with one part of its encryption spoiled, all of it still well-formed.
fn spoiled(xml: &str, fault: &str) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let both = values(xml, "CipherValue");
    let value = if fault == "key" { both[0] } else { both[1] };
    let mut bytes = STANDARD.decode(value).unwrap();
    let last = bytes.len() - 1;
    match fault {
        "key" => bytes[9] ^= 1,
        "length" => bytes.truncate(last - 4),
        // The last byte of the block before the last is that of the padding.
        "padding" => bytes[last - 16] ^= 0xff,
        _ => bytes[40] ^= 1,
    }
    xml.replace(value, &STANDARD.encode(bytes))
}

#[tokio::test]
async fn rule_21_stored_attempts_never_hold_signature_digest_or_cipher_values() {
    let test = TestApp::new().await;
    for (persona, encryption) in [(&MAYA, None), (&NOOR, Some(Encryption::default()))] {
        let mut browser = test.browser();
        let request = browser.begin().await;
        let mut answer = test.answer(persona, Some(&request)).await;
        (answer.encryption, answer.sign) = (encryption, What::Both);
        let xml = test.respond(&answer).await;
        let forged = xml.replace("consent:unspecified", "consent:obtained");
        let refused = browser.clone().deliver(&forged).await;
        let answered = browser.deliver(&xml).await;
        assert!(refused.status != answered.status || answered.body.contains("no role"));

        let account = test.account().await.id;
        let mut tx = test.app.store.read().await.unwrap();
        let kept = tx.of(account).attempts(10, &test.app.ring).await.unwrap();
        let kept = serde_json::to_string(&kept).unwrap();
        for name in ["SignatureValue", "DigestValue", "CipherValue"] {
            let found = values(&xml, name);
            assert!(!found.is_empty() || name == "CipherValue", "{name}");
            assert!(found.iter().all(|value| !kept.contains(value)), "{name}");
        }
    }
}

#[tokio::test]
async fn rule_21_stored_claims_are_sealed() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let mut answer = test.answer(&NOOR, Some(&request)).await;
    answer.attributes.push(secret());

    let refused = browser.deliver(&test.respond(&answer).await).await;

    let attempt = test.attempt_of(refused.reference()).await;
    assert!(attempt.claims.iter().any(|claim| claim.values == [SECRET]));
    let all = everything(&test).await;
    assert!(
        holds(&all, refused.reference()),
        "the attempt itself is there"
    );
    let values = attempt.claims.iter().flat_map(|claim| &claim.values);
    // A shorter one may stand somewhere in random text by chance.
    for claim in values.filter(|value| value.len() > 8) {
        assert!(!holds(&all, claim), "{claim} is readable in the database");
    }
}

#[tokio::test]
async fn rule_21_stored_claims_are_complete() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let mut answer = test.answer(&MAYA, Some(&request)).await;
    let many = (0..100).map(|index| Attribute {
        name: format!("urn:claim:{index}"),
        values: vec!["v".repeat(400)],
        ..Attribute::default()
    });
    // The role comes last of all.
    answer.attributes.splice(0..0, many);

    let answered = browser.deliver(&test.respond(&answer).await).await;

    let attempt = test.attempt().await;
    assert_eq!(
        answered.status,
        StatusCode::SEE_OTHER,
        "{:#?}",
        attempt.advice
    );
    assert_eq!(attempt.claims.len(), answer.attributes.len());
    assert!(
        attempt
            .claims
            .iter()
            .take(100)
            .all(|claim| claim.values[0].len() == 400)
    );
}
