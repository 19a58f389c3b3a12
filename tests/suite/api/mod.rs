//! The administration's routes, as administrators, operators, agents, programs and attackers meet them.

mod credentials;
mod doors;
mod once;
mod people;
mod proposals;
mod roles;
mod search;
mod sessions;
mod shell;
mod table;
mod webhooks;

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Value, json};
use vestibule::account::{Account, Document, Provisioning, RolesFrom, Stage};
use vestibule::app::{Invitation, NewCredential};
use vestibule::audit::{Entry, Filter};
use vestibule::claims::Profile;
use vestibule::gate::Kind;
use vestibule::practice::persona::{MAYA, Persona, UMA};
use vestibule::time::Span;

use super::app::{Answered, PUBLIC_URL, TestApp, document};

/// An account with user access management, another one, one without, and the staff's.
pub(crate) struct World {
    pub(crate) test: TestApp,
}

/// Whose credential a request carries.
#[derive(Clone)]
pub(crate) enum By {
    Nobody,
    Session(String),
    Token(String),
}

impl By {
    fn secret(&self) -> String {
        match self {
            Self::Nobody => String::new(),
            Self::Session(text) | Self::Token(text) => text.clone(),
        }
    }
}

impl World {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut vestibule::config::Config)) -> Self {
        let test = TestApp::empty(change).await;
        for slug in ["acme-demo", "other-demo", "plain-demo"] {
            let mut document = document(slug);
            document.uam = slug != "plain-demo";
            if document.uam {
                document.users.roles_from = RolesFrom::Both;
            } else {
                document
                    .roles
                    .retain(|rule| rule.role.as_str() != "uam_admin");
            }
            test.apply(document).await;
        }
        test.apply(staff()).await;
        Self { test }
    }

    async fn account(&self, slug: &str) -> Account {
        self.test.app.find_account(slug).await.unwrap()
    }

    /// Somebody who has just signed in to an account.
    async fn sign_in(&mut self, slug: &'static str, persona: &Persona) -> By {
        self.test.slug = slug;
        let mut browser = self.test.browser();
        let answered = browser.sign_in(persona).await;
        assert_eq!(answered.status, StatusCode::SEE_OTHER, "{}", answered.body);
        By::Session(browser.cookies["__Host-vestibule"].clone())
    }

    /// The UAM admin of the first account.
    async fn uma(&mut self) -> By {
        self.sign_in("acme-demo", &UMA).await
    }

    /// An agent of the first account.
    async fn maya(&mut self) -> By {
        self.sign_in("acme-demo", &MAYA).await
    }

    /// An operator in a browser.
    async fn operator(&mut self) -> By {
        let account = self.account("staff").await;
        let invitation = Invitation {
            subject: Some(UMA.upn.to_owned()),
            external_id: None,
            profile: Profile::default(),
        };
        // The second time they are there.
        let _ = self
            .test
            .app
            .invite(&account, invitation, "shell:test")
            .await;
        self.sign_in("staff", &UMA).await
    }

    /// A token of an account.
    async fn token(&self, slug: &str, scopes: &[&str]) -> By {
        let scopes: BTreeSet<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.credential(slug, Kind::Api { scopes }).await
    }

    async fn credential(&self, slug: &str, kind: Kind) -> By {
        let app = &self.test.app;
        let name = vestibule::id::hex(&app.entropy.bytes::<6>());
        let wish = NewCredential {
            name,
            kind,
            networks: Vec::new(),
            lasts: Span::days(30),
        };
        let account = self.account(slug).await;
        let made = app.create_credential(&account, wish, "shell:test").await;
        By::Token(made.unwrap().1.reveal().to_owned())
    }

    /// The id of somebody who was invited to an account.
    async fn invited(&self, slug: &str, subject: &str) -> String {
        let invitation = Invitation {
            subject: Some(subject.to_owned()),
            external_id: None,
            profile: Profile {
                email: Some(format!("{subject}@acme.test")),
                given_name: Some("Ida".into()),
                surname: Some("Invited".into()),
            },
        };
        let account = self.account(slug).await;
        let user = self
            .test
            .app
            .invite(&account, invitation, "shell:test")
            .await;
        user.unwrap().id.to_string()
    }

    async fn get(&self, by: &By, path: &str) -> Answered {
        self.ask(by, "GET", path, None, &[]).await
    }

    async fn post(&self, by: &By, path: &str, body: Value) -> Answered {
        self.ask(by, "POST", path, Some(body), &[]).await
    }

    /// A request below `/api/v1`.
    async fn ask(
        &self,
        by: &By,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answered {
        let body = body.map(|body| body.to_string());
        let kind = ("content-type", "application/json");
        let all: Vec<_> = headers
            .iter()
            .copied()
            .chain(body.is_some().then_some(kind))
            .collect();
        self.send(by, method, path, body.unwrap_or_default(), &all)
            .await
    }

    async fn send(
        &self,
        by: &By,
        method: &str,
        path: &str,
        body: String,
        headers: &[(&str, &str)],
    ) -> Answered {
        let mut browser = self.test.browser();
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"));
        match by {
            By::Nobody => {}
            By::Session(cookie) => {
                browser
                    .cookies
                    .insert("__Host-vestibule".into(), cookie.clone());
                if method != "GET" && !headers.iter().any(|(name, _)| *name == "origin") {
                    request = request.header("origin", PUBLIC_URL);
                }
            }
            By::Token(token) => {
                request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
            }
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        browser.send(request, Body::from(body)).await
    }

    /// What the audit of an account says, newest first.
    async fn audited(&self, slug: &str) -> Vec<String> {
        let account = self.account(slug).await;
        let mut tx = self.test.app.store.read().await.unwrap();
        let filter = Filter::default();
        let all = tx.of(account.id).audit_page(&filter, None, 50).await;
        let line = |entry: Entry| format!("{} by {}", entry.event, entry.actor);
        all.unwrap().into_iter().map(line).collect()
    }
}

/// The account of the people who run Vestibule.
fn staff() -> Document {
    let mut document = document("staff");
    document.stage = Stage::Staff;
    document.users.provisioning = Provisioning::Invited;
    document
        .roles
        .retain(|rule| rule.role.as_str() == "uam_admin");
    for rule in &mut document.roles {
        rule.role = vestibule::role::Role::Operator;
    }
    document
}

/// The header of a name.
fn said<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

impl Answered {
    /// The status and the stable code of a refusal.
    pub(crate) fn refusal(&self) -> (u16, String) {
        assert_eq!(
            said(&self.headers, "content-type"),
            "application/problem+json",
            "{}",
            self.body
        );
        let code = self.json()["code"].as_str().unwrap_or_default().to_owned();
        (self.status.as_u16(), code)
    }

    /// The values of a key of all items.
    pub(crate) fn items(&self, key: &str) -> Vec<String> {
        let said = self.json();
        let items = said["items"].as_array();
        let items = items.unwrap_or_else(|| panic!("no items: {}", self.body));
        items
            .iter()
            .map(|item| item[key].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Where the mistakes are.
    pub(crate) fn pointers(&self) -> Vec<String> {
        let said = self.json();
        let errors = said["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|error| error["pointer"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn person(subject: &str) -> Value {
    json!({ "subject": subject, "email": format!("{subject}@acme.test") })
}
