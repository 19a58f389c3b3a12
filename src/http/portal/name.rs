//! What somebody is called whom an entry or a proposal names by their id.

use super::super::{Error, Shared};
use crate::account::Account;
use crate::id::UserId;

/// A person of the account, or one of the people who run Vestibule, by their name; whoever else it is by what the audit calls them.
pub(super) async fn name(shared: &Shared, account: &Account, actor: &str) -> Result<String, Error> {
    let Some(id) = UserId::parse(actor) else {
        return Ok(actor.to_owned());
    };
    let now = shared.app.clock.now();
    let mut tx = shared.app.store.read().await?;
    let mut found = tx.of(account.id).user(id, now).await?;
    if found.is_none()
        && let Some(staff) = tx.account(&shared.app.config.staff.account).await?
    {
        found = tx.of(staff.id).user(id, now).await?;
    }
    let name = found.map(|user| match user.profile.name() {
        Some(name) => format!("{name} ({})", user.subject),
        None => user.subject,
    });
    Ok(name.unwrap_or_else(|| actor.to_owned()))
}
