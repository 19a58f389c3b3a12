//! Who may keep the people of an account, and what everybody else is told.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::json;
use vestibule::account::{Provisioning, Stage};
use vestibule::app::NewCredential;
use vestibule::gate::Kind;
use vestibule::practice::persona::MAYA;
use vestibule::time::Span;

use super::super::app::{Answered, TestApp, document};
use super::linking::sign_in;
use super::{Desk, USER, kept};

const PATHS: [(&str, &str); 14] = [
    ("GET", "/ServiceProviderConfig"),
    ("GET", "/ResourceTypes"),
    ("GET", "/ResourceTypes/User"),
    ("GET", "/Schemas"),
    ("GET", "/Users"),
    ("POST", "/Users"),
    ("GET", "/Users/usr_0198c0de000070008000000000000000"),
    ("PUT", "/Users/usr_0198c0de000070008000000000000000"),
    ("PATCH", "/Users/usr_0198c0de000070008000000000000000"),
    ("DELETE", "/Users/usr_0198c0de000070008000000000000000"),
    ("GET", "/Groups"),
    ("POST", "/.search"),
    ("GET", "/Me"),
    ("GET", "/nothing"),
];

async fn ask(
    test: &TestApp,
    slug: &str,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
) -> Answered {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/scim/v2/{slug}{path}"))
        .header(header::CONTENT_TYPE, "application/scim+json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    test.browser().send(request, Body::from("{}")).await
}

async fn token(test: &TestApp, kind: Kind) -> String {
    let wish = NewCredential {
        name: "another".into(),
        kind,
        networks: Vec::new(),
        lasts: Span::days(1),
    };
    let account = test.account().await;
    let made = test.app.create_credential(&account, wish, "shell:test");
    format!("Bearer {}", made.await.unwrap().1.reveal())
}

#[tokio::test]
async fn only_the_accounts_own_token_opens_anything() {
    let mut desk = Desk::new().await;
    let key = token(
        &desk.test,
        Kind::Integration {
            scopes: ["profile:view".to_owned()].into(),
        },
    )
    .await;
    desk.person(MAYA.upn, "17").await;
    let (_, maya) = sign_in(&desk, &MAYA, Some("17")).await;
    let cookie = &maya.cookies["__Host-vestibule"];
    let cookie = format!("__Host-vestibule={cookie}");
    let mut bravo = kept();
    bravo.account = vestibule::account::Slug::parse("bravo-demo").unwrap();
    desk.test.apply(bravo).await;
    let own = format!("Bearer {}", desk.token);

    for at in PATHS {
        for headers in [
            &[][..],
            &[("authorization", key.as_str())],
            &[("authorization", "Bearer vsk_demo_0")],
            &[("authorization", "Bearer")],
            &[("authorization", "Basic dTpw")],
            &[
                ("cookie", cookie.as_str()),
                ("sec-fetch-site", "same-origin"),
            ],
        ] {
            let refused = ask(&desk.test, "acme-demo", at, headers).await;
            assert_eq!(refused.wrong(), (401, String::new()), "{at:?} {headers:?}");
            assert_eq!(refused.headers[header::WWW_AUTHENTICATE], "Bearer");
        }
        for second in [("api-key", "x"), ("cookie", cookie.as_str())] {
            let two = [("authorization", own.as_str()), second];
            let ambiguous = ask(&desk.test, "acme-demo", at, &two).await;
            assert_eq!(ambiguous.wrong(), (400, "invalidSyntax".into()), "{at:?}");
        }
        for foreign in ["bravo-demo", "nobody-demo"] {
            let refused = ask(&desk.test, foreign, at, &[("authorization", &own)]).await;
            assert_eq!(refused.wrong(), (404, String::new()), "{at:?} {foreign}");
        }
    }
    desk.test.slug = "acme-demo";
    assert_eq!(desk.ask("GET", "/Users", None).await.status, 200);
}

#[tokio::test]
async fn nobody_reaches_the_people_of_another_account() {
    let mut desk = Desk::new().await;
    let maya = desk.person("maya", "17").await;
    let mut bravo = kept();
    bravo.account = vestibule::account::Slug::parse("bravo-demo").unwrap();
    desk.test.apply(bravo).await;
    let group = desk.group("APP-Makers", &[]).await;
    desk.test.slug = "bravo-demo";
    desk.token = desk.test.token().await;

    for resource in [&maya, &group] {
        let kind = resource["meta"]["resourceType"].as_str().unwrap();
        let path = format!("/{kind}s/{}", resource["id"].as_str().unwrap());
        assert_eq!(desk.ask("GET", &path, None).await.wrong().0, 404);
        assert_eq!(desk.ask("DELETE", &path, None).await.wrong().0, 404);
        let renamed = json!([{ "op": "replace", "path": "displayName", "value": "x" }]);
        assert_eq!(desk.patch(resource, renamed).await.wrong().0, 404);
    }
    assert!(desk.found("Users", "userName eq \"maya\"").await.is_empty());
    let members = json!([{ "value": maya["id"] }]);
    let body = json!({ "schemas": [super::GROUP], "displayName": "X", "members": members });
    let foreign = desk.ask("POST", "/Groups", Some(body)).await;
    assert_eq!(foreign.wrong(), (400, "invalidValue".into()));
    desk.person("maya", "17").await;
}

#[tokio::test]
async fn an_account_that_no_directory_keeps_says_so() {
    for provisioning in [Provisioning::Jit, Provisioning::Invited] {
        let desk = Desk::with(|document| document.users.provisioning = provisioning).await;

        let refused = desk.ask("GET", "/Users", None).await;

        assert_eq!(refused.wrong(), (403, String::new()));
        assert!(
            refused.body.contains("users.provisioning"),
            "{}",
            refused.body
        );
    }
}

#[tokio::test]
async fn rule_1_operators_are_nobodys_directory() {
    let mut test = TestApp::empty(|config| config.staff.account = "staff".to_owned()).await;
    let mut staff = document("staff");
    (staff.stage, staff.uam) = (Stage::Staff, false);
    staff.roles.clear();
    staff.users.provisioning = Provisioning::Invited;
    test.apply(staff).await;
    test.slug = "staff";
    let wish = NewCredential {
        name: "directory".into(),
        kind: Kind::Api {
            scopes: [vestibule::gate::SCIM.to_owned()].into(),
        },
        networks: Vec::new(),
        lasts: Span::days(1),
    };
    let account = test.account().await;
    let refused = test
        .app
        .create_credential(&account, wish, "shell:test")
        .await;
    let scopes = ["user:view".to_owned()].into();
    let operators = token(&test, Kind::Api { scopes }).await;

    assert!(refused.is_err());
    for at in PATHS {
        let refused = ask(&test, "staff", at, &[("authorization", &operators)]).await;
        assert_eq!(refused.wrong(), (403, String::new()), "{at:?}");
    }
}

#[tokio::test]
async fn a_body_is_json_of_scim_and_not_too_large() {
    let desk = Desk::new().await;
    let post = async |kind: &str, body: String| {
        let request = Request::post("/scim/v2/acme-demo/Users")
            .header(header::AUTHORIZATION, format!("Bearer {}", desk.token))
            .header(header::CONTENT_TYPE, kind);
        desk.test
            .browser()
            .send(request, Body::from(body))
            .await
            .wrong()
    };
    let person = json!({ "schemas": [USER], "userName": "b" }).to_string();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));

    assert_eq!(
        post("text/plain", person.clone()).await,
        (415, String::new())
    );
    assert_eq!(
        post("application/json", "{".into()).await,
        (400, "invalidSyntax".into())
    );
    assert_eq!(
        post("application/json", deep).await,
        (400, "invalidSyntax".into())
    );
    assert_eq!(
        post(
            "application/scim+json; charset=utf-8",
            format!("{person}{}", " ".repeat(1024 * 1024))
        )
        .await,
        (413, String::new())
    );
}

#[tokio::test]
async fn what_is_not_offered_says_so() {
    let desk = Desk::new().await;

    assert_eq!(desk.ask("GET", "/Me", None).await.wrong().0, 501);
    assert_eq!(
        desk.ask("POST", "/Bulk", Some(json!({}))).await.wrong().0,
        501
    );
    assert_eq!(desk.ask("GET", "/Everything", None).await.wrong().0, 404);
    for path in ["/ServiceProviderConfig", "/Schemas", "/ResourceTypes"] {
        assert_eq!(desk.ask("POST", path, Some(json!({}))).await.wrong().0, 405);
        assert_eq!(
            desk.ask("GET", &format!("{path}?filter=x"), None)
                .await
                .wrong()
                .0,
            403
        );
    }
    assert_eq!(desk.ask("DELETE", "/Users", None).await.wrong().0, 405);
}
