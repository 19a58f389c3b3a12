//! Credentials, the keys that sign tokens, and tokens that were taken back.

use std::collections::BTreeSet;

use vestibule::account::{Slug, Stage};
use vestibule::gate::{Credential, Kind, Secret, TokenKey};
use vestibule::id::CredentialId;
use vestibule::time::Span;

use super::super::app::NOW;
use super::{Desk, on_each};

impl Desk {
    fn credential(&self, kind: Kind) -> (Credential, Secret) {
        let secret = Secret::new(Stage::Demo, &self.entropy);
        let credential = Credential {
            id: CredentialId::new(NOW, &self.entropy),
            account: self.account,
            name: "server".into(),
            prefix: secret.prefix(),
            kind,
            networks: vec!["203.0.113.0/24".parse().unwrap()],
            created_at: NOW,
            created_by: "shell:test".into(),
            expires_at: NOW.plus(Span::days(1)),
            last_used: None,
            revoked_at: None,
        };
        (credential, secret)
    }

    pub(super) async fn kept(&self, kind: Kind) -> (Credential, Secret) {
        let (credential, secret) = self.credential(kind);
        let mut tx = self.write().await;
        let mut of = tx.of(self.account);
        of.create_credential(&credential, &secret).await.unwrap();
        tx.commit().await.unwrap();
        (credential, secret)
    }
}

fn integration() -> Kind {
    Kind::Integration {
        scopes: BTreeSet::from(["profile:view".to_owned()]),
    }
}

pub(super) fn decision() -> Kind {
    Kind::Decision {
        app: Slug::parse("profiles").unwrap(),
        trusts: BTreeSet::from(["profile.call_state".to_owned()]),
    }
}

#[tokio::test]
async fn a_credential_is_found_by_the_digest_of_its_secret() {
    on_each(async |desk: Desk| {
        for kind in [integration(), decision()] {
            let (credential, secret) = desk.kept(kind).await;
            let mut tx = desk.read().await;

            let found = tx.credential(&secret.digest()).await.unwrap();

            assert_eq!(found, Some(credential));
            assert_eq!(tx.credential(secret.reveal()).await.unwrap(), None);
        }
        let mut tx = desk.read().await;
        assert_eq!(tx.of(desk.account).credentials().await.unwrap().len(), 2);
        assert!(tx.of(desk.other).credentials().await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_use_is_never_noted_back_in_time() {
    on_each(async |desk: Desk| {
        let (credential, secret) = desk.kept(integration()).await;
        let later = NOW.plus(Span::minutes(1));
        let mut tx = desk.write().await;

        tx.touch_credential(credential.id, later).await.unwrap();
        tx.touch_credential(credential.id, NOW).await.unwrap();

        let found = tx.credential(&secret.digest()).await.unwrap().unwrap();
        assert_eq!(found.last_used, Some(later));
    })
    .await;
}

#[tokio::test]
async fn a_credential_is_taken_back_once_and_by_its_own_account() {
    on_each(async |desk: Desk| {
        let (credential, secret) = desk.kept(integration()).await;
        let mut tx = desk.write().await;

        let mut other = tx.of(desk.other);
        assert!(!other.revoke_credential(credential.id, NOW).await.unwrap());
        let mut own = tx.of(desk.account);
        assert!(own.revoke_credential(credential.id, NOW).await.unwrap());
        assert!(!own.revoke_credential(credential.id, NOW).await.unwrap());

        let found = tx.credential(&secret.digest()).await.unwrap().unwrap();
        assert_eq!(found.revoked_at, Some(NOW));
    })
    .await;
}

#[tokio::test]
async fn a_token_stays_taken_back_until_it_is_over() {
    on_each(async |desk: Desk| {
        let until = NOW.plus(Span::minutes(5));
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);

        assert!(of.revoke_token("a", "usr_x", until).await.unwrap());
        assert!(!of.revoke_token("a", "usr_x", until).await.unwrap());

        assert_eq!(tx.forget_revoked_tokens(until).await.unwrap(), 0);
        assert!(tx.of(desk.account).is_token_revoked("a").await.unwrap());
        assert!(!tx.of(desk.other).is_token_revoked("a").await.unwrap());
        let after = until.plus(Span::seconds(1));
        assert_eq!(tx.forget_revoked_tokens(after).await.unwrap(), 1);
        assert!(!tx.of(desk.account).is_token_revoked("a").await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn of_two_nodes_that_make_the_same_generation_one_wins() {
    on_each(async |desk: Desk| {
        let key = |generation| TokenKey::generate(generation, NOW, NOW).unwrap();
        let (first, second) = (key(1), key(1));
        let mut tx = desk.write().await;
        let (ring, entropy) = (&desk.ring, &desk.entropy);

        assert!(tx.create_token_key(&first, ring, entropy).await.unwrap());
        assert!(!tx.create_token_key(&second, ring, entropy).await.unwrap());
        assert!(tx.create_token_key(&key(2), ring, entropy).await.unwrap());

        let kept = tx.token_keys(ring).await.unwrap();
        assert_eq!(kept.len(), 2);
        assert_eq!(kept[0].private(), first.private());
        assert_eq!(tx.delete_token_keys_before(2).await.unwrap(), 1);
        assert_eq!(tx.token_keys(ring).await.unwrap()[0].generation, 2);
    })
    .await;
}
