//! The people of an account, and those who are gone.

use vestibule::claims::Profile;
use vestibule::id::UserId;
use vestibule::store::Of;
use vestibule::time::Span;
use vestibule::user::{State, User};

use super::super::app::NOW;
use super::grants::both;
use super::{Desk, on_each};

async fn save(of: &mut Of<'_>, users: &[&User]) {
    for user in users {
        of.save_user(user).await.unwrap();
    }
}

fn ids(users: &[User]) -> Vec<UserId> {
    users.iter().map(|user| user.id).collect()
}

#[tokio::test]
async fn a_user_is_kept_as_they_are_now() {
    on_each(async |desk: Desk| {
        let mut user = desk.user("maya");
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        save(&mut of, &[&user]).await;
        assert_eq!(of.user(user.id, NOW).await.unwrap().as_ref(), Some(&user));

        user.external_id = Some("17".into());
        user.state = State::Suspended;
        user.profile = Profile {
            email: Some("maya@acme.example".into()),
            given_name: Some("Zoë".into()),
            surname: Some("O'Hara".into()),
        };
        user.last_sign_in = None;
        save(&mut of, &[&user]).await;

        assert_eq!(of.user(user.id, NOW).await.unwrap(), Some(user.clone()));
        assert_eq!(of.count_users().await.unwrap(), 1);
        assert_eq!(tx.of(desk.other).user(user.id, NOW).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_subject_is_one_person_of_an_account() {
    on_each(async |desk: Desk| {
        desk.somebody("maya").await;
        let mut other_source = desk.user("maya");
        other_source.source = "urn:employee".into();

        let mut tx = desk.write().await;
        save(&mut tx.of(desk.account), &[&other_source]).await;
        save(&mut tx.of(desk.other), &[&desk.user("maya")]).await;
        tx.commit().await.unwrap();
        let mut tx = desk.write().await;
        let taken = tx.of(desk.account).save_user(&desk.user("maya")).await;

        assert!(taken.unwrap_err().is_unique_violation());
    })
    .await;
}

#[tokio::test]
async fn the_exact_subject_is_known_and_its_twins_are_noticed() {
    on_each(async |desk: Desk| {
        let (maya, document) = (desk.somebody("maya").await, both());
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);

        let exact = of.known("name_id", "maya", &document, NOW).await.unwrap();
        let twin = of.known("name_id", "MAYA", &document, NOW).await.unwrap();
        let elsewhere = of
            .known("urn:employee", "maya", &document, NOW)
            .await
            .unwrap();
        save(&mut of, &[&desk.user("Maya")]).await;
        let both = of.known("name_id", "maya", &document, NOW).await.unwrap();

        assert_eq!((exact.user, exact.has_twin), (Some(maya.clone()), false));
        assert_eq!((twin.user, twin.has_twin), (None, true));
        assert_eq!((elsewhere.user, elsewhere.has_twin), (None, false));
        assert_eq!((both.user, both.has_twin), (Some(maya), true));
        let other = tx
            .of(desk.other)
            .known("name_id", "maya", &document, NOW)
            .await
            .unwrap();
        assert_eq!((other.user, other.has_twin), (None, false));
    })
    .await;
}

#[tokio::test]
async fn users_come_in_pages_oldest_first() {
    on_each(async |desk: Desk| {
        let mut users: Vec<User> = ["c", "a", "b"].map(|subject| desk.user(subject)).into();
        for (user, day) in users.iter_mut().zip(0..) {
            user.id = UserId::new(NOW.plus(Span::days(day)), &desk.entropy);
        }
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        save(&mut of, &[&users[1], &users[2], &users[0]]).await;

        let first = of.users(None, 2, NOW).await.unwrap();
        let second = of.users(Some(users[1].id), 2, NOW).await.unwrap();
        let end = of.users(Some(users[2].id), 2, NOW).await.unwrap();

        assert_eq!(ids(&first), ids(&users[..2]));
        assert_eq!(ids(&second), ids(&users[2..]));
        assert_eq!(end, []);
        assert_eq!(tx.of(desk.other).users(None, 2, NOW).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn users_are_called_by_subject_e_mail_address_or_external_id() {
    on_each(async |desk: Desk| {
        let (mut maya, mut chen) = (desk.user("maya"), desk.user("chen"));
        maya.profile.email = Some("team@acme.example".into());
        chen.profile.email.clone_from(&maya.profile.email);
        chen.external_id = Some("maya".into());
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        save(&mut of, &[&maya, &chen]).await;
        let mut count = async |name| of.users_called(name, NOW).await.unwrap().len();

        assert_eq!(count("chen").await, 1);
        assert_eq!(count("maya").await, 2, "a subject and an external id");
        assert_eq!(count("team@acme.example").await, 2);
        assert_eq!(count("MAYA").await, 0);
        assert_eq!(count("%").await, 0);
        assert_eq!(
            tx.of(desk.other).users_called("maya", NOW).await.unwrap(),
            []
        );
    })
    .await;
}

#[tokio::test]
async fn users_are_counted_in_each_account() {
    on_each(async |desk: Desk| {
        desk.somebody("maya").await;
        desk.somebody("chen").await;
        let mut tx = desk.read().await;

        assert_eq!(tx.of(desk.account).count_users().await.unwrap(), 2);
        assert_eq!(tx.of(desk.other).count_users().await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn who_was_deleted_is_remembered_by_a_digest() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        assert!(!of.was_deleted("digest").await.unwrap());

        of.delete_user(maya.id, "digest", NOW).await.unwrap();
        of.delete_user(maya.id, "digest", NOW).await.unwrap();

        assert_eq!(of.user(maya.id, NOW).await.unwrap(), None);
        assert!(of.was_deleted("digest").await.unwrap());
        assert!(!of.was_deleted("other").await.unwrap());
        assert!(!tx.of(desk.other).was_deleted("digest").await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_person_of_another_account_is_not_deleted() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        let mut tx = desk.write().await;

        tx.of(desk.other)
            .delete_user(maya.id, "digest", NOW)
            .await
            .unwrap();

        assert!(
            tx.of(desk.account)
                .user(maya.id, NOW)
                .await
                .unwrap()
                .is_some()
        );
    })
    .await;
}

#[tokio::test]
async fn those_are_gone_who_have_not_signed_in_for_long_or_never_came() {
    on_each(async |desk: Desk| {
        let day = |count| NOW.plus(Span::days(count));
        let (mut gone, mut here, mut never) =
            (desk.user("gone"), desk.user("here"), desk.user("never"));
        (gone.last_sign_in, here.last_sign_in, never.last_sign_in) =
            (Some(day(1)), Some(day(3)), None);
        for (user, at) in [(&mut gone, 1), (&mut here, 2), (&mut never, 3)] {
            user.id = UserId::new(day(at), &desk.entropy);
        }
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        save(&mut of, &[&gone, &here, &never]).await;
        let mut since =
            async |before, limit| ids(&of.users_gone_since(day(before), limit).await.unwrap());

        assert_eq!(since(0, 9).await, []);
        assert_eq!(since(1, 9).await, [never.id]);
        assert_eq!(since(3, 9).await, [gone.id, never.id]);
        assert_eq!(since(4, 2).await, [gone.id, here.id]);
        assert_eq!(
            tx.of(desk.other).users_gone_since(day(9), 9).await.unwrap(),
            []
        );
    })
    .await;
}
