//! The people of an account are invited, suspended, let in again and deleted.

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Deserializer};

use super::{App, Refused, Stale};
use crate::account::{Account, Link};
use crate::audit::{Actor, Event};
use crate::claims::Profile;
use crate::id::UserId;
use crate::role::Roles;
use crate::user::{self, State, User};

/// Somebody who is expected.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// The exact subject by which the identity provider will know them; where it is not known yet, they are linked to the
    /// one whom `users.link` finds.
    pub subject: Option<String>,
    /// The client's own id of them.
    pub external_id: Option<String>,
    /// What is shown of them until they come.
    pub profile: Profile,
}

/// What becomes of a value; an absent one stays, `null` removes it (RFC 7396).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Edit {
    /// It stays.
    #[default]
    Keep,
    /// It is removed.
    Remove,
    /// It becomes this.
    To(String),
}

impl Edit {
    /// The new value, where there is one.
    pub const fn value(&self) -> Option<&String> {
        match self {
            Self::Keep | Self::Remove => None,
            Self::To(value) => Some(value),
        }
    }
}

impl<'de> Deserialize<'de> for Edit {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let value = Option::<String>::deserialize(from)?;
        Ok(value.map_or(Self::Remove, Self::To))
    }
}

/// What is to be other about somebody.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// The e-mail address.
    pub email: Edit,
    /// The given name.
    pub given_name: Edit,
    /// The family name.
    pub surname: Edit,
    /// The client's own id of them.
    pub external_id: Edit,
}

impl UserChange {
    /// Makes the changes, and says what became other.
    fn apply(self, user: &mut User) -> Vec<String> {
        let profile = &mut user.profile;
        let all = [
            ("email", &mut profile.email, self.email),
            ("given_name", &mut profile.given_name, self.given_name),
            ("surname", &mut profile.surname, self.surname),
            ("external_id", &mut user.external_id, self.external_id),
        ];
        let mut fields = Vec::new();
        for (name, value, edit) in all {
            let wished = match edit {
                Edit::Keep => continue,
                Edit::Remove => None,
                Edit::To(text) => Some(text),
            };
            if wished != *value {
                *value = wished;
                fields.push(name.to_owned());
            }
        }
        fields
    }
}

