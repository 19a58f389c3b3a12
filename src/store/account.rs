//! Accounts, their revisions, and the settings of the installation.

use sqlx::FromRow;

use super::batch::{Changes, statement};
use super::db::{Error, Of, Tx, sql};
use crate::account::{Account, Document, Revision, Slug, State};
use crate::id::AccountId;
use crate::time::Timestamp;

#[derive(FromRow)]
pub(super) struct AccountRow {
    id: String,
    slug: String,
    state: String,
    entity_id: String,
    active: i64,
    created_at: i64,
}

impl AccountRow {
    pub(super) fn account(self) -> Result<Account, Error> {
        let read = || {
            Some(Account {
                id: AccountId::parse(&self.id)?,
                slug: Slug::parse(&self.slug)?,
                state: if self.state == State::Enabled.as_str() {
                    State::Enabled
                } else {
                    State::Disabled
                },
                entity_id: self.entity_id.clone(),
                active: self.active,
                created_at: Timestamp::from_millis(self.created_at),
            })
        };
        read().ok_or(Error::Stored("account"))
    }
}

#[derive(FromRow)]
struct RevisionRow {
    number: i64,
    document: String,
    metadata: Option<String>,
    author: String,
    created_at: i64,
}

impl RevisionRow {
    fn revision(self) -> Result<Revision, Error> {
        let document: Document =
            serde_json::from_str(&self.document).map_err(|_| Error::Stored("revision"))?;
        Ok(Revision {
            number: self.number,
            document,
            metadata: self.metadata,
            author: self.author,
            created_at: Timestamp::from_millis(self.created_at),
        })
    }
}

/// A revision that is about to get its number.
pub struct NewRevision<'a> {
    /// The configuration.
    pub document: &'a Document,
    /// The identity provider's descriptor as it was received.
    pub metadata: Option<&'a str>,
    /// Who makes it.
    pub author: &'a str,
    /// The present.
    pub at: Timestamp,
}

macro_rules! erasing {
    ($($table:literal)*) => { [$(concat!("DELETE FROM ", $table, " WHERE account = $1")),*] };
}

/// What goes with an account; what hangs on these goes with them.
const ERASED: [&str; 16] = erasing!(
    "handoffs"
    "setup_links"
    "login_links"
    "sessions"
    "users"
    "directory_groups"
    "attempts"
    "used"
    "credentials"
    "revoked_tokens"
    "keys"
    "sources"
    "certificates"
    "webhooks"
    "given_answers"
    "audit_personal"
);

impl Tx {
    /// The account of that name, if the text is a name at all.
    pub async fn account(&mut self, slug: &str) -> Result<Option<Account>, Error> {
        // What cannot be a name is not asked for: PostgreSQL takes no NUL in a text.
        if Slug::parse(slug).is_none() {
            return Ok(None);
        }
        let row = sql!(self, optional AccountRow, "SELECT id, slug, state, entity_id, active, created_at FROM accounts WHERE slug = $1 AND state <> 'deleted'", slug)?;
        row.map(AccountRow::account).transpose()
    }

    /// Every account, by name.
    pub async fn accounts(&mut self) -> Result<Vec<Account>, Error> {
        let rows = sql!(self, all AccountRow, "SELECT id, slug, state, entity_id, active, created_at FROM accounts WHERE state <> 'deleted' ORDER BY id")?;
        rows.into_iter().map(AccountRow::account).collect()
    }

    /// Every account there ever was: those that were deleted too, whose audit stays.
    pub async fn accounts_ever(&mut self) -> Result<Vec<Account>, Error> {
        let rows = sql!(self, all AccountRow, "SELECT id, slug, state, entity_id, active, created_at FROM accounts ORDER BY id")?;
        rows.into_iter().map(AccountRow::account).collect()
    }

    /// Makes a new account; its name or entity id may be taken.
    pub async fn create_account(&mut self, account: &Account) -> Result<(), Error> {
        sql!(
            self,
            execute,
            "INSERT INTO accounts (id, slug, state, entity_id, active, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
            account.id.to_string(),
            account.slug.as_str(),
            account.state.as_str(),
            &account.entity_id,
            account.active,
            account.created_at.millis(),
        )?;
        Ok(())
    }

    /// A setting of the installation.
    pub async fn setting(&mut self, name: &str) -> Result<Option<String>, Error> {
        let row = sql!(
            self,
            optional(String,),
            "SELECT value FROM settings WHERE name = $1",
            name
        )?;
        Ok(row.map(|(value,)| value))
    }

