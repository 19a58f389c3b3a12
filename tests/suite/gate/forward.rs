//! Forward-auth: what gateways are told, about whom, and what they may not be talked into.

use std::fmt::Write;

use axum::http::StatusCode;
use vestibule::practice::persona::{AVA, CHEN, LINA, MAYA, UMA, ZOE};
use vestibule::time::Span;

use super::desk::{Ask, Desk, GATEWAY_KEY, app, shared_host};

const FAMILIES: [&str; 3] = ["nginx", "forward", "envoy"];
const ROUTES: [(&str, &str); 8] = [
    ("POST", "/v2/profiles"),
    ("POST", "/v2/async/profiles"),
    ("GET", "/v2/profiles"),
    ("GET", "/v2/profiles/prf_1"),
    ("GET", "/v2/profiles/prf_1/link"),
    ("POST", "/v2/profiles/prf_1/call/accept"),
    ("POST", "/v2/profiles/prf_1/call/conclude"),
    ("POST", "/v2/profiles/prf_1/review"),
];

fn own<'a>(family: &'a str, method: &'a str, uri: &'a str) -> Ask<'a> {
    Ask::new(family, method, uri).header("sec-fetch-site", "same-origin")
}

#[tokio::test]
async fn every_role_on_every_route_of_the_shipped_app() {
    let desk = Desk::new().await;
    let mut table = format!("{:40}", "");
    let mut browsers = Vec::new();
    for persona in [&MAYA, &CHEN, &AVA, &LINA, &UMA] {
        let mut browser = desk.test.browser();
        browser.sign_in(persona).await;
        write!(
            table,
            " {:12}",
            persona.roles[0].trim_start_matches("vkyc-")
        )
        .unwrap();
        browsers.push(browser);
    }
    browsers.push(desk.test.browser());
    table.push_str(" stranger");

    for (method, uri) in ROUTES {
        write!(table, "\n{:40}", format!("{method} {uri}")).unwrap();
        for browser in &browsers {
            let said: Vec<String> = {
                let mut said = Vec::new();
                for family in FAMILIES {
                    said.push(desk.ask(browser, own(family, method, uri)).await.word());
                }
                said
            };
            assert!(
                said.iter().all(|word| *word == said[0]),
                "{method} {uri}: {said:?}"
            );
            write!(table, " {:12}", said[0]).unwrap();
        }
    }

    let table: Vec<&str> = table.lines().map(str::trim_end).collect();
    insta::assert_snapshot!(table.join("\n"));
}

#[tokio::test]
async fn a_yes_says_everything_and_what_the_client_forged_is_not_believed() {
    let desk = Desk::new().await;
    let mut browser = desk.test.browser();
    browser.sign_in(&ZOE).await;
    let user = desk
        .test
        .app
        .find_user(&desk.test.account().await, ZOE.email)
        .await
        .unwrap();

    for family in FAMILIES {
        let ask = own(family, "POST", "/v2/profiles?x=1")
            .header("x-vestibule-user", "usr_forged")
            .header("x-vestibule-roles", "checker")
            .header("x-vestibule-scope", "all");
        let said = desk.ask(&browser, ask).await;

        assert_eq!(
            (said.status, said.body.as_str()),
            (StatusCode::OK, ""),
            "{family}"
        );
        let headers: Vec<String> = vestibule::access::IDENTITY
            .iter()
            .filter(|name| **name != "x-vestibule-token")
            .map(|name| {
                format!(
                    "{name}: {}",
                    said.header(name).replace(&user.id.to_string(), "(her id)")
                )
            })
            .collect();
        let expected = [
            "x-vestibule-user: (her id)",
            "x-vestibule-account: acme-demo",
            "x-vestibule-roles: maker,link_creator",
            "x-vestibule-scope: all",
            "x-vestibule-email: zoe.mueller-ohara@acme.example",
            "x-vestibule-name: UTF-8''Zo%C3%AB%20M%C3%BCller-O%27Hara",
            "account-id: acme-demo",
        ];
        assert_eq!(headers, expected, "{family}");
        assert_eq!(said.header("cache-control"), "no-store");
        assert_eq!(said.header("vary"), "Cookie, Authorization");
    }
}

