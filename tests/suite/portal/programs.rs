//! Keys and webhooks on pages: each secret is shown once.

use axum::http::StatusCode;

use super::{LIVE, World, administered, operated, page};

const KEYS: &str = "/portal/accounts/acme-demo/keys";

/// The secret that a page shows.
fn secret(body: &str) -> String {
    let part = body.split("<p class=\"reference\"><code>").nth(1).unwrap();
    part.split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_is_made_shown_once_and_taken_back() {
    let mut world = World::new().await;
    let mut operator = operated(&mut world).await;
    page(&mut operator, &format!("{KEYS}/new")).await;

    let wrong = [
        ("name", "server"),
        ("kind", "integration"),
        ("networks", "nowhere"),
    ];
    let refused = operator.post(KEYS, &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("`nowhere` is no network")
            && refused.body.contains("value=\"server\"")
    );
    let made = operator.post(KEYS, &wrong[..2]).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let secret = secret(&made.body);
    assert!(secret.starts_with("vsk_demo_"), "{secret}");

    let list = page(&mut operator, KEYS).await;
    assert!(list.contains("profile:create") && !list.contains(&secret));
    let id = list.split("/keys/crd_").nth(1).unwrap().split('/').next();
    let back = format!("{KEYS}/crd_{}/revoke", id.unwrap());
    let revoked = operator.post(&back, &[]).await;
    assert_eq!(revoked.location(), format!("{KEYS}?done=revoked"));
    assert!(page(&mut operator, KEYS).await.contains("revoked"));
}

#[tokio::test]
async fn a_webhook_is_made_switched_and_deleted() {
    let mut world = World::new().await;
    let mut operator = operated(&mut world).await;
    let at = "/portal/accounts/acme-demo/webhooks";

    let new = |kinds: &'static str| {
        [
            ("name", "crm"),
            ("url", "https://9.9.9.9/in"),
            ("kinds", kinds),
        ]
    };
    let odd = operator.post(at, &new("user.exploded")).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        odd.body.contains("nobody is told of `user.exploded`"),
        "{}",
        odd.body
    );
    let private = [
        ("name", "crm"),
        ("url", "https://10.0.0.1/"),
        ("kinds", "*"),
    ];
    let private = operator.post(at, &private).await;
    assert_eq!(private.status, StatusCode::UNPROCESSABLE_ENTITY);
    let made = operator.post(at, &new("user.* role.*")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert!(secret(&made.body).starts_with("whsec_"));
    let one = made.body.split("class=\"button\" href=\"").nth(1).unwrap();
    let one = one.split('"').next().unwrap().to_owned();

    assert!(page(&mut operator, &one).await.contains("Switch off"));
    operator.post(&one, &[("do", "disable")]).await;
    assert!(page(&mut operator, &one).await.contains("Switch on"));
    let fresh = operator.post(&one, &[("do", "rotate")]).await;
    assert!(secret(&fresh.body) != secret(&made.body));
    let unknown = operator.post(&one, &[("do", "explode")]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let deleted = operator.post(&one, &[("do", "delete")]).await;
    assert_eq!(deleted.location(), format!("{at}?done=saved"));
    assert_eq!(operator.get(&one).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_may_not_make_keys_sees_none() {
    let mut world = World::new().await;
    let mut uma = administered(&mut world).await;

    for place in ["keys", "keys/new", "webhooks"] {
        let answered = uma.get(&format!("{LIVE}/{place}")).await;
        assert_eq!(answered.status, StatusCode::FORBIDDEN, "{place}");
    }
    assert!(!page(&mut uma, LIVE).await.contains("/keys"));
}
