//! The account of the people who run Vestibule.

use anyhow::{Context, Result};

use super::{App, Consent, Refused};
use crate::account::{
    Access, Account, ClaimMap, Document, Duties, Provisioning, Retention, SessionPolicy, Slug,
    Stage, Users,
};
use crate::audit::Event;
use crate::config::AccountFile;

/// How many operators a change took when this was last looked at.
const APPROVALS: &str = "staff_approvals";

impl App {
    /// The staff account, made where there is none yet, so that operators can begin before anybody can sign in.
    pub async fn staff_account(&self, actor: &str) -> Result<Account> {
        let name = &self.config.staff.account;
        let known = self.store.read().await?.account(name).await?;
        if let Some(account) = known {
            let document = self.document(account.id).await?;
            if document.is_some_and(|document| document.stage == Stage::Staff) {
                return Ok(account);
            }
            return Err(Refused(format!(
                "`{name}` is a client's account; name another one as `[staff] account` in the server configuration"
            ))
            .into());
        }
        let account = Slug::parse(name).with_context(|| {
            format!("`[staff] account` in the server configuration names no account: `{name}`")
        })?;
        let document = Document {
            account,
            client: "The people who run Vestibule".to_owned(),
            stage: Stage::Staff,
            uam: true,
            approvals: None,
            saml: None,
            claims: ClaimMap::default(),
            roles: Vec::new(),
            users: Users {
                provisioning: Provisioning::Invited,
                ..Users::default()
            },
            duties: Duties::default(),
            session: SessionPolicy::default(),
            access: Access::default(),
            retention: Retention::default(),
        };
        let file = AccountFile {
            document,
            metadata: None,
        };
        let outcome = self.apply(&file, actor, &Consent::default()).await?;
        Ok(outcome.account)
    }

    /// Keeps in the audit that one operator is enough from now on, or that it takes two again.
    pub(super) async fn note_approvals(&self) -> Result<()> {
        let on = self.config.staff.approvals;
        let value = if on { "two" } else { "one" };
        let mut tx = self.store.read().await?;
        let known = tx.setting(APPROVALS).await?;
        let staff = tx.account(&self.config.staff.account).await?;
        drop(tx);
        let (Some(staff), true) = (staff, known.as_deref().unwrap_or("two") != value) else {
            return Ok(());
        };
        tracing::warn!(on, "what operators do takes two people, or one from now on");
        let mut tx = self.store.write().await?;
        tx.set(APPROVALS, value).await?;
        let event = Event::StaffApprovals { on };
        tx.of(staff.id)
            .audit("system", event, self.clock.now(), &self.entropy)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Whether an account is the one of the people who run Vestibule.
    pub fn is_staff(&self, account: &Account) -> bool {
        self.config.staff.account == account.slug.as_str()
    }
}
