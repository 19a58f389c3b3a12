//! What a client's directory says of a person, and what they are linked by when they come first.

use serde::{Deserialize, Serialize};

use super::User;
use crate::account::Link;
use crate::claims::Profile;
use crate::id::UserId;
use crate::time::Timestamp;

/// What a client's directory says of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    /// Their name there; no two people of an account share one, whatever its case.
    pub user_name: String,
    /// The name as it is shown.
    pub display_name: Option<String>,
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub surname: Option<String>,
    /// Their e-mail addresses.
    pub mails: Vec<Mail>,
    /// Whether it is the directory that keeps them out: only then does it let them in again.
    #[serde(default)]
    pub has_suspended: bool,
    /// When it last said something else.
    pub changed_at: Timestamp,
}

/// An e-mail address in a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The address.
    pub value: Option<String>,
    /// What it is for.
    pub kind: Option<String>,
    /// Whether it is the one to show.
    pub is_primary: Option<bool>,
}

impl Mail {
    /// The one address of somebody at their work.
    pub fn work(address: String) -> Self {
        Self {
            value: Some(address),
            kind: Some("work".to_owned()),
            is_primary: Some(true),
        }
    }
}

impl Directory {
    /// What is shown of the person.
    pub fn profile(&self) -> Profile {
        let primary = self.mails.iter().find(|mail| mail.is_primary == Some(true));
        let shown = primary.or_else(|| self.mails.first());
        Profile {
            email: shown.and_then(|mail| mail.value.clone()),
            given_name: self.given_name.clone(),
            surname: self.surname.clone(),
        }
    }
}

impl User {
    /// The name by which a directory finds them: the one it gave, else their subject.
    pub fn name(&self) -> &str {
        let said = self.directory.as_ref();
        said.map_or(&self.subject, |said| &said.user_name)
    }

    /// The e-mail address by which a directory finds them.
    pub fn address(&self) -> Option<String> {
        match &self.directory {
            Some(said) => said.profile().email,
            None => self.profile.email.clone(),
        }
    }

    /// The value of the account's link key, which stands for them for good.
    pub fn link(&self, link: Link) -> Option<String> {
        match link {
            Link::UserName => Some(self.name().to_owned()),
            Link::ExternalId => self.external_id.clone(),
            Link::Email => self.address(),
        }
    }

    /// Whether they have a subject, and not only what they will be linked by.
    pub fn is_linked(&self) -> bool {
        !self.source.starts_with(UNLINKED)
    }
}

/// What the source of somebody begins with who has no subject yet.
const UNLINKED: &str = "link:";

/// The source and the subject of somebody without a subject: what they will be linked by, or nothing that anybody has.
pub fn unlinked(link: Link, value: Option<String>, id: UserId) -> (String, String) {
    match value {
        Some(value) => (link.source().to_owned(), value),
        None => (format!("{UNLINKED}nothing"), id.to_string()),
    }
}
