//! The addresses of descriptors, distrusted keys, watched certificates.

use vestibule::account::{Held, Source};
use vestibule::saml::keys::Certificate;
use vestibule::time::Span;

use super::super::app::{NOW, SP_KEYS};
use super::{Desk, on_each};

const URL: &str = "https://adfs.test/metadata.xml";

#[tokio::test]
async fn an_address_is_followed_once_and_anew_where_it_is_another() {
    on_each(async |desk: Desk| {
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        assert_eq!(of.source().await.unwrap(), None);
        of.follow(URL, NOW).await.unwrap();
        let mut asked = of.source().await.unwrap().unwrap();
        assert_eq!(asked, Source::new(URL, NOW));
        asked.answered(NOW, 7);
        (asked.etag, asked.last_modified) = (Some("a".into()), Some("b".into()));
        (asked.valid_until, asked.judged) = (Some(NOW), Some(3));
        (asked.digest, asked.cache) = (Some("e".into()), Some(Span::days(1)));
        asked.refused = Some("c".into());
        asked.held = Some(Held {
            metadata: "<x/>".into(),
            change: "d".into(),
            at: NOW,
        });

        of.save_source(&asked).await.unwrap();
        of.follow(URL, NOW).await.unwrap();

        assert_eq!(of.source().await.unwrap(), Some(asked));
        let other = "https://other.test/";
        of.follow(other, NOW).await.unwrap();
        let anew = of.source().await.unwrap();
        assert_eq!(anew, Some(Source::new(other, NOW)));
        of.unfollow().await.unwrap();
        assert_eq!(of.source().await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn an_address_that_is_due_is_claimed_by_one() {
    on_each(async |desk: Desk| {
        let mut tx = desk.write().await;
        let due = tx.is_source_due(NOW).await.unwrap();
        assert!(!due);
        tx.of(desk.account).follow(URL, NOW).await.unwrap();
        let later = NOW.plus(Span::minutes(1));
        tx.of(desk.other).follow(URL, later).await.unwrap();
        assert!(tx.is_source_due(NOW).await.unwrap());
        tx.commit().await.unwrap();
        let claim = async || {
            let mut tx = desk.write().await;
            let claimed = tx.claim_sources(NOW, 4).await.unwrap();
            tx.commit().await.unwrap();
            claimed
        };

        let (first, second) = tokio::join!(claim(), claim());

        let mut all = [first, second].concat();
        assert_eq!(all.len(), 1);
        assert_eq!(all.pop().unwrap().0, desk.account);
        let mut tx = desk.read().await;
        assert!(!tx.is_source_due(NOW).await.unwrap());
        let fresh = tx.freshness().await.unwrap();
        let mut slugs: Vec<&str> = fresh.iter().map(|one| one.slug.as_str()).collect();
        slugs.sort_unstable();
        assert_eq!(slugs, ["acme-demo", "bravo-demo"]);
    })
    .await;
}

#[tokio::test]
async fn a_distrusted_key_is_one_of_its_account() {
    on_each(async |desk: Desk| {
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);

        let first = of
            .distrust("key", "AB", "it leaked", "shell:test", NOW)
            .await;
        let again = of
            .distrust("key", "AB", "it leaked", "shell:test", NOW)
            .await;

        assert!(first.unwrap() && !again.unwrap());
        assert_eq!(of.distrusted().await.unwrap(), ["key"]);
        assert!(tx.of(desk.other).distrusted().await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_certificate_is_watched_until_nothing_uses_it() {
    on_each(async |desk: Desk| {
        let certificate = Certificate::of(&SP_KEYS.signing[0].certificate).unwrap();
        let print = certificate.fingerprint.clone();
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        of.watch("sp", &certificate, None).await.unwrap();
        of.watch("sp", &certificate, Some(30)).await.unwrap();

        let known = of.certificates().await.unwrap();

        assert_eq!(known, [(print.clone(), Some(30))].into());
        let watched = tx.watched().await.unwrap();
        assert_eq!(watched.len(), 1);
        assert_eq!(watched[0].not_after, certificate.not_after.millis());
        let mut of = tx.of(desk.account);
        of.unwatch(&print).await.unwrap();
        assert!(of.certificates().await.unwrap().is_empty());
    })
    .await;
}
