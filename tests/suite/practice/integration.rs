//! The practice integration behind our own gate: who may press which button, and what nobody is talked into.

use std::fmt::Write;
use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tower::ServiceExt;
use url::form_urlencoded::Serializer;
use vestibule::app::NewCredential;
use vestibule::gate::{Facts, Kind};
use vestibule::http;
use vestibule::id::Entropy;
use vestibule::practice::integration::{Surroundings, router};
use vestibule::practice::persona::{AVA, BO, CHEN, LINA, MAYA, Persona, UMA, ZOE};
use vestibule::time::Span;

use crate::app::{Answered, Browser, TestApp, document, private_folder};
use crate::gate::desk;

const CALLS: &str =
    "\n[[routes]]\nmethods = [\"GET\"]\npath = \"/calls\"\naction = \"call:accept\"\n";

/// The profile whose call waits.
const WAITING: &str = "prf_1";
/// The profile that waits for a review.
const CONCLUDED: &str = "prf_2";

/// A Vestibule with listeners, and the practice integration before and behind its gate.
struct Scene {
    test: TestApp,
    gateway: Router,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With other surroundings of the integration.
    async fn with(change: impl FnOnce(&mut Surroundings)) -> Self {
        let folder = private_folder();
        let app = desk::app("profiles", "forward") + CALLS;
        std::fs::write(folder.path().join("profiles.toml"), app).unwrap();
        let apps = folder.path().display().to_string();
        let test = TestApp::empty(|config| config.gate.apps = apps).await;
        // Four eyes are for whoever holds both roles.
        let mut document = document("acme-demo");
        document.duties.apart.clear();
        test.apply(document).await;
        let internal = listening(http::internal(&test.shared)).await;
        let public = listening(http::public(&test.shared)).await;
        let mut surroundings = Surroundings {
            gate: format!("http://{internal}/gate/profiles/forward"),
            decisions: format!("http://{public}/access/v1/evaluation"),
            token: Some(token(&test).await),
            sign_in: "https://sso.test/saml/acme-demo/login".to_owned(),
            home: "https://sso.test/".to_owned(),
            account: "acme-demo".to_owned(),
        };
        change(&mut surroundings);
        Self {
            gateway: router(surroundings, Entropy::System).unwrap(),
            test,
            _folder: folder,
        }
    }

    async fn signed_in(&self, persona: &Persona) -> Visitor<'_> {
        let mut browser = self.test.browser();
        browser.sign_in(persona).await;
        Visitor {
            scene: self,
            browser,
            headers: Vec::new(),
        }
    }

    fn nobody(&self) -> Visitor<'_> {
        Visitor {
            scene: self,
            browser: self.test.browser(),
            headers: Vec::new(),
        }
    }
}

async fn listening(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

async fn token(test: &TestApp) -> SecretString {
    let wish = NewCredential {
        name: "integration".into(),
        kind: Kind::Decision {
            app: "profiles".parse().unwrap(),
            trusts: Facts::NAMES.map(|fact| format!("profile.{fact}")).into(),
        },
        networks: Vec::new(),
        lasts: Span::days(1),
    };
    let account = test.account().await;
    let made = test.app.create_credential(&account, wish, "shell:test");
    SecretString::from(made.await.unwrap().1.reveal())
}

/// Somebody at the integration.
struct Visitor<'s> {
    scene: &'s Scene,
    browser: Browser<'s>,
    headers: Vec<(&'s str, &'s str)>,
}

