//! What waits for a second person.

use vestibule::id::{Entropy, ProposalId};
use vestibule::proposal::{Proposal, State, Wish};
use vestibule::role::Role;
use vestibule::saml::rollover::Step;
use vestibule::time::{Span, Timestamp};

use super::super::app::NOW;
use super::credentials::decision;
use super::{Desk, on_each};

fn proposal(wish: &Wish, at: Timestamp) -> Proposal {
    let id = ProposalId::new(at, &Entropy::System);
    let (author, behind) = ("crd_1", "shell:test".to_owned());
    Proposal::new(id, wish.clone(), "a \"reason\"", author, behind, at)
}

#[tokio::test]
async fn the_same_waits_once_until_somebody_has_decided_and_one_decision_counts() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        let wish = Wish::GrantRole {
            user: maya.id,
            role: Role::Auditor,
            until: Some(NOW.plus(Span::days(1))),
        };
        let (first, second) = (
            proposal(&wish, NOW),
            proposal(&wish, NOW.plus(Span::days(1))),
        );
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);

        assert!(of.create_proposal(&first).await.unwrap());
        assert!(!of.create_proposal(&second).await.unwrap());
        let decided = first.clone().decided(State::Refused, "usr_1", "no", NOW);
        assert!(of.decide_proposal(&decided).await.unwrap());
        assert!(!of.decide_proposal(&decided).await.unwrap());
        assert!(of.create_proposal(&second).await.unwrap());

        assert_eq!(of.proposal(first.id).await.unwrap(), Some(decided.clone()));
        let open = of
            .proposals(Some(State::Open), false, None, 10)
            .await
            .unwrap();
        assert_eq!(open, std::slice::from_ref(&second));
        let about = second.wish.user().unwrap();
        assert_eq!(of.proposals_about(about).await.unwrap(), open);
        let older = of
            .proposals(None, false, Some(second.id), 10)
            .await
            .unwrap();
        assert_eq!(older, [decided]);
        assert_eq!(of.proposals(None, true, None, 9).await.unwrap().len(), 2);
        assert_eq!(of.proposals(None, false, None, 1).await.unwrap(), [second]);
        tx.commit().await.unwrap();
        let mut tx = desk.read().await;
        assert_eq!(tx.of(desk.other).proposal(first.id).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn what_nobody_decided_in_time_is_found_and_who_made_a_program_is_known() {
    on_each(async |desk: Desk| {
        let wish = Wish::RotateKeys {
            step: Step::Publish,
            imported: false,
        };
        let (program, _) = desk.kept(decision()).await;
        let waits = proposal(&wish, NOW);
        let mut tx = desk.write().await;
        tx.of(desk.account).create_proposal(&waits).await.unwrap();
        let (end, account) = (waits.expires_at, desk.account);

        let before = end.minus(Span::millis(1));
        let open = tx.open_proposals(before, false, 9).await.unwrap();
        assert_eq!(open, [(account, waits.clone())]);
        assert_eq!(tx.open_proposals(before, true, 9).await.unwrap(), []);
        assert_eq!(tx.open_proposals(end, false, 9).await.unwrap(), []);
        assert_eq!(tx.accounts_with_overdue(before).await.unwrap(), []);
        assert_eq!(tx.accounts_with_overdue(end).await.unwrap(), [account]);
        let mut of = tx.of(account);
        assert_eq!(of.overdue_proposals(before).await.unwrap(), []);
        assert_eq!(of.overdue_proposals(end).await.unwrap(), [waits]);
        let maker = of.maker_of(program.id).await.unwrap();
        assert_eq!(maker, Some(program.created_by));
    })
    .await;
}
