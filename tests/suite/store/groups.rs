//! Groups of a directory, who belongs to them, and by what its people are found.

use vestibule::account::{Link, Provisioning};
use vestibule::id::{GroupId, UserId};
use vestibule::role::Role;
use vestibule::scim::Group;
use vestibule::time::Span;
use vestibule::user::{Directory, Mail, unlinked};

use super::super::app::NOW;
use super::{Desk, on_each};

impl Desk {
    fn group(&self, name: &str) -> Group {
        Group {
            id: GroupId::new(NOW, &self.entropy),
            name: name.into(),
            external_id: Some(format!("external {name}")),
            created_at: NOW,
            changed_at: NOW,
            version: 1,
        }
    }
}

#[tokio::test]
async fn a_group_is_kept_found_and_removed_in_its_own_account() {
    on_each(async |desk: Desk| {
        let mut makers = desk.group("APP-Mäkers");
        let checkers = desk.group("APP-Checkers");
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        of.save_group(&makers).await.unwrap();
        of.save_group(&checkers).await.unwrap();
        let mut both = vec![makers.clone(), checkers.clone()];
        both.sort_by_key(|group| group.id);

        assert_eq!(of.groups(None, 10).await.unwrap(), both);
        assert_eq!(of.groups(Some(both[0].id), 10).await.unwrap(), both[1..]);
        assert_eq!(of.groups(None, 1).await.unwrap(), both[..1]);
        assert_eq!(of.group_at(1).await.unwrap(), Some(both[0].id));
        assert_eq!(of.group_at(9).await.unwrap(), Some(both[1].id));
        assert_eq!(of.count_groups().await.unwrap(), 2);
        assert_eq!(of.group(makers.id).await.unwrap(), Some(makers.clone()));
        assert_eq!(
            of.group_named("app-MÄKERS").await.unwrap(),
            Some(makers.clone())
        );
        assert_eq!(of.group_named("APP").await.unwrap(), None);
        let known = of
            .groups_by_external_id("external APP-Checkers")
            .await
            .unwrap();
        assert_eq!(known, std::slice::from_ref(&checkers));

        makers.name = "APP-Others".into();
        (makers.external_id, makers.version) = (None, 2);
        makers.changed_at = NOW.plus(Span::minutes(1));
        of.save_group(&makers).await.unwrap();
        assert_eq!(of.group(makers.id).await.unwrap(), Some(makers.clone()));

        let mut other = tx.of(desk.other);
        assert_eq!(other.group(makers.id).await.unwrap(), None);
        assert_eq!(other.group_named("APP-Others").await.unwrap(), None);
        assert_eq!(other.group_at(1).await.unwrap(), None);
        assert_eq!(other.count_groups().await.unwrap(), 0);
        other.delete_group(makers.id).await.unwrap();

        let mut of = tx.of(desk.account);
        assert!(of.group(makers.id).await.unwrap().is_some());
        of.delete_group(makers.id).await.unwrap();
        assert_eq!(of.group(makers.id).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn people_belong_to_groups_until_they_or_these_are_gone() {
    on_each(async |desk: Desk| {
        let (maya, chen) = (desk.somebody("maya").await, desk.somebody("chen").await);
        let (makers, checkers) = (desk.group("makers"), desk.group("checkers"));
        let (first, last) = (maya.id.min(chen.id), maya.id.max(chen.id));
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        of.save_group(&makers).await.unwrap();
        of.save_group(&checkers).await.unwrap();

        assert!(of.add_member(makers.id, maya.id, NOW).await.unwrap());
        assert!(!of.add_member(makers.id, maya.id, NOW).await.unwrap());
        assert!(of.add_member(makers.id, chen.id, NOW).await.unwrap());
        assert!(of.add_member(checkers.id, chen.id, NOW).await.unwrap());
        let nobody = UserId::new(NOW, &desk.entropy);
        assert!(!of.add_member(makers.id, nobody, NOW).await.unwrap());

        assert_eq!(of.members(makers.id).await.unwrap(), [first, last]);
        assert_eq!(of.members(checkers.id).await.unwrap(), [chen.id]);
        assert!(of.remove_member(makers.id, maya.id).await.unwrap());
        assert!(!of.remove_member(makers.id, maya.id).await.unwrap());
        of.delete_group(checkers.id).await.unwrap();
        of.delete_user(chen.id, "grave", NOW.plus(Span::minutes(1)))
            .await
            .unwrap();
        assert!(of.members(makers.id).await.unwrap().is_empty());
        let left = of.group(makers.id).await.unwrap().unwrap();
        assert_eq!(
            (left.version, left.changed_at),
            (2, NOW.plus(Span::minutes(1)))
        );
    })
    .await;
}

#[tokio::test]
async fn the_groups_of_everybody_are_read_with_them_where_a_directory_keeps_the_account() {
    on_each(async |desk: Desk| {
        let (maya, chen) = (desk.somebody("maya").await, desk.somebody("chen").await);
        let makers = desk.group("APP-Makers");
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        of.save_group(&makers).await.unwrap();
        of.add_member(makers.id, maya.id, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let groups = async || {
            let mut tx = desk.read().await;
            let all = tx.of(desk.account).persons(None, 9, NOW).await.unwrap();
            let of = |id| all.iter().find(|one| one.user.id == id).unwrap();
            (
                of(maya.id).basis.groups.clone(),
                of(maya.id).user.roles.clone(),
                of(chen.id).basis.groups.clone(),
            )
        };
        let mut document = super::super::app::document("acme-demo");
        let rule = "role = \"maker\"\ngroup = \"APP-Makers\"";
        document.roles = vec![toml::from_str(rule).unwrap()];

        desk.configure(&document).await;
        assert_eq!(groups().await, Default::default());

        document.users.provisioning = Provisioning::Scim;
        desk.configure(&document).await;
        let (of_maya, roles, of_chen) = groups().await;
        assert_eq!((of_maya[0].id, of_maya[0].since), (makers.id, NOW));
        assert_eq!(roles[&Role::Maker], "member of \"APP-Makers\"");
        assert!(of_chen.is_empty());
    })
    .await;
}

#[tokio::test]
async fn members_who_move_are_news() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        let makers = desk.group("makers");
        let mut tx = desk.write().await;
        tx.of(desk.account).save_group(&makers).await.unwrap();
        let mut seen = tx.edition().await.unwrap().revision;
        for round in 0..5 {
            let mut of = tx.of(desk.account);
            match round {
                0 | 1 => drop(of.add_member(makers.id, maya.id, NOW).await.unwrap()),
                2 => of.announce_members(makers.id).await.unwrap(),
                _ => drop(of.remove_member(makers.id, maya.id).await.unwrap()),
            }
            let news = tx.news(seen).await.unwrap().unwrap();
            // Nothing changes at the second of each.
            assert_eq!(news.len(), usize::from(round != 1 && round != 4), "{round}");
            seen += i64::try_from(news.len()).unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn people_are_found_by_what_links_them_in_any_case() {
    on_each(async |desk: Desk| {
        let mut maya = desk.user("maya");
        (maya.source, maya.subject) = unlinked(Link::ExternalId, Some("E-17".into()), maya.id);
        maya.external_id = Some("E-17".into());
        maya.directory = Some(Directory {
            user_name: "Zoë@acme.example".into(),
            display_name: Some("Zoë".into()),
            given_name: None,
            surname: None,
            mails: vec![Mail::work("Zoe@mail.example".into())],
            has_suspended: false,
            changed_at: NOW,
        });
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        of.save_user(&maya).await.unwrap();
        of.save_user(&desk.user("somebody@acme.example"))
            .await
            .unwrap();

        assert_eq!(of.user(maya.id, NOW).await.unwrap(), Some(maya.clone()));
        for (link, value) in [
            (Link::UserName, "zoe\u{308}@ACME.example"),
            (Link::ExternalId, "e-17"),
            (Link::Email, "zoe@MAIL.example"),
        ] {
            let found = of.users_by_link(link, value, NOW).await.unwrap();
            assert_eq!(found.len(), 1, "{link:?}");
            assert_eq!(found[0].user, maya, "{link:?}");
        }
        assert!(
            of.users_by_link(Link::Email, "E-17", NOW)
                .await
                .unwrap()
                .is_empty()
        );
        let by_subject = of
            .users_by_link(Link::UserName, "SOMEBODY@acme.example", NOW)
            .await
            .unwrap();
        assert_eq!(by_subject.len(), 1);
        assert_eq!(of.count_expected().await.unwrap(), 1);
        let users = of.users(None, 10, NOW).await.unwrap();
        assert_eq!(of.user_at(1).await.unwrap(), Some(users[0].id));
        assert_eq!(of.user_at(5).await.unwrap(), Some(users[1].id));
        let mut other = tx.of(desk.other);
        assert!(
            other
                .users_by_link(Link::ExternalId, "E-17", NOW)
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(other.user_at(1).await.unwrap(), None);

        let mut of = tx.of(desk.account);
        (maya.source, maya.subject) = ("name_id".into(), "maya".into());
        of.save_user(&maya).await.unwrap();
        assert_eq!(of.user(maya.id, NOW).await.unwrap(), Some(maya.clone()));
        assert_eq!(of.count_expected().await.unwrap(), 1);
        maya.directory = None;
        of.save_user(&maya).await.unwrap();
        assert_eq!(of.count_expected().await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn who_is_buried_twice_is_remembered_once() {
    on_each(async |desk: Desk| {
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        of.bury("grave", NOW).await.unwrap();
        of.bury("grave", NOW.plus(Span::minutes(1))).await.unwrap();

        assert!(of.was_deleted("grave").await.unwrap());
        assert!(!tx.of(desk.other).was_deleted("grave").await.unwrap());
    })
    .await;
}
