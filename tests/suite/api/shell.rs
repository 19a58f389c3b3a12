//! What the API does, the shell does too.

use super::World;

#[tokio::test]
async fn the_description_names_every_route_and_is_the_same_everywhere() {
    let world = World::new().await;

    let served = world.get(&super::By::Nobody, "/openapi.json").await;

    assert_eq!(served.status, 200);
    let served = served.json();
    assert_eq!(served["openapi"], "3.1.0");
    assert_eq!(served, vestibule::http::description("https://sso.test"));
    let mut ids = Vec::new();
    for (path, item) in served["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            ids.push(id.to_owned());
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert!(operation["responses"]["default"].is_object());
        }
    }
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
}
