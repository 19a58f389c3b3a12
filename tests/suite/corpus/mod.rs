//! Messages by class: every hostile one is refused for its own reason and leaves nothing behind, every honest one is accepted.

mod addressed;
mod algorithms;
mod conditions;
mod decrypted;
mod donors;
mod encryption;
mod envelope;
mod missing;
mod namespaces;
mod parser;
mod references;
mod signed_info;
mod surgery;
mod text;
mod transforms;
mod trust;
mod wrapping;

use std::sync::OnceLock;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;
use vestibule::attempt::Attempt;
use vestibule::practice::answer::{Answer, What};
use vestibule::practice::persona::{MAYA, Persona, UMA};
use vestibule::practice::relying_party::RelyingParty;
use vestibule::practice::sign::{Signing, sign};
use vestibule::saml::check::{Code, Outcome, Row};

use super::app::{Answered, Browser, TestApp};

/// What the identity provider knows and what a stranger who has listened knows, at the moment of one sign-in.
struct Scene<'t> {
    test: &'t TestApp,
    rp: RelyingParty,
    request: String,
}

impl<'t> Scene<'t> {
    /// A sign-in that this browser has just started.
    async fn begin(test: &'t TestApp, browser: &mut Browser<'_>) -> Self {
        Self {
            test,
            rp: test.trust().await,
            request: browser.begin().await,
        }
    }

    /// What the identity provider would say of this person, in the clear.
    fn answer_about(&self, persona: &Persona) -> Answer {
        let mut answer = Answer::honest(
            &self.test.adfs,
            &self.rp,
            persona,
            Some(&self.request),
            self.test.app.clock.now(),
            &self.test.app.entropy,
        );
        answer.encryption = None;
        answer
    }

    /// What the identity provider says: it is Maya.
    fn answer(&self) -> Answer {
        self.answer_about(&MAYA)
    }

    /// An unsigned assertion that somebody would like to be believed: it is Uma, who administers access.
    fn forged(&self) -> String {
        self.answer_about(&UMA).assertion_xml()
    }

    fn respond(&self, answer: &Answer) -> String {
        self.test
            .adfs
            .respond(&self.rp, answer, &self.test.app.entropy)
            .unwrap()
    }

    /// The honest response with this much of it signed.
    fn honest(&self, what: What) -> String {
        let mut answer = self.answer();
        answer.sign = what;
        self.respond(&answer)
    }

    /// Signs as the identity provider does.
    fn sign(&self, xml: &str, id: &str) -> String {
        sign(xml, id, &self.test.adfs.signing[0], &Signing::default()).unwrap()
    }
}

/// What a browser posts.
struct Posted {
    kind: &'static str,
    body: Vec<u8>,
}

const FORM: &str = "application/x-www-form-urlencoded";

impl Posted {
    fn form(fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        Self {
            kind: FORM,
            body: body.into_bytes(),
        }
    }
}

impl From<Vec<u8>> for Posted {
    fn from(message: Vec<u8>) -> Self {
        Self::form(&[("SAMLResponse", &STANDARD.encode(message))])
    }
}

impl From<String> for Posted {
    fn from(message: String) -> Self {
        message.into_bytes().into()
    }
}

/// Posts to the account's assertion consumer service as a page of somewhere else does.
async fn post(browser: &mut Browser<'_>, slug: &str, posted: Posted) -> Answered {
    let request = Request::post(format!("/saml/{slug}/acs"))
        .header(header::ORIGIN, "https://adfs.acme.test")
        .header("sec-fetch-site", "cross-site")
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, posted.kind);
    browser.send(request, Body::from(posted.body)).await
}