#[tokio::test]
async fn each_family_is_believed_in_its_own_headers_alone() {
    let desk = Desk::new().await;
    let mut browser = desk.test.browser();
    browser.sign_in(&MAYA).await;
    // She may not look at profiles; all of these say that she asks for something else.
    let forged = [
        (
            "nginx",
            [
                "x-forwarded-uri",
                "x-forwarded-method",
                "x-forwarded-host",
                "x-replaced-path",
            ],
        ),
        (
            "forward",
            [
                "x-original-uri",
                "x-original-method",
                "x-original-host",
                "x-replaced-path",
            ],
        ),
        (
            "envoy",
            [
                "x-original-uri",
                "x-forwarded-uri",
                "x-envoy-original-path",
                "x-replaced-path",
            ],
        ),
    ];

    for (family, names) in forged {
        let ask = names
            .iter()
            .fold(own(family, "GET", "/v2/profiles"), |ask, name| {
                ask.header(name, "/v2/profiles/prf_1/call/accept")
            });
        assert_eq!(
            desk.ask(&browser, ask).await.word(),
            "forbidden",
            "{family}"
        );
    }
    for family in ["nginx", "forward"] {
        for missing in ["method", "host", "uri"] {
            let prefix = if family == "nginx" {
                "x-original"
            } else {
                "x-forwarded"
            };
            let name = format!("{prefix}-{missing}");
            let ask = own(family, "POST", "/v2/profiles/prf_1/call/accept").header(&name, "");
            assert_eq!(
                desk.ask(&browser, ask).await.word(),
                "gateway_incomplete",
                "{name}"
            );
            let twice = own(family, "POST", "/v2/profiles/prf_1/call/accept")
                .header(&name, "a")
                .header(&name, "b");
            assert_eq!(
                desk.ask(&browser, twice).await.word(),
                "gateway_incomplete",
                "{name} twice"
            );
        }
    }
}

#[tokio::test]
async fn rule_32_only_the_apps_own_gateway_is_heard() {
    let keyed =
        app("forward-app", "forward").replace("hosts ", "gateway_key_file = \"key\"\nhosts ");
    let desk = Desk::with(&[app("nginx-app", "nginx"), keyed]).await;
    let mut browser = desk.test.browser();
    browser.sign_in(&MAYA).await;
    let accept = |family| own(family, "POST", "/v2/profiles/prf_1/call/accept");

    assert_eq!(desk.ask(&browser, accept("nginx")).await.word(), "all");
    let elsewhere = Ask {
        peer: "192.0.2.1",
        ..accept("nginx")
    };
    assert_eq!(
        desk.ask(&browser, elsewhere).await.word(),
        "gateway_unknown"
    );
    assert_eq!(
        desk.ask(&browser, accept("forward")).await.word(),
        "gateway_unknown"
    );
    let wrong = accept("forward").header("x-vestibule-gateway-key", "another");
    assert_eq!(desk.ask(&browser, wrong).await.word(), "gateway_unknown");
    let right = accept("forward").header("x-vestibule-gateway-key", GATEWAY_KEY);
    assert_eq!(desk.ask(&browser, right).await.word(), "all");
    for path in [
        "/gate/nginx-app/nginx",
        "/gate/nginx-app/envoy/v2",
        "/metrics",
    ] {
        let answered = browser.get(path).await;
        assert_eq!(answered.status, StatusCode::NOT_FOUND, "public {path}");
    }
}

#[tokio::test]
async fn rule_35_the_host_is_one_of_the_apps_byte_for_byte() {
    let desk = Desk::new().await;
    let mut browser = desk.test.browser();
    browser.sign_in(&MAYA).await;

    for (family, name) in [
        ("nginx", "x-original-host"),
        ("forward", "x-forwarded-host"),
        ("envoy", "host"),
    ] {
        for host in [
            "other.test",
            &format!("{family}-app.test:443"),
            &format!("{family}-APP.test"),
            &format!("{family}-app.test."),
        ] {
            let ask = own(family, "POST", "/v2/profiles/prf_1/call/accept").header(name, host);
            assert_eq!(
                desk.ask(&browser, ask).await.word(),
                "host_unknown",
                "{family} {host}"
            );
        }
    }
}

#[tokio::test]
async fn odd_paths_are_refused_and_so_is_what_fits_no_route() {
    let desk = Desk::new().await;
    let mut browser = desk.test.browser();
    browser.sign_in(&MAYA).await;
    let accept = "/v2/profiles/prf_1/call/accept";

    for family in FAMILIES {
        for uri in [
            "/v2/profiles/prf_1/call%2faccept",
            "/v2/profiles/../profiles/prf_1/call/accept",
            "/v2/profiles/%2e%2e/x",
            "/v2/profiles/prf_1;a=b/call/accept",
            "/v2//profiles/prf_1/call/accept",
            "/v2/profiles/prf_1/call/accept%00",
            "/v2/profiles/%252e/call/accept",
            "/v2/profiles/prf_1%5ccall/accept",
        ] {
            assert_eq!(
                desk.ask(&browser, own(family, "POST", uri)).await.word(),
                "path_ambiguous",
                "{family} {uri}"
            );
        }
        for uri in [
            "/",
            "/v2",
            "/v2/profiles/prf_1/call",
            "/V2/profiles",
            "/v2/profiles/a.b/call/accept",
            "/v2/profiles/prf_1/call/accept/",
        ] {
            assert_eq!(
                desk.ask(&browser, own(family, "POST", uri)).await.word(),
                "no_route",
                "{family} {uri}"
            );
        }
        for method in ["PUT", "DELETE", "HEAD", "post"] {
            assert_eq!(
                desk.ask(&browser, own(family, method, accept)).await.word(),
                "method_not_allowed",
                "{family} {method}"
            );
        }
        let query = format!("{accept}?x=/../%2f;");
        assert_eq!(
            desk.ask(&browser, own(family, "POST", &query)).await.word(),
            "all",
            "{family}"
        );
    }
}

