//! Asks for decisions that need what only the app knows, by the `AuthZEN` Authorization API.

use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::profile::{Person, Profile};
use super::refusal::Refusal;

/// Where decisions are asked for.
pub(super) struct Decisions {
    pub(super) address: String,
    pub(super) token: Option<SecretString>,
    pub(super) client: reqwest::Client,
}

impl Decisions {
    /// Whether a person may do something to a profile; what cannot be decided is refused.
    pub(super) async fn ask(
        &self,
        person: &Person,
        action: &str,
        profile: &Profile,
    ) -> Result<(), Refusal> {
        let answer = self.answer(&question(person, action, profile)).await;
        let answer = answer.ok_or(Refusal::Undecided)?;
        match answer.get("decision").and_then(Value::as_bool) {
            Some(true) => Ok(()),
            Some(false) => {
                let sentence = answer.pointer("/context/reason_user/en");
                let sentence = sentence.and_then(Value::as_str);
                Err(Refusal::Denied(
                    sentence
                        .unwrap_or("Nothing that you hold allows this.")
                        .to_owned(),
                ))
            }
            None => Err(Refusal::Undecided),
        }
    }

    async fn answer(&self, question: &Value) -> Option<Value> {
        let token = self.token.as_ref()?.expose_secret();
        let request = self
            .client
            .post(&self.address)
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .header(CONTENT_TYPE, "application/json")
            .body(question.to_string());
        let answer = match request.send().await {
            Ok(answer) if answer.status() == StatusCode::OK => answer.bytes().await,
            Ok(answer) => {
                tracing::warn!(status = %answer.status(), "the practice integration was given no decision");
                return None;
            }
            Err(cause) => Err(cause),
        };
        match answer {
            Ok(body) => serde_json::from_slice(&body).ok(),
            Err(cause) => {
                tracing::warn!(%cause, "the practice integration was given no decision");
                None
            }
        }
    }
}

fn question(person: &Person, action: &str, profile: &Profile) -> Value {
    let concluded: Vec<&str> = profile
        .call
        .concluded_by()
        .map(|by| by.id.as_str())
        .into_iter()
        .collect();
    json!({
        "subject": { "type": "user", "id": person.id },
        "action": { "name": action },
        "resource": {
            "type": "profile",
            "id": profile.id,
            "properties": {
                "created_by": profile.created_by.id,
                "call_state": profile.call.state(),
                "concluded_by": concluded,
            },
        },
    })
}
