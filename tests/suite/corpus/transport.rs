//! Transport: one form, posted, with one SAMLResponse in strict base64; never another way, never a server error.

use std::io::Write;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use vestibule::practice::answer::What;
use vestibule::saml::check::Code;
use vestibule::saml::form::LARGEST;

use super::super::app::TestApp;
use super::case::FORM;
use super::{Case, Posted, Scene, forged, post, refuse};

/// The honest response as a form carries it.
fn token(scene: &Scene<'_>) -> String {
    STANDARD.encode(scene.honest(What::Assertion))
}

fn form(name: &str, because: &'static str, build: fn(&str) -> Posted) -> Case {
    forged(name, Code::Form, because, move |scene| build(&token(scene)))
}

fn as_kind(kind: &'static str, body: String) -> Posted {
    Posted {
        kind,
        body: body.into_bytes(),
    }
}

pub(super) fn forms() -> Vec<Case> {
    let none = "0 SAMLResponse";
    vec![
        form("there are two responses", "2 SAMLResponse", |token| {
            Posted::form(&[("SAMLResponse", token), ("SAMLResponse", token)])
        }),
        form(
            "there is an empty response beside the genuine one",
            "2 SAMLResponse",
            |token| Posted::form(&[("SAMLResponse", ""), ("SAMLResponse", token)]),
        ),
        form("there are two relay states", "2 RelayState", |token| {
            Posted::form(&[
                ("SAMLResponse", token),
                ("RelayState", "/"),
                ("RelayState", "/"),
            ])
        }),
        form("there is nothing", none, |_| Posted::form(&[])),
        form("there is a relay state alone", none, |_| {
            Posted::form(&[("RelayState", "/")])
        }),
        form("the field is written otherwise", none, |token| {
            Posted::form(&[("samlresponse", token)])
        }),
        form("the field is a list", none, |token| {
            Posted::form(&[("SAMLResponse[]", token)])
        }),
        form("the field is a request", none, |token| {
            Posted::form(&[("SAMLRequest", token)])
        }),
        form("the field is an artifact", none, |_| {
            Posted::form(&[("SAMLart", "AAQAAMFbLinlXaCM")])
        }),
        form(
            "the form is of WS-Federation",
            "a WS-Federation answer",
            |token| Posted::form(&[("wa", "wsignin1.0"), ("wresult", token)]),
        ),
        form("the body is JSON", "application/json", |token| {
            as_kind(
                "application/json",
                format!("{{\"SAMLResponse\":\"{token}\"}}"),
            )
        }),
        form("the body is XML", "text/xml", |_| {
            as_kind("text/xml", "<samlp:Response/>".into())
        }),
        form(
            "the body has several parts",
            "multipart/form-data",
            |token| {
                let part = format!(
                    "--x\r\nContent-Disposition: form-data; name=\"SAMLResponse\"\r\n\r\n{token}\r\n--x--\r\n"
                );
                as_kind("multipart/form-data; boundary=x", part)
            },
        ),
        form("there are very many fields", "9000 SAMLResponse", |_| {
            as_kind(FORM, "SAMLResponse=&".repeat(9_000))
        }),
        form("the body is packed", none, |token| {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
            gzip.write_all(format!("SAMLResponse={token}").as_bytes())
                .unwrap();
            Posted {
                kind: FORM,
                body: gzip.finish().unwrap(),
            }
        }),
    ]
}

fn encoded(name: &str, code: Code, because: &'static str, build: fn(&str) -> String) -> Case {
    forged(name, code, because, move |scene| {
        Posted::form(&[("SAMLResponse", &build(&scene.honest(What::Assertion)))])
    })
}