#[tokio::test]
async fn rule_40_a_page_of_another_site_changes_nothing_with_our_cookie() {
    let desk = Desk::new().await;
    let mut browser = desk.test.browser();
    browser.sign_in(&MAYA).await;
    let accept = || Ask::new("forward", "POST", "/v2/profiles/prf_1/call/accept");

    for (name, value, word) in [
        ("sec-fetch-site", "cross-site", "foreign_origin"),
        ("sec-fetch-site", "same-site", "foreign_origin"),
        ("sec-fetch-site", "none", "foreign_origin"),
        ("origin", "https://evil.test", "foreign_origin"),
        ("origin", "null", "foreign_origin"),
        (
            "origin",
            "https://forward-app.test.evil.test",
            "foreign_origin",
        ),
        ("x-nothing", "said", "foreign_origin"),
        ("origin", "https://forward-app.test", "all"),
        ("sec-fetch-site", "same-origin", "all"),
    ] {
        assert_eq!(
            desk.ask(&browser, accept().header(name, value))
                .await
                .word(),
            word,
            "{name}: {value}"
        );
    }
    let both = accept()
        .header("sec-fetch-site", "cross-site")
        .header("origin", "https://forward-app.test");
    assert_eq!(desk.ask(&browser, both).await.word(), "foreign_origin");
    browser.sign_in(&CHEN).await;
    let upgrade = Ask::new("forward", "GET", "/v2/profiles").header("upgrade", "websocket");
    assert_eq!(desk.ask(&browser, upgrade).await.word(), "foreign_origin");
}

