//! Every route: who may reach it, by which methods, and what every answer carries.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use tower::ServiceExt;
use vestibule::http;

use super::app::{Answered, Browser, PUBLIC_URL, TestApp};
use super::rules::sources;

/// What the whole internet may reach, and what it answers there to somebody who has never been here.
const PUBLIC: [(&str, &str, u16); 71] = [
    ("GET", "/", 303),
    ("GET", "/api/v1/openapi.json", 200),
    ("GET", "/.well-known/authzen-configuration", 200),
    ("GET", "/.well-known/jwks.json", 200),
    (
        "GET",
        "/.well-known/oauth-authorization-server/{stage}",
        200,
    ),
    // Programs come here with a credential of their own.
    ("POST", "/introspect", 401),
    ("POST", "/revoke", 401),
    ("POST", "/token", 401),
    ("GET", "/assets/icon.svg", 200),
    ("GET", "/assets/style.css", 200),
    ("GET", "/assets/link.js", 200),
    ("GET", "/assets/submit.js", 200),
    // It needs to know which app, where in it and for which browser.
    ("GET", "/handoff", 400),
    ("GET", "/healthz", 200),
    // Where an operator's one-time link leads; a form without a code cannot be read.
    ("GET", "/link", 200),
    ("POST", "/link", 422),
    ("GET", "/login", 303),
    ("POST", "/logout", 200),
    // Administrators are led to the sign-in.
    ("GET", "/portal/proposals", 303),
    ("GET", "/portal/proposals/{account}/{proposal}", 303),
    ("GET", "/portal", 303),
    ("GET", "/portal/accounts", 303),
    ("GET", "/portal/accounts/{account}", 303),
    ("GET", "/portal/accounts/{account}/attempts", 303),
    ("GET", "/portal/accounts/{account}/attempts/{attempt}", 303),
    ("GET", "/portal/accounts/{account}/audit", 303),
    ("GET", "/portal/accounts/{account}/audit/export", 303),
    ("GET", "/portal/accounts/{account}/sessions", 303),
    ("GET", "/portal/accounts/{account}/users", 303),
    ("GET", "/portal/accounts/{account}/users/new", 303),
    ("GET", "/portal/accounts/{account}/users/{user}", 303),
    ("GET", "/portal/accounts/{account}/users/{user}/delete", 303),
    ("GET", "/portal/accounts/{account}/users/{user}/why", 303),
    ("GET", "/portal/accounts/{account}/users/{user}/roles", 303),
    ("GET", "/portal/policy", 303),
    ("GET", "/portal/system", 303),
    ("GET", "/portal/accounts/{account}/configuration", 303),
    ("GET", "/portal/accounts/{account}/configuration/edit", 303),
    (
        "GET",
        "/portal/accounts/{account}/configuration/rollback",
        303,
    ),
    ("GET", "/portal/accounts/new", 303),
    ("GET", "/portal/accounts/{account}/promotion", 303),
    ("GET", "/portal/accounts/{account}/handback", 303),
    ("GET", "/portal/accounts/{account}/handback/kit.zip", 303),
    (
        "GET",
        "/portal/accounts/{account}/handback/files/{name}",
        303,
    ),
    ("GET", "/portal/accounts/{account}/keys", 303),
    ("GET", "/portal/accounts/{account}/keys/new", 303),
    ("GET", "/portal/accounts/{account}/webhooks", 303),
    ("GET", "/portal/accounts/{account}/webhooks/{webhook}", 303),
    ("GET", "/portal/accounts/{account}/connection", 303),
    ("GET", "/portal/accounts/{account}/rules", 303),
    ("GET", "/portal/accounts/{account}/setup", 303),
    // A client's administrator comes by a link; whoever has none is asked for it.
    ("GET", "/setup", 303),
    ("GET", "/setup/attempts/{attempt}", 303),
    ("GET", "/setup/kit", 303),
    ("GET", "/setup/kit/files/{name}", 303),
    ("GET", "/setup/kit/kit.zip", 303),
    ("GET", "/setup/open", 200),
    ("POST", "/setup/open", 403),
    ("POST", "/setup/leave", 403),
    ("POST", "/setup/metadata", 403),
    ("POST", "/setup/try", 403),
    ("GET", "/portal/attempts", 303),
    ("GET", "/portal/apps/{app}", 303),
    ("GET", "/readyz", 200),
    ("POST", "/saml/{account}/acs", 400),
    ("GET", "/saml/{account}/login", 303),
    // Messages of single logout, which this is none of.
    ("GET", "/saml/{account}/logout", 400),
    ("POST", "/saml/{account}/logout", 400),
    ("GET", "/saml/{account}/metadata", 200),
    // It ends the question after a sign-in, before which there is no session.
    ("POST", "/session/continue", 409),
    // A path that is nobody's.
    ("GET", "/nothing", 404),
];

