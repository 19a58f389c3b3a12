//! Decisions for programs that ask, as the `AuthZEN` working group's scenario for certification wants them.
//!
//! Each test names the rules of that scenario that it holds, in the order of its sections.

mod basic;
mod batch;
mod callers;
mod discovery;
mod people;
mod search;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use vestibule::account::Stage;
use vestibule::app::{App, NewCredential};
use vestibule::gate::{DecisionCaller, Kind};
use vestibule::http::Shared;
use vestibule::id::Entropy;
use vestibule::time::{Clock, Span};

use super::app::{NOW, SP_KEYS, TestApp};

const SCHEMA: &str = include_str!("../../../config/policies/vestibule.cedarschema");
const PERMITS: &str = include_str!("../../../config/policies/permits.cedar");

/// What the installation of the scenario knows beside what is shipped.
const RECORDS_SCHEMA: &str = r#"
entity record = { status: String };
action "read", "write" appliesTo { principal: [user], resource: [record] };
action "delete"
    appliesTo { principal: [user], resource: [record], context: { action?: { soft?: Bool } } };
"#;

const RECORDS: &str = r#"
@id("records-read")
@says("Everybody reads records.")
permit (principal, action == Action::"read", resource);

@id("records-write")
@says("Alice writes records that are not archived.")
permit (principal == user::"alice", action == Action::"write", resource)
when { resource.status != "archived" };

@id("records-admin")
@says("Administrators write what is archived.")
permit (principal, action == Action::"write", resource)
when { principal has role && principal.role == "admin" && resource.status == "archived" };

@id("records-delete")
@says("What is deleted can be brought back.")
permit (principal, action == Action::"delete", resource)
when { context has action && context.action has soft && context.action.soft };
"#;

const APP: &str = r#"
app = "records"
audience = "https://records.test/"
stage = "demo"
gateway = "nginx"
gateways = ["127.0.0.0/8"]
hosts = ["records.test"]
"#;

/// An installation with alice, bob and two records, and one program that asks.
struct Scene {
    test: TestApp,
    caller: DecisionCaller,
    /// What the program shows.
    bearer: String,
    _folder: tempfile::TempDir,
}

struct Said {
    status: StatusCode,
    headers: HeaderMap,
    json: Value,
}

impl Scene {
    async fn new() -> Self {
        Self::trusting(&["record.status"]).await
    }

    /// With a caller that is believed these attributes.
    async fn trusting(trusts: &[&str]) -> Self {
        let mut test = TestApp::new().await;
        let account = test.account().await.id;
        let folder = tempfile::tempdir().unwrap();
        let (policies, apps) = (folder.path().join("policies"), folder.path().join("apps"));
        std::fs::create_dir(&policies).unwrap();
        std::fs::create_dir(&apps).unwrap();
        let write = |name: &str, text: String| std::fs::write(policies.join(name), text).unwrap();
        let user = "entity user in [role] = {\n    account: account,";
        assert!(SCHEMA.contains(user));
        let schema = SCHEMA.replace(user, &format!("{user}\n    role?: String,"));
        write("vestibule.cedarschema", schema + RECORDS_SCHEMA);
        write("permits.cedar", format!("{PERMITS}{RECORDS}"));
        let own = json!({ "type": "account", "id": account });
        let other = json!({ "type": "account", "id": "acc_ffffffffffffffffffffffffffffffff" });
        let entity = |kind: &str, id: &str, attrs: Value| json!({ "uid": { "type": kind, "id": id }, "attrs": attrs, "parents": [] });
        let entities = json!([
            entity("user", "alice", json!({ "account": own })),
            entity("user", "bob", json!({ "account": own, "role": "admin" })),
            entity("user", "mallory", json!({ "account": other })),
            entity("record", "record-1", json!({ "status": "active" })),
            entity("record", "record-2", json!({ "status": "archived" })),
        ]);
        write("entities.json", entities.to_string());
        std::fs::write(apps.join("records.toml"), APP).unwrap();

        let mut config = test.app.config.clone();
        config.gate.policies = policies.display().to_string();
        config.gate.apps = apps.display().to_string();
        let mut app = App::open(config, Clock::manual(NOW), Entropy::System)
            .await
            .unwrap();
        app.given_keys = Some(SP_KEYS.clone());
        test.app = Arc::new(app);
        test.shared = Shared::new(Arc::clone(&test.app));
        let caller = DecisionCaller {
            account,
            stage: Stage::Demo,
            app: "records".parse().unwrap(),
            trusts: trusts.iter().map(|&name| name.to_owned()).collect(),
        };
        let account = test.account().await;
        let wish = NewCredential {
            name: "records".into(),
            kind: Kind::Decision {
                app: caller.app.clone(),
                trusts: caller.trusts.clone(),
            },
            networks: Vec::new(),
            lasts: Span::days(30),
        };
        let made = test.app.create_credential(&account, wish, "shell:test");
        let secret = made.await.unwrap().1;
        Self {
            bearer: format!("Bearer {}", secret.reveal()),
            test,
            caller,
            _folder: folder,
        }
    }

