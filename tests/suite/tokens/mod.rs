//! Tokens and the keys of programs, as clients and attackers meet them.

mod asked;
mod introspection;
mod keys;
mod read;
mod shell;

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::Value;
use vestibule::account::Slug;
use vestibule::app::NewCredential;
use vestibule::gate::{Access, Credential, Kind, Secret};
use vestibule::time::Span;

use super::app::{Answered, Browser, TestApp, document, private_folder};

/// The audience of the app that the account may use.
const PROFILES: &str = "https://api.demo.test/";
/// The audience of one for another stage.
const LIVE: &str = "https://api.live.test/";

const SESSION: (&str, &str) = ("grant_type", "urn:vestibule:session");
const KEY: (&str, &str) = ("grant_type", "client_credentials");

/// A server with an app for each stage, and an account of the first.
async fn platform() -> TestApp {
    let folder = private_folder().keep();
    let shipped = include_str!("../../../config/apps/profiles.toml");
    for (name, stage, audience) in [("profiles", "demo", PROFILES), ("live", "live", LIVE)] {
        let text = shipped
            .replace("\"profiles\"", &format!("\"{name}\""))
            .replace("https://api.platform.example/", audience)
            .replace("api.platform.example", &format!("{name}.test"))
            .replace("stage    = \"live\"", &format!("stage = \"{stage}\""));
        std::fs::write(folder.join(format!("{name}.toml")), text).unwrap();
    }
    let test = TestApp::empty(|config| {
        config.gate.apps = folder.display().to_string();
    })
    .await;
    test.apply(document("acme-demo")).await;
    test
}

impl TestApp {
    async fn made(&self, name: &str, kind: Kind) -> (Credential, Secret) {
        let wish = NewCredential {
            name: name.into(),
            kind,
            networks: Vec::new(),
            lasts: Span::days(30),
        };
        let account = self.account().await;
        let made = self.app.create_credential(&account, wish, "shell:test");
        made.await.unwrap()
    }

    async fn integration(&self) -> (Credential, Secret) {
        self.made("server", integration(&["profile:create", "profile:view"]))
            .await
    }

    async fn decision(&self) -> (Credential, Secret) {
        self.made("gateway", decision()).await
    }

    /// The claims of a token that verifies now, for the app.
    async fn verified(&self, token: &str) -> Access {
        let now = self.app.clock.now();
        let signer = self.app.signer(now).await.unwrap();
        let stage = vestibule::account::Stage::Demo;
        signer.verify(token, PROFILES, stage, now).unwrap()
    }
}

fn integration(scopes: &[&str]) -> Kind {
    let scopes: BTreeSet<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    Kind::Integration { scopes }
}

fn decision() -> Kind {
    Kind::Decision {
        app: Slug::parse("profiles").unwrap(),
        trusts: BTreeSet::new(),
    }
}

/// Posts a form as a program does.
async fn post(
    browser: &mut Browser<'_>,
    path: &str,
    headers: &[(&str, &str)],
    form: &[(&str, &str)],
) -> Answered {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let mut request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    browser.send(request, Body::from(body)).await
}

impl Answered {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// The status and the word of the standard.
    fn said(&self) -> (u16, String) {
        let word = self.json()["error"].as_str().unwrap_or_default().to_owned();
        (self.status.as_u16(), word)
    }

    fn token(&self) -> String {
        let token = &self.json()["access_token"];
        token
            .as_str()
            .unwrap_or_else(|| panic!("no token: {}", self.body))
            .to_owned()
    }
}
