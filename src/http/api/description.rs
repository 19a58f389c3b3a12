//! The `OpenAPI` document of the administration's routes, made from their code.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::super::Shared;
use super::{BASE, routes};

/// The document as it is served.
pub(super) async fn show(State(shared): State<Shared>) -> Json<Value> {
    Json(description(&shared.app.config.server.public_url))
}

/// The `OpenAPI` 3.1 document of `/api/v1`, for an installation at that address.
pub fn description(public_url: &str) -> Value {
    let (_, mut openapi) = routes().split_for_parts();
    "Vestibule: administration".clone_into(&mut openapi.info.title);
    env!("CARGO_PKG_VERSION").clone_into(&mut openapi.info.version);
    openapi.info.description = Some(
        "Accounts, their people, roles, sessions, keys and sign-ins. docs/api.md explains it."
            .to_owned(),
    );
    openapi.info.license = None;
    let mut whole = serde_json::to_value(&openapi).unwrap_or_default();
    set(
        &mut whole,
        "servers",
        json!([{ "url": format!("{public_url}{BASE}") }]),
    );
    set(
        &mut whole,
        "security",
        json!([{ "token": [] }, { "session": [] }]),
    );
    if let Some(components) = whole.get_mut("components") {
        set(components, "securitySchemes", schemes(public_url));
        if let Some(schemas) = components.get_mut("schemas") {
            set(schemas, "Problem", problem());
            if let Some(person) = schemas.get_mut("NewPerson") {
                set(person, "anyOf", known_by());
            }
        }
    }
    let paths = whole.get_mut("paths").and_then(Value::as_object_mut);
    for item in paths.into_iter().flat_map(|paths| paths.values_mut()) {
        let operations = item.as_object_mut();
        for operation in operations.into_iter().flat_map(|all| all.values_mut()) {
            if let Some(responses) = operation.get_mut("responses") {
                set(responses, "default", refusal());
            }
        }
    }
    whole
}

fn set(whole: &mut Value, name: &str, value: Value) {
    if let Some(fields) = whole.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

fn schemes(public_url: &str) -> Value {
    let cookie = super::super::session_cookie(public_url.starts_with("https://"));
    json!({
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API token, made by `vestibule token create`.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie,
            "description": "The session of a person; what changes something also needs `Origin` or `Sec-Fetch-Site` of our own pages.",
        },
    })
}

/// Somebody who is invited is known by one of these.
fn known_by() -> Value {
    let with =
        |name: &str| json!({ "required": [name], "properties": { name: { "type": "string" } } });
    json!([with("subject"), with("external_id"), with("email")])
}

/// Every answer that is no success.
fn refusal() -> Value {
    json!({
        "description": "It was not done; `code` says why (RFC 9457).",
        "content": {
            "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } }
        },
    })
}

fn problem() -> Value {
    let text = |says: &str| json!({ "type": "string", "description": says });
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "instance", "code"],
        "properties": {
            "type": text("The code as a URN."),
            "title": text("What happened, in a few words."),
            "status": { "type": "integer" },
            "detail": text("What happened, and what to do."),
            "instance": text("The id of the request; quote it."),
            "code": text("A stable name."),
            "errors": {
                "type": "array",
                "description": "What is wrong with which value.",
                "items": {
                    "type": "object",
                    "required": ["pointer", "code", "message"],
                    "properties": {
                        "pointer": text("Where the value stands (RFC 6901), or the name of a parameter."),
                        "code": text("A stable name."),
                        "message": text("What is wrong."),
                    },
                },
            },
        },
    })
}