    /// Asks with these headers, whatever the body is.
    async fn send(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Said {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answered = self.test.browser().send(request, body.into()).await;
        Said {
            status: answered.status,
            json: serde_json::from_str(&answered.body).unwrap_or_default(),
            headers: answered.headers,
        }
    }

    /// Asks as the program of the records app.
    async fn ask(&self, path: &str, body: Value) -> Said {
        let headers = [
            ("authorization", self.bearer.clone()),
            ("content-type", "application/json".to_owned()),
        ];
        let headers = headers
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let said = self
            .send(&format!("/access/v1/{path}"), &headers, body.to_string())
            .await;
        if said.status == StatusCode::OK {
            assert_eq!(said.headers["content-type"], "application/json");
        }
        said
    }

    /// The decision of one question.
    async fn decide(&self, body: Value) -> bool {
        let said = self.ask("evaluation", body).await;
        assert_eq!(said.status, StatusCode::OK, "{}", said.json);
        said.decision()
    }

    /// What a search finds: ids, or names.
    async fn find(&self, what: &str, body: Value) -> Vec<String> {
        let said = self.ask(&format!("search/{what}"), body).await;
        assert_eq!(said.status, StatusCode::OK, "{}", said.json);
        said.found()
    }

    /// Asserts that a request cannot be read.
    async fn refuses(&self, path: &str, body: Value) {
        let said = self.ask(path, body.clone()).await;
        assert_eq!(said.status, StatusCode::BAD_REQUEST, "{path} {body}");
        assert_eq!(said.json["code"], "bad_request", "{path} {body}");
    }
}

impl Said {
    fn decision(&self) -> bool {
        self.json["decision"].as_bool().expect("a decision")
    }

    /// The decisions of a batch.
    fn decisions(&self) -> Vec<bool> {
        assert_eq!(self.status, StatusCode::OK, "{}", self.json);
        assert_eq!(self.json.get("decision"), None);
        let all = self.json["evaluations"].as_array().unwrap();
        all.iter()
            .map(|one| one["decision"].as_bool().unwrap())
            .collect()
    }

    fn found(&self) -> Vec<String> {
        let results = self.json["results"].as_array().unwrap();
        let name = |one: &Value| {
            one.get("id")
                .or(one.get("name"))
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned()
        };
        results.iter().map(name).collect()
    }
}

fn subject(id: &str) -> Value {
    json!({ "type": "user", "id": id })
}

fn action(name: &str) -> Value {
    json!({ "name": name })
}

fn record(id: &str) -> Value {
    json!({ "type": "record", "id": id })
}

fn record_that_is(id: &str, status: &str) -> Value {
    json!({ "type": "record", "id": id, "properties": { "status": status } })
}

/// A whole question.
fn question(who: &str, what: &str, which: &str) -> Value {
    json!({ "subject": subject(who), "action": action(what), "resource": record(which) })
}
