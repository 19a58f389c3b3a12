//! The pages of who administers: what each shows, to whom, and what it does.

mod apps;
mod configuration;
mod connection;
mod programs;
mod rules;
mod setup;

use axum::http::StatusCode;
use vestibule::practice::persona::{LINA, MAYA, UMA};
use vestibule::role::Role;
use vestibule::user::State;

use super::app::{Browser, document};
use super::proposals::World;

const LIVE: &str = "/portal/accounts/acme-live";

/// The pages that are about an account.
const PAGES: [&str; 6] = [
    "",
    "/users",
    "/users/new",
    "/sessions",
    "/attempts",
    "/audit",
];

/// A live account in which Lina and Maya have signed in, and its administrator's browser.
async fn administered(world: &mut World) -> Browser<'_> {
    world.present(&LINA).await;
    world.present(&MAYA).await;
    let cookies = world.cookies("acme-live", &UMA).await;
    world.browser(cookies)
}

/// What the page says, which is there.
async fn page(browser: &mut Browser<'_>, path: &str) -> String {
    let answered = browser.get(path).await;
    assert_eq!(answered.status, StatusCode::OK, "{path}: {}", answered.body);
    answered.body
}

#[tokio::test]
async fn an_administrator_sees_their_own_account_and_no_other() {
    let mut world = World::new().await;
    let mut uma = administered(&mut world).await;

    for place in PAGES {
        let body = page(&mut uma, &format!("{LIVE}{place}")).await;
        assert!(body.contains("acme-live") && !body.contains("/portal/system"));
        let foreign = uma.get(&format!("/portal/accounts/staff{place}")).await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND, "{place}");
    }
    assert!(page(&mut uma, "/portal").await.contains("What needs you"));
    assert!(page(&mut uma, "/portal/policy").await.contains("uam_admin"));
    let accounts = uma.get("/portal/accounts").await;
    assert_eq!(accounts.location(), LIVE);
    let system = uma.get("/portal/system").await;
    assert_eq!(system.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_operator_sees_every_account_and_the_system() {
    let mut world = World::new().await;
    world.present(&MAYA).await;
    let cookies = world.cookies("staff", &UMA).await;
    let mut operator = world.browser(cookies);

    let accounts = page(&mut operator, "/portal/accounts").await;
    assert!(accounts.contains("acme-live") && accounts.contains(">staff<"));
    let found = page(&mut operator, "/portal/accounts?q=acme").await;
    assert!(found.contains("acme-live") && !found.contains(">staff<"));
    for place in PAGES {
        page(&mut operator, &format!("{LIVE}{place}")).await;
    }
    assert!(
        page(&mut operator, "/portal/system")
            .await
            .contains("Apps behind the gate")
    );
    let people = page(&mut operator, &format!("{LIVE}/users?role=maker")).await;
    assert!(people.contains("Maya") && !people.contains("Lina"));
}

#[tokio::test]
async fn an_agent_is_told_that_the_portal_is_not_theirs() {
    let mut world = World::new().await;
    let cookies = world.cookies("acme-live", &MAYA).await;
    let mut maya = world.browser(cookies);

    for path in ["/portal", LIVE, "/portal/policy"] {
        let answered = maya.get(path).await;
        assert_eq!(answered.status, StatusCode::FORBIDDEN, "{path}");
    }
    let first = maya.get("/").await;
    assert!(!first.body.contains("/portal"));
}

#[tokio::test]
async fn an_administrator_keeps_somebody_out_and_lets_them_in_again() {
    let mut world = World::new().await;
    let mut uma = administered(&mut world).await;
    let at = format!("{LIVE}/users/{}", world_id(&uma, "maya").await);

    let suspended = uma.post(&format!("{at}/suspend"), &[]).await;
    assert_eq!(suspended.location(), format!("{at}?done=suspended"));
    let body = page(&mut uma, suspended.location()).await;
    assert!(body.contains("kept out from now on") && body.contains("Nowhere at the moment"));
    let restored = uma.post(&format!("{at}/restore"), &[]).await;
    assert_eq!(restored.location(), format!("{at}?done=restored"));
    let body = page(&mut uma, &at).await;
    assert!(body.contains("Suspend:") && !body.contains("Restore:"));
}

#[tokio::test]
async fn it_is_explained_why_somebody_may_or_may_not() {
    let mut world = World::new().await;
    let mut uma = administered(&mut world).await;
    let at = format!("{LIVE}/users/{}", world_id(&uma, "lina").await);
    let why = format!("{at}/why?action=profile:view");

    let person = page(&mut uma, &at).await;
    assert!(person.contains(&why), "{person}");
    for (said, answer) in [
        ("", "It could be a yes"),
        ("&created_by=them", ">Yes: "),
        ("&created_by=another", ">No: "),
    ] {
        let body = page(&mut uma, &format!("{why}{said}")).await;
        assert!(body.contains(answer), "{answer}: {body}");
    }
    uma.post(&format!("{at}/suspend"), &[]).await;
    let body = page(&mut uma, &format!("{why}&created_by=them")).await;
    assert!(body.contains(">No: ") && body.contains("They are suspended"));
    let odd = page(&mut uma, &format!("{at}/why?action=nothing:known")).await;
    assert!(odd.contains("Explain") && !odd.contains("id=\"answer\""));
}

/// The id of somebody, as the list of people links it.
async fn world_id(uma: &Browser<'_>, name: &str) -> String {
    let mut uma = uma.clone();
    let list = page(&mut uma, &format!("{LIVE}/users?q={name}")).await;
    let start = list.find("/users/usr_").unwrap() + "/users/".len();
    list[start..].split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_role_is_taken_with_a_reason_and_by_who_has_seen_what_stands() {
    let mut world = World::new().await;
    let mut uma = administered(&mut world).await;
    let at = format!("{LIVE}/users/{}", world_id(&uma, "maya").await);
    let ask = format!("{at}/roles?change=take&role=maker");
    let body = page(&mut uma, &ask).await;
    assert!(body.contains("no role"), "{body}");
    let start = body.find("name=\"version\" value=\"").unwrap() + 22;
    let version = body[start..].split('"').next().unwrap().to_owned();
    let form = |version: &str, reason: &str, until: &str| {
        [
            ("change", "take"),
            ("role", "maker"),
            ("version", version),
            ("reason", reason),
            ("until", until),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let roles = format!("{at}/roles");
    let mut send = async |version: &str, reason: &str, until: &str| {
        let fields = form(version, reason, until);
        let fields: Vec<_> = fields
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        uma.post(&roles, &fields).await
    };

    let stale = send("0000", "leave", "").await;
    let unsaid = send(&version, " ", "").await;
    let endless = send(&version, "leave", "never").await;
    let taken = send(&version, "leave", "").await;

    for (answered, why) in [
        (stale, "since you looked"),
        (unsaid, "say why"),
        (endless, "the end"),
    ] {
        assert_eq!(answered.status, StatusCode::CONFLICT);
        assert!(answered.body.contains(why), "{why}: {}", answered.body);
    }
    assert_eq!(taken.location(), format!("{at}?done=changed"));
    assert_eq!(world.roles(&MAYA).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_role_of_a_live_account_is_asked_for_and_waits() {
    let mut world = World::new().await;
    let mut uma = administered(&mut world).await;
    let at = format!("{LIVE}/users/{}", world_id(&uma, "lina").await);
    let ask = format!("{at}/roles?change=grant&role=auditor");
    let body = page(&mut uma, &ask).await;
    assert!(body.contains("a second person decides"));
    let start = body.find("name=\"version\" value=\"").unwrap() + 22;
    let version = &body[start..start + 16];

    let form = [
        ("change", "grant"),
        ("role", "auditor"),
        ("version", version),
        ("reason", "cover"),
    ];
    let asked = uma.post(&format!("{at}/roles"), &form).await;

    assert_eq!(asked.location(), format!("{at}?done=waits"));
    let home = page(&mut uma, "/portal").await;
    assert!(home.contains("One decision waits"), "{home}");
    assert_eq!(world.roles(&LINA).await, [Role::LinkCreator.as_str()]);
}

#[tokio::test]
async fn somebody_is_deleted_only_by_their_name() {
    let mut world = World::new().await;
    let mut uma = administered(&mut world).await;
    let at = format!("{LIVE}/users/{}", world_id(&uma, "maya").await);

    let asked = page(&mut uma, &format!("{at}/delete")).await;
    assert!(asked.contains(MAYA.upn));
    let wrong = uma
        .post(&format!("{at}/delete"), &[("subject", "maya")])
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let deleted = uma
        .post(&format!("{at}/delete"), &[("subject", MAYA.upn)])
        .await;
    assert_eq!(deleted.location(), format!("{LIVE}/users?done=deleted"));
    assert_eq!(uma.get(&at).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_typed_is_not_lost_and_is_text() {
    let mut world = World::new().await;
    let mut uma = administered(&mut world).await;
    let hostile = "\"><script>alert(1)</script>";

    let twin = [("subject", MAYA.upn), ("given_name", hostile)];
    let refused = uma.post(&format!("{LIVE}/users/new"), &twin).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(
        refused.body.contains("is there already"),
        "{}",
        refused.body
    );
    let new = [
        ("subject", "new@corp.acme.example"),
        ("given_name", hostile),
    ];
    let invited = uma.post(&format!("{LIVE}/users/new"), &new).await;
    let shown = page(&mut uma, invited.location()).await;
    let listed = page(&mut uma, &format!("{LIVE}/users?q=new")).await;
    let searched = page(&mut uma, &format!("{LIVE}/users?q=%22%3E%3Cscript%3E")).await;

    for body in [refused.body, shown, listed, searched] {
        assert!(
            body.contains("&#60;script&#62;") || body.contains("&lt;script&gt;"),
            "{body}"
        );
        assert!(!body.contains("<script>alert"), "{body}");
    }
    let (app, account) = (world.app(), &world.account);
    let user = app.find_user(account, "new@corp.acme.example").await;
    assert_eq!(user.unwrap().state, State::Invited);
}

#[tokio::test]
async fn a_session_is_ended_from_the_list() {
    let mut world = World::new().await;
    let mut uma = administered(&mut world).await;
    let list = page(&mut uma, &format!("{LIVE}/sessions")).await;
    assert!(list.contains("this one") && list.contains("Lina"));

    let ended = uma.post(&format!("{LIVE}/sessions/end"), &[]).await;

    assert_eq!(ended.location(), format!("{LIVE}/sessions?done=ended"));
    let after = uma.get(&format!("{LIVE}/sessions")).await;
    assert_eq!(after.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_sign_in_is_explained_and_another_account_s_is_not_there() {
    let mut world = World::new().await;
    let mut uma = administered(&mut world).await;
    let list = page(&mut uma, &format!("{LIVE}/attempts?outcome=accepted")).await;
    let start = list.find("/attempts/att_").unwrap();
    let reference = list[start..].split('"').next().unwrap().to_owned();

    let explained = page(&mut uma, &format!("{LIVE}{reference}")).await;

    assert!(explained.contains("Somebody came in") && explained.contains("gave it"));
    assert!(!explained.contains("uma.uam@acme.example"), "{explained}");
    let id = reference.trim_start_matches("/attempts/");
    let quoted = format!("/portal/attempts?reference={id}");
    assert_eq!(
        uma.get(&quoted).await.location(),
        format!("{LIVE}{reference}")
    );
    let never = "/portal/attempts?reference=att_019bc0e2128074f4a3f2b56f3b0f2f00";
    for unknown in ["/portal/attempts?reference=x", never] {
        assert_eq!(uma.get(unknown).await.status, StatusCode::NOT_FOUND);
    }
    let cookies = world.cookies("staff", &UMA).await;
    let mut operator = world.browser(cookies);
    assert_eq!(
        operator.get(&quoted).await.location(),
        format!("{LIVE}{reference}")
    );
    let elsewhere = operator
        .get(&format!("/portal/accounts/staff{reference}"))
        .await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
}

/// An operator at work, and a demo account beside the live one.
async fn operated(world: &mut World) -> Browser<'_> {
    world.test.apply(document("acme-demo")).await;
    let cookies = world.cookies("staff", &UMA).await;
    world.browser(cookies)
}

#[tokio::test]
async fn the_audit_of_some_days_is_taken_as_a_file_and_that_stands_in_it() {
    let mut world = World::new().await;
    let mut uma = administered(&mut world).await;
    let at = format!("{LIVE}/audit");
    let shown = page(&mut uma, &format!("{at}?since=2026-01-01&until=2026-01-31")).await;
    assert!(shown.contains("signed_in"), "{shown}");
    let later = page(&mut uma, &format!("{at}?since=2026-02-01")).await;
    assert!(!later.contains("<code>signed_in"), "{later}");
    let wrong = page(&mut uma, &format!("{at}?since=yesterday")).await;
    assert!(wrong.contains("is no day"), "{wrong}");

    for (format, begins) in [("csv", "account,number,"), ("ocsf", "{\"class_uid\"")] {
        let place = format!("{at}/export?format={format}&since=2026-01-01");
        let sent = uma.get(&place).await;
        assert_eq!(
            sent.location(),
            at,
            "an address from elsewhere takes nothing"
        );
        let taken = uma.follow(&place).await;
        assert_eq!(taken.status, StatusCode::OK, "{}", taken.body);
        assert!(taken.body.starts_with(begins), "{}", taken.body);
        assert!(taken.body.contains("signed_in"));
        assert!(
            !taken.body.contains("staff"),
            "another account's: {}",
            taken.body
        );
    }
    let read = page(&mut uma, &format!("{at}?event=audit_read")).await;
    assert!(read.contains("export"), "{read}");
    for wish in ["format=csv&since=x", "format=jsonl"] {
        let bad = uma.follow(&format!("{at}/export?{wish}")).await;
        assert_eq!(bad.status, StatusCode::CONFLICT, "{wish}: {}", bad.body);
    }
    let cookies = world.cookies("staff", &UMA).await;
    let mut operator = world.browser(cookies);
    let proved = operator.follow(&format!("{at}/export?format=jsonl")).await;
    assert!(
        proved.body.starts_with("{\"vestibule_audit\":1"),
        "{}",
        proved.body
    );
}
