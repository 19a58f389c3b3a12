//! That somebody may do something in the administration of an account.

use std::marker::PhantomData;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::super::{Error, Shared};
use super::caller::Caller;
use crate::account::{Account, Document, Stage};
use crate::id::AccountId;
use crate::session::Via;

/// An action of the policy, as a type.
pub(in super::super) trait Permission: Send + Sync {
    /// Its name.
    const ACTION: &'static str;
    /// Whether in the staff's own account it takes two people.
    const NEEDS_TWO: bool;
}

macro_rules! permissions {
    ($($name:ident $action:literal $two:literal;)+) => {$(
        #[doc = concat!("`", $action, "`")]
        pub(in super::super) struct $name;

        impl Permission for $name {
            const ACTION: &'static str = $action;
            const NEEDS_TWO: bool = $two;
        }
    )+};
}

permissions! {
    AccountView "account:view" false;
    AccountCreate "account:create" false;
    AccountSwitch "account:switch" true;
    RevisionView "revision:view" false;
    RevisionMake "revision:make" true;
    UserView "user:view" false;
    UserCreate "user:create" true;
    UserChange "user:change" true;
    UserSuspend "user:suspend" true;
    UserRestore "user:restore" true;
    UserDelete "user:delete" true;
    RoleView "role:view" false;
    RoleGrant "role:grant" false;
    RoleTake "role:take" true;
    SessionView "session:view" false;
    SessionEnd "session:end" false;
    KeyView "key:view" false;
    KeyCreate "key:create" true;
    KeyRevoke "key:revoke" false;
    AuditView "audit:view" false;
    WebhookView "webhook:view" false;
    WebhookChange "webhook:change" false;
}

/// What may give somebody a key that outlasts their session.
const REVEALING: [&str; 2] = [KeyCreate::ACTION, WebhookChange::ACTION];

/// The proof that the caller may do it there.
pub(in super::super) struct Pass<P> {
    /// Who may.
    pub(in super::super) caller: Caller,
    /// Where.
    pub(in super::super) account: Account,
    /// Its configuration in force.
    pub(in super::super) document: Document,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequestParts<Shared> for Pass<P> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Error> {
        let caller = Caller::from_request_parts(parts, shared).await?;
        let params = RawPathParams::from_request_parts(parts, shared).await;
        let params = params.map_err(|_| Error::not_found())?;
        let named = params
            .iter()
            .find(|(name, _)| *name == "account")
            .map(|(_, value)| value.to_owned());
        let (account, document) = account(shared, &caller, named.as_deref()).await?;
        may::<P>(shared, &caller, &account, &document)?;
        Ok(Self {
            caller,
            account,
            document,
            permission: PhantomData,
        })
    }
}

/// The account that the request is about; one that the caller may not know of is not there.
async fn account(
    shared: &Shared,
    caller: &Caller,
    named: Option<&str>,
) -> Result<(Account, Document), Error> {
    let own = &caller.present().environment;
    let is_own = named.is_none_or(|named| {
        named == own.account.slug.as_str() || named == own.account.id.to_string()
    });
    if is_own {
        return Ok((own.account.clone(), own.document.clone()));
    }
    let named = named.filter(|_| caller.is_operator());
    let named = named.ok_or_else(Error::not_found)?;
    let mut tx = shared.app.store.read().await?;
    let found = match AccountId::parse(named) {
        Some(id) => tx.of(id).account().await?,
        None => tx.account(named).await?,
    };
    let account = found.ok_or_else(Error::not_found)?;
    let revision = tx.of(account.id).revision(account.active).await?;
    let document = revision.ok_or_else(Error::not_found)?.document;
    Ok((account, document))
}

impl<P> Pass<P> {
    /// Whether the caller may do something else there too.
    pub(in super::super) fn allows(&self, shared: &Shared, action: &str) -> Result<bool, Error> {
        let stage = self.document.stage;
        allows(shared, &self.caller, &self.account, stage, action)
    }
}

fn may<P: Permission>(
    shared: &Shared,
    caller: &Caller,
    account: &Account,
    document: &Document,
) -> Result<(), Error> {
    if !caller.is_operator() && !document.uam {
        return Err(refused(
            "uam_off",
            "This account has no user access management. The people who run the platform can switch it on.",
        ));
    }
    if !allows(shared, caller, account, document.stage, P::ACTION)? {
        let sentence = match caller.program() {
            Some(_) => format!("This token has not the scope `{}`.", P::ACTION),
            None => format!("This takes the permission `{}`.", P::ACTION),
        };
        return Err(refused("forbidden", sentence));
    }
    let session = caller.present().session();
    let by_link = session.is_some_and(|session| session.via == Via::Link);
    if by_link && REVEALING.contains(&P::ACTION) {
        return Err(refused(
            "not_by_link",
            "A session that began by a link is shown no key. Sign in at your company, or ask another operator.",
        ));
    }
    if P::NEEDS_TWO && document.stage == Stage::Staff && shared.app.config.staff.approvals {
        return Err(refused(
            "needs_two",
            "Who is an operator is decided by two operators, or at the shell of the server.",
        ));
    }
    Ok(())
}

fn allows(
    shared: &Shared,
    caller: &Caller,
    account: &Account,
    stage: Stage,
    action: &str,
) -> Result<bool, Error> {
    if let Some(kind) = caller.program() {
        return Ok(kind.administers(action));
    }
    let (policy, subject) = (&shared.app.access.policy, &caller.present().subject);
    let decision = policy.administers(subject, action, account.id, stage)?;
    Ok(decision.is_allowed)
}

fn refused(code: &'static str, sentence: impl Into<String>) -> Error {
    Error::new(StatusCode::FORBIDDEN, code, sentence)
}
