//! Rules 13 and 50: a client's administrator sets their side up by a link, and changes nothing by it that counts.

use axum::http::StatusCode;
use vestibule::account::{Account, Document, Stage};
use vestibule::app::{Consent, Refused};
use vestibule::config::AccountFile;
use vestibule::practice::persona::{MAYA, NOOR};
use vestibule::time::Span;

use crate::app::{Answered, Browser, TestApp, document};
use crate::rules::{audit, change, everything, holds};

const SHELL: &str = "shell:test";
const WEEK: i64 = 7;

/// An account whose client has sent nothing yet.
pub(super) async fn unconnected() -> (TestApp, Account) {
    let test = TestApp::empty(|_| {}).await;
    let account = made(&test, document("acme-demo")).await;
    (test, account)
}

async fn made(test: &TestApp, document: Document) -> Account {
    let file = AccountFile {
        document,
        metadata: None,
    };
    let consent = Consent::default();
    let made = test.app.apply(&file, SHELL, &consent).await.unwrap();
    made.account
}

/// What stands behind the `#` of a fresh link.
async fn code(test: &TestApp, account: &Account) -> String {
    let (_, url) = test
        .app
        .make_setup_link(account, WEEK, SHELL)
        .await
        .unwrap();
    let (page, code) = url.split_once('#').unwrap();
    assert_eq!(page, "https://sso.test/setup/open");
    code.to_owned()
}

/// A browser that has opened a fresh link.
pub(super) async fn guest<'t>(test: &'t TestApp, account: &Account) -> Browser<'t> {
    let code = code(test, account).await;
    let mut browser = test.browser();
    let opened = browser.post("/setup/open", &[("code", &code)]).await;
    assert_eq!(opened.location(), "/setup", "{}", opened.body);
    browser
}

pub(super) async fn send(test: &TestApp, guest: &mut Browser<'_>) -> Answered {
    let metadata = test.adfs.metadata().unwrap();
    guest
        .post("/setup/metadata", &[("metadata", &metadata)])
        .await
}

#[tokio::test]
async fn rule_50_a_setup_link_opens_once_and_only_its_digest_is_kept() {
    let (test, account) = unconnected().await;
    let code = code(&test, &account).await;
    let mut browser = test.browser();

    for _ in 0..2 {
        let page = browser.get("/setup/open").await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(browser.get("/setup").await.location(), "/setup/open");
    }
    assert!(!holds(&everything(&test).await, &code));
    let opened = browser.post("/setup/open", &[("code", &code)]).await;
    assert_eq!(opened.location(), "/setup");
    let page = browser.get("/setup").await;
    assert_eq!(page.status, StatusCode::OK);
    let cookie = browser.cookies["__Host-vestibule-setup"].clone();
    assert!(!holds(&everything(&test).await, &cookie));
    let again = test.browser().post("/setup/open", &[("code", &code)]).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    for code in ["", "0123", &cookie] {
        let wrong = test.browser().post("/setup/open", &[("code", code)]).await;
        assert_eq!(wrong.status, StatusCode::FORBIDDEN, "{code}");
    }
    let entries = audit(&test).await;
    for event in ["setup_link_made shell:test", "setup_link_opened lnk_"] {
        assert!(
            entries.iter().any(|entry| entry.starts_with(event)),
            "{entries:?}"
        );
    }
}

#[tokio::test]
async fn rule_50_a_setup_link_ends_by_time_by_another_one_and_by_whoever_has_it() {
    let (test, account) = unconnected().await;
    let mut first = guest(&test, &account).await;
    let mut second = guest(&test, &account).await;
    assert_eq!(first.get("/setup").await.location(), "/setup/open");
    assert_eq!(send(&test, &mut first).await.status, StatusCode::FORBIDDEN);
    assert_eq!(second.get("/setup").await.status, StatusCode::OK);

    let left = second.post("/setup/leave", &[]).await;
    assert!(left.body.contains("good for nothing"), "{}", left.body);
    assert!(second.cookies.is_empty());
    let mut third = guest(&test, &account).await;
    test.app.clock.advance(Span::days(WEEK));
    assert_eq!(third.get("/setup").await.location(), "/setup/open");
    let code = code(&test, &account).await;
    assert_eq!(test.app.end_setup_links(&account, SHELL).await.unwrap(), 1);
    let ended = third.post("/setup/open", &[("code", &code)]).await;
    assert_eq!(ended.status, StatusCode::FORBIDDEN);
    for days in [0, 31, -1] {
        let made = test.app.make_setup_link(&account, days, SHELL).await;
        assert!(made.unwrap_err().is::<Refused>());
    }
}

