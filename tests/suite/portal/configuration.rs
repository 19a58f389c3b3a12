//! Accounts are made, changed, promoted and rolled back on pages.

use axum::http::StatusCode;
use vestibule::practice::adfs::Adfs;
use vestibule::practice::persona::UMA;

use super::{LIVE, World, administered, operated, page};
use crate::app::{Answered, Browser, document};

/// What a browser posts that shows a page's form filled in: the fields of the form on it, with some of them changed.
fn filled(body: &str, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for part in body.split("<textarea ").skip(1) {
        let name = part.split("name=\"").nth(1).unwrap().split('"').next();
        let text = part.split('>').nth(1).unwrap().split("</textarea").next();
        all.push((name.unwrap().to_owned(), unescaped(text.unwrap())));
    }
    for part in body.split("<input type=\"hidden\" ").skip(1) {
        let value = |name: &str| part.split(name).nth(1).unwrap().split('"').next();
        let (name, value) = (value("name=\"").unwrap(), value("value=\"").unwrap());
        all.push((name.to_owned(), unescaped(value)));
    }
    all.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    all.extend(
        changes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    all
}

fn unescaped(text: &str) -> String {
    let marks = [
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
    ];
    let read = |text: String, (mark, sign): (&str, &str)| text.replace(mark, sign);
    marks.into_iter().fold(text.to_owned(), read)
}

async fn send(browser: &mut Browser<'_>, path: &str, form: &[(String, String)]) -> Answered {
    let form: Vec<_> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    browser.post(path, &form).await
}

const EDIT: &str = "/portal/accounts/acme-demo/configuration/edit";

#[tokio::test]
async fn a_configuration_is_changed_by_who_has_seen_what_it_does() {
    let mut world = World::new().await;
    let mut operator = operated(&mut world).await;
    let form = page(&mut operator, EDIT).await;
    let text = filled(&form, &[]).remove(0).1;
    assert!(text.contains("idle_minutes = 30"), "{text}");
    let wished = text.replace("idle_minutes = 30", "idle_minutes = 20");

    let wrong = send(&mut operator, EDIT, &filled(&form, &[("text", "idle = 1")])).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("idle = 1"), "{}", wrong.body);
    let named = text.replace("acme-demo", "acme-live");
    let renamed = send(&mut operator, EDIT, &filled(&form, &[("text", &named)])).await;
    assert!(renamed.body.contains("keeps its name"), "{}", renamed.body);
    let review = send(&mut operator, EDIT, &filled(&form, &[("text", &wished)])).await;
    assert_eq!(review.status, StatusCode::OK);
    assert!(review.body.contains("session.idle_minutes") && review.body.contains("0 of 0"));
    assert!(!review.body.contains("idp_metadata"), "{}", review.body);
    let stale = filled(&review.body, &[("step", "apply"), ("before", "7")]);
    let stale = send(&mut operator, EDIT, &stale).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    let apply = filled(&review.body, &[("step", "apply")]);
    let applied = send(&mut operator, EDIT, &apply).await;

    assert_eq!(
        applied.location(),
        "/portal/accounts/acme-demo?done=activated"
    );
    let shown = page(&mut operator, "/portal/accounts/acme-demo/configuration").await;
    assert!(shown.contains("idle_minutes = 20") && shown.contains("rollback?to=1"));
    let back = "/portal/accounts/acme-demo/configuration/rollback";
    let asked = page(&mut operator, &format!("{back}?to=1")).await;
    assert!(asked.contains("session.idle_minutes"), "{asked}");
    let late = operator.post(back, &[("to", "1"), ("before", "1")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.body);
    let rolled = operator.post(back, &[("to", "1"), ("before", "2")]).await;
    assert_eq!(
        rolled.location(),
        "/portal/accounts/acme-demo?done=activated"
    );
}

#[tokio::test]
async fn rules_are_tried_on_claims_that_somebody_pastes() {
    let mut world = World::new().await;
    let mut operator = operated(&mut world).await;
    let form = page(&mut operator, EDIT).await;
    let role = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
    let claims = format!("{role} = vkyc-checker\nvkyc-nobody\nurn:other = <b>");

    let review = send(&mut operator, EDIT, &filled(&form, &[("claims", &claims)])).await;

    assert!(review.body.contains("by “vkyc-checker”"), "{}", review.body);
    assert!(review.body.contains("none of its 2 values matches"));
    assert!(!review.body.contains("<b>"));
}

#[tokio::test]
async fn metadata_may_be_as_large_as_metadata_gets() {
    let mut world = World::new().await;
    let mut operator = operated(&mut world).await;
    let form = page(&mut operator, EDIT).await;

    let large = format!("<html>{}</html>", "x".repeat(900_000));
    let answered = send(&mut operator, EDIT, &filled(&form, &[("metadata", &large)])).await;

    assert_eq!(answered.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn rule_10_new_keys_are_trusted_by_who_has_compared_them() {
    let mut world = World::new().await;
    let rolled = Adfs {
        signing: vec![world.test.adfs.encryption.clone()],
        ..world.test.adfs.clone()
    };
    let metadata = rolled.metadata().unwrap();
    let mut operator = operated(&mut world).await;
    let form = page(&mut operator, EDIT).await;

    let review = send(
        &mut operator,
        EDIT,
        &filled(&form, &[("metadata", &metadata)]),
    )
    .await;
    assert!(review.body.contains("I have compared"), "{}", review.body);
    let print = review.body.split("name=\"seen\" value=\"").nth(1).unwrap();
    let print = print.split('"').next().unwrap().to_owned();
    let unseen = filled(&review.body, &[("step", "apply")]);
    let unseen = send(&mut operator, EDIT, &unseen).await;
    assert_eq!(unseen.status, StatusCode::CONFLICT);
    assert!(unseen.body.contains("compare each new certificate"));
    let seen = filled(&review.body, &[("step", "apply"), ("seen", &print)]);
    let applied = send(&mut operator, EDIT, &seen).await;
    assert_eq!(
        applied.location(),
        "/portal/accounts/acme-demo?done=activated"
    );
    let overview = page(&mut operator, "/portal/accounts/acme-demo").await;
    assert!(overview.contains(&print));
}

#[tokio::test]
async fn a_live_account_is_asked_for_and_damaged_metadata_is_read_back_as_what_it_is() {
    let mut world = World::new().await;
    let mut operator = operated(&mut world).await;
    let edit = format!("{LIVE}/configuration/edit");
    let form = page(&mut operator, &edit).await;
    let web_page = send(
        &mut operator,
        &edit,
        &filled(&form, &[("metadata", "<html></html>")]),
    )
    .await;
    assert_eq!(web_page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(web_page.body.contains("refused"), "{}", web_page.body);
    let text = filled(&form, &[]).remove(0).1;
    let wished = text.replace("idle_minutes = 30", "idle_minutes = 20");
    let review = send(&mut operator, &edit, &filled(&form, &[("text", &wished)])).await;
    let applied = filled(&review.body, &[("step", "apply")]);
    let applied = send(&mut operator, &edit, &applied).await;

    assert_eq!(applied.location(), format!("{LIVE}?done=waits"));
    let home = page(&mut operator, "/portal").await;
    assert!(home.contains("decision"), "{home}");
}

#[tokio::test]
async fn a_new_client_gets_an_account_from_its_metadata() {
    let mut world = World::new().await;
    let metadata = world.test.adfs.metadata().unwrap();
    let mut operator = operated(&mut world).await;
    let new = "/portal/accounts/new";
    page(&mut operator, new).await;
    let typed = [
        ("client", "Beta \"Bank\""),
        ("account", "beta-demo"),
        ("stage", "demo"),
        ("maker", "beta-makers"),
        ("metadata", metadata.as_str()),
    ];

    let unnamed = operator.post(new, &typed[..1]).await;
    assert_eq!(unnamed.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        unnamed.body.contains("Beta &#34;Bank&#34;"),
        "{}",
        unnamed.body
    );
    let review = operator.post(new, &typed).await;
    assert_eq!(review.status, StatusCode::OK, "{}", review.body);
    let unseen = filled(&review.body, &[("step", "make")]);
    assert_eq!(
        send(&mut operator, new, &unseen).await.status,
        StatusCode::CONFLICT
    );
    let mut made = unseen;
    for part in review.body.split("name=\"seen\" value=\"").skip(1) {
        let print = part.split('"').next().unwrap().to_owned();
        made.push(("seen".to_owned(), print));
    }
    let made = send(&mut operator, new, &made).await;
    assert_eq!(made.location(), "/portal/accounts/beta-demo?done=created");
    let overview = page(&mut operator, made.location()).await;
    assert!(overview.contains("Beta &#34;Bank&#34;") && overview.contains("/saml/beta-demo/login"));
    let again = operator
        .post(new, &[("step", "make"), typed[0], typed[1], typed[2]])
        .await;
    assert!(
        again.body.contains("there is an account beta-demo"),
        "{}",
        again.body
    );
}

#[tokio::test]
async fn a_promotion_is_looked_at_and_asked_for() {
    let mut world = World::new().await;
    let mut demo = document("acme-demo");
    demo.session.idle_minutes = 20;
    world.test.apply(demo).await;
    let cookies = world.cookies("staff", &UMA).await;
    let mut operator = world.browser(cookies);
    let at = "/portal/accounts/acme-demo/promotion";

    let asked = page(&mut operator, at).await;
    assert!(asked.contains("session.idle_minutes") && asked.contains("not yet"));
    let unproved = send(&mut operator, at, &filled(&asked, &[])).await;
    assert_eq!(unproved.status, StatusCode::CONFLICT);
    assert!(
        unproved.body.contains("was not tried enough"),
        "{}",
        unproved.body
    );
    let mut waived = filled(&asked, &[]);
    for part in asked.split("name=\"waive-").skip(1) {
        let name = part.split('"').next().unwrap();
        waived.push((format!("waive-{name}"), "the same as before".to_owned()));
    }
    let promoted = send(&mut operator, at, &waived).await;
    assert_eq!(promoted.location(), format!("{LIVE}?done=waits"));
}

#[tokio::test]
async fn only_operators_change_a_configuration() {
    let mut world = World::new().await;
    world.test.apply(document("acme-demo")).await;
    let mut uma = administered(&mut world).await;

    for path in [
        "configuration",
        "configuration/edit",
        "promotion",
        "configuration/rollback?to=1",
    ] {
        let answered = uma.get(&format!("{LIVE}/{path}")).await;
        assert_eq!(answered.status, StatusCode::FORBIDDEN, "{path}");
    }
    let new = uma.get("/portal/accounts/new").await;
    assert_eq!(new.status, StatusCode::FORBIDDEN);
}
