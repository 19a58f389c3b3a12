//! We ask: the session here is over first, then the identity provider is asked, and its answer becomes a page.

use axum::http::StatusCode;
use vestibule::practice::logout::respond;
use vestibule::practice::persona::MAYA;
use vestibule::practice::request::{Request as Received, Wish};
use vestibule::time::Span;

use super::super::rules::change;
use super::*;

const STATUS: &str = "urn:oasis:names:tc:SAML:2.0:status:";

/// Presses "Sign out" and returns where the browser is sent then.
async fn sign_out(browser: &mut Browser<'_>) -> String {
    let answered = browser.post("/logout", &[]).await;
    assert_eq!(answered.status, StatusCode::OK);
    let target = answered
        .body
        .split("0; url=")
        .nth(1)
        .expect("a page that goes on");
    target.split('"').next().unwrap().replace("&#38;", "&")
}

/// Our request, judged by the identity provider.
async fn received(test: &TestApp, location: &str) -> Received {
    let raw = location.split_once('?').unwrap().1;
    Received::from_query(raw, &[test.trust().await]).unwrap()
}

/// Its answer, with another status where one is given.
async fn answer(test: &TestApp, location: &str, status: Option<&str>) -> String {
    let request = received(test, location).await;
    let (now, entropy) = (test.app.clock.now(), &test.app.entropy);
    let xml = respond(&test.adfs, &request, true, now, entropy).unwrap();
    let Some(status) = status else { return xml };
    let (start, rest) = xml.split_once("<ds:Signature").unwrap();
    let rest = rest.split_once("</ds:Signature>").unwrap().1;
    let plain = format!("{start}{rest}");
    let code = format!("<samlp:StatusCode Value=\"{STATUS}Success\"/>");
    let plain = plain.replace(&code, status);
    let id = plain
        .split(" ID=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    vestibule::practice::sign::sign(&plain, id, &test.adfs.signing[0], &Signing::default()).unwrap()
}

async fn deliver(browser: &mut Browser<'_>, xml: &str) -> Answered {
    posted(browser, &[("SAMLResponse", &STANDARD.encode(xml))]).await
}

#[tokio::test]
async fn signing_out_ends_the_session_here_first_and_asks_with_the_name_as_it_was_given() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let session = sign_in(&test, &mut browser, &MAYA, |answer| {
        let name = answer.name_id.as_mut().unwrap();
        name.format = Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".into());
        name.name_qualifier = Some("urn:by<&\">".into());
        name.sp_name_qualifier = Some("urn:for".into());
    })
    .await;

    let location = sign_out(&mut browser).await;

    assert!(!is_signed_in(&mut browser).await);
    assert!(
        !browser.cookies.contains_key("__Host-vestibule"),
        "{:?}",
        browser.cookies
    );
    let request = received(&test, &location).await;
    let Wish::SignOut {
        name_id,
        session_indexes,
    } = request.wish
    else {
        panic!("not a sign-out");
    };
    assert_eq!(name_id, session.name_id);
    assert_eq!(session_indexes, [session.session_index]);
    let xml = message(&location, "SAMLRequest");
    assert!(
        xml.contains("Destination=\"https://adfs.acme.test/adfs/ls/\""),
        "{xml}"
    );
}

#[tokio::test]
async fn the_request_is_signed_even_where_sign_ins_are_not() {
    let test = TestApp::with(|document| {
        document.saml.as_mut().unwrap().sign_requests = false;
    })
    .await;
    let mut browser = test.browser();
    sign_in(&test, &mut browser, &MAYA, |_| {}).await;

    let location = sign_out(&mut browser).await;

    assert!(message(&location, "SAMLRequest").contains("LogoutRequest"));
}

#[tokio::test]
async fn where_only_forms_are_taken_the_request_is_signed_in_its_own_body() {
    let test = by_form_alone("").await;
    let mut browser = test.browser();
    let session = sign_in(&test, &mut browser, &MAYA, |_| {}).await;

    let page = browser.post("/logout", &[]).await;

    let policy = page.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert!(
        policy.contains("form-action 'self' https://adfs.acme.test;"),
        "{policy}"
    );
    let value = page.body.split("name=\"SAMLRequest\" value=\"").nth(1);
    let value = value.unwrap().split('"').next().unwrap();
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLRequest", &value.replace("&#43;", "+"))
        .finish();
    let request = Received::from_form(&body, &[test.trust().await]).unwrap();
    let Wish::SignOut { name_id, .. } = request.wish else {
        panic!("not a sign-out");
    };
    assert_eq!(name_id, session.name_id);
}

