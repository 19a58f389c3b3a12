//! What an operator does about a connection, our keys and an account as a whole.

use axum::http::StatusCode;

use super::{World, operated, page};

const AT: &str = "/portal/accounts/acme-demo/connection";
const SWITCH: &str = "/portal/accounts/acme-demo/switch";

#[tokio::test]
async fn our_keys_take_their_steps() {
    let mut world = World::new().await;
    let mut operator = operated(&mut world).await;
    assert!(
        page(&mut operator, AT)
            .await
            .contains("Take the step publish")
    );

    let publish = [("do", "rotate"), ("step", "publish")];
    let unnamed = operator.post(AT, &publish[..1]).await;
    assert_eq!(unnamed.status, StatusCode::CONFLICT);
    let published = operator.post(AT, &publish).await;
    assert_eq!(published.location(), format!("{AT}?done=saved"));
    let body = page(&mut operator, AT).await;
    assert!(body.contains("will sign our requests") && body.contains("Take the step switch"));
    let twice = operator.post(AT, &publish).await;
    assert_eq!(
        twice.status,
        StatusCode::CONFLICT,
        "it takes the step that was shown"
    );
    let early = operator
        .post(AT, &[("do", "rotate"), ("step", "switch")])
        .await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    assert!(
        early.body.contains("Update-AdfsRelyingPartyTrust"),
        "{}",
        early.body
    );
    let confirmed = [("do", "rotate"), ("step", "switch"), ("imported", "yes")];
    let switched = operator.post(AT, &confirmed).await;
    assert_eq!(switched.location(), format!("{AT}?done=saved"));
}

#[tokio::test]
async fn a_stolen_key_is_trusted_no_more() {
    let mut world = World::new().await;
    let print = world.test.adfs.signing[0]
        .fingerprint()
        .unwrap()
        .replace(':', "");
    let mut operator = operated(&mut world).await;
    assert!(page(&mut operator, AT).await.contains(&print));

    let wish = [
        ("do", "distrust"),
        ("fingerprint", print.as_str()),
        ("reason", "stolen"),
    ];
    let done = operator.post(AT, &wish).await;

    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert!(done.body.contains("trusted no more"), "{}", done.body);
    let again = operator.post(AT, &wish).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    for wish in [
        [("do", "distrust"), ("fingerprint", "AB"), ("reason", "x")],
        [("do", "approve"), ("change", "x"), ("seen", "x")],
        [("do", "refuse"), ("change", "x"), ("seen", "x")],
        [("do", "refresh"), ("change", "x"), ("seen", "x")],
    ] {
        let answered = operator.post(AT, &wish).await;
        assert_eq!(answered.status, StatusCode::CONFLICT, "{wish:?}");
    }
}

#[tokio::test]
async fn an_account_is_disabled_and_deleted_only_by_its_name() {
    let mut world = World::new().await;
    let mut operator = operated(&mut world).await;

    for wish in ["disable", "delete"] {
        let unnamed = operator
            .post(SWITCH, &[("do", wish), ("confirm", "acme")])
            .await;
        assert_eq!(unnamed.status, StatusCode::CONFLICT);
        assert!(unnamed.body.contains("type acme-demo"), "{}", unnamed.body);
    }
    let in_use = [("do", "delete"), ("confirm", "acme-demo")];
    assert!(
        operator
            .post(SWITCH, &in_use)
            .await
            .body
            .contains("is in use")
    );
    let disabled = [("do", "disable"), ("confirm", "acme-demo")];
    let disabled = operator.post(SWITCH, &disabled).await;
    assert_eq!(disabled.location(), format!("{AT}?done=saved"));
    let enabled = operator.post(SWITCH, &[("do", "enable")]).await;
    assert_eq!(enabled.location(), format!("{AT}?done=saved"));
    operator
        .post(SWITCH, &[("do", "disable"), ("confirm", "acme-demo")])
        .await;
    let deleted = operator.post(SWITCH, &in_use).await;
    assert_eq!(deleted.location(), "/portal/accounts?done=erased");
    let gone = operator.get(AT).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    let staff = [("do", "disable"), ("confirm", "staff")];
    let staff = operator.post("/portal/accounts/staff/switch", &staff).await;
    assert_eq!(staff.status, StatusCode::FORBIDDEN);
}