#[tokio::test]
async fn rule_13_there_is_a_setup_link_only_for_a_demo_account_that_nobody_was_ever_in() {
    let test = TestApp::new().await;
    let account = test.account().await;
    let mut live = document("acme-live");
    live.stage = Stage::Live;
    let live = made(&test, live).await;
    let refused = test.app.make_setup_link(&live, WEEK, SHELL).await;
    assert!(refused.unwrap_err().to_string().contains("live account"));
    let mut guest = guest(&test, &account).await;
    assert_eq!(guest.get("/setup").await.status, StatusCode::OK);
    let code = code(&test, &account).await;
    let waiting = code.as_str();

    test.browser().sign_in_as_maya().await;

    assert_eq!(guest.get("/setup").await.location(), "/setup/open");
    let sent = send(&test, &mut guest).await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN);
    let opened = guest.post("/setup/open", &[("code", waiting)]).await;
    assert_eq!(opened.status, StatusCode::FORBIDDEN);
    let refused = test.app.make_setup_link(&account, WEEK, SHELL).await;
    assert!(refused.unwrap_err().to_string().contains("signed in"));
}

#[tokio::test]
async fn rule_13_what_comes_by_a_setup_link_counts_when_an_operator_puts_it_in_force() {
    let (test, account) = unconnected().await;
    let mut guest = guest(&test, &account).await;
    let steps = guest.get("/setup").await;
    assert!(steps.body.contains("Once you have sent your metadata"));

    let sent = send(&test, &mut guest).await;
    assert_eq!(sent.location(), "/setup?done=sent", "{}", sent.body);
    send(&test, &mut guest).await;

    let steps = guest.get("/setup?done=sent").await;
    assert!(
        steps.body.contains("It waits for the people"),
        "{}",
        steps.body
    );
    let offer = test.app.offer(&account).await.unwrap().unwrap();
    assert_eq!(offer.revision, 2, "the same document is kept once");
    assert_eq!(test.account().await.active, 1);
    let login = test.browser().get("/saml/acme-demo/login").await;
    assert_eq!(login.status, StatusCode::CONFLICT);

    let file = AccountFile {
        document: document("acme-demo"),
        metadata: Some(test.adfs.metadata().unwrap().into_bytes()),
    };
    let reviewed = test.app.review(&account, &file).await.unwrap();
    let consent = Consent::default();
    let unseen = test
        .app
        .apply_reviewed(&file, &reviewed, (&[], &consent), SHELL);
    assert!(unseen.await.unwrap_err().is::<Refused>());
    let prints = offer.idp.signing.iter();
    let prints: Vec<_> = prints
        .map(|key| key.certificate.fingerprint.clone())
        .collect();
    let applied = test
        .app
        .apply_reviewed(&file, &reviewed, (&prints, &consent), SHELL);
    applied.await.unwrap();
    assert!(test.app.offer(&account).await.unwrap().is_none());
    let steps = guest.get("/setup").await;
    assert!(steps.body.contains("This is in force"), "{}", steps.body);
    test.browser().sign_in_as_maya().await;
}

#[tokio::test]
async fn what_is_no_metadata_is_said_so_and_changes_nothing() {
    let (test, account) = unconnected().await;
    let mut guest = guest(&test, &account).await;
    let ours = test.app.descriptor("acme-demo").await.unwrap().unwrap();

    for (wrong, says) in [
        ("", "choose the file"),
        ("<html><body>Sign in</body></html>", "Nothing was changed"),
        (ours.as_str(), "Nothing was changed"),
    ] {
        let sent = guest.post("/setup/metadata", &[("metadata", wrong)]).await;
        assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(sent.body.contains(says), "{}", sent.body);
        assert!(!sent.body.contains("saml.idp_metadata"), "{}", sent.body);
    }
    assert!(test.app.offer(&account).await.unwrap().is_none());
}

