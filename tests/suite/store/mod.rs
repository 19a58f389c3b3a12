//! Every function of the store: one list of cases for both databases.

mod accounts;
mod answers;
mod audit;
mod changes;
mod credentials;
mod grants;
mod groups;
mod handoff;
mod login_links;
mod memory;
mod news;
mod nodes;
mod pages;
mod people;
mod proposals;
mod search;
mod sessions;
mod setup_links;
mod sources;
mod webhooks;

use std::path::Path;

use vestibule::account::{Account, Slug, State};
use vestibule::claims::Profile;
use vestibule::id::{AccountId, Entropy, SessionId, UserId};
use vestibule::role::{Role, Roles};
use vestibule::seal::Ring;
use vestibule::session::Session;
use vestibule::store::{Store, Tx};
use vestibule::time::{Span, Timestamp};
use vestibule::user::{self, User};

use super::app::{NOW, private_folder, schema};

/// A database with two accounts.
struct Desk {
    store: Store,
    url: String,
    ring: Ring,
    entropy: Entropy,
    account: AccountId,
    other: AccountId,
}

/// Runs a case on a file, and on PostgreSQL where `VESTIBULE_TEST_POSTGRES` names a server.
async fn on_each(case: impl AsyncFn(Desk)) {
    let folder = private_folder();
    let file = format!("sqlite://{}", folder.path().join("vestibule.db").display());
    for url in [Some(file), schema().await].into_iter().flatten() {
        eprintln!("on {url}");
        case(Desk::new(url).await).await;
    }
}

impl Desk {
    async fn new(url: String) -> Self {
        let entropy = Entropy::System;
        let id = || AccountId::new(NOW, &entropy);
        let desk = Self {
            store: Store::open(&url, 4).await.unwrap(),
            ring: Ring::generate(&entropy),
            account: id(),
            other: id(),
            entropy: entropy.clone(),
            url,
        };
        let mut tx = desk.write().await;
        for (id, slug) in [(desk.account, "acme-demo"), (desk.other, "bravo-demo")] {
            tx.create_account(&account(id, slug)).await.unwrap();
        }
        tx.commit().await.unwrap();
        desk
    }

    async fn write(&self) -> Tx {
        self.store.write().await.unwrap()
    }

    async fn read(&self) -> Tx {
        self.store.read().await.unwrap()
    }

    fn user(&self, subject: &str) -> User {
        User {
            id: UserId::new(NOW, &self.entropy),
            source: "name_id".into(),
            subject: subject.into(),
            external_id: None,
            state: user::State::Active,
            profile: Profile::default(),
            directory: None,
            roles: Roles::new(),
            created_at: NOW,
            last_sign_in: Some(NOW),
        }
    }

    /// Somebody of the first account.
    async fn somebody(&self, subject: &str) -> User {
        let (user, mut tx) = (self.user(subject), self.write().await);
        tx.of(self.account).save_user(&user).await.unwrap();
        tx.commit().await.unwrap();
        user
    }

    fn session(&self, user: UserId, at: Timestamp) -> Session {
        Session {
            id: SessionId::new(at, &self.entropy),
            account: self.account,
            user,
            roles: Roles::from([(Role::Checker, "a rule".into())]),
            authenticated_at: at,
            created_at: at,
            seen_at: at,
            expires_at: at.plus(Span::hours(10)),
            idle: Span::minutes(30),
            address: "203.0.113.7".into(),
            browser: "Test/1".into(),
            name_id: None,
            session_index: None,
            via: vestibule::session::Via::Saml,
        }
    }
}

fn account(id: AccountId, slug: &str) -> Account {
    Account {
        id,
        slug: Slug::parse(slug).unwrap(),
        state: State::Enabled,
        entity_id: format!("https://sso.test/saml/{slug}/metadata"),
        active: 1,
        created_at: NOW,
    }
}

#[test]
fn every_function_of_the_store_has_a_case() {
    let read = |folder: &str| -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let files = std::fs::read_dir(folder).unwrap();
        files
            .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
            .collect()
    };
    let (source, cases) = (read("src/store"), read("tests/suite/store"));

    let public = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub "))
        .filter_map(|rest| rest.split_once("fn "))
        .filter_map(|(_, rest)| rest.split(['(', '<']).next());
    let without: Vec<&str> = public
        .filter(|name| {
            !cases.contains(&format!(".{name}(")) && !cases.contains(&format!("::{name}("))
        })
        .collect();

    assert!(without.is_empty(), "no case for {without:?}");
}
