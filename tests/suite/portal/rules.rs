//! Role rules in fields of their own.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use vestibule::account::{RoleRule, Stage};
use vestibule::practice::persona::{LINA, UMA};

use super::super::app::document;
use super::super::proposals::World;
use super::page;

const DEMO: &str = "/portal/accounts/acme-demo";
const CLAIM: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";

/// A demo account, and what an operator's browser carries.
async fn operator(world: &mut World) -> BTreeMap<String, String> {
    let mut demo = document("acme-demo");
    demo.stage = Stage::Demo;
    world.test.apply(demo).await;
    world.cookies("staff", &UMA).await
}

/// The fields of rules: role, for whom, the claim, the values, until.
fn form<'f>(rules: &'f [[&'f str; 5]], more: &[(&'f str, &'f str)]) -> Vec<(String, String)> {
    let names = ["role", "how", "claim", "values", "until"];
    let fields = rules.iter().enumerate().flat_map(|(number, rule)| {
        let pairs = names.into_iter().zip(rule);
        pairs.map(move |(name, value)| (format!("{name}-{number}"), (*value).to_owned()))
    });
    let more = more
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let first = ("rules".to_owned(), "yes".to_owned());
    std::iter::once(first).chain(fields).chain(more).collect()
}

fn pairs(form: &[(String, String)]) -> Vec<(&str, &str)> {
    let pairs = form.iter();
    pairs
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

#[tokio::test]
async fn rules_are_changed_in_fields_and_reviewed_before_they_count() {
    let mut world = World::new().await;
    let cookies = operator(&mut world).await;
    let mut operator = world.browser(cookies);
    let shown = page(&mut operator, &format!("{DEMO}/rules")).await;
    assert!(
        shown.contains("vkyc-external") && shown.contains("vkyc-link*"),
        "{shown}"
    );

    let rules = [
        ["maker", "any_of", CLAIM, "vkyc-maker\r\nvkyc-senior", ""],
        ["auditor", "matches", CLAIM, "audit-*", "2099-06-30"],
        ["checker", "any_of", CLAIM, "", ""],
    ];
    let claims = format!("{CLAIM}=audit-emea");
    let check = form(&rules, &[("step", "check"), ("claims", &claims)]);
    let edit = format!("{DEMO}/configuration/edit");
    let review = operator.post(&edit, &pairs(&check)).await;
    assert_eq!(review.status, StatusCode::OK, "{}", review.body);
    assert!(review.body.contains("gives it"), "{}", review.body);
    assert!(review.body.contains("vkyc-senior"));
    let account = world.app().find_account("acme-demo").await.unwrap();
    assert_eq!(account.active, 1, "nothing has changed yet");

    let start = review.body.find("<textarea name=\"text\" hidden>").unwrap();
    let text = review.body[start..].split(['>', '<']).nth(2).unwrap();
    let text = text.replace("&#34;", "\"").replace("&#39;", "'");
    let further = [("step", "rules"), ("text", text.as_str())];
    let further = operator.post(&edit, &further).await;
    assert!(further.body.contains("audit-*"), "{}", further.body);
    let apply = [("step", "apply"), ("text", text.as_str()), ("before", "1")];
    let applied = operator.post(&edit, &apply).await;
    assert!(
        applied.location().contains("done=activated"),
        "{}",
        applied.body
    );
    let now = world
        .app()
        .in_force(&account_of(&world).await)
        .await
        .unwrap();
    let rules: Vec<String> = now.document.roles.iter().map(RoleRule::describe).collect();
    assert_eq!(rules.len(), 2, "{rules:?}");
    assert!(
        rules[0].contains("any of") && rules[1].contains("until 2099-06-30"),
        "{rules:?}"
    );
}

async fn account_of(world: &World) -> vestibule::account::Account {
    world.app().find_account("acme-demo").await.unwrap()
}

#[tokio::test]
async fn what_is_wrong_in_a_rule_is_said_and_nothing_that_was_typed_is_lost() {
    let mut world = World::new().await;
    let cookies = operator(&mut world).await;
    let mut operator = world.browser(cookies);
    let edit = format!("{DEMO}/configuration/edit");

    for (rule, says) in [
        (
            ["maker", "any_of", "", "vkyc-maker", ""],
            "compares with nothing",
        ),
        (["maker", "matches", CLAIM, "a*\nb*", ""], "takes one value"),
        (["maker", "any_of", CLAIM, "vkyc-maker", "soon"], "soon"),
        (["operator", "any_of", CLAIM, "vkyc-maker", ""], "operator"),
        (["king", "any_of", CLAIM, "vkyc-maker", ""], "king"),
        (["maker", "group", "", "Makers", ""], "scim"),
    ] {
        let check = form(&[rule], &[("step", "check")]);
        let answered = operator.post(&edit, &pairs(&check)).await;
        assert_eq!(answered.status, StatusCode::UNPROCESSABLE_ENTITY, "{says}");
        let alert = answered.body.split("role=\"alert\">").nth(1).unwrap();
        let alert = alert.split("</p>").next().unwrap();
        assert!(alert.contains(says), "{says}: {alert}");
        let value = rule[3].lines().next().unwrap();
        assert!(answered.body.contains(value), "{}", answered.body);
    }
}

#[tokio::test]
async fn a_value_that_no_rule_takes_becomes_a_rule_by_one_link() {
    let mut world = World::new().await;
    let cookies = operator(&mut world).await;
    let mut demo = document("acme-demo");
    demo.roles.truncate(1);
    world.test.apply(demo).await;
    world.test.slug = "acme-demo";
    let refused = world.test.browser().sign_in(&LINA).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let mut operator = world.browser(cookies);

    let home = page(&mut operator, "/portal").await;
    for says in [
        format!("{DEMO}/rules\">1 sign-in to acme-demo in the last day"),
        "Nobody came into acme-demo in the last day, and 1 sign-in failed".to_owned(),
    ] {
        assert!(home.contains(&says), "{home}");
    }
    let shown = page(&mut operator, &format!("{DEMO}/rules")).await;
    let start = shown.find(&format!("{DEMO}/rules?claim=")).unwrap();
    let link = shown[start..].split('"').next().unwrap();
    let link = link.replace("&#38;", "&").replace("&amp;", "&");
    assert!(link.ends_with("value=vkyc-link-creator"), "{link}");
    let filled = page(&mut operator, &link).await;
    assert_eq!(filled.matches("vkyc-link-creator</textarea>").count(), 1);
}
