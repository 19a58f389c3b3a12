//! Sessions are ended by others than the identity provider: by their own person, by administrators, at the shell.

use anyhow::Result;

use super::{App, Stale};
use crate::audit::{Actor, Event};
use crate::id::{AccountId, SessionId, UserId};

impl App {
    /// Ends one session, of somebody where that is said and else of whoever it belongs to.
    pub async fn end_session(
        &self,
        account: AccountId,
        owner: Option<UserId>,
        session: SessionId,
        actor: impl Into<Actor>,
    ) -> Result<()> {
        let actor = &actor.into();
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account);
        of.alone().await?;
        let found = of.session_of(session).await?;
        let found = found.filter(|found| owner.is_none_or(|owner| found.user == owner));
        let user = found.ok_or(Stale::Gone)?.user;
        if !of.end_session(user, session).await? {
            return Err(Stale::Gone.into());
        }
        let event = if actor.id == user.to_string() {
            Event::SignedOut {
                user: user.to_string(),
                session: session.to_string(),
            }
        } else {
            Event::SessionEnded {
                user: user.to_string(),
                session: session.to_string(),
            }
        };
        of.audit(actor, event, self.clock.now(), &self.entropy)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends every session of somebody, or of everybody; says how many those were.
    pub async fn end_sessions(
        &self,
        account: AccountId,
        user: Option<UserId>,
        actor: impl Into<Actor>,
    ) -> Result<u64> {
        let actor = &actor.into();
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account);
        of.alone().await?;
        let sessions_ended = match user {
            Some(user) => of.end_sessions(user).await?,
            None => of.end_all_sessions().await?,
        };
        let event = Event::SessionsEnded {
            user: user.map(|user| user.to_string()),
            sessions_ended,
        };
        of.audit(actor, event, self.clock.now(), &self.entropy)
            .await?;
        tx.commit().await?;
        Ok(sessions_ended)
    }
}
