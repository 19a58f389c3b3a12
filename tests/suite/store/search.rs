//! People are searched, a page at a time.

use std::collections::BTreeSet;

use vestibule::store::{Name, Place, Store, Wanted};
use vestibule::user::{State, User};

use super::super::app::NOW;
use super::{Desk, on_each};

fn wanted(begins: &str) -> Wanted {
    Wanted {
        begins: Some(begins.into()),
        ..Wanted::default()
    }
}

impl Desk {
    /// All who are found, in pages of that size.
    async fn find(&self, wanted: &Wanted, limit: usize) -> Vec<String> {
        let (mut all, mut place) = (Vec::new(), None);
        loop {
            let mut tx = self.read().await;
            let mut of = tx.of(self.account);
            let (found, next) = of.search(wanted, place, limit, NOW).await.unwrap();
            assert!(found.len() <= limit);
            all.extend(found.into_iter().map(|user| user.subject));
            place = next;
            if place.is_none() {
                return all;
            }
        }
    }

    async fn keep_all(&self, users: &[User]) {
        let mut tx = self.write().await;
        let mut of = tx.of(self.account);
        for user in users {
            of.save_user(user).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn everybody_is_found_once_whatever_the_size_of_a_page() {
    on_each(async |desk: Desk| {
        let mut users = Vec::new();
        for number in 0..40 {
            let mut user = desk.user(&format!("an{}{number}", ["", "N", "Ö"][number % 3]));
            user.profile.email = Some(format!("an{}@acme.test", number % 7));
            user.profile.given_name = Some("Anne".into());
            user.external_id = Some(format!("AN-{number}"));
            if number % 2 == 0 {
                user.state = State::Suspended;
            }
            users.push(user);
        }
        desk.keep_all(&users).await;
        let mut strange = desk.user("zz");
        strange.profile.surname = Some("Anders".into());
        desk.keep_all(std::slice::from_ref(&strange)).await;

        for limit in [1, 3, 50] {
            let found = desk.find(&wanted("An"), limit).await;
            let distinct: BTreeSet<_> = found.iter().collect();
            assert_eq!((found.len(), distinct.len()), (41, 41), "{limit}");
            let both = Wanted {
                state: Some(State::Suspended),
                ..wanted("an")
            };
            assert_eq!(desk.find(&both, limit).await.len(), 20, "{limit}");
        }
        assert_eq!(desk.find(&wanted("anders"), 9).await, ["zz"]);
        assert_eq!(desk.find(&Wanted::default(), 7).await.len(), 41);
        let mut tx = desk.read().await;
        let (found, _) = tx
            .of(desk.other)
            .search(&wanted("an"), None, 9, NOW)
            .await
            .unwrap();
        assert!(found.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_page_ends_before_it_is_full_where_too_many_would_have_to_be_looked_at() {
    on_each(async |desk: Desk| {
        let mut users: Vec<User> = (0..1_100)
            .map(|number| desk.user(&format!("user-{number:04}")))
            .collect();
        users[1_050].state = State::Suspended;
        desk.keep_all(&users).await;
        let rare = Wanted {
            state: Some(State::Suspended),
            ..wanted("user")
        };

        let mut tx = desk.read().await;
        let mut of = tx.of(desk.account);
        let (found, next) = of.search(&rare, None, 50, NOW).await.unwrap();
        assert!(found.is_empty() && next.is_some());
        drop(tx);
        assert_eq!(desk.find(&rare, 50).await, ["user-1050"]);
    })
    .await;
}

#[tokio::test]
async fn names_that_are_longer_than_a_key_are_told_apart() {
    on_each(async |desk: Desk| {
        let long = "x".repeat(60);
        let users = [
            desk.user(&format!("{long}a")),
            desk.user(&format!("{long}b")),
        ];
        desk.keep_all(&users).await;

        assert_eq!(desk.find(&wanted(&long), 1).await.len(), 2);
        let found = desk.find(&wanted(&format!("{long}B")), 1).await;
        assert_eq!(found, [format!("{long}b")]);
    })
    .await;
}

#[tokio::test]
async fn people_from_before_there_were_keys_get_theirs() {
    on_each(async |desk: Desk| {
        desk.somebody("maya").await;
        let forget = "UPDATE users SET subject_key = NULL";
        match &desk.store {
            Store::Sqlite { writer, .. } => {
                sqlx::query(forget).execute(writer).await.unwrap();
            }
            Store::Postgres { pool, .. } => {
                sqlx::query(forget).execute(pool).await.unwrap();
            }
        }
        assert_eq!(desk.find(&wanted("m"), 9).await, [""; 0]);

        let mut tx = desk.write().await;
        let accounts = tx.accounts_without_keys().await.unwrap();
        assert_eq!(accounts, [desk.account]);
        let mut of = tx.of(desk.account);
        assert!(of.key_users(1).await.unwrap());
        assert!(!of.key_users(1).await.unwrap());
        assert_eq!(tx.accounts_without_keys().await.unwrap(), []);
        tx.commit().await.unwrap();

        assert_eq!(desk.find(&wanted("m"), 9).await, ["maya"]);
    })
    .await;
}

#[test]
fn a_name_is_read_back_by_its_letter() {
    for name in [
        Name::Subject,
        Name::Email,
        Name::Full,
        Name::Surname,
        Name::External,
    ] {
        assert_eq!(Name::of(name.letter()), Some(name));
    }
    assert_eq!(Name::of("y"), None);
    assert!(wanted("x").is_search() && wanted("x").is_narrowed());
    assert!(!wanted(" ").is_search());
    assert_ne!(Place::Before(Name::Subject), Place::Before(Name::Email));
}
