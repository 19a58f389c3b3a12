//! The audit is sealed, vouched for, read, and the key for it kept.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use anyhow::{Context, Result};

use super::App;
use crate::audit::{
    Actor, Checkpoint, Entry, Event, Filter, Head, NOTHING, Record, Signed, SigningKey,
};
use crate::id::{AccountId, EntryId, UserId, hex};
use crate::seal::Place;
use crate::store::{Of, Vouched};
use crate::time::{Span, Timestamp};

/// So many entries are sealed in one transaction at most: writers of SQLite wait for it.
const BATCH: i64 = 500;

/// Between two checkpoints: what was removed within it again is all that a checkpoint cannot prove, and a line costs some hundred bytes.
const BETWEEN: Span = Span::seconds(10);

const KEY: &str = "audit_key";
const KEY_PLACE: Place<'static> = Place {
    purpose: "settings.value",
    account: "",
    at: KEY,
};

impl App {
    /// Adds to the chains what they do not hold yet, and says how many entries that were; with none it writes nothing.
    pub async fn seal_audit(&self) -> Result<u64> {
        let mut sealed = 0;
        loop {
            if self.store.read().await?.unsealed(1).await?.is_empty() {
                return Ok(sealed);
            }
            // First the ends: whoever seals between the two looks moves one, and what is added here is refused.
            let ends = self.store.read().await?.audit_heads().await?;
            let records = self.store.read().await?.unsealed(BATCH).await?;
            sealed += u64::try_from(records.len()).unwrap_or_default();
            if !self.seal_these(&ends, records).await? {
                // Another node seals at this moment.
                return Ok(0);
            }
        }
    }

