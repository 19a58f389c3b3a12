//! A client's directory at work: it makes, changes and removes the people and groups of its own account.

mod groups;
mod list;
mod members;
mod people;

use crate::account::{Account, Document};
use crate::app::App;
use crate::audit::Actor;
use crate::time::Timestamp;
use crate::{scim, seal, store};

/// The directory of one account, at one moment.
pub struct Directory<'d> {
    /// What everything is kept in.
    pub app: &'d App,
    /// The account.
    pub account: &'d Account,
    /// Its configuration in force.
    pub document: &'d Document,
    /// Who it is in the audit: the credential that was shown.
    pub actor: &'d Actor,
    /// The address of the account's SCIM, without a slash at its end.
    pub base: &'d str,
    /// The present.
    pub now: Timestamp,
}

/// Why the directory does not get what it asks for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What it asks for is not possible, and the sentence says what to do.
    #[error(transparent)]
    Scim(#[from] scim::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A digest could not be made.
    #[error(transparent)]
    Seal(#[from] seal::Error),
}

/// Which versions of a resource a request is meant for: the values of `If-Match`, or any.
pub type Versions<'v> = Option<&'v [String]>;

/// Refuses what was meant for another version.
fn demand_version(versions: Versions<'_>, current: &str) -> Result<(), scim::Error> {
    let opaque = |tag: &str| tag.trim_start_matches("W/").to_owned();
    let fits = versions.is_none_or(|versions| {
        let mut versions = versions.iter();
        versions.any(|tag| tag == "*" || opaque(tag) == opaque(current))
    });
    if fits {
        Ok(())
    } else {
        Err(scim::Kind::Precondition.because(format!(
            "it was changed meanwhile: its version is {current} now. Read it again, then change it"
        )))
    }
}

fn nobody() -> scim::Error {
    scim::Kind::NotFound.because("there is no such resource in this account")
}
