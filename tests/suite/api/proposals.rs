//! What takes two people, through the API.

use serde_json::{Value, json};
use vestibule::practice::persona::{MAYA, UMA};
use vestibule::proposal::{Proposal, Wish};
use vestibule::saml::rollover::Step;

use super::{By, World, said};

/// An account that has two people decide, in which Maya has signed in.
async fn with_maya() -> (World, String) {
    let mut world = World::new().await;
    let mut document = super::document("acme-demo");
    document.users.roles_from = super::RolesFrom::Both;
    document.approvals = Some(true);
    world.test.apply(document).await;
    world.maya().await;
    let account = world.account("acme-demo").await;
    let maya = world.test.app.find_user(&account, MAYA.upn).await;
    (world, maya.unwrap().id.to_string())
}

/// Somebody asks for a role for Maya; the address of the proposal.
async fn ask(world: &World, by: &By, maya: &str) -> String {
    let path = format!("/accounts/acme-demo/users/{maya}/roles/grant");
    let wish = json!({ "role": "link_creator", "reason": "covers for Lina" });
    let any = [("if-match", "*")];
    let asked = world.ask(by, "POST", &path, Some(wish), &any).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    let at = said(&asked.headers, "location").strip_prefix("/api/v1");
    at.unwrap().to_owned()
}

async fn held(world: &World, by: &By, maya: &str) -> Value {
    let path = format!("/accounts/acme-demo/users/{maya}/roles");
    world.get(by, &path).await.json()["held"].clone()
}

#[tokio::test]
async fn rule_30_a_role_is_asked_for_by_a_program_and_given_by_a_person() {
    let (mut world, maya) = with_maya().await;
    let (uma, robot) = (
        world.uma().await,
        world.token("acme-demo", &["role:*"]).await,
    );
    let at = ask(&world, &robot, &maya).await;
    assert_eq!(held(&world, &uma, &maya).await, json!(["maker"]));

    let seen = world.get(&uma, &at).await.json();
    assert_eq!(seen["state"], "open");
    assert_eq!(seen["effect"]["after"], json!(["maker", "link_creator"]));
    let program = world
        .post(&robot, &format!("{at}/approve"), json!({}))
        .await;
    assert_eq!(program.refusal(), (403, "only_people".into()));
    let yes = json!({ "comment": "agreed" });
    let approved = world.post(&uma, &format!("{at}/approve"), yes).await;

    assert_eq!(approved.status, 200, "{}", approved.body);
    assert_eq!(approved.json()["comment"], "agreed");
    assert_eq!(
        held(&world, &uma, &maya).await,
        json!(["maker", "link_creator"])
    );
    let twice = world.post(&uma, &format!("{at}/refuse"), json!({})).await;
    assert_eq!(twice.refusal(), (409, "refused".into()));
}

#[tokio::test]
async fn rule_30_who_asks_neither_approves_nor_refuses_and_takes_back() {
    let (mut world, maya) = with_maya().await;
    let uma = world.uma().await;
    let at = ask(&world, &uma, &maya).await;

    for verb in ["approve", "refuse"] {
        let own = world.post(&uma, &format!("{at}/{verb}"), json!({})).await;
        assert_eq!(own.refusal(), (403, "forbidden".into()));
    }
    let open = world
        .get(&uma, "/accounts/acme-demo/proposals?state=open")
        .await;
    assert_eq!(open.items("state"), ["open"]);
    let back = world.post(&uma, &format!("{at}/withdraw"), json!({})).await;
    assert_eq!(back.json()["state"], "withdrawn", "{}", back.body);
    assert_eq!(held(&world, &uma, &maya).await, json!(["maker"]));
}

