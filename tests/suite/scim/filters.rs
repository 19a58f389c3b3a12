//! What a directory looks for.

use rstest::rstest;
use serde_json::{Value, json};

use super::{Desk, USER};

async fn jensen(desk: &Desk) -> Value {
    let body = json!({
        "schemas": [USER], "userName": "bjensen", "externalId": "Ex-17", "displayName": "Barbara \"Babs\"",
        "name": { "familyName": "O'Malley", "givenName": "Barbara" },
        "emails": [
            { "value": "bjensen@example.com", "type": "work", "primary": true },
            { "value": "babs@jensen.org", "type": "home" },
        ],
        "active": true,
    });
    let made = desk.ask("POST", "/Users", Some(body)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    desk.person("other", "18").await;
    made.json()
}

#[tokio::test]
async fn the_filters_of_the_standard_find_whom_they_mean() {
    let desk = Desk::new().await;
    let id = jensen(&desk).await["id"].as_str().unwrap().to_owned();

    for (filter, is_found) in [
        ("userName eq \"bjensen\"", true),
        ("userName Eq \"BJENSEN\"", true),
        ("name.familyName co \"O'Malley\"", true),
        ("userName sw \"B\"", true),
        (
            "urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"b\"",
            true,
        ),
        (
            "URN:IETF:params:scim:schemas:core:2.0:user:name.givenname ew \"ARA\"",
            true,
        ),
        ("externalId eq \"Ex-17\"", true),
        ("externalId eq \"ex-17\"", false),
        ("displayName eq \"barbara \\\"babs\\\"\"", true),
        ("displayName pr and not (name.givenName eq \"x\")", true),
        ("emails co \"jensen.org\"", true),
        ("emails.value eq \"BABS@jensen.org\"", true),
        (
            "emails[type eq \"work\" and value co \"@example.com\"]",
            true,
        ),
        (
            "emails[type eq \"home\" and value co \"@example.com\"]",
            false,
        ),
        (
            "emails[type eq \"work\"] and emails[type eq \"home\"]",
            true,
        ),
        ("emails[not (type eq \"work\" or type eq \"home\")]", false),
        ("displayName eq null", false),
        ("displayName ne null", true),
        ("meta.lastModified gt \"2011-05-13T04:42:34Z\"", true),
        ("meta.created lt \"2026-01-15T09:00:00Z\"", false),
        ("meta.created le \"2026-01-15T09:00:00.0Z\"", true),
        (
            "meta.resourceType eq \"User\" and userName gt \"a\" and userName lt \"c\"",
            true,
        ),
        ("active eq true and userName eq \"bjensen\"", true),
        ("active eq \"True\" and userName ne \"other\"", true),
        ("active ne true", false),
        ("userName eq \"bjensen\" and active eq false", false),
        (
            "userName eq \"other\" or (active eq true and emails pr)",
            true,
        ),
    ] {
        let found = desk.found("Users", filter).await;
        assert_eq!(found.contains(&id), is_found, "{filter}: {found:?}");
    }
    assert_eq!(desk.found("Users", &format!("id eq \"{id}\"")).await, [id]);
}

#[rstest]
#[case::nothing("userName")]
#[case::no_value("userName eq")]
#[case::no_quotes("userName eq bjensen")]
#[case::unknown_attribute("nickName eq \"b\"")]
#[case::unknown_part("name.honorific eq \"b\"")]
#[case::unknown_operator("userName like \"b\"")]
#[case::open_string("userName eq \"b")]
#[case::open_bracket("(userName eq \"b\"")]
#[case::open_value("emails[type eq \"work\"")]
#[case::two("userName eq \"b\" active eq true")]
#[case::complex("name eq \"b\"")]
#[case::order_of_flags("active gt true")]
#[case::number("userName eq 7")]
#[case::bracket_of_one("userName[value eq \"b\"]")]
#[case::password("password eq \"b\"")]
#[case::not_alone("not userName eq \"b\"")]
#[case::noise("\u{0}\u{1}")]
#[case::deep(&"(".repeat(100))]
#[tokio::test]
async fn a_filter_that_cannot_be_read_is_refused_with_a_sentence(#[case] filter: &str) {
    let desk = Desk::new().await;
    let query: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();

    let refused = desk
        .ask("GET", &format!("/Users?filter={query}"), None)
        .await;

    assert_eq!(refused.wrong(), (400, "invalidFilter".into()), "{filter}");
}

#[tokio::test]
async fn a_filter_of_everything_allowed_at_once_is_read_and_a_longer_one_is_not() {
    let desk = Desk::new().await;
    let many = |count: usize| vec!["userName eq \"b\""; count].join(" or ");
    let deep = |depth: usize| format!("{}userName pr{}", "(".repeat(depth), ")".repeat(depth));

    for (filter, status) in [
        (many(50), 200),
        (many(51), 400),
        (deep(16), 200),
        (deep(17), 400),
    ] {
        let query: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let answered = desk
            .ask("GET", &format!("/Users?filter={query}"), None)
            .await;
        assert_eq!(answered.status, status, "{filter}");
    }
}

#[tokio::test]
async fn pages_begin_where_they_are_asked_to() {
    let desk = Desk::new().await;
    let mut ids = Vec::new();
    for number in 0..7 {
        desk.test
            .app
            .clock
            .advance(vestibule::time::Span::seconds(1));
        let made = desk
            .person(&format!("person {number}"), &format!("{number}"))
            .await;
        ids.push(made["id"].as_str().unwrap().to_owned());
    }

    for (query, expected, start) in [
        ("", 0..7, 1),
        ("?startIndex=1&count=3", 0..3, 1),
        ("?startIndex=4&count=3", 3..6, 4),
        ("?startIndex=7&count=3", 6..7, 7),
        ("?startIndex=8", 7..7, 8),
        ("?startIndex=-5&count=2", 0..2, 1),
        ("?count=0", 0..0, 1),
        ("?count=-1", 0..0, 1),
        (
            "?count=2&startIndex=2&filter=userName%20sw%20%22person%22",
            1..3,
            2,
        ),
        ("?COUNT=2&STARTINDEX=2", 1..3, 2),
    ] {
        let page = desk
            .ask("GET", &format!("/Users{query}"), None)
            .await
            .json();
        let found = page["Resources"].as_array().unwrap().iter();
        let found: Vec<&str> = found.map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(found, ids[expected.clone()], "{query}");
        assert_eq!(page["totalResults"], 7, "{query}");
        assert_eq!(page["itemsPerPage"], expected.len(), "{query}");
        assert_eq!(page["startIndex"], start, "{query}");
    }
    for query in [
        "?count=x",
        "?startIndex=1.5",
        "?count=1&count=2",
        "?count=99999999999999999999",
    ] {
        let refused = desk.ask("GET", &format!("/Users{query}"), None).await;
        assert_eq!(refused.wrong(), (400, "invalidValue".into()), "{query}");
    }
}

#[tokio::test]
async fn an_answer_carries_what_is_asked_for_and_always_the_id() {
    let desk = Desk::new().await;
    let id = jensen(&desk).await["id"].as_str().unwrap().to_owned();
    let read = async |query: &str| {
        let read = desk.ask("GET", &format!("/Users/{id}?{query}"), None).await;
        assert_eq!(read.status, 200, "{}", read.body);
        let mut read = read.json();
        assert_eq!(read["id"], id.as_str());
        read.as_object_mut().unwrap().remove("id");
        read.as_object_mut().unwrap().remove("schemas");
        read
    };

    assert_eq!(
        read("attributes=USERNAME").await,
        json!({ "userName": "bjensen" })
    );
    assert_eq!(
        read("attributes=name.givenName,emails.type,unknown,id").await,
        json!({ "name": { "givenName": "Barbara" }, "emails": [{ "type": "work" }, { "type": "home" }] })
    );
    let rest = read("excludedAttributes=emails,meta,id,schemas,name.familyName,displayName").await;
    assert_eq!(
        rest,
        json!({ "userName": "bjensen", "externalId": "Ex-17", "active": true, "name": { "givenName": "Barbara" } })
    );
    let both = format!("/Users/{id}?attributes=name&excludedAttributes=emails");
    let both = desk.ask("GET", &both, None).await;
    assert_eq!(both.wrong(), (400, "invalidValue".into()));
}

#[tokio::test]
async fn a_search_goes_over_people_and_groups() {
    let desk = Desk::new().await;
    let maya = desk.person("maya", "17").await;
    let group = desk.group("APP-Makers", &[&maya]).await;
    let search = async |path: &str, body: Value| {
        let found = desk.ask("POST", path, Some(body)).await;
        assert_eq!(found.status, 200, "{}", found.body);
        let found = found.json();
        let ids = found["Resources"].as_array().unwrap().iter();
        let ids: Vec<String> = ids
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect();
        (found["totalResults"].as_i64().unwrap(), ids)
    };
    let (maya, group) = (maya["id"].as_str().unwrap(), group["id"].as_str().unwrap());

    let all = search("/.search", json!({})).await;
    let second = search("/.search", json!({ "startIndex": 2, "count": 1 })).await;
    let named = search(
        "/.search",
        json!({ "filter": "displayName eq \"app-makers\"" }),
    )
    .await;
    let people = search(
        "/Users/.search",
        json!({ "filter": "groups.display eq \"APP-Makers\"" }),
    )
    .await;
    let groups = search(
        "/Groups/.search",
        json!({ "filter": format!("members.value eq \"{maya}\"") }),
    )
    .await;

    assert_eq!(all, (2, vec![maya.into(), group.into()]));
    assert_eq!(second, (2, vec![group.into()]));
    assert_eq!(named, (1, vec![group.into()]));
    assert_eq!(people, (1, vec![maya.into()]));
    assert_eq!(groups, (1, vec![group.into()]));
}
