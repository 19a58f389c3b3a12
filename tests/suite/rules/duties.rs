//! Segregation of duties: what nobody may hold together is refused when it is granted, and resolved where claims give it.

use axum::http::StatusCode;
use rstest::rstest;
use vestibule::account::{Document, OnConflict, RolesFrom, warnings};
use vestibule::attempt::Outcome;
use vestibule::practice::persona::{BO, MAYA, Persona};
use vestibule::role::Role;
use vestibule::saml::check::Code;
use vestibule::time::Span;
use vestibule::user::Refusal;

use super::super::app::{NOW, TestApp, document};

const ACTOR: &str = "shell:test";

const BOTH_AND_LINKS: Persona = Persona {
    roles: &["vkyc-maker", "vkyc-checker", "vkyc-link-creator"],
    ..BO
};

async fn with(change: impl FnOnce(&mut Document)) -> TestApp {
    TestApp::with(|document| {
        document.users.roles_from = RolesFrom::Both;
        change(document);
    })
    .await
}

async fn roles(test: &TestApp, persona: &Persona) -> Vec<Role> {
    let account = test.account().await;
    let user = test.app.find_user(&account, persona.upn).await.unwrap();
    user.roles.into_keys().collect()
}

#[tokio::test]
async fn rule_29_whoever_would_hold_both_is_turned_away_on_a_page_of_their_own() {
    let test = with(|_| {}).await;

    let answer = test.browser().sign_in(&BOTH_AND_LINKS).await;

    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(
        answer.body.contains("Your roles do not go together"),
        "{}",
        answer.body
    );
    assert!(!answer.body.contains("maker"), "{}", answer.body);
    let attempt = test.attempt_of(answer.reference()).await;
    let expected = Outcome::Refused {
        code: Code::Roles,
        refusal: Some(Refusal::Duties),
    };
    assert_eq!(attempt.outcome, expected);
    let failed = attempt
        .rows
        .iter()
        .find(|row| row.what == "Roles kept apart");
    assert_eq!(failed.unwrap().found, "maker and checker");
}

#[tokio::test]
async fn rule_29_an_account_may_let_them_in_with_neither() {
    let test = with(|document| document.duties.on_conflict = OnConflict::Drop).await;

    let links = test.browser().sign_in(&BOTH_AND_LINKS).await;
    assert_eq!(links.status, StatusCode::SEE_OTHER);
    assert_eq!(roles(&test, &BO).await, [Role::LinkCreator]);

    let neither = test.browser().sign_in(&BO).await;
    assert_eq!(neither.status, StatusCode::FORBIDDEN);
    let attempt = test.attempt_of(neither.reference()).await;
    let failed = attempt.rows.iter().find(|row| row.what == "Roles");
    assert_eq!(failed.unwrap().found, "maker and checker are kept apart");
}

#[tokio::test]
async fn rule_29_an_account_may_switch_it_off() {
    let test = with(|document| document.duties.apart.clear()).await;

    test.browser().sign_in(&BO).await;

    assert_eq!(roles(&test, &BO).await, [Role::Maker, Role::Checker]);
}

#[tokio::test]
async fn rule_29_a_conflict_that_appears_takes_both_from_a_live_session() {
    let test = with(|document| document.duties.apart.clear()).await;
    let mut browser = test.browser();
    browser.sign_in(&BO).await;
    assert!(browser.get("/session").await.body.contains("checker"));

    let mut apart = document("acme-demo");
    apart.users.roles_from = RolesFrom::Both;
    test.apply(apart).await;

    let session = browser.get("/session").await;
    assert_eq!(session.status, StatusCode::OK);
    assert!(session.body.contains("\"roles\":[]"), "{}", session.body);
}

#[rstest]
#[case::other(Role::Checker, false)]
#[case::third(Role::LinkCreator, true)]
#[case::same(Role::Maker, true)]
#[tokio::test]
async fn rule_29_a_grant_of_the_other_role_is_refused(#[case] role: Role, #[case] allowed: bool) {
    let test = with(|_| {}).await;
    test.browser().sign_in(&MAYA).await;
    let account = test.account().await;
    let user = test.app.find_user(&account, MAYA.upn).await.unwrap();

    let grant = test
        .app
        .grant_role(&account, user.id, role, None, "cover", ACTOR);

    match grant.await {
        Ok(_) => assert!(allowed),
        Err(error) => assert!(
            !allowed && error.to_string().contains("`duties.apart`"),
            "{error}"
        ),
    }
}

#[tokio::test]
async fn rule_29_taking_one_of_two_away_ends_the_conflict_and_lifting_it_would_bring_it_back() {
    let test = with(|document| document.duties.on_conflict = OnConflict::Drop).await;
    test.browser().sign_in(&BOTH_AND_LINKS).await;
    let account = test.account().await;
    let user = test.app.find_user(&account, BO.upn).await.unwrap().id;

    let until = Some(NOW.plus(Span::days(1)));
    let taken = test
        .app
        .take_role(&account, user, Role::Checker, until, "makes calls", ACTOR);
    taken.await.unwrap();
    assert_eq!(roles(&test, &BO).await, [Role::Maker, Role::LinkCreator]);

    let lifted = test
        .app
        .lift_denial(&account, user, Role::Checker, ACTOR)
        .await;
    assert!(lifted.unwrap_err().to_string().contains("`duties.apart`"));
    test.app.clock.advance(Span::days(1));
    assert_eq!(roles(&test, &BO).await, [Role::LinkCreator]);
}

#[rstest]
#[case::same("[[\"maker\", \"maker\"]]", "two different roles")]
#[case::twice(
    "[[\"maker\", \"checker\"], [\"checker\", \"maker\"]]",
    "the same pair twice"
)]
#[case::unknown("[[\"maker\", \"checkr\"]]", "did you mean `checker`")]
#[case::three("[[\"maker\", \"checker\", \"auditor\"]]", "two different roles")]
fn rule_29_a_pair_that_is_none_is_an_error_of_the_configuration(
    #[case] apart: &str,
    #[case] sentence: &str,
) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("acme-demo.toml");
    let text = format!(
        "account = \"acme-demo\"\nclient = \"Acme Bank\"\nstage = \"demo\"\n[duties]\napart = {apart}\n"
    );
    std::fs::write(&file, text).unwrap();

    let wrong = vestibule::config::read_account(&file).unwrap_err();

    assert!(wrong.to_string().contains(sentence), "{wrong}");
}

#[test]
fn rule_29_rules_by_which_one_value_gives_both_are_reported() {
    let mut document = document("acme-demo");
    assert_eq!(warnings(&document, NOW), Vec::<String>::new());

    let wide = "role = \"checker\"\nclaim = \"http://schemas.microsoft.com/ws/2008/06/identity/claims/role\"\nmatches = \"VKYC-*\"\nignore_case = true";
    document.roles.push(toml::from_str(wide).unwrap());
    document.roles[2].until = Some(NOW.into());
    let found = warnings(&document, NOW);

    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].contains("the rule for auditor gives nothing any more"),
        "{found:?}"
    );
    assert!(
        found[1].contains("one value gives both maker and checker"),
        "{found:?}"
    );
    document.duties.apart.clear();
    assert_eq!(warnings(&document, NOW).len(), 1);
}