#[tokio::test]
async fn administrators_of_an_account_see_nothing_of_what_operators_decide() {
    let (mut world, _) = with_maya().await;
    let (uma, operator) = (world.uma().await, world.operator().await);
    let account = world.account("acme-demo").await;
    let (app, wish) = (
        &world.test.app,
        Wish::RotateKeys {
            step: Step::Publish,
            imported: false,
        },
    );
    let id = vestibule::id::ProposalId::new(app.clock.now(), &app.entropy);
    let author = "shell:test".to_owned();
    let waits = Proposal::new(id, wish, "", &author, author.clone(), app.clock.now());
    let mut tx = app.store.write().await.unwrap();
    tx.of(account.id).create_proposal(&waits).await.unwrap();
    tx.commit().await.unwrap();
    let at = format!("/accounts/acme-demo/proposals/{id}");

    assert_eq!(world.get(&uma, &at).await.status, 404);
    let approve = format!("{at}/approve");
    assert_eq!(world.post(&uma, &approve, json!({})).await.status, 404);
    let all = "/accounts/acme-demo/proposals";
    assert_eq!(world.get(&uma, all).await.items("id"), [""; 0]);
    assert_eq!(
        world.get(&operator, all).await.items("id"),
        [id.to_string()]
    );
    let approved = world.post(&operator, &approve, json!({})).await;
    assert_eq!(approved.status, 200, "{}", approved.body);
}

#[tokio::test]
async fn what_is_done_and_refused_here_stands_in_the_audit_with_from_where_and_which_request() {
    let mut world = World::new().await;
    let (maya, uma) = (world.maya().await, world.uma().await);
    let path = "/accounts/acme-demo/users";
    let refused = world.post(&maya, path, json!({ "subject": "ida" })).await;
    assert_eq!(refused.status, 403);
    let made = world.post(&uma, path, json!({ "subject": "ida" })).await;
    assert_eq!(made.status, 201, "{}", made.body);

    let audit = "/accounts/acme-demo/audit?event=";
    for (event, outcome) in [("request_refused", "refused"), ("user_invited", "done")] {
        let found = world.get(&uma, &format!("{audit}{event}")).await.json();
        let entry = &found["items"][0];
        assert_eq!(entry["outcome"], outcome, "{found}");
        assert_eq!(entry["address"], "203.0.113.7");
        assert!(entry["request"].as_str().unwrap().starts_with("req_"));
    }
    let found = world.get(&uma, &format!("{audit}request_refused")).await;
    let detail = found.json()["items"][0]["detail"].clone();
    let said = json!({ "method": "POST", "path": path, "code": "forbidden", "user": null });
    assert_eq!(detail, said);
}

#[tokio::test]
async fn who_is_refused_over_and_over_does_not_fill_the_disk() {
    let mut world = World::with(|config| config.limits.refusals_per_minute = 5).await;
    let maya = world.maya().await;
    for _ in 0..20 {
        let refused = world.get(&maya, "/accounts/acme-demo/users").await;
        assert_eq!(refused.status, 403);
    }
    let all = world.audited("acme-demo").await;
    let refused = all.iter().filter(|one| one.starts_with("request_refused"));
    assert_eq!(refused.count(), 5);
}

#[tokio::test]
async fn what_happened_is_read_by_who_may_and_the_reading_is_an_entry() {
    let mut world = World::new().await;
    world.maya().await;
    let uma = world.sign_in("acme-demo", &UMA).await;
    let path = "/accounts/acme-demo/audit";

    let first = world
        .get(&uma, &format!("{path}?event=signed_in&limit=1"))
        .await;
    assert_eq!(first.items("event"), ["signed_in"], "{}", first.body);
    assert!(first.json()["next"].is_string());
    let reading = world.get(&uma, &format!("{path}?event=audit_read")).await;
    assert_eq!(reading.items("outcome"), ["done"]);
    let filter = &reading.json()["items"][0]["detail"]["filter"];
    assert_eq!(filter["event"], "signed_in");
    for wrong in ["since=today", "cursor=x", "actor=%00", "limit=0"] {
        let refused = world.get(&uma, &format!("{path}?{wrong}")).await;
        assert_eq!(refused.refusal(), (400, "bad_parameter".into()), "{wrong}");
    }
}
