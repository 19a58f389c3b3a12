//! Break glass: an operator comes in by a one-time link when their identity provider lets nobody in.

use std::net::IpAddr;

use anyhow::{Context, Result, bail};

use super::{App, Refused};
use crate::account::State as AccountState;
use crate::audit::{Actor, Event};
use crate::id::{SessionId, Token, hex};
use crate::role::Role;
use crate::session::{Session, Via};
use crate::store::Changes;
use crate::time::{Span, Timestamp};
use crate::user::{State, User};

/// So long a link is good.
const GOOD: Span = Span::seconds(600);

/// So long the session lasts that it begins.
const LASTS: Span = Span::seconds(1_800);

/// What is kept of what a browser says that it is, in characters.
const BROWSER: usize = 200;

impl App {
    /// Makes a link by which an operator who is there already comes in once; every operator hears of it.
    pub async fn make_login_link(&self, name: &str, actor: &str) -> Result<(User, String)> {
        let account = self.find_account(&self.config.staff.account).await?;
        if account.state == AccountState::Disabled {
            bail!(Refused(format!(
                "{} is disabled, and lets nobody in; `vestibule account enable {}` changes that",
                account.slug, account.slug
            )));
        }
        let user = self.find_user(&account, name).await?;
        if user.state != State::Active || !user.roles.contains_key(&Role::Operator) {
            bail!(Refused(format!(
                "{} is {} and holds {}: a link is for people who are operators already",
                user.subject,
                user.state.as_str(),
                if user.roles.is_empty() {
                    "no role"
                } else {
                    "the role"
                }
            )));
        }
        let (now, token) = (self.clock.now(), Token::new(&self.entropy));
        let expires_at = now.plus(GOOD);
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.save_login_link(user.id, &token.digest(), expires_at)
            .await?;
        let event = Event::LoginLinkMade {
            user: user.id.to_string(),
            expires_at,
        };
        of.audit(actor, event, now, &self.entropy).await?;
        tx.commit().await?;
        tracing::warn!(user = %user.id, actor, "a link was made that lets an operator in without the identity provider");
        let url = format!(
            "{}/link#{}",
            self.config.server.public_url,
            hex(&token.reveal())
        );
        Ok((user, url))
    }

    /// Uses a link up and begins the session of its operator; nothing where there is no such link or it is no good any more.
    pub async fn use_login_link(
        &self,
        code: &str,
        address: IpAddr,
        browser: &str,
        now: Timestamp,
    ) -> Result<Option<Token>> {
        let Some(link) = Token::parse(code) else {
            return Ok(None);
        };
        let mut tx = self.store.write().await?;
        let whose = tx.take_login_link(&link.digest(), now).await?;
        let Some((account, id)) = whose else {
            return Ok(None);
        };
        let mut of = tx.of(account);
        let known = of.account().await?.context("the account is gone")?;
        let user = of.user(id, now).await?;
        let operator = user.filter(|user| {
            known.state == AccountState::Enabled
                && self.is_staff(&known)
                && user.state == State::Active
                && user.roles.contains_key(&Role::Operator)
        });
        // The link is used up in any case.
        let Some(user) = operator else {
            tx.commit().await?;
            return Ok(None);
        };
        tx.commit().await?;
        let token = Token::new(&self.entropy);
        let session = Session {
            id: SessionId::new(now, &self.entropy),
            account,
            user: user.id,
            roles: user.roles.clone(),
            authenticated_at: now,
            created_at: now,
            seen_at: now,
            expires_at: now.plus(LASTS),
            idle: LASTS,
            address: address.to_string(),
            browser: browser
                .chars()
                .filter(|c| !c.is_control())
                .take(BROWSER)
                .collect(),
            name_id: None,
            session_index: None,
            via: Via::Link,
        };
        let mut changes = Changes::new(account);
        changes.create_session(&session, &token.digest(), false)?;
        let event = Event::LoginLinkUsed {
            user: user.id.to_string(),
            session: session.id.to_string(),
        };
        let actor = Actor::from(user.id.to_string()).at(address);
        changes.audit(actor, event, now, &self.entropy);
        self.store.commit(changes).await?;
        tracing::warn!(user = %user.id, %address, "an operator came in by a link, without the identity provider");
        Ok(Some(token))
    }
}
