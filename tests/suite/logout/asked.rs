//! The identity provider asks: every session that it names ends, and it is always answered.

use axum::http::StatusCode;
use vestibule::http::Shared;
use vestibule::practice::logout::Participant;
use vestibule::practice::persona::{CHEN, MAYA};

use super::super::app::TestApp;
use super::super::rules::{at, texts};
use super::*;

async fn audited(test: &TestApp) -> usize {
    let all = texts(&test.app.store, "SELECT event FROM audit ORDER BY id").await;
    all.iter()
        .filter(|event| *event == "signed_out_by_identity_provider")
        .count()
}

#[tokio::test]
async fn a_signed_request_by_redirect_ends_the_session_and_is_answered() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let session = sign_in(&test, &mut browser, &MAYA, |_| {}).await;
    let asking = asking(&test, &session).await;

    let answered = redirected(
        &mut browser,
        &signed(&test.adfs, &asking, Some("a/b c+%~ä")),
    )
    .await;

    let xml = message(answered.location(), "SAMLResponse");
    assert_eq!(status(&answered), "Success");
    assert!(xml.contains(&format!("InResponseTo=\"{}\"", asking.id)));
    assert!(xml.contains("Destination=\"https://adfs.acme.test/adfs/ls/\""));
    let url = url::Url::parse(answered.location()).unwrap();
    assert!(
        url.query_pairs()
            .any(|(name, value)| name == "RelayState" && value == "a/b c+%~ä")
    );
    assert!(!is_signed_in(&mut browser).await);
    assert_eq!(audited(&test).await, 1);
}

