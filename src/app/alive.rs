//! Whether whoever holds a token or a key may still do anything, as it is now.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use super::App;
use crate::account::{Account, State};
use crate::gate::{self, Access, Credential, CredentialState, Kind, Subject, Who};
use crate::id::{AccountId, CredentialId, SessionId, UserId};
use crate::session;
use crate::store::Error;
use crate::time::Timestamp;
use crate::user;

/// Who somebody says they are, by a receipt that was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Whom {
    /// A person, in a session that was seen to be used then.
    Session {
        /// The account.
        account: AccountId,
        /// The person.
        user: UserId,
        /// The session.
        session: SessionId,
        /// When it was certainly in use.
        seen: Timestamp,
    },
    /// A key.
    Key {
        /// The account.
        account: AccountId,
        /// The key.
        credential: CredentialId,
    },
}

/// Somebody who may ask for something now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alive {
    /// Their account.
    pub account: Account,
    /// Who they are, with the roles that they hold now.
    pub subject: Subject,
    /// The session of a person.
    pub session: Option<SessionId>,
    /// The actions to which a key is held; none where no key is.
    pub scopes: Option<BTreeSet<String>>,
    /// The networks of the account's people; of a key its own were asked already.
    networks: Vec<IpNet>,
}

impl Alive {
    /// Whether they may come from there.
    pub fn may_come_from(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.is_empty() || self.networks.iter().any(|known| known.contains(&address))
    }
}

impl Whom {
    /// Whoever asked for a token; none where it names nobody that there could be.
    pub fn of(access: &Access) -> Option<Self> {
        let account = access.account;
        match access.sid {
            Some(session) => Some(Self::Session {
                account,
                user: UserId::parse(&access.sub)?,
                session,
                seen: access.issued_at(),
            }),
            None => Some(Self::Key {
                account,
                credential: CredentialId::parse(&access.sub)?,
            }),
        }
    }

    const fn account(&self) -> AccountId {
        match self {
            Self::Session { account, .. } | Self::Key { account, .. } => *account,
        }
    }
}

impl App {
    /// Whoever that is, where session, person, key and account all still are what lets them in.
    pub async fn alive(&self, whom: &Whom, now: Timestamp) -> Result<Option<Alive>, Error> {
        let mut tx = self.store.read().await?;
        let mut of = tx.of(whom.account());
        let account = of.account().await?;
        let Some(account) = account.filter(|account| account.state == State::Enabled) else {
            return Ok(None);
        };
        let Some(revision) = of.revision(account.active).await? else {
            return Ok(None);
        };
        let stage = revision.document.stage;
        let id = account.id;
        let subject = |who| Subject {
            account: id,
            stage,
            who,
        };
        Ok(match *whom {
            Whom::Session {
                user,
                session,
                seen,
                ..
            } => {
                let person = of.user(user).await?;
                let sessions = of.sessions(user).await?;
                let session = sessions.into_iter().find(|own| own.id == session);
                let is_active = |person: &user::User| person.state == user::State::Active;
                let Some((person, mut session)) = person.filter(is_active).zip(session) else {
                    return Ok(None);
                };
                session.seen_at = session.seen_at.max(seen);
                let roles = person.roles.keys().copied().collect();
                (session.state(now) == session::State::Live).then(|| Alive {
                    subject: subject(Who::Person(user, roles)),
                    account,
                    session: Some(session.id),
                    scopes: None,
                    networks: revision.document.access.networks,
                })
            }
            Whom::Key { credential, .. } => {
                let keys = of.credentials().await?;
                let key = keys.into_iter().find(|key| key.id == credential);
                key.and_then(|key| match (key.state(now), key.kind) {
                    (CredentialState::Living, Kind::Integration { scopes }) => Some(Alive {
                        subject: subject(Who::Key(key.id)),
                        account,
                        session: None,
                        scopes: Some(scopes),
                        networks: Vec::new(),
                    }),
                    _ => None,
                })
            }
        })
    }

    /// What somebody may do in an app, in at least one situation; nothing where it is not for them.
    pub fn permissions_in(
        &self,
        alive: &Alive,
        app: &gate::App,
    ) -> Result<BTreeSet<String>, gate::Error> {
        if !app.serves(alive.subject.stage, &alive.account.slug) {
            return Ok(BTreeSet::new());
        }
        let permitted = self.access.policy.permissions(&alive.subject)?;
        let permitted = permitted.into_iter().filter(|action| {
            let scopes = alive.scopes.as_ref();
            scopes.is_none_or(|scopes| scopes.contains(*action))
                && app.routes.iter().any(|route| route.action == *action)
        });
        Ok(permitted.map(str::to_owned).collect())
    }

    /// Who a living credential belongs to, where its account is enabled.
    pub async fn holder(
        &self,
        credential: &Credential,
    ) -> Result<Option<(Account, Subject)>, Error> {
        let mut tx = self.store.read().await?;
        let mut of = tx.of(credential.account);
        let account = of.account().await?;
        let Some(account) = account.filter(|account| account.state == State::Enabled) else {
            return Ok(None);
        };
        let revision = of.revision(account.active).await?;
        Ok(revision.map(|revision| (account, credential.subject(revision.document.stage))))
    }
}