type Build = Box<dyn Fn(&Scene<'_>) -> Posted>;

/// A hostile message, and what must become of it.
struct Case {
    name: String,
    code: Code,
    /// A part of the failed row: refusals for another reason do not count.
    because: &'static str,
    /// Whether a signature of the identity provider verifies on the way: then an audit entry is written as well.
    verifies: bool,
    build: Build,
}

/// A message that a stranger makes, out of what they have heard.
fn forged<P: Into<Posted>>(
    name: impl Into<String>,
    code: Code,
    because: &'static str,
    build: impl Fn(&Scene<'_>) -> P + 'static,
) -> Case {
    Case {
        name: name.into(),
        code,
        because,
        verifies: false,
        build: Box::new(move |scene| build(scene).into()),
    }
}

/// A message that the identity provider itself makes and signs, and that is wrong.
fn signed(
    name: impl Into<String>,
    code: Code,
    because: &'static str,
    build: impl Fn(&Scene<'_>) -> String + 'static,
) -> Case {
    Case {
        verifies: true,
        ..forged(name, code, because, build)
    }
}

/// An answer of the identity provider that says something wrong.
fn said(
    name: impl Into<String>,
    code: Code,
    because: &'static str,
    change: impl Fn(&mut Answer) + 'static,
) -> Case {
    signed(name, code, because, move |scene| {
        let mut answer = scene.answer();
        change(&mut answer);
        scene.respond(&answer)
    })
}

/// An answer of the identity provider whose text was changed before it signed the assertion.
fn written(
    name: impl Into<String>,
    code: Code,
    because: &'static str,
    change: impl Fn(&str) -> String + 'static,
) -> Case {
    signed(name, code, because, move |scene| {
        let answer = scene.answer();
        scene.sign(&change(&answer.xml()), &answer.assertion_id)
    })
}

/// A change to the assertion's text before it is signed, behind its start tag.
fn within(
    name: &str,
    code: Code,
    because: &'static str,
    change: impl Fn(&str) -> String + 'static,
) -> Case {
    written(name, code, because, move |xml| {
        let (outer, inner) = xml.split_at(xml.find("<Assertion ").unwrap());
        outer.to_owned() + &change(inner)
    })
}

impl Case {
    /// The refusal comes before any signature is looked at.
    fn before_any_signature(self) -> Self {
        Self {
            verifies: false,
            ..self
        }
    }
}

/// Every case is refused for its reason, writes no more than it may, and hinders nobody.
async fn refuse(test: &TestApp, cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for case in cases {
        let mut browser = test.browser();
        let scene = Scene::begin(test, &mut browser).await;
        let posted = (case.build)(&scene);
        if let Err(why) = judge(test, &mut browser, &case, posted).await {
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
    case: &Case,
    posted: Posted,
) -> Result<(), String> {
    let (users, attempts, audited) = test.written().await;

    let answered = post(browser, test.slug, posted).await;

    is_refused(&answered, case.code)?;
    let attempt = test.attempt_of(answered.reference()).await;
    let failed = last_checked(&attempt);
    let found = (failed.code, failed.outcome, attempt.outcome.as_str());
    let reason = format!("{}: {}", failed.what, failed.found);
    ensure(
        found == (case.code, Outcome::Failed, case.code.as_str()),
        || format!("{found:?} for {reason}"),
    )?;
    ensure(reason.contains(case.because), || {
        format!("refused for {reason}")
    })?;
    let verified = attempt.verified_by.is_some();
    ensure(verified == case.verifies, || {
        format!("a signature verifies: {verified}")
    })?;
    let expected = (users, attempts + 1, audited + usize::from(verified));
    let written = test.written().await;
    ensure(written == expected, || {
        format!("wrote {written:?}, not {expected:?}")
    })
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

/// A page without a session that tells nobody why: apart from its reference it is always the same.
fn is_refused(answered: &Answered, code: Code) -> Result<(), String> {
    static PAGE: OnceLock<String> = OnceLock::new();
    let malformed = matches!(code, Code::Form | Code::Base64 | Code::Limits | Code::Xml);
    let expected = if malformed {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::FORBIDDEN
    };
    let status = answered.status;
    ensure(
        matches!(status, StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN),
        || format!("{status} {}", answered.body),
    )?;
    ensure(!sets_session(&answered.headers), || "a session".into())?;
    let page = answered.body.replace(answered.reference(), "");
    // Whoever is known and has no role is told so.
    let same = code == Code::Roles || page == *PAGE.get_or_init(|| page.clone());
    ensure(same, || format!("another page: {page}"))?;
    let code_of_file = code.as_str();
    ensure(status == expected, || {
        format!("{status} for {code_of_file}")
    })
}

fn sets_session(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::SET_COOKIE)
        .iter()
        .any(|cookie| cookie.to_str().unwrap().starts_with("__Host-vestibule="))
}