/// What only somebody with a session may reach; a stranger gets 401.
const SIGNED_IN: [(&str, &str); 26] = [
    ("POST", "/portal/apps/{app}/probe"),
    ("DELETE", "/session"),
    ("GET", "/session"),
    ("GET", "/sessions"),
    ("POST", "/portal/proposals/{account}/{proposal}/decide"),
    ("POST", "/sessions/{id}/end"),
    ("POST", "/portal/accounts/{account}/connection"),
    ("POST", "/portal/accounts/{account}/setup"),
    ("POST", "/portal/accounts/{account}/switch"),
    ("POST", "/portal/accounts/{account}/try"),
    ("POST", "/portal/accounts/{account}/keys"),
    (
        "POST",
        "/portal/accounts/{account}/keys/{credential}/revoke",
    ),
    ("POST", "/portal/accounts/{account}/webhooks"),
    ("POST", "/portal/accounts/{account}/webhooks/{webhook}"),
    ("POST", "/portal/accounts/{account}/configuration/edit"),
    ("POST", "/portal/accounts/{account}/configuration/rollback"),
    ("POST", "/portal/accounts/new"),
    ("POST", "/portal/accounts/{account}/promotion"),
    ("POST", "/portal/accounts/{account}/users/new"),
    ("POST", "/portal/accounts/{account}/users/{user}/roles"),
    ("POST", "/portal/accounts/{account}/users/{user}/delete"),
    ("POST", "/portal/accounts/{account}/sessions/end"),
    ("POST", "/portal/accounts/{account}/sessions/{session}/end"),
    (
        "POST",
        "/portal/accounts/{account}/users/{user}/end-sessions",
    ),
    ("POST", "/portal/accounts/{account}/users/{user}/restore"),
    ("POST", "/portal/accounts/{account}/users/{user}/suspend"),
];

/// What only a program with a token may reach; a cookie opens nothing there, so no page can misuse one.
const BY_TOKEN: [&str; 5] = [
    "/access/v1/evaluation",
    "/access/v1/evaluations",
    "/access/v1/search/action",
    "/access/v1/search/resource",
    "/access/v1/search/subject",
];

/// What only an account's directory may reach, by its token.
const DIRECTORY: [(&str, &str); 17] = [
    ("GET", "/scim/v2/{account}/ServiceProviderConfig"),
    ("GET", "/scim/v2/{account}/ResourceTypes"),
    ("GET", "/scim/v2/{account}/ResourceTypes/{id}"),
    ("GET", "/scim/v2/{account}/Schemas"),
    ("GET", "/scim/v2/{account}/Schemas/{id}"),
    ("GET", "/scim/v2/{account}/Users"),
    ("POST", "/scim/v2/{account}/Users"),
    ("POST", "/scim/v2/{account}/Users/.search"),
    ("GET", "/scim/v2/{account}/Users/{id}"),
    ("PUT", "/scim/v2/{account}/Users/{id}"),
    ("PATCH", "/scim/v2/{account}/Users/{id}"),
    ("DELETE", "/scim/v2/{account}/Users/{id}"),
    ("GET", "/scim/v2/{account}/Groups"),
    ("POST", "/scim/v2/{account}/Groups"),
    ("POST", "/scim/v2/{account}/Groups/.search"),
    ("POST", "/scim/v2/{account}/.search"),
    ("DELETE", "/scim/v2/{account}/Groups/{id}"),
];

