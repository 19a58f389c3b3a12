//! What waits for a second person, and what was decided.

use sqlx::FromRow;

use super::db::{Error, Of, Tx, sql};
use crate::id::{AccountId, CredentialId, ProposalId, UserId};
use crate::proposal::{Decision, Proposal, State};
use crate::time::Timestamp;

#[derive(FromRow)]
struct Row {
    id: String,
    wish: String,
    reason: String,
    author: String,
    behind: String,
    created_at: i64,
    expires_at: i64,
    state: String,
    decided_by: Option<String>,
    decided_at: Option<i64>,
    comment: Option<String>,
}

#[derive(FromRow)]
struct Owned {
    account: String,
    #[sqlx(flatten)]
    row: Row,
}

impl Row {
    fn proposal(self) -> Result<Proposal, Error> {
        let broken = || Error::Stored("proposal");
        let decision = self
            .decided_by
            .zip(self.decided_at)
            .map(|(by, at)| Decision {
                by,
                at: Timestamp::from_millis(at),
                comment: self.comment.unwrap_or_default(),
            });
        Ok(Proposal {
            id: ProposalId::parse(&self.id).ok_or_else(broken)?,
            wish: serde_json::from_str(&self.wish).map_err(|_| broken())?,
            reason: self.reason,
            author: self.author,
            behind: self.behind,
            created_at: Timestamp::from_millis(self.created_at),
            expires_at: Timestamp::from_millis(self.expires_at),
            state: State::parse(&self.state).ok_or_else(broken)?,
            decision,
        })
    }
}

impl Tx {
    /// The proposals of all accounts that wait at `now`, newest first: those about people, or those about anything else.
    pub async fn open_proposals(
        &mut self,
        now: Timestamp,
        about_people: bool,
        limit: i64,
    ) -> Result<Vec<(AccountId, Proposal)>, Error> {
        let rows = sql!(
            self,
            all Owned,
            "SELECT account, id, wish, reason, author, behind, created_at, expires_at, state, decided_by, decided_at, comment
             FROM proposals WHERE state = 'open' AND expires_at > $1
             AND (CASE WHEN user_id IS NULL THEN 0 ELSE 1 END) = $3 ORDER BY id DESC LIMIT $2",
            now.millis(),
            limit,
            i64::from(about_people)
        )?;
        let whose = |row: Owned| {
            let account = AccountId::parse(&row.account).ok_or(Error::Stored("proposal"))?;
            Ok((account, row.row.proposal()?))
        };
        rows.into_iter().map(whose).collect()
    }

    /// Accounts in which proposals wait whose time is over.
    pub async fn accounts_with_overdue(&mut self, now: Timestamp) -> Result<Vec<AccountId>, Error> {
        let rows = sql!(
            self,
            all(String,),
            "SELECT DISTINCT account FROM proposals WHERE state = 'open' AND expires_at <= $1",
            now.millis()
        )?;
        let parse = |(id,): (String,)| AccountId::parse(&id).ok_or(Error::Stored("proposal"));
        rows.into_iter().map(parse).collect()
    }
}

impl Of<'_> {
    /// By whom a credential was made, one of the people who run Vestibule too.
    pub async fn maker_of(&mut self, id: CredentialId) -> Result<Option<String>, Error> {
        let row = sql!(
            self.tx,
            optional(String,),
            "SELECT created_by FROM credentials WHERE id = $1",
            id.to_string()
        )?;
        Ok(row.map(|(maker,)| maker))
    }

    /// Keeps a fresh proposal; says false where the same one waits already.
    pub async fn create_proposal(&mut self, proposal: &Proposal) -> Result<bool, Error> {
        let wish = serde_json::to_string(&proposal.wish).map_err(|_| Error::Stored("proposal"))?;
        let user = proposal.wish.user().map(|user| user.to_string());
        let created = sql!(
            self.tx,
            execute,
            "INSERT INTO proposals (account, id, user_id, wish, reason, author, behind, created_at, expires_at, state)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (account, wish) WHERE state = 'open' DO NOTHING",
            &self.account,
            proposal.id.to_string(),
            user.as_deref(),
            wish,
            &proposal.reason,
            &proposal.author,
            &proposal.behind,
            proposal.created_at.millis(),
            proposal.expires_at.millis(),
            proposal.state.as_str(),
        )?;
        Ok(created == 1)
    }

    /// Keeps what was decided about a proposal; says false where somebody decided before.
    pub async fn decide_proposal(&mut self, decided: &Proposal) -> Result<bool, Error> {
        let decision = decided.decision.as_ref();
        let changed = sql!(
            self.tx,
            execute,
            "UPDATE proposals SET state = $3, decided_by = $4, decided_at = $5, comment = $6
             WHERE account = $1 AND id = $2 AND state = 'open'",
            &self.account,
            decided.id.to_string(),
            decided.state.as_str(),
            decision.map(|decision| decision.by.as_str()),
            decision.map(|decision| decision.at.millis()),
            decision.map(|decision| decision.comment.as_str()),
        )?;
        Ok(changed == 1)
    }

    /// A proposal of the account.
    pub async fn proposal(&mut self, id: ProposalId) -> Result<Option<Proposal>, Error> {
        let row = sql!(
            self.tx,
            optional Row,
            "SELECT id, wish, reason, author, behind, created_at, expires_at, state, decided_by, decided_at, comment
             FROM proposals WHERE account = $1 AND id = $2",
            &self.account,
            id.to_string()
        )?;
        row.map(Row::proposal).transpose()
    }

    /// A page of the proposals, newest first: of one state where that is named, about people alone where that is wished, before one where
    /// that is named.
    pub async fn proposals(
        &mut self,
        state: Option<State>,
        about_people: bool,
        before: Option<ProposalId>,
        limit: i64,
    ) -> Result<Vec<Proposal>, Error> {
        let (state, before) = (
            state.map(State::as_str),
            before.map(|before| before.to_string()),
        );
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT id, wish, reason, author, behind, created_at, expires_at, state, decided_by, decided_at, comment
             FROM proposals WHERE account = $1 AND ($2 IS NULL OR state = $2) AND ($3 IS NULL OR id < $3) AND ($5 = 0 OR user_id IS NOT NULL) ORDER BY id DESC LIMIT $4",
            &self.account,
            state,
            before.as_deref(),
            limit,
            i64::from(about_people),
        )?;
        rows.into_iter().map(Row::proposal).collect()
    }

    /// The open proposals about one person, oldest first.
    pub async fn proposals_about(&mut self, user: UserId) -> Result<Vec<Proposal>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT id, wish, reason, author, behind, created_at, expires_at, state, decided_by, decided_at, comment
             FROM proposals WHERE account = $1 AND user_id = $2 AND state = 'open' ORDER BY id",
            &self.account,
            user.to_string()
        )?;
        rows.into_iter().map(Row::proposal).collect()
    }

    /// The open proposals whose time is over.
    pub async fn overdue_proposals(&mut self, now: Timestamp) -> Result<Vec<Proposal>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT id, wish, reason, author, behind, created_at, expires_at, state, decided_by, decided_at, comment
             FROM proposals WHERE account = $1 AND state = 'open' AND expires_at <= $2 ORDER BY id",
            &self.account,
            now.millis()
        )?;
        rows.into_iter().map(Row::proposal).collect()
    }
}
