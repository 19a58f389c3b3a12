//! Posts hostile messages, and looks whether they were refused for their reason and left nothing behind.

use std::sync::OnceLock;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use vestibule::attempt::Attempt;
use vestibule::saml::check::{Code, Outcome, Row};

use super::super::app::{Answered, Browser, NOW, TestApp};
use super::case::{Case, Expected, Posted};
use super::scene::Scene;

/// Every case is refused for its reason, writes no more than it may, and hinders nobody.
pub(super) async fn refuse(test: &TestApp, cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for case in cases {
        let mut browser = test.browser();
        let scene = Scene::begin(test, &mut browser).await;
        let posted = (case.build)(&scene);
        if let Err(why) = judge(test, &mut browser, posted, &case.expected).await {
            wrong.push(format!("{}: {why}", case.name));
        }
        browser.sign_in_as_maya().await;
        // Unverified attempts are kept only up to a number; the next minute begins.
        test.shared.tidy().await.unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Posts one hostile message and looks at the answer, and at what was written.
async fn judge(
    test: &TestApp,
    browser: &mut Browser<'_>,
    posted: Posted,
    expected: &Expected,
) -> Result<(), String> {
    let (users, attempts, audited) = test.written().await;
    let open = sessions(test).await;

    let answered = post(browser, test.slug, posted).await;

    is_refused(test, &answered, expected.code)?;
    let attempt = test.attempt_of(answered.reference()).await;
    let failed = last_checked(&attempt);
    let found = (failed.code, failed.outcome, attempt.outcome.as_str());
    let reason = format!("{}: {}", failed.what, failed.found);
    let code = expected.code;
    ensure(found == (code, Outcome::Failed, code.as_str()), || {
        format!("{found:?} for {reason}")
    })?;
    ensure(reason.contains(expected.because), || {
        format!("refused for {reason}")
    })?;
    let verified = attempt.verified_by.is_some();
    ensure(verified == expected.verifies, || {
        format!("a signature verifies: {verified}")
    })?;
    let due = (users, attempts + 1, audited + usize::from(verified));
    let written = test.written().await;
    ensure(written == due, || format!("wrote {written:?}, not {due:?}"))?;
    let now_open = sessions(test).await;
    ensure(now_open == open, || "a session".into())
}

/// How many sessions anybody has.
async fn sessions(test: &TestApp) -> usize {
    let account = test.account().await.id;
    let mut tx = test.app.store.read().await.unwrap();
    let mut of = tx.of(account);
    let mut count = 0;
    for user in of.users(None, 1_000, NOW).await.unwrap() {
        count += of.sessions(user.id).await.unwrap().len();
    }
    count
}

/// The same for a message that is no case of a table.
pub(super) async fn refused(
    test: &TestApp,
    browser: &mut Browser<'_>,
    posted: impl Into<Posted>,
    expected: Expected,
) {
    let verdict = judge(test, browser, posted.into(), &expected).await;
    assert_eq!(verdict, Ok(()));
}

/// Posts to the account's assertion consumer service as a page of somewhere else does.
pub(super) async fn post(browser: &mut Browser<'_>, slug: &str, posted: Posted) -> Answered {
    let request = Request::post(format!("/saml/{slug}/acs"))
        .header(header::ORIGIN, "https://adfs.acme.test")
        .header("sec-fetch-site", "cross-site")
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, posted.kind);
    browser.send(request, Body::from(posted.body)).await
}

fn ensure(holds: bool, otherwise: impl Fn() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn last_checked(attempt: &Attempt) -> &Row {
    attempt
        .rows
        .iter()
        .rfind(|row| row.outcome != Outcome::NotChecked)
        .expect("something was checked")
}

/// A page without a session that tells nobody why: apart from its reference and the account it is always the same.
fn is_refused(test: &TestApp, answered: &Answered, code: Code) -> Result<(), String> {
    static PAGE: OnceLock<String> = OnceLock::new();
    let malformed = matches!(code, Code::Form | Code::Base64 | Code::Limits | Code::Xml);
    let expected = if malformed {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::FORBIDDEN
    };
    let status = answered.status;
    ensure(status == expected, || format!("{status} {}", answered.body))?;
    ensure(!sets_session(&answered.headers), || "a session".into())?;
    let page = answered.body.replace(answered.reference(), "");
    let page = page.replace(test.slug, "");
    // Whoever is known and has no role is told so.
    let same = code == Code::Roles || page == *PAGE.get_or_init(|| page.clone());
    ensure(same, || format!("another page: {page}"))
}

/// Whether a session begins; one that is over is taken back.
pub(super) fn sets_session(headers: &HeaderMap) -> bool {
    let mut cookies = headers.get_all(header::SET_COOKIE).iter();
    cookies.any(|cookie| {
        let cookie = cookie.to_str().unwrap();
        cookie.starts_with("__Host-vestibule=") && !cookie.starts_with("__Host-vestibule=;")
    })
}
