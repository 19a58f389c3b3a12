//! A client's directory, honest and hostile.

mod deprovisioning;
mod doors;
mod filters;
mod groups;
mod hostile;
mod linking;
mod patches;
mod people;

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use vestibule::account::{Document, Provisioning};
use vestibule::app::NewCredential;
use vestibule::gate::{Kind, SCIM};
use vestibule::time::Span;

use super::app::{Answered, TestApp, document};

pub(crate) const EMPLOYEE: &str = "http://acme.example/claims/employee";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A server with an account that a directory keeps, and the directory's token.
struct Desk {
    test: TestApp,
    token: String,
}

/// The account that a directory keeps: `claims.external_id` links.
fn kept() -> Document {
    let mut document = document("acme-demo");
    document.users.provisioning = Provisioning::Scim;
    document.claims.external_id = Some(EMPLOYEE.into());
    document
}

/// A rule that gives a role to a group.
fn of_group(role: &str, group: &str) -> vestibule::account::RoleRule {
    toml::from_str(&format!("role = \"{role}\"\ngroup = \"{group}\"")).unwrap()
}

impl Desk {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Document)) -> Self {
        let mut document = kept();
        change(&mut document);
        let test = TestApp::empty(|_| {}).await;
        test.apply(document).await;
        let token = test.token().await;
        Self { test, token }
    }

    /// Asks as the directory does.
    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answered {
        self.ask_with(method, path, body, &[]).await
    }

    async fn ask_with(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answered {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/scim/v2/{}{path}", self.test.slug))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/scim+json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.test.browser().send(request, body).await
    }

    /// Makes a person and gives their resource.
    async fn person(&self, user_name: &str, external_id: &str) -> Value {
        let body = json!({ "schemas": [USER], "userName": user_name, "externalId": external_id, "active": true });
        let made = self.ask("POST", "/Users", Some(body)).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.json()
    }

    /// Makes a group of these people and gives its resource.
    async fn group(&self, name: &str, members: &[&Value]) -> Value {
        let members: Vec<Value> = members
            .iter()
            .map(|one| json!({ "value": one["id"] }))
            .collect();
        let body = json!({ "schemas": [GROUP], "displayName": name, "members": members });
        let made = self.ask("POST", "/Groups", Some(body)).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.json()
    }

    async fn patch(&self, resource: &Value, operations: Value) -> Answered {
        let kind = resource["meta"]["resourceType"].as_str().unwrap();
        let path = format!("/{kind}s/{}", resource["id"].as_str().unwrap());
        let body = json!({ "schemas": [PATCH], "Operations": operations });
        self.ask("PATCH", &path, Some(body)).await
    }

    async fn read(&self, resource: &Value) -> Value {
        let kind = resource["meta"]["resourceType"].as_str().unwrap();
        let path = format!("/{kind}s/{}", resource["id"].as_str().unwrap());
        let read = self.ask("GET", &path, None).await;
        assert_eq!(read.status, 200, "{}", read.body);
        read.json()
    }

    /// The ids of those whom a filter finds.
    async fn found(&self, kind: &str, filter: &str) -> Vec<String> {
        let query: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let found = self
            .ask("GET", &format!("/{kind}?filter={query}"), None)
            .await;
        assert_eq!(found.status, 200, "{filter}: {}", found.body);
        let found = found.json();
        let resources = found["Resources"].as_array().unwrap();
        let ids = resources
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned());
        ids.collect()
    }
}

impl TestApp {
    /// A token of the account's directory.
    async fn token(&self) -> String {
        let wish = NewCredential {
            name: "directory".into(),
            kind: Kind::Api {
                scopes: [SCIM.to_owned()].into(),
            },
            networks: Vec::new(),
            lasts: Span::days(30),
        };
        let account = self.account().await;
        let made = self.app.create_credential(&account, wish, "shell:test");
        made.await.unwrap().1.reveal().to_owned()
    }
}

impl Answered {
    /// The status and the kind of mistake.
    fn wrong(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/scim+json");
        assert_eq!(body["status"], self.status.as_str());
        assert!(!body["detail"].as_str().unwrap().is_empty());
        let kind = body["scimType"].as_str().unwrap_or_default().to_owned();
        (self.status.as_u16(), kind)
    }
}