    /// Keeps a setting of the installation.
    pub async fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        sql!(
            self,
            execute,
            "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            value
        )?;
        Ok(())
    }

    /// Keeps a setting of the installation unless it is there already; says what it is from now on, on every node.
    pub async fn settle(&mut self, name: &str, value: &str) -> Result<String, Error> {
        sql!(
            self,
            execute,
            "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            name,
            value
        )?;
        self.setting(name).await?.ok_or(Error::Stored("setting"))
    }

    /// Whether the database answers.
    pub async fn ping(&mut self) -> Result<(), Error> {
        sql!(
            self,
            optional(i64,),
            "SELECT COUNT(*) FROM settings WHERE name = 'nothing'"
        )?;
        Ok(())
    }
}

impl Changes {
    /// Is a conflict unless the account is enabled and that revision of it is the active one.
    pub fn expect_active(&mut self, revision: i64) {
        self.add(statement!(
            "INSERT INTO guards (holds) SELECT 0 WHERE NOT EXISTS
             (SELECT 1 FROM accounts WHERE id = $1 AND state = $2 AND active = $3)",
            &self.account,
            State::Enabled.as_str(),
            revision,
        ));
    }
}

impl Of<'_> {
    /// The account itself, as it is now.
    pub async fn account(&mut self) -> Result<Option<Account>, Error> {
        let row = sql!(
            self.tx,
            optional AccountRow,
            "SELECT id, slug, state, entity_id, active, created_at FROM accounts WHERE id = $1 AND state <> 'deleted'",
            &self.account
        )?;
        row.map(AccountRow::account).transpose()
    }

    /// Switches the account on or off; says whether that changed anything.
    pub async fn set_state(&mut self, state: State) -> Result<bool, Error> {
        let changed = sql!(
            self.tx,
            execute,
            "UPDATE accounts SET state = $2 WHERE id = $1 AND state <> $2",
            &self.account,
            state.as_str()
        )?;
        self.announce(None).await?;
        Ok(changed == 1)
    }

    /// Erases the account but for its name, its configuration and its audit, in which nobody is named any more; never given back.
    pub async fn delete_account(&mut self) -> Result<(), Error> {
        for delete in ERASED {
            sql!(self.tx, execute, delete, &self.account)?;
        }
        sql!(
            self.tx,
            execute,
            "UPDATE accounts SET state = 'deleted' WHERE id = $1",
            &self.account
        )?;
        self.announce(None).await
    }

    /// Puts a revision in force.
    pub async fn activate(&mut self, number: i64) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "UPDATE accounts SET active = $2 WHERE id = $1",
            &self.account,
            number
        )?;
        self.announce(None).await
    }

    /// Keeps a new revision under the next number; two at once get different ones or one fails.
    pub async fn add_revision(&mut self, new: NewRevision<'_>) -> Result<i64, Error> {
        let last = sql!(
            self.tx,
            optional(i64,),
            "SELECT COALESCE(MAX(number), 0) FROM revisions WHERE account = $1",
            &self.account
        )?;
        let number = last.map_or(0, |(number,)| number) + 1;
        let document =
            serde_json::to_string(new.document).map_err(|_| Error::Stored("revision"))?;
        sql!(
            self.tx,
            execute,
            "INSERT INTO revisions (account, number, document, metadata, author, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
            &self.account,
            number,
            document,
            new.metadata,
            new.author,
            new.at.millis(),
        )?;
        Ok(number)
    }

    /// The revision of that number.
    pub async fn revision(&mut self, number: i64) -> Result<Option<Revision>, Error> {
        let row = sql!(
            self.tx,
            optional RevisionRow,
            "SELECT number, document, metadata, author, created_at FROM revisions WHERE account = $1 AND number = $2",
            &self.account,
            number
        )?;
        row.map(RevisionRow::revision).transpose()
    }

    /// All revisions, newest first.
    pub async fn revisions(&mut self) -> Result<Vec<Revision>, Error> {
        let rows = sql!(
            self.tx,
            all RevisionRow,
            "SELECT number, document, metadata, author, created_at FROM revisions WHERE account = $1 ORDER BY number DESC",
            &self.account
        )?;
        rows.into_iter().map(RevisionRow::revision).collect()
    }
}