#[tokio::test]
async fn a_signed_request_by_form_ends_the_session_and_is_answered() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let session = sign_in(&test, &mut browser, &MAYA, |_| {}).await;
    let asking = asking(&test, &session).await;

    let answered = posted_request(&test, &mut browser, &asking).await;

    assert_eq!(status(&answered), "Success");
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn a_request_ends_the_session_from_any_browser_on_any_node() {
    let test = TestApp::new().await;
    let (mut browser, mut nobody) = (test.browser(), test.browser());
    let session = sign_in(&test, &mut browser, &MAYA, |_| {}).await;
    let asking = asking(&test, &session).await;
    let (node, cookie) = (
        Shared::new(test.app.clone()),
        browser.cookies["__Host-vestibule"].clone(),
    );
    assert_eq!(at(&node, &cookie).await, StatusCode::OK);

    let answered = redirected(&mut nobody, &signed(&test.adfs, &asking, None)).await;

    assert_eq!(status(&answered), "Success");
    assert!(!is_signed_in(&mut browser).await);
    assert_eq!(at(&node, &cookie).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn only_the_session_of_that_index_ends() {
    let test = TestApp::new().await;
    let (mut one, mut other) = (test.browser(), test.browser());
    let session = sign_in(&test, &mut one, &MAYA, |_| {}).await;
    sign_in(&test, &mut other, &MAYA, |_| {}).await;

    let asking = asking(&test, &session).await;
    redirected(&mut one, &signed(&test.adfs, &asking, None)).await;

    assert!(!is_signed_in(&mut one).await);
    assert!(is_signed_in(&mut other).await);
}

#[tokio::test]
async fn without_an_index_every_session_of_that_person_ends_and_nobody_elses() {
    let test = TestApp::new().await;
    let (mut one, mut other, mut chen) = (test.browser(), test.browser(), test.browser());
    let session = sign_in(&test, &mut one, &MAYA, |_| {}).await;
    sign_in(&test, &mut other, &MAYA, |_| {}).await;
    sign_in(&test, &mut chen, &CHEN, |_| {}).await;
    let mut asking = asking(&test, &session).await;
    asking.session_indexes.clear();

    redirected(&mut one, &signed(&test.adfs, &asking, None)).await;

    assert!(!is_signed_in(&mut one).await);
    assert!(!is_signed_in(&mut other).await);
    assert!(is_signed_in(&mut chen).await);
    assert_eq!(audited(&test).await, 2);
}

#[tokio::test]
async fn a_session_that_has_no_index_ends_whatever_index_is_named() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let mut session = sign_in(&test, &mut browser, &MAYA, |answer| {
        answer.authn.as_mut().unwrap().session_index = None;
    })
    .await;
    session.session_index = "_never-told".into();

    let asking = asking(&test, &session).await;
    redirected(&mut browser, &signed(&test.adfs, &asking, None)).await;

    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn absent_parts_of_a_name_stand_for_what_the_standard_says() {
    let test = TestApp::new().await;
    let (idp, sp) = (test.adfs.entity_id.clone(), test.trust().await.entity_id);
    let unspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
    let name = |format: Option<&str>, by: Option<&str>, towards: Option<&str>| {
        let owned = |part: Option<&str>| part.map(str::to_owned);
        vestibule::practice::answer::NameId {
            value: MAYA.upn.into(),
            format: owned(format),
            name_qualifier: owned(by),
            sp_name_qualifier: owned(towards),
        }
    };
    let persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
    let cases = [
        (
            name(None, None, None),
            name(Some(unspecified), Some(&idp), Some(&sp)),
            true,
        ),
        (
            name(Some(persistent), Some(&idp), Some(&sp)),
            name(Some(persistent), None, None),
            true,
        ),
        (
            name(None, None, None),
            name(Some(persistent), None, None),
            false,
        ),
        (
            name(None, None, None),
            name(None, Some("urn:other"), None),
            false,
        ),
        (
            name(None, None, Some("urn:other")),
            name(None, None, None),
            false,
        ),
    ];

    for (known, named, ends) in cases {
        let mut browser = test.browser();
        let mut session = sign_in(&test, &mut browser, &MAYA, |answer| {
            answer.name_id = Some(known.clone());
        })
        .await;
        session.name_id = named.clone();
        let asking = asking(&test, &session).await;

        let answered = redirected(&mut browser, &signed(&test.adfs, &asking, None)).await;

        assert_eq!(status(&answered), "Success");
        assert_eq!(
            !is_signed_in(&mut browser).await,
            ends,
            "{known:?} {named:?}"
        );
    }
}

#[tokio::test]
async fn nobody_to_sign_out_is_success_too() {
    let test = TestApp::new().await;
    let session = Participant {
        relying_party: test.trust().await.entity_id,
        name_id: vestibule::practice::answer::NameId {
            value: "nobody@corp.acme.example".into(),
            ..Default::default()
        },
        session_index: "_none".into(),
    };

    let asking = asking(&test, &session).await;
    let answered = redirected(&mut test.browser(), &signed(&test.adfs, &asking, None)).await;

    assert_eq!(status(&answered), "Success");
    assert_eq!(audited(&test).await, 0);
}

#[tokio::test]
async fn a_session_that_waits_to_be_confirmed_ends_as_well() {
    let test = TestApp::with(|document| {
        document.saml.as_mut().unwrap().allow_idp_initiated = true;
    })
    .await;
    let mut browser = test.browser();
    let answer = test.answer(&MAYA, None).await;
    let page = browser.deliver(&test.respond(&answer).await).await;
    let ticket = page.body.split("name=\"ticket\" value=\"").nth(1).unwrap();
    let ticket = ticket.split('"').next().unwrap();
    let session = Participant {
        relying_party: test.trust().await.entity_id,
        name_id: answer.name_id.unwrap(),
        session_index: answer.authn.unwrap().session_index.unwrap(),
    };

    let asking = asking(&test, &session).await;
    redirected(&mut browser, &signed(&test.adfs, &asking, None)).await;
    let continued = browser
        .post("/session/continue", &[("ticket", ticket)])
        .await;

    assert_eq!(continued.status, StatusCode::CONFLICT);
    assert_eq!(audited(&test).await, 1);
}

#[tokio::test]
async fn a_disabled_account_still_answers() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let session = sign_in(&test, &mut browser, &MAYA, |_| {}).await;
    let asking = asking(&test, &session).await;
    test.app
        .set_account_state(
            "acme-demo",
            vestibule::account::State::Disabled,
            "shell:test",
        )
        .await
        .unwrap();

    let answered = redirected(&mut browser, &signed(&test.adfs, &asking, None)).await;

    assert_eq!(status(&answered), "Success");
}

#[tokio::test]
async fn an_encrypted_name_is_understood() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let session = sign_in(&test, &mut browser, &MAYA, |_| {}).await;
    let mut asking = asking(&test, &session).await;
    let rp = test.trust().await;
    let encrypted = vestibule::practice::encrypt::encrypt(
        &asking.name_id,
        rp.encryption_certificate.as_ref().unwrap(),
        &vestibule::practice::encrypt::Encryption::default(),
        &test.app.entropy,
    )
    .unwrap();
    asking.name_id = encrypted.replace("EncryptedAssertion", "EncryptedID");

    let answered = posted_request(&test, &mut browser, &asking).await;

    assert_eq!(status(&answered), "Success");
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn the_answer_goes_where_the_metadata_says_by_the_binding_that_it_offers() {
    let test = by_form_alone(" ResponseLocation=\"https://adfs.acme.test/adfs/answers\"").await;
    let mut browser = test.browser();
    let session = sign_in(&test, &mut browser, &MAYA, |_| {}).await;

    let asking = asking(&test, &session).await;
    let answered = redirected(&mut browser, &signed(&test.adfs, &asking, Some("x&y"))).await;

    assert_eq!(answered.status, StatusCode::OK, "{}", answered.body);
    assert!(
        answered
            .body
            .contains("action=\"https://adfs.acme.test/adfs/answers\"")
    );
    assert!(
        answered
            .body
            .contains("name=\"RelayState\" value=\"x&#38;y\"")
    );
    assert!(answered.body.contains("name=\"SAMLResponse\""));
    let policy = answered.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert!(
        policy.contains("form-action 'self' https://adfs.acme.test;"),
        "{policy}"
    );
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn what_is_sent_again_ends_nothing_more_and_is_answered() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let session = sign_in(&test, &mut browser, &MAYA, |_| {}).await;
    let mut asking = asking(&test, &session).await;
    asking.session_indexes.clear();
    let query = signed(&test.adfs, &asking, None);

    let first = redirected(&mut browser, &query).await;
    let reload = redirected(&mut browser, &query).await;
    sign_in(&test, &mut browser, &MAYA, |_| {}).await;
    let replay = redirected(&mut browser, &query).await;

    assert_eq!([status(&first), status(&reload)], ["Success", "Success"]);
    assert_eq!(status(&replay), "Requester");
    assert!(is_signed_in(&mut browser).await);
    assert_eq!(audited(&test).await, 1);
}

#[tokio::test]
async fn an_unknown_account_is_not_found() {
    let test = TestApp::new().await;

    let answered = test.browser().get("/saml/nobody-demo/logout").await;

    assert_eq!(answered.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_address_says_what_it_is_for() {
    let test = TestApp::new().await;

    let answered = test.browser().get("/saml/acme-demo/logout").await;

    assert_eq!(answered.status, StatusCode::BAD_REQUEST);
    assert!(answered.body.contains("when somebody signs out there"));
}
