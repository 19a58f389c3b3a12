//! The credentials of programs: made, shown once, used, and taken back.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use ipnet::IpNet;

use super::{App, Refused};
use crate::account::{Account, Stage};
use crate::audit::{Actor, Event};
use crate::gate::{Credential, CredentialState, Kind, SCIM, Secret};
use crate::id::CredentialId;
use crate::time::Span;

/// So many of one name live at a time: the one in use, and the one that follows it.
const AT_A_TIME: usize = 2;

/// A credential that is wished for.
#[derive(Debug, Clone)]
pub struct NewCredential {
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// From where it may be used.
    pub networks: Vec<IpNet>,
    /// How long it lasts.
    pub lasts: Span,
}

impl App {
    /// Makes a credential; its secret is in the answer and nowhere else.
    pub async fn create_credential(
        &self,
        account: &Account,
        wish: NewCredential,
        actor: impl Into<Actor>,
    ) -> Result<(Credential, Secret)> {
        let actor = &actor.into();
        let stage = self
            .document(account.id)
            .await?
            .context("the account has no active revision")?
            .stage;
        let now = self.clock.now();
        self.vet_credential(account, stage, &wish)?;
        let secret = Secret::new(stage, &self.entropy);
        let credential = Credential {
            id: CredentialId::new(now, &self.entropy),
            account: account.id,
            name: wish.name,
            prefix: secret.prefix(),
            kind: wish.kind,
            networks: wish.networks,
            created_at: now,
            created_by: actor.id.clone(),
            expires_at: now.plus(wish.lasts),
            last_used: None,
            revoked_at: None,
        };
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let all = of.credentials().await?;
        let mut living = all.iter().filter(|known| {
            known.name == credential.name && known.state(now) == CredentialState::Living
        });
        if let (true, Some(oldest)) = (living.clone().count() >= AT_A_TIME, living.next_back()) {
            bail!(Refused(format!(
                "two called `{}` are living already; take the older one back when nobody uses it any more: vestibule {} revoke {}",
                credential.name,
                match credential.kind {
                    Kind::Api { .. } => "token",
                    Kind::Integration { .. } | Kind::Decision { .. } => "key",
                },
                oldest.id
            )));
        }
        of.create_credential(&credential, &secret).await?;
        of.audit(actor, created(&credential), now, &self.entropy)
            .await?;
        tx.commit().await?;
        Ok((credential, secret))
    }

    fn vet_credential(&self, account: &Account, stage: Stage, wish: &NewCredential) -> Result<()> {
        let name = &wish.name;
        if name.trim().is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control)
        {
            bail!(Refused(
                "the name is 1 to 64 characters, none of them control characters".into()
            ));
        }
        match &wish.kind {
            Kind::Integration { scopes } => {
                let any = crate::gate::Subject {
                    account: account.id,
                    stage,
                    who: crate::gate::Who::Key(CredentialId::new(self.clock.now(), &self.entropy)),
                };
                let given = self.access.policy.permissions(&any)?;
                let listed = given.iter().copied().collect::<Vec<_>>().join(", ");
                if let Some(odd) = scopes.iter().find(|scope| !given.contains(scope.as_str())) {
                    bail!(Refused(format!(
                        "the policy gives `{odd}` to no key; it gives {listed}"
                    )));
                }
                if scopes.is_empty() {
                    bail!(Refused(format!(
                        "a key needs at least one --scope out of {listed}"
                    )));
                }
            }
            Kind::Api { scopes } => self.vet_scopes(account, stage, scopes)?,
            Kind::Decision { app, trusts } => {
                let known = self.access.apps().find(|known| known.app == *app);
                if !known.is_some_and(|known| known.serves(stage, &account.slug)) {
                    bail!(Refused(format!(
                        "there is no app `{app}` for {}; apps stand in the folder of `gate.apps`",
                        account.slug
                    )));
                }
                if let Some(odd) = trusts.iter().find(|name| !is_resources(name)) {
                    bail!(Refused(format!(
                        "nobody is believed in `{odd}`; name an attribute of a resource, such as profile.created_by, profile.call_state or profile.concluded_by"
                    )));
                }
            }
        }
        Ok(())
    }

    /// A token administers what the policy knows, and keeps the people of an account that is not the staff's.
    fn vet_scopes(&self, account: &Account, stage: Stage, scopes: &BTreeSet<String>) -> Result<()> {
        let mut known = self.access.policy.administrative();
        if stage != Stage::Staff {
            known.insert(SCIM.to_owned());
        }
        let listed = known.iter().cloned().collect::<Vec<_>>().join(", ");
        if scopes.is_empty() {
            bail!(Refused(format!(
                "a token needs at least one --scope out of {listed}"
            )));
        }
        match scopes.iter().find(|scope| !known.contains(*scope)) {
            Some(odd) => bail!(Refused(format!(
                "`{odd}` is no scope of a token of {}; there are {listed}",
                account.slug
            ))),
            None => Ok(()),
        }
    }

    /// The credential of that id, with its account.
    pub async fn find_credential(&self, id: CredentialId) -> Result<(Account, Credential)> {
        for (account, credential) in self.credentials(None).await? {
            if credential.id == id {
                return Ok((account, credential));
            }
        }
        bail!("there is no key {id}; `vestibule key list` shows which there are")
    }

    /// The credentials of an account, or of all.
    pub async fn credentials(
        &self,
        account: Option<&Account>,
    ) -> Result<Vec<(Account, Credential)>> {
        let mut tx = self.store.read().await?;
        let accounts = match account {
            Some(one) => vec![one.clone()],
            None => tx.accounts().await?,
        };
        let mut all = Vec::new();
        for account in accounts {
            let credentials = tx.of(account.id).credentials().await?;
            all.extend(credentials.into_iter().map(|one| (account.clone(), one)));
        }
        Ok(all)
    }

    /// Takes a credential back; it opens nothing from then on.
    pub async fn revoke_credential(
        &self,
        credential: &Credential,
        actor: impl Into<Actor>,
    ) -> Result<bool> {
        let actor = &actor.into();
        let now = self.clock.now();
        let mut tx = self.store.write().await?;
        let mut of = tx.of(credential.account);
        let revoked = of.revoke_credential(credential.id, now).await?;
        if revoked {
            let event = Event::CredentialRevoked {
                credential: credential.id.to_string(),
                name: credential.name.clone(),
                prefix: credential.prefix.clone(),
            };
            of.audit(actor, event, now, &self.entropy).await?;
        }
        tx.commit().await?;
        Ok(revoked)
    }
}

/// Whether a name is one of an attribute of resources: of people, keys and accounts nobody but us knows anything.
fn is_resources(name: &str) -> bool {
    name.split_once('.').is_some_and(|(kind, attribute)| {
        let ours = ["user", "key", "role", "account", ""];
        !ours.contains(&kind) && !["", "account"].contains(&attribute)
    })
}

fn created(credential: &Credential) -> Event {
    let list = |names: &BTreeSet<String>| names.iter().cloned().collect();
    let (scopes, app, trusts) = match &credential.kind {
        Kind::Integration { scopes } | Kind::Api { scopes } => (list(scopes), None, Vec::new()),
        Kind::Decision { app, trusts } => (Vec::new(), Some(app.to_string()), list(trusts)),
    };
    Event::CredentialCreated {
        credential: credential.id.to_string(),
        kind: credential.kind.as_str().to_owned(),
        name: credential.name.clone(),
        prefix: credential.prefix.clone(),
        scopes,
        app,
        trusts,
    }
}