impl App {
    /// Lets somebody in who has not come yet, known by their exact subject.
    pub async fn invite(
        &self,
        account: &Account,
        invitation: Invitation,
        actor: impl Into<Actor>,
    ) -> Result<User> {
        let actor = &actor.into();
        let document = self
            .document(account.id)
            .await?
            .context("the account has no active revision")?;
        let (link, now) = (document.link(), self.clock.now());
        let (source, subject) = match (invitation.subject, link) {
            (Some(subject), _) => (String::from(document.claims.subject.clone()), subject),
            (None, Link::ExternalId) => (
                link.source().to_owned(),
                invitation.external_id.clone().unwrap_or_default(),
            ),
            (None, Link::Email) => (
                link.source().to_owned(),
                invitation.profile.email.clone().unwrap_or_default(),
            ),
            (None, Link::UserName) => (link.source().to_owned(), String::new()),
        };
        let sound = !subject.trim().is_empty()
            && subject.chars().count() <= 256
            && !subject.chars().any(char::is_control);
        if !sound {
            bail!(Refused(format!(
                "an invitation names the subject, or without one what `users.link` ({}) compares: 1 to 256 characters, none of them control characters",
                link.as_str()
            )));
        }
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let known = of.known(&source, &subject, &document, now).await?;
        if let Some(known) = known.user {
            bail!(Refused(format!(
                "{subject} is there already: {} ({})",
                known.id,
                known.state.as_str()
            )));
        }
        if known.has_twin {
            bail!(Refused(user::Refusal::Twin.sentence().into()));
        }
        let user = User {
            id: UserId::new(now, &self.entropy),
            source,
            subject,
            external_id: invitation.external_id,
            state: State::Invited,
            profile: invitation.profile,
            directory: None,
            roles: Roles::new(),
            created_at: now,
            last_sign_in: None,
        };
        for grave in self.graves(account.id, &user, link)? {
            if of.was_deleted(&grave).await? {
                bail!(Refused(user::Refusal::Deleted.sentence().into()));
            }
        }
        if !user.is_linked()
            && let Some(known) = of.users_by_link(link, &user.subject, now).await?.first()
        {
            bail!(Refused(format!(
                "{} is there already, or differs only in case or normal form: {} ({})",
                user.subject,
                known.user.id,
                known.user.state.as_str()
            )));
        }
        of.save_user(&user).await?;
        of.audit(
            actor,
            Event::UserInvited {
                user: user.id.to_string(),
            },
            now,
            &self.entropy,
        )
        .await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Changes what is shown of somebody, unless they are not of that version any more.
    pub async fn change_user(
        &self,
        account: &Account,
        id: UserId,
        version: Option<&str>,
        change: UserChange,
        actor: impl Into<Actor>,
    ) -> Result<User> {
        let actor = &actor.into();
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let now = self.clock.now();
        let mut user = of.user(id, now).await?.ok_or(Stale::Gone)?;
        if version.is_some_and(|version| version != user.version()) {
            bail!(Stale::Changed);
        }
        let known = user.external_id.clone();
        let fields = change.apply(&mut user);
        if known.is_some() && known != user.external_id && self.is_vouched_for(&mut of, id).await? {
            bail!(Refused(
                "somebody gave them roles, or is about to, as the person of that external id: take the roles away first, or delete them and invite the other person".into()
            ));
        }
        if !fields.is_empty() {
            of.save_user(&user).await?;
            let event = Event::UserChanged {
                user: id.to_string(),
                fields,
            };
            of.audit(actor, event, now, &self.entropy).await?;
        }
        tx.commit().await?;
        Ok(user)
    }

    /// Keeps somebody out from now on and ends their sessions.
    pub async fn suspend(
        &self,
        account: &Account,
        id: UserId,
        actor: impl Into<Actor>,
    ) -> Result<u64> {
        let actor = &actor.into();
        self.set_user_state(account, id, State::Suspended, actor)
            .await
    }

    /// Lets somebody in again.
    pub async fn restore(
        &self,
        account: &Account,
        id: UserId,
        actor: impl Into<Actor>,
    ) -> Result<u64> {
        let actor = &actor.into();
        self.set_user_state(account, id, State::Active, actor).await
    }

    async fn set_user_state(
        &self,
        account: &Account,
        id: UserId,
        state: State,
        actor: &Actor,
    ) -> Result<u64> {
        let now = self.clock.now();
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let user = of.user(id, now).await?.ok_or(Stale::Gone)?;
        let state = if state == State::Active && user.last_sign_in.is_none() {
            State::Invited
        } else {
            state
        };
        let sessions_ended = of.end_sessions(id).await?;
        let mut after = User {
            state,
            ..user.clone()
        };
        if let Some(directory) = &mut after.directory {
            // From now on it is not the directory that decides this.
            directory.has_suspended = false;
        }
        of.save_user(&after).await?;
        if state != user.state {
            let event = match state {
                State::Suspended => Event::UserSuspended {
                    user: id.to_string(),
                    sessions_ended,
                },
                State::Active | State::Invited => Event::UserRestored {
                    user: id.to_string(),
                },
            };
            of.audit(actor, event, now, &self.entropy).await?;
        }
        tx.commit().await?;
        Ok(sessions_ended)
    }

    /// Removes somebody for good, with everything that names them; a keyed hash of their subject stays, so that nobody inherits it.
    pub async fn delete_user(
        &self,
        account: &Account,
        id: UserId,
        actor: impl Into<Actor>,
    ) -> Result<u64> {
        let actor = &actor.into();
        self.delete_user_of(account, id, None, actor).await
    }

    /// The same, unless they are not of that version any more.
    pub async fn delete_user_of(
        &self,
        account: &Account,
        id: UserId,
        version: Option<&str>,
        actor: impl Into<Actor>,
    ) -> Result<u64> {
        let actor = &actor.into();
        let now = self.clock.now();
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let user = of.user(id, now).await?.ok_or(Stale::Gone)?;
        if version.is_some_and(|version| version != user.version()) {
            bail!(Stale::Changed);
        }
        let document = self.document(account.id).await?;
        let link = document.map_or(Link::UserName, |document| document.link());
        let sessions_ended = self.erase(&mut of, &user, link, actor, now).await?;
        tx.commit().await?;
        Ok(sessions_ended)
    }

    /// The one person of that id, exact subject, e-mail address or external id.
    pub async fn find_user(&self, account: &Account, name: &str) -> Result<User> {
        let now = self.clock.now();
        let mut tx = self.store.read().await?;
        let mut of = tx.of(account.id);
        if let Some(id) = UserId::parse(name)
            && let Some(user) = of.user(id, now).await?
        {
            return Ok(user);
        }
        let mut found = of.users_called(name, now).await?;
        match (found.pop(), found.is_empty()) {
            (Some(one), true) => Ok(one),
            (Some(_), false) => bail!(
                "{name} is several people of {}; name one by their id (usr_…)",
                account.slug
            ),
            (None, _) => bail!(
                "{} has nobody called {name}; `vestibule user list {}` shows who is there",
                account.slug,
                account.slug
            ),
        }
    }
}