impl Visitor<'_> {
    async fn get(&self, path: &str) -> Answered {
        self.send("GET", path, &[]).await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answered {
        self.send("POST", path, form).await
    }

    async fn send(&self, method: &str, path: &str, form: &[(&str, &str)]) -> Answered {
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        let peer: SocketAddr = "203.0.113.7:4711".parse().unwrap();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .extension(ConnectInfo(peer))
            .header("host", desk::shared_host("forward"))
            .header("accept", "text/html");
        if !self.headers.iter().any(|(name, _)| *name == "origin") {
            request = request.header("sec-fetch-site", "same-origin");
        }
        if method == "POST" {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        if let Some(cookie) = self.browser.cookies.get("__Host-vestibule") {
            request = request.header("cookie", format!("__Host-vestibule={cookie}"));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = self.scene.gateway.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        Answered {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// The customers on a page, in its order.
    async fn customers(&self, path: &str) -> Vec<String> {
        let page = self.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let headings = page.body.split("<h2 id=\"prf_").skip(1);
        let names = headings.map(|rest| rest.split(['>', '<']).nth(1).unwrap().trim());
        names.map(str::to_owned).collect()
    }

    async fn accept(&self, id: &str) -> Answered {
        self.post(&format!("/v2/profiles/{id}/call/accept"), &[])
            .await
    }

    async fn conclude(&self, id: &str, verdict: &str) -> Answered {
        let path = format!("/v2/profiles/{id}/call/conclude");
        self.post(&path, &[("verdict", verdict)]).await
    }

    async fn review(&self, id: &str) -> Answered {
        self.post(&format!("/v2/profiles/{id}/review"), &[]).await
    }
}

#[tokio::test]
async fn every_role_on_every_button_is_this_table() {
    let scene = Scene::new().await;
    let mut table = format!("{:9}", "");
    let buttons = [
        "create", "list", "open", "link", "calls", "accept", "conclude", "review",
    ];
    for button in buttons {
        write!(table, " {button:9}").unwrap();
    }

    // Maya comes last, since what she does changes what others find.
    for persona in [&CHEN, &AVA, &LINA, &UMA, &ZOE, &MAYA] {
        let visitor = scene.signed_in(persona).await;
        write!(table, "\n{:9}", persona.user_name).unwrap();
        let create = visitor.post("/v2/profiles", &[("customer", "New")]).await;
        let pressed = [
            create,
            visitor.get("/v2/profiles").await,
            visitor.get(&format!("/v2/profiles/{WAITING}")).await,
            visitor.get(&format!("/v2/profiles/{WAITING}/link")).await,
            visitor.get("/calls").await,
            visitor.accept(WAITING).await,
            visitor.conclude(WAITING, "verified").await,
            visitor.review(CONCLUDED).await,
        ];
        for answered in &pressed {
            // Who said no: the gate gives its reason, the app honours what the gate told it.
            let said = match (
                answered.status.as_u16(),
                answered.header("x-vestibule-reason"),
            ) {
                (200 | 303, _) => "yes",
                (403, "(absent)") => "app: no",
                (403, "forbidden") => "gate: no",
                (409, _) => "too late",
                other => panic!("{other:?}: {}", answered.body),
            };
            write!(table, " {said:9}").unwrap();
        }
    }

    let table: Vec<&str> = table.lines().map(str::trim_end).collect();
    insta::assert_snapshot!(table.join("\n"), @r"
              create    list      open      link      calls     accept    conclude  review
    chen      yes       yes       yes       gate: no  gate: no  gate: no  gate: no  yes
    ava       gate: no  yes       yes       gate: no  gate: no  gate: no  gate: no  gate: no
    lina      yes       yes       app: no   app: no   gate: no  gate: no  gate: no  gate: no
    uma       gate: no  gate: no  gate: no  gate: no  gate: no  gate: no  gate: no  gate: no
    zoe       yes       yes       app: no   app: no   yes       yes       yes       gate: no
    maya      gate: no  gate: no  gate: no  gate: no  yes       too late  too late  gate: no
    ");
}

#[tokio::test]
async fn what_the_gate_refuses_never_reaches_the_app() {
    let scene = Scene::new().await;
    let (maya, chen) = (scene.signed_in(&MAYA).await, scene.signed_in(&CHEN).await);

    let refused = maya.post("/v2/profiles", &[("customer", "Eve")]).await;
    let odd = chen.get("/v2/profiles/../calls").await;
    let foreign = Visitor {
        headers: vec![("origin", "https://evil.example")],
        ..scene.signed_in(&CHEN).await
    };
    let posted = foreign.post("/v2/profiles", &[("customer", "Eve")]).await;

    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("Nothing that you hold allows this."));
    assert!(refused.body.contains("<a class=\"button\" href=\"/\">"));
    assert_eq!(odd.header("x-vestibule-reason"), "path_ambiguous");
    assert_eq!(posted.header("x-vestibule-reason"), "foreign_origin");
    assert_eq!(chen.customers("/v2/profiles").await.len(), 2);
}

#[tokio::test]
async fn nobody_is_asked_to_sign_in_and_come_back() {
    let scene = Scene::new().await;
    let nobody = scene.nobody();

    let front = nobody.get("/").await;
    let style = nobody.get("/style.css").await;
    let page = nobody.get("/v2/profiles").await;
    let button = nobody.accept(WAITING).await;

    assert_eq!(
        (front.status, style.status),
        (StatusCode::OK, StatusCode::OK)
    );
    let host = "http%3A%2F%2Fsso.test%3A8002";
    assert_eq!(page.status, StatusCode::FOUND);
    let back = format!("https://sso.test/login?return_to={host}%2Fv2%2Fprofiles");
    assert_eq!(page.location(), back);
    assert_eq!(button.status, StatusCode::UNAUTHORIZED);
    let back = format!("https://sso.test/login?return_to={host}%2F\">Sign in</a>");
    assert!(button.body.contains(&back), "{}", button.body);
}

#[tokio::test]
async fn a_call_is_accepted_then_concluded_by_the_same_maker_and_once() {
    let scene = Scene::new().await;
    let (maya, zoe) = (scene.signed_in(&MAYA).await, scene.signed_in(&ZOE).await);
    assert_eq!(maya.customers("/calls").await, ["Ada Example"]);

    assert_eq!(
        maya.conclude(WAITING, "verified").await.status,
        StatusCode::CONFLICT
    );
    assert_eq!(maya.accept(WAITING).await.location(), "/calls");
    assert_eq!(zoe.accept(WAITING).await.status, StatusCode::CONFLICT);
    assert_eq!(
        zoe.conclude(WAITING, "rejected").await.status,
        StatusCode::CONFLICT
    );
    assert!(
        maya.get("/calls")
            .await
            .body
            .contains("accepted by Maya Maker")
    );
    assert!(
        maya.conclude(WAITING, "perhaps")
            .await
            .status
            .is_client_error()
    );
    assert_eq!(
        maya.conclude(WAITING, "rejected").await.location(),
        "/calls"
    );

    assert_eq!(maya.accept(WAITING).await.status, StatusCode::CONFLICT);
    assert!(maya.customers("/calls").await.is_empty());
    let chen = scene.signed_in(&CHEN).await;
    let page = chen.get(&format!("/v2/profiles/{WAITING}")).await;
    assert!(
        page.body.contains("rejected by Maya Maker"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn rule_37_a_link_creator_is_shown_what_they_created_and_nothing_else() {
    let scene = Scene::new().await;
    let (lina, zoe) = (scene.signed_in(&LINA).await, scene.signed_in(&ZOE).await);
    for (visitor, customer) in [(&lina, "Linus"), (&zoe, "Zora")] {
        let made = visitor
            .post("/v2/profiles", &[("customer", customer)])
            .await;
        assert_eq!(made.location(), "/v2/profiles");
    }

    assert_eq!(lina.customers("/v2/profiles").await, ["Linus"]);
    assert_eq!(zoe.customers("/v2/profiles").await, ["Zora"]);
    let page = zoe.get("/v2/profiles").await.body;
    assert!(
        page.contains("<strong>Zoë Müller-O&#39;Hara</strong>"),
        "{page}"
    );
    let shown = lina.get("/v2/profiles/prf_3/link").await;
    assert!(
        shown.body.contains("https://capture.example/"),
        "{}",
        shown.body
    );
    for path in [
        "/v2/profiles/prf_4",
        "/v2/profiles/prf_4/link",
        "/v2/profiles/prf_1",
    ] {
        let other = lina.get(path).await;
        assert_eq!(other.status, StatusCode::FORBIDDEN, "{path}");
        assert!(
            other.body.contains("profiles that you created"),
            "{}",
            other.body
        );
        assert!(!other.body.contains("capture.example"));
    }
    assert_eq!(
        lina.get("/v2/profiles/prf_9").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn rule_37_a_review_is_decided_with_what_the_app_knows_and_by_four_eyes() {
    let scene = Scene::new().await;
    let (bo, chen) = (scene.signed_in(&BO).await, scene.signed_in(&CHEN).await);

    let open = chen.review(WAITING).await;
    bo.accept(WAITING).await;
    bo.conclude(WAITING, "verified").await;
    let own = bo.review(WAITING).await;
    let others = bo.review(CONCLUDED).await;
    let chens = chen.review(WAITING).await;

    assert_eq!(open.status, StatusCode::FORBIDDEN);
    assert_eq!(own.status, StatusCode::FORBIDDEN);
    assert!(
        own.body
            .contains("Nobody reviews a profile whose call they concluded")
    );
    assert_eq!(
        (others.location(), chens.location()),
        ("/v2/profiles", "/v2/profiles")
    );
    let page = chen.get("/v2/profiles").await.body;
    assert!(page.contains("<dd>Chen Checker</dd>") && page.contains("<dd>Bo Both</dd>"));
}

#[tokio::test]
async fn what_cannot_be_decided_is_refused() {
    let nowhere = "http://127.0.0.1:9/access/v1/evaluation";
    let undecided = [
        Scene::with(|around| around.token = None).await,
        Scene::with(|around| around.token = Some("vsk_demo_wrong".into())).await,
        Scene::with(|around| around.decisions = nowhere.into()).await,
        Scene::with(|around| around.decisions = around.decisions.replace("evaluation", "none"))
            .await,
    ];
    for scene in undecided {
        let chen = scene.signed_in(&CHEN).await;

        let refused = chen.review(CONCLUDED).await;

        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(refused.body.contains("cannot be decided at the moment"));
        assert!(chen.get("/v2/profiles").await.body.contains("nobody yet"));
    }

    let shut = Scene::with(|around| around.gate = "http://127.0.0.1:9/gate".into()).await;
    let chen = shut.signed_in(&CHEN).await;
    assert_eq!(
        chen.get("/v2/profiles").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
}

#[tokio::test]
async fn rule_33_what_a_client_says_of_itself_is_not_believed() {
    let scene = Scene::new().await;
    let chen = scene.signed_in(&CHEN).await;
    for forged in [
        [
            ("x-vestibule-scope", "all"),
            ("x-vestibule-user", "platform"),
        ],
        [
            ("x_vestibule_scope", "all"),
            ("x_vestibule-user", "platform"),
        ],
        [
            ("x-forwarded-uri", "/v2/async/profiles"),
            ("x-forwarded-method", "POST"),
        ],
        [
            ("x_forwarded_uri", "/calls"),
            ("x-vestibule-token", "a.b.c"),
        ],
    ] {
        let lina = Visitor {
            headers: forged.to_vec(),
            ..scene.signed_in(&LINA).await
        };
        assert!(
            lina.customers("/v2/profiles").await.is_empty(),
            "{forged:?}"
        );
        let maya = Visitor {
            headers: forged.to_vec(),
            ..scene.signed_in(&MAYA).await
        };
        let refused = maya.get("/v2/profiles").await;
        assert_eq!(
            refused.header("x-vestibule-reason"),
            "forbidden",
            "{forged:?}"
        );
    }

    let foreign = Visitor {
        headers: vec![("account-id", "bravo-demo")],
        ..scene.signed_in(&CHEN).await
    };
    let refused = foreign.get("/v2/profiles").await;
    assert_eq!(refused.header("x-vestibule-reason"), "foreign_account");
    assert_eq!(chen.customers("/v2/profiles").await.len(), 2);
}

#[tokio::test]
async fn whoever_is_suspended_is_out_with_the_next_button() {
    let scene = Scene::new().await;
    let (test, chen) = (&scene.test, scene.signed_in(&CHEN).await);
    assert_eq!(chen.get("/v2/profiles").await.status, StatusCode::OK);

    let account = test.account().await;
    let user = test.app.find_user(&account, CHEN.upn).await.unwrap();
    test.app
        .suspend(&account, user.id, "shell:test")
        .await
        .unwrap();

    assert_eq!(
        chen.review(CONCLUDED).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(chen.get("/v2/profiles").await.status, StatusCode::FOUND);
}

#[tokio::test]
async fn a_customer_has_a_name() {
    let scene = Scene::new().await;
    let chen = scene.signed_in(&CHEN).await;

    for name in ["", "  ", &"x".repeat(65)] {
        let refused = chen.post("/v2/profiles", &[("customer", name)]).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{name}");
    }
    chen.post("/v2/profiles", &[("customer", "<b>&\"")]).await;

    let page = chen.get("/v2/profiles").await.body;
    assert!(
        page.contains("&#60;b&#62;&#38;&#34;") && !page.contains("<b>"),
        "{page}"
    );
}