#[tokio::test]
async fn who_is_not_signed_in_is_sent_to_do_so_where_that_makes_sense() {
    let desk = Desk::new().await;
    let nobody = desk.test.browser();
    let page = |family, method| {
        Ask::new(family, method, "/v2/profiles?a=b&c=d").header("accept", "text/html,*/*")
    };
    let to = |family| {
        let host = shared_host(family).replace(':', "%3A");
        format!(
            "https://sso.test/login?return_to=https%3A%2F%2F{host}%2Fv2%2Fprofiles%3Fa%3Db%26c%3Dd"
        )
    };

    for family in FAMILIES {
        let posted = desk.ask(&nobody, page(family, "POST")).await;
        assert_eq!(
            posted.status,
            StatusCode::UNAUTHORIZED,
            "{family}: what was posted would be lost"
        );
        let host = shared_host(family).replace(':', "%3A");
        let start = format!("https://sso.test/login?return_to=https%3A%2F%2F{host}%2F");
        assert_eq!(posted.location(), start);
        if family != "nginx" {
            let link = format!("href=\"{start}\">Sign in</a>");
            assert!(posted.body.contains(&link), "{}", posted.body);
        }
        let said = desk.ask(&nobody, page(family, "GET")).await;
        let status = if family == "nginx" {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::FOUND
        };
        assert_eq!((said.status, said.body.as_str()), (status, ""), "{family}");
        assert_eq!(said.location(), to(family));
        for (name, ask) in [
            (
                "script",
                page(family, "GET").header("x-requested-with", "fetch"),
            ),
            (
                "fetch",
                page(family, "GET").header("sec-fetch-mode", "cors"),
            ),
            ("program", Ask::new(family, "GET", "/v2/profiles")),
        ] {
            let said = desk.ask(&nobody, ask).await;
            assert_eq!(said.status, StatusCode::UNAUTHORIZED, "{family} {name}");
            if family != "nginx" {
                assert_eq!(
                    said.header("content-type"),
                    "application/problem+json",
                    "{family} {name}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_page_of_the_gate_needs_nothing_of_the_host_that_it_stands_on() {
    let desk = Desk::new().await;
    let mut browser = desk.test.browser();
    browser.sign_in(&MAYA).await;

    for family in ["forward", "envoy"] {
        let list = own(family, "GET", "/v2/profiles").header("accept", "text/html");
        let page = desk.ask(&browser, list).await;

        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(page.body.contains("Nothing that you hold allows this."));
        for link in [
            "href=\"https://sso.test/assets/style.css\"",
            "href=\"https://sso.test/assets/icon.svg\"",
            "<a class=\"button\" href=\"/\">",
            "<a class=\"button quiet\" href=\"https://sso.test/\">",
        ] {
            assert!(page.body.contains(link), "{link} in {}", page.body);
        }
        assert!(!page.body.contains("href=\"/assets"), "{}", page.body);
    }
}

#[tokio::test]
async fn rule_33_two_credentials_are_none() {
    let desk = Desk::new().await;
    let mut browser = desk.test.browser();
    browser.sign_in(&MAYA).await;
    let accept = || own("forward", "POST", "/v2/profiles/prf_1/call/accept");
    let cookie = browser.cookies["__Host-vestibule"].clone();
    let twice = format!("__Host-vestibule={cookie}; __Host-vestibule=AAAAAAAAAAAAAAAAAAAAAA");

    let mut without = browser.clone();
    without.cookies.clear();
    let said = desk.ask(&without, accept().header("cookie", &twice)).await;
    assert_eq!(said.status, StatusCode::BAD_REQUEST);
    assert!(said.body.contains("ambiguous_credentials"), "{}", said.body);
    let foreign = accept().header("account-id", "other-demo");
    assert_eq!(desk.ask(&browser, foreign).await.word(), "foreign_account");
    let own_account = accept().header("account-id", "acme-demo");
    assert_eq!(desk.ask(&browser, own_account).await.word(), "all");
}

#[tokio::test]
async fn rule_36_networks_and_the_age_of_a_sign_in_count_at_every_check() {
    let routes = app("nginx-app", "nginx").replace(
        "action  = \"call:accept\"",
        "action = \"call:accept\"\nmax_auth_age_minutes = 5",
    );
    let desk = Desk::with(&[routes]).await;
    let mut browser = desk.test.browser();
    browser.sign_in(&MAYA).await;
    let accept = || own("nginx", "POST", "/v2/profiles/prf_1/call/accept");

    assert_eq!(desk.ask(&browser, accept()).await.word(), "all");
    desk.test.app.clock.advance(Span::minutes(6));
    let old = desk.ask(&browser, accept()).await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED);
    assert!(
        old.location().ends_with("&max_age=300"),
        "{}",
        old.location()
    );
    browser.sign_in(&MAYA).await;
    let mut document = crate::app::document("acme-demo");
    document.access.networks = vec!["203.0.113.0/24".parse().unwrap()];
    desk.test.apply(document).await;
    assert_eq!(
        desk.ask(&browser, accept()).await.word(),
        "network_not_allowed"
    );
    let inside = accept().header("x-original-address", "203.0.113.7");
    assert_eq!(desk.ask(&browser, inside).await.word(), "all");
    for address in ["198.51.100.1", "203.0.113.7, 198.51.100.1", "nonsense"] {
        let outside = accept().header("x-original-address", address);
        assert_eq!(
            desk.ask(&browser, outside).await.word(),
            "network_not_allowed",
            "{address}"
        );
    }
    let forwarded = accept().header("x-forwarded-for", "203.0.113.7");
    assert_eq!(
        desk.ask(&browser, forwarded).await.word(),
        "network_not_allowed"
    );
}

#[tokio::test]
async fn rule_37_what_needs_facts_passes_only_where_the_app_asks_for_itself() {
    let without = app("nginx-app", "nginx").replace("facts   = \"app\"", "");
    let desk = Desk::with(&[without]).await;
    let (mut chen, mut lina) = (desk.test.browser(), desk.test.browser());
    chen.sign_in(&CHEN).await;
    lina.sign_in(&LINA).await;

    let review = own("nginx", "POST", "/v2/profiles/prf_1/review");
    assert_eq!(desk.ask(&chen, review).await.word(), "facts_required");
    let view = || own("nginx", "GET", "/v2/profiles/prf_1");
    assert_eq!(desk.ask(&chen, view()).await.word(), "all");
    assert_eq!(desk.ask(&lina, view()).await.word(), "facts_required");
}

#[tokio::test]
async fn rule_38_an_app_of_another_stage_or_of_other_accounts_takes_nobody() {
    let live = app("nginx-app", "nginx").replace("\"demo\"", "\"live\"");
    let others =
        app("forward-app", "forward").replace("accounts = []", "accounts = [\"other-demo\"]");
    let desk = Desk::with(&[live, others]).await;
    let mut browser = desk.test.browser();
    browser.sign_in(&MAYA).await;

    for family in ["nginx", "forward"] {
        let ask = own(family, "POST", "/v2/profiles/prf_1/call/accept");
        assert_eq!(
            desk.ask(&browser, ask).await.word(),
            "wrong_stage",
            "{family}"
        );
    }
}