#[tokio::test]
async fn each_answer_becomes_a_page_that_says_how_it_went() {
    let test = TestApp::new().await;
    let code = |code: &str, inner: &str| {
        format!("<samlp:StatusCode Value=\"{STATUS}{code}\">{inner}</samlp:StatusCode>")
    };
    let partial = code("PartialLogout", "");
    let cases = [
        (None, "and so has the one at"),
        (Some(code("Success", &partial)), "Another service"),
        (Some(code("Responder", &partial)), "Another service"),
        (Some(code("Requester", "")), "did not recognise"),
        (Some(code("Responder", "")), "could not end its own"),
    ];

    for (status, said) in cases {
        let mut browser = test.browser();
        sign_in(&test, &mut browser, &MAYA, |_| {}).await;
        let location = sign_out(&mut browser).await;
        let xml = answer(&test, &location, status.as_deref()).await;

        let first = deliver(&mut browser, &xml).await;
        let again = deliver(&mut browser, &xml).await;

        assert_eq!(first.status, StatusCode::OK);
        assert!(first.body.contains("You are signed out"), "{}", first.body);
        assert!(first.body.contains(said), "{said}: {}", first.body);
        assert_eq!(again.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn an_answer_by_redirect_counts_too() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    sign_in(&test, &mut browser, &MAYA, |_| {}).await;
    let location = sign_out(&mut browser).await;
    let xml = answer(&test, &location, None).await;
    let (start, rest) = xml.split_once("<ds:Signature").unwrap();
    let plain = format!("{start}{}", rest.split_once("</ds:Signature>").unwrap().1);
    let query = query(&test.adfs, "SAMLResponse", &plain, None, RSA_SHA256).unwrap();

    let answered = redirected(&mut browser, &query).await;

    assert!(
        answered.body.contains("and so has the one at"),
        "{}",
        answered.body
    );
}

#[tokio::test]
async fn an_answer_that_nobody_here_waits_for_is_a_page_and_nothing_more() {
    let test = TestApp::new().await;
    let (mut browser, mut other) = (test.browser(), test.browser());
    sign_in(&test, &mut browser, &MAYA, |_| {}).await;
    sign_in(&test, &mut other, &MAYA, |_| {}).await;
    let location = sign_out(&mut browser).await;
    let xml = answer(&test, &location, None).await;

    let elsewhere = deliver(&mut other, &xml).await;
    test.app.clock.advance(Span::minutes(20));
    let late = deliver(&mut browser, &xml).await;

    for answered in [elsewhere, late] {
        assert_eq!(answered.status, StatusCode::FORBIDDEN);
        assert!(
            answered.body.contains("Nothing was changed"),
            "{}",
            answered.body
        );
    }
    assert!(is_signed_in(&mut other).await);
}

#[tokio::test]
async fn whoever_has_no_name_at_the_identity_provider_is_told_that_they_may_still_be_signed_in_there()
 {
    let email = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
    let test = TestApp::with(|document| {
        document.claims.subject = vestibule::account::SubjectSource::Claim(email.into());
    })
    .await;
    let mut browser = test.browser();
    sign_in(&test, &mut browser, &MAYA, |answer| {
        answer.name_id = None;
        answer.authn.as_mut().unwrap().session_index = None;
    })
    .await;

    let answered = browser.post("/logout", &[]).await;

    assert!(
        answered.body.contains("you may still be signed in"),
        "{}",
        answered.body
    );
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn signing_out_does_not_need_the_identity_provider() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    sign_in(&test, &mut browser, &MAYA, |_| {}).await;
    change(
        &test.app.store,
        "UPDATE revisions SET metadata = '<broken/>'",
    )
    .await;
    test.app.login.forget("acme-demo");

    let answered = browser.post("/logout", &[]).await;

    assert!(
        answered.body.contains("You are signed out"),
        "{}",
        answered.body
    );
    assert!(!is_signed_in(&mut browser).await);
}