#[tokio::test]
async fn metadata_is_kept_so_often_and_no_more() {
    let (test, account) = unconnected().await;
    let mut guest = guest(&test, &account).await;
    let metadata = test.adfs.metadata().unwrap();
    let mut last = StatusCode::OK;
    for round in 0..22 {
        let other = format!("{metadata}<!-- {round} -->");
        let sent = guest.post("/setup/metadata", &[("metadata", &other)]).await;
        last = sent.status;
    }
    assert_eq!(last, StatusCode::UNPROCESSABLE_ENTITY);
    let offer = test.app.offer(&account).await.unwrap().unwrap();
    assert_eq!(offer.revision, 21);
}

#[tokio::test]
async fn the_kit_is_there_for_who_came_by_a_link_and_for_nobody_else() {
    let (test, account) = unconnected().await;
    let mut guest = guest(&test, &account).await;

    let kit = guest.follow("/setup/kit?maker=S-1-5-21-1-2-3-1101").await;
    assert!(kit.body.contains("add-trust.ps1"), "{}", kit.body);
    assert!(
        kit.body
            .contains("/setup/kit/kit.zip?maker=S-1-5-21-1-2-3-1101")
    );
    let rules = guest
        .follow("/setup/kit/files/rules.txt?maker=S-1-5-21-1-2-3-1101")
        .await;
    assert!(rules.body.contains("S-1-5-21-1-2-3-1101"));
    let everybody = guest.follow("/setup/kit?maker=S-1-1-0").await;
    assert_eq!(everybody.status, StatusCode::UNPROCESSABLE_ENTITY);
    let stranger = test.browser().get("/setup/kit/files/rules.txt").await;
    assert_eq!(stranger.location(), "/setup/open");
}

#[tokio::test]
async fn rule_13_a_guest_sees_only_what_was_tried_by_their_link() {
    let (test, account) = unconnected().await;
    let mut first = guest(&test, &account).await;
    send(&test, &mut first).await;
    let request = crate::app::request_id(&first.post("/setup/try", &[]).await.onward());
    let xml = test.honest(&MAYA, &request).await;
    let tried = first.deliver(&xml).await.location().to_owned();
    assert_eq!(first.get(&tried).await.status, StatusCode::OK);
    let mut second = guest(&test, &account).await;

    assert_eq!(second.get(&tried).await.status, StatusCode::NOT_FOUND);
    let steps = second.get("/setup").await;
    assert!(!steps.body.contains("att_"), "{}", steps.body);
    test.apply(document("acme-demo")).await;
    let refused = test.browser().sign_in(&NOOR).await;
    let foreign = format!("/setup/attempts/{}", refused.reference());
    assert_eq!(second.get(&foreign).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn metadata_that_leads_to_ourselves_is_refused_wherever_it_comes_from() {
    let (test, account) = unconnected().await;
    let mut guest = guest(&test, &account).await;
    let metadata = test.adfs.metadata().unwrap();
    let target = "https://sso.test/portal/accounts/acme-demo/sessions/end";
    let sso = "https://adfs.acme.test/adfs/ls/";
    assert!(metadata.contains(sso));
    let own = metadata.replace(sso, target);

    let sent = guest.post("/setup/metadata", &[("metadata", &own)]).await;
    assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(sent.body.contains("which is ours"), "{}", sent.body);
    let file = AccountFile {
        document: document("acme-demo"),
        metadata: Some(own.clone().into_bytes()),
    };
    let consent = Consent::default();
    let applied = test.app.apply(&file, SHELL, &consent).await;
    assert!(format!("{:#}", applied.unwrap_err()).contains("which is ours"));

    // A revision from before this was looked at sends nobody there either.
    test.apply(document("acme-demo")).await;
    let stored = own.replace('\'', "''");
    change(
        &test.app.store,
        &format!("UPDATE revisions SET metadata = '{stored}' WHERE number = 2"),
    )
    .await;
    test.app.login.forget("acme-demo");
    let login = test.browser().get("/saml/acme-demo/login").await;
    assert!(
        !login.body.contains(target) && login.location().is_empty(),
        "{login:?}"
    );
    assert_eq!(
        guest.post("/setup/try", &[]).await.status,
        StatusCode::INTERNAL_SERVER_ERROR
    );
}
