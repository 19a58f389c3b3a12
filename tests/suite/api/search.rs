//! Lists go on page by page, and people are found by how a name of theirs begins.

use super::{World, said};
use crate::app::Answered;

const USERS: &str = "/accounts/acme-demo/users";

async fn people(world: &World) {
    let account = world.account("acme-demo").await;
    for (subject, given, surname, external) in [
        ("anna@acme.test", "Anna", "Zimmer", "E-1"),
        ("bernd", "Bernd", "Annaberg", "E-2"),
        ("ÄNNE", "Änne", "Muster", "X-3"),
        ("zoe_1", "Zoë", "O'Neil", "anna-ext"),
        ("100%", "Per", "Cent", "E-5"),
    ] {
        let invitation = vestibule::app::Invitation {
            subject: Some(subject.into()),
            external_id: Some(external.into()),
            profile: vestibule::claims::Profile {
                email: subject.contains('@').then(|| subject.to_owned()),
                given_name: Some(given.into()),
                surname: Some(surname.into()),
            },
        };
        let app = &world.test.app;
        app.invite(&account, invitation, "shell:test")
            .await
            .unwrap();
        app.clock.advance(vestibule::time::Span::seconds(1));
    }
}

#[tokio::test]
async fn people_are_found_by_how_a_name_begins() {
    let mut world = World::new().await;
    people(&world).await;
    let uma = world.uma().await;
    let find = async |q: &str| {
        let q: String = url::form_urlencoded::byte_serialize(q.as_bytes()).collect();
        let found = world.get(&uma, &format!("{USERS}?q={q}")).await;
        assert_eq!(found.status, 200, "{}", found.body);
        found.items("subject")
    };

    assert_eq!(find("anna").await, ["anna@acme.test", "bernd", "zoe_1"]);
    assert_eq!(find("ANNA z").await, ["anna@acme.test"]);
    assert_eq!(find("änne").await, ["ÄNNE"]);
    assert_eq!(find("e-").await.len(), 3);
    assert_eq!(find("o'n").await, ["zoe_1"]);
    assert_eq!(find("100%").await, ["100%"]);
    assert_eq!(find("%").await, [""; 0]);
    assert_eq!(find("_").await, [""; 0]);
    assert_eq!(find("nna").await, [""; 0]);
}

#[tokio::test]
async fn a_list_is_read_to_its_end_without_missing_or_repeating_anybody() {
    let mut world = World::new().await;
    people(&world).await;
    let uma = world.uma().await;
    for (query, count) in [("", 6), ("q=e", 3), ("state=invited", 5), ("q=anna", 3)] {
        let mut all = Vec::new();
        let mut path = format!("{USERS}?limit=2&{query}");
        loop {
            let page: Answered = world.get(&uma, &path).await;
            let items = page.items("id");
            assert!(items.len() <= 2);
            all.extend(items);
            let Some(next) = page.json()["next"].as_str().map(str::to_owned) else {
                assert_eq!(said(&page.headers, "link"), "");
                break;
            };
            let link = said(&page.headers, "link").to_owned();
            let url = link.strip_prefix("<https://sso.test/api/v1").unwrap();
            path = url.strip_suffix(">; rel=\"next\"").unwrap().to_owned();
            assert!(path.contains(&format!("cursor={next}")), "{path}");
        }
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!((all.len(), distinct.len()), (count, count), "{query}");
    }
}

#[tokio::test]
async fn people_are_found_by_the_roles_that_they_hold_now_and_by_their_state() {
    let mut world = World::new().await;
    people(&world).await;
    world.maya().await;
    let uma = world.uma().await;
    let find = async |world: &World, query: &str| {
        let found = world.get(&uma, &format!("{USERS}?{query}")).await;
        assert_eq!(found.status, 200, "{}", found.body);
        found.items("subject").len()
    };
    assert_eq!(find(&world, "role=maker").await, 1);
    assert_eq!(find(&world, "role=auditor").await, 0);
    assert_eq!(find(&world, "state=active").await, 2);
    assert_eq!(find(&world, "state=active&role=uam_admin").await, 1);
    assert_eq!(find(&world, "state=active&q=anna").await, 0);

    let account = world.account("acme-demo").await;
    let app = &world.test.app;
    let bernd = app.find_user(&account, "bernd").await.unwrap();
    let role = vestibule::role::Role::Auditor;
    app.grant_role(&account, bernd.id, role, None, "cover", "shell:test")
        .await
        .unwrap();
    assert_eq!(find(&world, "role=auditor").await, 1);
    app.take_role(&account, bernd.id, role, None, "done", "shell:test")
        .await
        .unwrap();
    assert_eq!(find(&world, "role=auditor").await, 0);
}

#[tokio::test]
async fn a_parameter_that_cannot_be_read_is_told() {
    let mut world = World::new().await;
    let uma = world.uma().await;

    for query in [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=y",
        "cursor=s",
        "cursor=s.zz.usr_1",
        "state=gone",
        "role=king",
        "limit=1&limit=2",
    ] {
        let refused = world.get(&uma, &format!("{USERS}?{query}")).await;
        assert_eq!(refused.refusal(), (400, "bad_parameter".into()), "{query}");
    }
    let unknown = world.get(&uma, &format!("{USERS}?whatever=1")).await;
    assert_eq!(unknown.status, 200);
}
