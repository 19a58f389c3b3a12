//! What administrators said about roles, and what claims gave.

use vestibule::account::{Document, RolesFrom};
use vestibule::claims::Claimed;
use vestibule::grant::{Kind, Order};
use vestibule::role::Role;
use vestibule::store::{Changes, NewRevision};
use vestibule::time::Span;

use super::super::app::{NOW, document};
use super::{Desk, on_each};

pub(super) fn both() -> Document {
    let mut document = document("acme-demo");
    document.users.roles_from = RolesFrom::Both;
    document
}

fn order(kind: Kind, role: Role) -> Order {
    Order {
        role,
        kind,
        author: "shell:test".into(),
        reason: "a \"reason\"".into(),
        created_at: NOW,
        ends_at: Some(NOW.plus(Span::days(1))),
    }
}

impl Desk {
    /// Puts a configuration in force in the first account.
    pub(super) async fn configure(&self, document: &Document) {
        let mut tx = self.write().await;
        let mut of = tx.of(self.account);
        let new = NewRevision {
            document,
            metadata: None,
            author: "shell:test",
            at: NOW,
        };
        let number = of.add_revision(new).await.unwrap();
        of.activate(number).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn the_configuration_in_force_is_that_of_the_active_revision() {
    on_each(async |desk: Desk| {
        let mut tx = desk.read().await;
        assert_eq!(tx.of(desk.account).document().await.unwrap(), None);
        drop(tx);

        desk.configure(&both()).await;

        let mut tx = desk.read().await;
        assert_eq!(tx.of(desk.account).document().await.unwrap(), Some(both()));
        assert_eq!(tx.of(desk.other).document().await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn an_order_is_kept_once_of_each_kind_and_is_news() {
    on_each(async |desk: Desk| {
        desk.configure(&both()).await;
        let (maya, chen) = (desk.somebody("maya").await, desk.somebody("chen").await);
        let seen = desk.edition().await;
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);

        let grant = order(Kind::Grant, Role::Auditor);
        let mut later = grant.clone();
        later.reason = "a better one".into();
        let denial = order(Kind::Denial, Role::Auditor);
        of.save_order(maya.id, &grant).await.unwrap();
        of.save_order(maya.id, &later).await.unwrap();
        let granted = of.user(maya.id, NOW).await.unwrap().unwrap();
        of.save_order(maya.id, &denial).await.unwrap();

        let person = of.person(maya.id, NOW).await.unwrap().unwrap();
        let mut orders = person.basis.orders;
        orders.sort();
        assert_eq!(orders, [later, denial]);
        assert!(granted.roles.contains_key(&Role::Auditor));
        assert!(person.user.roles.is_empty());
        let other = of.person(chen.id, NOW).await.unwrap().unwrap();
        assert_eq!(other.basis.orders, []);
        tx.commit().await.unwrap();
        assert_eq!(desk.news_since(&seen).await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn an_order_goes_by_its_kind_and_with_its_person() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        let denial = order(Kind::Denial, Role::Maker);
        for order in [&order(Kind::Grant, Role::Maker), &denial] {
            of.save_order(maya.id, order).await.unwrap();
        }

        of.delete_order(maya.id, Role::Maker, Kind::Grant)
            .await
            .unwrap();
        let person = of.person(maya.id, NOW).await.unwrap().unwrap();
        assert_eq!(person.basis.orders, [denial]);

        of.delete_user(maya.id, "digest", NOW).await.unwrap();
        of.save_user(&maya).await.unwrap();
        let again = of.person(maya.id, NOW).await.unwrap().unwrap();
        assert_eq!(again.basis, vestibule::grant::Basis::default());
    })
    .await;
}

#[tokio::test]
async fn nobody_is_ordered_about_who_is_not_there() {
    on_each(async |desk: Desk| {
        let maya = desk.user("maya");
        let mut tx = desk.write().await;

        let order = order(Kind::Grant, Role::Maker);
        let nobody = tx.of(desk.account).save_order(maya.id, &order).await;

        assert!(nobody.is_err());
    })
    .await;
}

#[tokio::test]
async fn what_claims_gave_counts_by_the_configuration_in_force() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        let claimed = Claimed {
            role: Role::Maker,
            claim: both().roles[0].claim().unwrap().to_owned(),
            value: "vkyc-maker".into(),
            since: NOW,
        };
        let mut changes = Changes::new(desk.account);
        changes
            .claim(maya.id, std::slice::from_ref(&claimed))
            .unwrap();
        desk.store.commit(changes).await.unwrap();
        let roles = async || {
            let mut tx = desk.read().await;
            let found = tx.of(desk.account).users(None, 9, NOW).await.unwrap();
            found[0].roles.keys().copied().collect::<Vec<Role>>()
        };
        assert_eq!(roles().await, [], "there is no configuration");

        desk.configure(&both()).await;
        assert_eq!(roles().await, [Role::Maker]);
        let known = {
            let mut tx = desk.read().await;
            let mut of = tx.of(desk.account);
            of.known("name_id", "maya", &both(), NOW).await
        };
        let known = known.unwrap();
        assert_eq!(known.basis.claimed, [claimed]);
        assert!(known.user.unwrap().roles.contains_key(&Role::Maker));

        let mut without = both();
        without.roles.retain(|rule| rule.role != Role::Maker);
        desk.configure(&without).await;
        assert_eq!(roles().await, []);
    })
    .await;
}

#[tokio::test]
async fn those_are_known_of_whom_somebody_has_approved_what_a_group_gives() {
    on_each(async |desk: Desk| {
        let (maya, chen) = (desk.somebody("maya").await, desk.somebody("chen").await);
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        let grant = order(Kind::Grant, Role::Auditor);
        of.save_order(maya.id, &grant).await.unwrap();
        assert_eq!(of.approved_people().await.unwrap(), []);

        let approval = order(Kind::Approval, Role::Auditor);
        of.save_order(chen.id, &approval).await.unwrap();

        assert_eq!(of.approved_people().await.unwrap(), [chen.id]);
        let mut other = tx.of(desk.other);
        assert_eq!(other.approved_people().await.unwrap(), []);
    })
    .await;
}
