//! Where the endpoints are written down: section 6.

use serde_json::{Value, json};

use super::super::app::{PUBLIC_URL, TestApp};

#[tokio::test]
async fn the_endpoints_are_written_down_6_1_to_6_6() {
    let test = TestApp::new().await;

    let answered = test
        .browser()
        .get("/.well-known/authzen-configuration")
        .await;

    assert_eq!(answered.status.as_u16(), 200);
    assert_eq!(answered.headers["content-type"], "application/json");
    let said: Value = serde_json::from_str(&answered.body).unwrap();
    assert_eq!(
        said,
        json!({
            "policy_decision_point": PUBLIC_URL,
            "access_evaluation_endpoint": "https://sso.test/access/v1/evaluation",
            "access_evaluations_endpoint": "https://sso.test/access/v1/evaluations",
            "search_subject_endpoint": "https://sso.test/access/v1/search/subject",
            "search_resource_endpoint": "https://sso.test/access/v1/search/resource",
            "search_action_endpoint": "https://sso.test/access/v1/search/action",
        })
    );
}