pub(super) fn base64() -> Vec<Case> {
    let bad = |name, build| encoded(name, Code::Base64, "characters that are not base64", build);
    vec![
        bad("the response is not encoded", |xml| xml.into()),
        bad("the response is base64 for addresses", |xml| {
            URL_SAFE.encode(format!("\u{3ff}\u{3ff}{xml}"))
        }),
        bad("the response has no padding", |xml| {
            STANDARD_NO_PAD.encode(format!("{xml}{}", " ".repeat(2 - (xml.len() + 1) % 3)))
        }),
        bad("the response has padding in its middle", |xml| {
            STANDARD.encode("a") + &STANDARD.encode(xml)
        }),
        bad("the response has too much padding", |xml| {
            STANDARD.encode(xml) + "===="
        }),
        bad("a letter of the response is cut off", |xml| {
            STANDARD.encode(xml).split_off(1)
        }),
        bad("the response has letters that do not count", |xml| {
            format!("-{}", STANDARD.encode(xml))
        }),
        bad("the response ends in bits that do not count", |_| {
            "PGEvPh==".into()
        }),
        bad("the response is zero", |_| "\0\0\0\0".into()),
        encoded("the response is empty", Code::Xml, "", |_| String::new()),
        encoded("the response is encoded twice", Code::Xml, "", |xml| {
            STANDARD.encode(STANDARD.encode(xml))
        }),
        encoded("the response is deflated", Code::Xml, "not UTF-8", |xml| {
            let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
            deflate.write_all(xml.as_bytes()).unwrap();
            STANDARD.encode(deflate.finish().unwrap())
        }),
        encoded(
            "the response is a bomb of zeros, deflated",
            Code::Xml,
            "not UTF-8",
            |_| {
                let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
                deflate.write_all(&vec![0; 50_000_000]).unwrap();
                STANDARD.encode(deflate.finish().unwrap())
            },
        ),
    ]
}

#[tokio::test]
async fn anything_but_one_form_with_one_response_is_refused() {
    let test = TestApp::new().await;

    refuse(&test, forms()).await;
    refuse(&test, base64()).await;
}

#[tokio::test]
async fn only_a_post_is_heard() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let scene = Scene::begin(&test, &mut browser).await;
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLResponse", &token(&scene))
        .finish();
    let before = test.written().await;

    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
        let request = Request::builder()
            .method(method)
            .uri(format!("/saml/acme-demo/acs?{query}"))
            .header(header::CONTENT_TYPE, FORM);
        let answered = browser.send(request, Body::from(query.clone())).await;
        assert_eq!(answered.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }

    assert_eq!(test.written().await, before);
    let in_the_query = Request::post(format!("/saml/acme-demo/acs?{query}"))
        .header(header::CONTENT_TYPE, FORM)
        .header(header::ACCEPT, "text/html");
    let answered = browser.send(in_the_query, Body::empty()).await;
    assert_eq!(answered.status, StatusCode::BAD_REQUEST);
    assert_eq!(test.attempt().await.outcome.as_str(), "form");
    browser.sign_in_as_maya().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let before = test.written().await;

    for size in [LARGEST + 1_025, 2_000_000] {
        let body = format!("SAMLResponse={}", "A".repeat(size));
        let answered = post(&mut browser, "acme-demo", as_kind(FORM, body)).await;
        assert_eq!(answered.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(!super::judge::sets_session(&answered.headers));
    }

    assert_eq!(test.written().await, before);
    browser.sign_in_as_maya().await;
}

#[tokio::test]
async fn nothing_is_heard_for_accounts_that_there_are_not() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let scene = Scene::begin(&test, &mut browser).await;
    let token = token(&scene);

    for slug in [
        "nobody",
        "ACME-DEMO",
        "acme-demo%00",
        "acme-demo%2f",
        "..",
        "%27",
    ] {
        let posted = Posted::form(&[("SAMLResponse", &token)]);
        let mut statuses = vec![post(&mut browser, slug, posted).await.status];
        for page in ["login", "metadata"] {
            statuses.push(browser.get(&format!("/saml/{slug}/{page}")).await.status);
        }
        assert!(
            statuses.iter().all(StatusCode::is_client_error),
            "{slug}: {statuses:?}"
        );
    }

    browser.sign_in_as_maya().await;
}