/// What a directory may reach by any method, to be told that there is nothing.
const NOT_OFFERED: [&str; 3] = [
    "/scim/v2/{account}/Bulk",
    "/scim/v2/{account}/Me",
    "/scim/v2/{account}/{*rest}",
];

/// What only gateways and monitoring may reach, on a listener of its own.
const INTERNAL: [&str; 3] = ["/healthz", "/metrics", "/readyz"];

/// What only the gateway of an app may reach there; `tests/suite/gate/` tries it.
const GATEWAYS: [&str; 7] = [
    "/gate/{app}/envoy",
    "/gate/{app}/envoy/",
    "/gate/{app}/envoy/{*path}",
    "/gate/{app}/forward",
    "/gate/{app}/nginx",
    "/handoff/{app}/finish",
    "/handoff/{app}/start",
];

/// The addresses to which another site or a program posts; `tokens` says what a cookie may do there.
const FROM_ELSEWHERE: [&str; 5] = [
    "/introspect",
    "/revoke",
    "/saml/{account}/acs",
    "/saml/{account}/logout",
    "/token",
];

const METHODS: [&str; 7] = [
    "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND",
];

fn concrete(path: &str) -> String {
    path.replace("{account}", "acme-demo")
        .replace("{stage}", "demo")
        .replace("{*rest}", "nothing")
        .replace("{id}", "ses_0198c0de000070008000000000000000")
}

/// The methods of every path.
fn methods() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let public = PUBLIC.iter().map(|(method, path, _)| (*path, *method));
    let mut all: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let signed_in = SIGNED_IN.iter().map(|(method, path)| (*path, *method));
    let by_token = BY_TOKEN.iter().map(|path| (*path, "POST"));
    let not_offered = NOT_OFFERED
        .iter()
        .flat_map(|path| METHODS.map(|method| (*path, method)));
    let directory = directory().map(|(method, path)| (path, method));
    let by_token = by_token.chain(directory).chain(not_offered);
    for (path, method) in public.chain(signed_in).chain(by_token) {
        if path != "/nothing" {
            all.entry(path).or_default().insert(method);
        }
    }
    all
}

/// Every route of a directory; a group is changed by the same methods as a person.
fn directory() -> impl Iterator<Item = (&'static str, &'static str)> {
    let group = ["GET", "PUT", "PATCH"].map(|method| (method, "/scim/v2/{account}/Groups/{id}"));
    DIRECTORY.into_iter().chain(group)
}

fn unsafe_routes() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = methods()
        .into_iter()
        .flat_map(|(path, methods)| methods.into_iter().map(move |method| (method, path)));
    all.filter(|(method, path)| {
        *method != "GET"
            && !FROM_ELSEWHERE.contains(path)
            && !BY_TOKEN.contains(path)
            && !path.starts_with("/scim/")
    })
}

/// Asks with these headers; what is posted is a form.
async fn ask(
    browser: &mut Browser<'_>,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Answered {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = Request::builder().method(method).uri(concrete(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    browser.send(request, Body::from("ticket=AAAA")).await
}

const OWN_PAGE: (&str, &str) = ("sec-fetch-site", "same-origin");

#[tokio::test]
async fn a_stranger_reaches_what_is_public() {
    let test = TestApp::new().await;

    for (method, path, status) in PUBLIC {
        let answered = ask(&mut test.browser(), method, path, &[OWN_PAGE]).await;
        assert_eq!(
            answered.status.as_u16(),
            status,
            "{method} {path}: {}",
            answered.body
        );
    }
}

