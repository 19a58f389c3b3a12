//! Every route, asked by every kind of caller: one table.

use std::fmt::Write;

use serde_json::{Value, json};
use vestibule::account::Account;
use vestibule::gate::Kind;
use vestibule::id::{ProposalId, UserId};
use vestibule::practice::persona::{MAYA, SAM};
use vestibule::proposal::{Proposal, Wish};
use vestibule::role::Role;
use vestibule::time::Span;

use super::{By, World};

const CALLERS: [&str; 12] = [
    "stranger",
    "agent",
    "uam admin",
    "foreign admin",
    "no uam",
    "operator",
    "token",
    "no scope",
    "foreign token",
    "operators'",
    "app's key",
    "ended",
];

const ALL: [&str; 11] = [
    "account:view",
    "revision:view",
    "user:*",
    "role:*",
    "session:*",
    "key:*",
    "audit:view",
    "webhook:*",
    "scim",
    "user:view",
    "role:view",
];

/// Every scope but `scim`, which operators' tokens have not.
fn operators() -> Vec<&'static str> {
    ALL.into_iter().filter(|scope| *scope != "scim").collect()
}

async fn caller(world: &mut World, name: &str) -> By {
    match name {
        "agent" => world.maya().await,
        "uam admin" | "foreign admin" => world.uma().await,
        "no uam" => world.sign_in("plain-demo", &MAYA).await,
        "operator" => world.operator().await,
        "token" | "foreign token" => world.token("acme-demo", &ALL).await,
        "no scope" => world.token("acme-demo", &["scim"]).await,
        "operators'" => world.token("staff", &operators()).await,
        "app's key" => {
            let scopes = ["profile:view".to_owned()].into();
            world
                .credential("acme-demo", Kind::Integration { scopes })
                .await
        }
        "ended" => By::Token(format!("vsk_demo_{}", "0".repeat(72))),
        _ => By::Nobody,
    }
}

#[tokio::test]
async fn every_route_answers_every_kind_of_caller_as_this_table_says() {
    let mut world = World::with(|config| config.limits.refusals_per_minute = 0).await;
    let described = vestibule::http::description("https://sso.test");
    let mut table = format!("{:<62}", "");
    for name in CALLERS {
        let _ = write!(table, " {name:<13}");
    }
    table.push('\n');
    for (path, item) in described["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            let mut line = format!("{method:<6} {path:<55}");
            for name in CALLERS {
                let by = caller(&mut world, name).await;
                let slug = match name {
                    "foreign admin" | "foreign token" => "other-demo",
                    "no uam" => "plain-demo",
                    _ => "acme-demo",
                };
                let status = status(&mut world, &by, &method, path, slug).await;
                let _ = write!(line, " {status:<13}");
            }
            table.push_str(line.trim_end());
            table.push('\n');
        }
    }

    insta::assert_snapshot!(table);
}

/// The id of a fresh webhook.
async fn webhook(world: &World, account: &Account) -> String {
    let app = &world.test.app;
    let all = app
        .store
        .read()
        .await
        .unwrap()
        .of(account.id)
        .webhooks()
        .await;
    for known in all.unwrap() {
        let deleted = app.delete_webhook(account.id, known.id, "shell:test");
        deleted.await.unwrap();
    }
    let url = "https://93.184.215.14/hook";
    let made = app.create_webhook(account, "hook", url, vec!["*".into()], "shell:test");
    made.await.unwrap().0.id.to_string()
}

/// The id of a fresh proposal about somebody.
async fn waiting(world: &World, account: &Account, user: UserId) -> String {
    let app = &world.test.app;
    let id = ProposalId::new(app.clock.now(), &app.entropy);
    let wish = Wish::GrantRole {
        user,
        role: Role::Auditor,
        until: Some(app.clock.now().plus(Span::days(1))),
    };
    app.clock.advance(Span::millis(1));
    let (author, now) = ("shell:test", app.clock.now());
    let proposal = Proposal::new(id, wish, "cover", author, author.into(), now);
    let mut tx = app.store.write().await.unwrap();
    tx.of(account.id).create_proposal(&proposal).await.unwrap();
    tx.commit().await.unwrap();
    id.to_string()
}

/// Asks for something that is there; what would need a version or a sound body is asked without.
async fn status(
    world: &mut World,
    by: &By,
    method: &str,
    path: &str,
    slug: &'static str,
) -> String {
    let account = world.account(slug).await;
    let mut concrete = path.replace("{account}", slug);
    if path.contains("{user}") {
        let found = world.test.app.find_user(&account, "victim").await;
        let id = match found {
            Ok(user) => user.id.to_string(),
            Err(_) => world.invited(slug, "victim").await,
        };
        concrete = concrete.replace("{user}", &id);
    }
    if path.contains("{session}") {
        world.sign_in(slug, &SAM).await;
        let user = world.test.app.find_user(&account, SAM.upn).await.unwrap();
        let mut tx = world.test.app.store.read().await.unwrap();
        let session = tx.of(account.id).sessions(user.id).await.unwrap()[0].id;
        concrete = concrete.replace("{session}", &session.to_string());
    }
    if path.contains("{attempt}") {
        world.sign_in(slug, &SAM).await;
        let id = world.test.attempt().await.id;
        concrete = concrete.replace("{attempt}", &id.to_string());
    }
    if path.contains("{credential}") {
        world.token(slug, &["scim"]).await;
        let all = world.test.app.credentials(Some(&account)).await.unwrap();
        let id = all[0].1.id;
        concrete = concrete.replace("{credential}", &id.to_string());
    }
    if path.contains("{webhook}") {
        concrete = concrete.replace("{webhook}", &webhook(world, &account).await);
    }
    if path.contains("{proposal}") {
        let user = world.test.app.find_user(&account, "victim").await;
        let user = match user {
            Ok(user) => user.id,
            Err(_) => world.invited(slug, "victim").await.parse().unwrap(),
        };
        concrete = concrete.replace("{proposal}", &waiting(world, &account, user).await);
    }
    let concrete = concrete
        .replace("{number}", "1")
        .replace("/diff", "/diff?from=1");
    let body: Option<Value> = ["POST", "PATCH"].contains(&method).then(|| json!({}));
    let answered = world.ask(by, method, &concrete, body, &[]).await;
    let code = if answered.status.is_success() {
        String::new()
    } else {
        let code = answered.refusal().1;
        match code.as_str() {
            "uam_off" | "only_people" => format!(" {code}"),
            _ => String::new(),
        }
    };
    format!("{}{code}", answered.status.as_u16())
}
