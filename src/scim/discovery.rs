//! What a directory can ask before it begins: what is offered, which resources there are, and how they look.

use serde_json::{Value, json};

use super::schema::{GROUP, USER};

/// What is offered of the standard.
pub fn service_provider(base: &str, most: i64) -> Value {
    let (offered, not) = (json!({ "supported": true }), json!({ "supported": false }));
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": offered,
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": most },
        "changePassword": not,
        "sort": not,
        "etag": offered,
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token of this account with the scope `scim`, in the header `Authorization: Bearer …`.",
            "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/ServiceProviderConfig"),
        },
    })
}

/// Each kind of resource with its name.
pub fn resource_types(base: &str) -> Vec<(&'static str, Value)> {
    let both = [&USER, &GROUP].into_iter();
    both.map(|schema| (schema.name, schema.resource_type(base)))
        .collect()
}

/// Each schema with its name.
pub fn schemas(base: &str) -> Vec<(&'static str, Value)> {
    let both = [&USER, &GROUP].into_iter();
    both.map(|schema| (schema.urn, schema.json(base))).collect()
}