#[tokio::test]
async fn a_stranger_is_refused_everywhere_else() {
    let test = TestApp::new().await;

    for (method, path) in SIGNED_IN {
        let program = ask(&mut test.browser(), method, path, &[OWN_PAGE]).await;
        let page = ask(
            &mut test.browser(),
            method,
            path,
            &[OWN_PAGE, ("accept", "text/html")],
        )
        .await;

        assert_eq!(program.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        assert_eq!(
            program.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
        assert!(
            program.body.contains("\"code\":\"unauthenticated\""),
            "{}",
            program.body
        );
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        assert!(
            method == "DELETE" || page.body.contains("href=\"/login\""),
            "{}",
            page.body
        );
    }
}

#[tokio::test]
async fn a_cookie_that_means_nothing_makes_nobody_less_of_a_stranger() {
    let test = TestApp::new().await;

    for value in ["AAAAAAAAAAAAAAAAAAAAAA", "", "%00", "../x", "🦀"] {
        for (method, path) in SIGNED_IN {
            let mut browser = test.browser();
            browser
                .cookies
                .insert("__Host-vestibule".into(), value.into());
            let answered = ask(&mut browser, method, path, &[OWN_PAGE]).await;
            assert_eq!(
                answered.status,
                StatusCode::UNAUTHORIZED,
                "{method} {path} {value}"
            );
        }
    }
}

#[tokio::test]
async fn a_session_opens_nothing_that_takes_a_token() {
    let test = TestApp::new().await;
    let mut maya = test.browser();
    maya.sign_in_as_maya().await;

    let by_token = BY_TOKEN.map(|path| ("POST", path)).into_iter();
    for (method, path) in by_token.chain(directory()) {
        for mut browser in [test.browser(), maya.clone()] {
            let answered = ask(&mut browser, method, path, &[OWN_PAGE]).await;
            assert_eq!(answered.status, StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(answered.headers[header::WWW_AUTHENTICATE], "Bearer");
        }
    }
}

#[tokio::test]
async fn what_changes_something_takes_no_request_from_elsewhere() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;
    let foreign: [&[(&str, &str)]; 8] = [
        &[],
        &[("origin", "https://evil.test")],
        &[("origin", "null")],
        &[("origin", "http://sso.test")],
        &[("origin", "https://sso.test.evil.test")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("origin", PUBLIC_URL)],
        &[("sec-fetch-site", "none")],
    ];

    for (method, path) in unsafe_routes() {
        for headers in foreign {
            let answered = ask(&mut browser, method, path, headers).await;
            assert_eq!(
                answered.status,
                StatusCode::FORBIDDEN,
                "{method} {path} {headers:?}"
            );
            assert!(
                answered.body.contains("foreign_origin"),
                "{}",
                answered.body
            );
        }
    }

    assert_eq!(browser.get("/session").await.status, StatusCode::OK);
}

#[tokio::test]
async fn no_route_takes_another_method() {
    let test = TestApp::new().await;

    for (path, known) in methods() {
        for method in METHODS.into_iter().filter(|method| !known.contains(method)) {
            let answered = ask(&mut test.browser(), method, path, &[OWN_PAGE]).await;
            assert_eq!(
                answered.status,
                StatusCode::METHOD_NOT_ALLOWED,
                "{method} {path}"
            );
            let allowed = answered.headers[header::ALLOW].to_str().unwrap();
            let allowed: BTreeSet<&str> =
                allowed.split(',').filter(|name| *name != "HEAD").collect();
            assert_eq!(allowed, known, "{path}");
        }
    }
}

#[tokio::test]
async fn the_assertion_consumer_service_answers_what_its_contract_says() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let largest = "A".repeat(300 * 1024);

    let too_large = browser.deliver_form(&[("SAMLResponse", &largest)]).await;
    let malformed = browser.deliver_form(&[("SAMLResponse", "%")]).await;
    let rejected = browser.deliver("<nothing/>").await;
    let nobodys = ask(&mut browser, "POST", "/saml/nobody-demo/acs", &[]).await;

    assert_eq!(too_large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(malformed.status, StatusCode::BAD_REQUEST);
    assert_eq!(rejected.status, StatusCode::FORBIDDEN);
    assert_eq!(nobodys.status, StatusCode::NOT_FOUND);
}

/// The headers that protect whoever reads the answer.
fn protection(headers: &HeaderMap) -> BTreeMap<&str, &str> {
    let own = [
        "content-length",
        "content-type",
        "location",
        "set-cookie",
        "vary",
        "www-authenticate",
        "x-request-id",
        "allow",
    ];
    let all = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    all.filter(|(name, _)| !own.contains(name)).collect()
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let test = TestApp::new().await;
    let mut maya = test.browser();
    maya.sign_in_as_maya().await;
    let page = maya.get("/sessions").await;

    insta::assert_debug_snapshot!(protection(&page.headers), @r#"
    {
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "referrer-policy": "same-origin",
        "strict-transport-security": "max-age=31536000; includeSubDomains",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }
    "#);

    let everywhere = protection(&page.headers);
    let mut asked: Vec<(&str, &str)> = PUBLIC
        .iter()
        .map(|(method, path, _)| (*method, *path))
        .collect();
    asked.extend(SIGNED_IN);
    asked.extend(BY_TOKEN.map(|path| ("POST", path)));
    asked.extend(directory());
    asked.push(("PUT", "/session"));
    for (method, path) in asked {
        for mut browser in [test.browser(), maya.clone()] {
            let answered = ask(&mut browser, method, path, &[]).await;
            let mut found = protection(&answered.headers);
            for (kept, how_long) in [
                ("/assets/", "public, max-age=3600"),
                ("/.well-known/", "public, max-age=300"),
            ] {
                if path.starts_with(kept) {
                    assert_eq!(found.insert("cache-control", "no-store"), Some(how_long));
                }
            }
            if path.starts_with("/assets/") {
                let kept = found.insert("cross-origin-resource-policy", "same-origin");
                assert_eq!(kept, Some("cross-origin"));
            }
            assert_eq!(found, everywhere, "{method} {path}");
            assert!(
                answered.headers["x-request-id"]
                    .to_str()
                    .unwrap()
                    .starts_with("req_")
            );
        }
    }
}

#[tokio::test]
async fn only_https_is_told_to_stay_so() {
    let test =
        TestApp::empty(|config| config.server.public_url = "http://localhost:8080".into()).await;

    let answered = test.browser().get("/login").await;

    assert!(
        !answered
            .headers
            .contains_key(header::STRICT_TRANSPORT_SECURITY)
    );
    assert!(
        answered
            .headers
            .contains_key(header::CONTENT_SECURITY_POLICY)
    );
}

#[tokio::test]
async fn the_internal_routes_are_on_a_listener_of_their_own() {
    let test = TestApp::new().await;
    let internal = async |path: &str| {
        let request = Request::get(concrete(path)).body(Body::empty()).unwrap();
        http::internal(&test.shared).oneshot(request).await.unwrap()
    };

    for path in INTERNAL {
        assert_eq!(internal(path).await.status(), StatusCode::OK, "{path}");
    }
    for path in methods()
        .into_keys()
        .filter(|path| !INTERNAL.contains(path))
    {
        let response = internal(path).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        let body = to_bytes(response.into_body(), 1 << 16).await.unwrap();
        assert!(!body.starts_with(b"<"), "{path}");
    }
    for path in [
        "/metrics",
        "/metrics/",
        "//metrics",
        "/healthz/../metrics",
        "/gate/profiles/nginx",
        "/gate/profiles/envoy/v2/profiles",
        "/handoff/profiles/start",
    ] {
        let answered = test.browser().get(path).await;
        assert_eq!(answered.status, StatusCode::NOT_FOUND, "{path}");
    }
}

/// Every path that a source file gives a route to.
fn routed() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (name, source) in sources("src/http") {
        for call in source.split(".route(").skip(1) {
            let literal = call
                .trim_start()
                .strip_prefix('"')
                .expect("a route is written as a literal");
            found.insert(literal.split('"').next().unwrap().to_owned());
        }
        for other in [
            ".route_service(",
            ".nest(",
            ".nest_service(",
            ".fallback_service(",
        ] {
            // The administration's routes are those of its description; `api::table` tries each.
            let is_known = name == "src/http/api/mod.rs" && other == ".nest(";
            assert!(
                is_known || !source.contains(other),
                "this test does not know {other}"
            );
        }
    }
    found
}

#[test]
fn every_route_of_the_sources_stands_in_a_table() {
    let named: BTreeSet<String> = methods()
        .into_keys()
        .chain(INTERNAL)
        .chain(GATEWAYS)
        .map(str::to_owned)
        .collect();

    assert_eq!(
        routed(),
        named,
        "in the sources (left) and in the tables here (right)"
    );
}