    async fn seal_these(&self, ends: &[Vouched], records: Vec<Record>) -> Result<bool> {
        let mut by_account = BTreeMap::<String, Vec<Record>>::new();
        for record in records {
            let account = record.account.clone();
            by_account.entry(account).or_default().push(record);
        }
        let mut tx = self.store.write().await?;
        for (account, records) in by_account {
            let id = AccountId::parse(&account).context("an account's id")?;
            let known = ends.iter().find(|known| known.head.account == account);
            let from = known.map_or_else(|| Head::none(&account), |known| known.head.clone());
            if tx.of(id).seal(&from, &records).await?.is_none() {
                return Ok(false);
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Vouches for where the chains end by now, where they went on and the last time is long enough ago.
    pub async fn checkpoint(&self, now: Timestamp, at_once: bool) -> Result<Option<Signed>> {
        let mut tx = self.store.read().await?;
        if !tx.awaits_checkpoint().await? {
            return Ok(None);
        }
        let ends = tx.audit_heads().await?;
        let last = tx.last_checkpoint().await?.map(|last| last.checkpoint);
        drop(tx);
        let last_at = last.as_ref().map(|last| Timestamp::from_millis(last.at));
        if last_at.is_some_and(|last| !at_once && now < last.plus(BETWEEN)) {
            return Ok(None);
        }
        let all = last_at.is_none_or(|last| last.day() != now.day());
        let heads = ends
            .into_iter()
            .filter(|end| all || end.through != end.head.number)
            .map(|end| end.head);
        let mut heads: Vec<Head> = heads.collect();
        heads.sort_by(|a, b| a.account.cmp(&b.account));
        let key = self.audit_key().await?;
        let checkpoint = Checkpoint {
            number: last
                .as_ref()
                .map_or(1, |last| last.number.saturating_add(1)),
            previous: last.map_or_else(|| NOTHING.to_owned(), |last| last.hash()),
            at: now.millis(),
            key: key.public()?.id().to_owned(),
            all,
            heads,
        };
        let signature = key.sign(&checkpoint.text())?;
        let signed = Signed {
            checkpoint,
            signature,
        };
        let mut tx = self.store.write().await?;
        if !tx.save_checkpoint(&signed).await? {
            return Ok(None);
        }
        tx.commit().await?;
        self.hand_out(&signed)?;
        Ok(Some(signed))
    }

    /// A checkpoint leaves the machine by the log, and by a file that whoever keeps it carries away.
    fn hand_out(&self, signed: &Signed) -> Result<()> {
        let Checkpoint { number, heads, .. } = &signed.checkpoint;
        tracing::info!(
            number,
            hash = signed.checkpoint.hash(),
            signature = signed.signature,
            heads = heads.len(),
            "audit checkpoint"
        );
        let Some(path) = self.config.checkpoints_file() else {
            return Ok(());
        };
        let file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path);
        let line = format!("{}\n", serde_json::to_string(signed)?);
        file.and_then(|mut file| file.write_all(line.as_bytes()))
            .with_context(|| format!("writing to `audit.checkpoints` = {}", path.display()))
    }

    /// The key that signs for the audit; the first need makes it.
    pub async fn audit_key(&self) -> Result<SigningKey> {
        let known = self.store.read().await?.setting(KEY).await?;
        let sealed = if let Some(sealed) = known {
            sealed
        } else {
            let der = SigningKey::generate()?.write()?;
            let sealed = hex(&self.ring.seal(&der, KEY_PLACE, &self.entropy)?);
            let mut tx = self.store.write().await?;
            let sealed = tx.settle(KEY, &sealed).await?;
            tx.commit().await?;
            sealed
        };
        let der = self.ring.open(&super::proof_bytes(&sealed), KEY_PLACE)?;
        Ok(SigningKey::read(&der)?)
    }

    /// A page of an account's audit for somebody; that they read it is an entry too.
    pub async fn read_audit(
        &self,
        account: AccountId,
        filter: &Filter,
        after: Option<EntryId>,
        limit: i64,
        actor: impl Into<Actor>,
    ) -> Result<Vec<Entry>> {
        let mut tx = self.store.read().await?;
        let page = tx.of(account).audit_page(filter, after, limit).await?;
        drop(tx);
        self.note_reading(account, "list", filter, page.len(), actor)
            .await?;
        Ok(page)
    }

    /// Keeps that somebody read the audit of an account.
    pub async fn note_reading(
        &self,
        account: AccountId,
        way: &'static str,
        filter: &Filter,
        entries: usize,
        actor: impl Into<Actor>,
    ) -> Result<()> {
        let event = Event::AuditRead {
            way,
            filter: filter.clone(),
            entries: u64::try_from(entries)?,
        };
        let mut tx = self.store.write().await?;
        tx.of(account)
            .audit(actor, event, self.clock.now(), &self.entropy)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Keeps that a safety rule refused a command: in the audit of the account that is among the words, else in that of the staff.
    pub async fn keep_refusal(
        &self,
        words: &[String],
        command: &str,
        said: String,
        actor: &str,
    ) -> Result<()> {
        let mut tx = self.store.write().await?;
        let accounts = tx.accounts().await?;
        let named = |name: &str| {
            accounts
                .iter()
                .find(|account| account.slug.as_str() == name)
        };
        let account = words
            .iter()
            .find_map(|word| named(word))
            .or_else(|| named(&self.config.staff.account));
        let Some(account) = account else {
            return Ok(());
        };
        let (now, mut of) = (self.clock.now(), tx.of(account.id));
        let event = Event::CommandRefused {
            command: command.to_owned(),
            user: named_person(&mut of, words, now).await?,
            said,
        };
        of.audit(actor, event, now, &self.entropy).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The one person whom the words of a command name, so that what was said of them is erased with them.
async fn named_person(of: &mut Of<'_>, words: &[String], now: Timestamp) -> Result<Option<String>> {
    for word in words {
        if UserId::parse(word).is_some() {
            return Ok(Some(word.clone()));
        }
        if let [one] = of.users_called(word, now).await?.as_slice() {
            return Ok(Some(one.id.to_string()));
        }
    }
    Ok(None)
}
