//! The audit is verified and exported.

use std::io::{BufRead, Write};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::App;
use crate::audit::{COLUMNS, Head, PublicKey, Report, Signed, Verifier, csv, ocsf};
use crate::id::AccountId;
use crate::time::Timestamp;

/// So many rows are read at a time.
const PAGE: i64 = 1_000;

/// How entries are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Our own lines of JSON, which can be verified.
    Jsonl,
    /// Lines of JSON in classes of OCSF.
    Ocsf,
    /// A table.
    Csv,
}

/// Which entries are exported; the first line of a file in our own form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Of one account alone.
    pub account: Option<AccountId>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct First {
    vestibule_audit: i64,
    part: Part,
}

impl App {
    /// Looks whether the audit is whole as it stands in the database, against checkpoints that were kept elsewhere too.
    pub async fn verify_audit(
        &self,
        only: Option<AccountId>,
        against: &[Signed],
    ) -> Result<Report> {
        let mut verifier = Verifier::new(self.audit_key().await?.public()?, false);
        let mut tx = self.store.read().await?;
        let mut after = 0;
        loop {
            let page = tx.checkpoints(after, PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            for (number, signed) in &page {
                match signed {
                    Some(signed) => verifier.checkpoint(signed),
                    None => verifier.unreadable(*number),
                }
            }
        }
        for signed in against {
            verifier.against(signed);
        }
        let ends: Vec<Head> = tx
            .audit_heads()
            .await?
            .into_iter()
            .map(|end| end.head)
            .collect();
        verifier.expect(&ends);
        let mut accounts: Vec<AccountId> = tx
            .accounts_ever()
            .await?
            .iter()
            .map(|known| known.id)
            .collect();
        if let Some(only) = only {
            verifier.only(&only.to_string());
            accounts.retain(|account| *account == only);
        }
        drop(tx);
        for account in &accounts {
            self.verify_chain(&mut verifier, *account).await?;
        }
        let mut tx = self.store.read().await?;
        let waiting = tx.count_unsealed().await?;
        // Somebody may have been deleted, or a chain gone on, since it was read.
        for record in tx.unsealed(PAGE).await? {
            verifier.unsealed(&record);
        }
        drop(tx);
        for account in &accounts {
            self.verify_chain(&mut verifier, *account).await?;
        }
        let ends = self.store.read().await?.audit_heads().await?;
        let ends: Vec<Head> = ends.into_iter().map(|end| end.head).collect();
        verifier.at_most(&ends);
        let mut report = verifier.finish();
        let counted = waiting
            .iter()
            .filter(|(account, _)| only.is_none_or(|only| only.to_string() == **account));
        let waiting: i64 = counted.map(|(_, count)| count).sum();
        if waiting > 0 {
            report
                .unproved
                .push(format!("{waiting} entries that no chain holds yet"));
        }
        if against.is_empty() {
            report.unproved.push(
                "that nothing was cut off since a checkpoint left this machine: compare with one by --against".into(),
            );
        }
        Ok(report)
    }

    /// Reads the account's chain from where the verifier is.
    async fn verify_chain(&self, verifier: &mut Verifier, account: AccountId) -> Result<()> {
        let name = account.to_string();
        loop {
            let after = verifier.last(&name);
            let page = self
                .store
                .read()
                .await?
                .of(account)
                .chain(after, PAGE)
                .await?;
            if page.is_empty() {
                return Ok(());
            }
            for link in &page {
                verifier.entry(&link.line());
            }
        }
    }

    /// Writes entries down, each account's in the order of its chain; says how many of which account.
    pub async fn export_audit(
        &self,
        part: &Part,
        format: Format,
        to: &mut impl Write,
    ) -> Result<Vec<(AccountId, usize)>> {
        self.seal_audit().await?;
        self.checkpoint(self.clock.now(), true).await?;
        match format {
            Format::Jsonl => self.export_head(part, to).await?,
            Format::Csv => to.write_all(COLUMNS.as_bytes())?,
            Format::Ocsf => {}
        }
        let accounts = self.store.read().await?.accounts_ever().await?;
        let mut counts = Vec::new();
        for account in accounts {
            if part.account.is_none_or(|only| only == account.id) {
                let count = self.export_chain(account.id, part, format, to).await?;
                counts.push((account.id, count));
            }
        }
        to.flush()?;
        Ok(counts)
    }

    async fn export_head(&self, part: &Part, to: &mut impl Write) -> Result<()> {
        let first = First {
            vestibule_audit: 1,
            part: part.clone(),
        };
        writeln!(to, "{}", serde_json::to_string(&first)?)?;
        let mut after = 0;
        loop {
            let page = self.store.read().await?.checkpoints(after, PAGE).await?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after = *last;
            for (number, signed) in page {
                let signed = signed.with_context(|| {
                    format!("the checkpoint {number} is damaged; run `vestibule audit verify`")
                })?;
                writeln!(to, "{}", serde_json::to_string(&signed)?)?;
            }
        }
    }

    async fn export_chain(
        &self,
        account: AccountId,
        part: &Part,
        format: Format,
        to: &mut impl Write,
    ) -> Result<usize> {
        let since = part.since.unwrap_or(Timestamp::from_millis(i64::MIN));
        let until = part.until.unwrap_or(Timestamp::from_millis(i64::MAX));
        let mut tx = self.store.read().await?;
        let Some((first, last)) = tx.of(account).chain_between(since, until).await? else {
            return Ok(0);
        };
        drop(tx);
        let (mut after, mut count) = (first.saturating_sub(1), 0);
        loop {
            let page = self
                .store
                .read()
                .await?
                .of(account)
                .chain(after, PAGE)
                .await?;
            let Some(end) = page.last() else {
                return Ok(count);
            };
            after = end.number;
            for link in page {
                if link.number > last {
                    return Ok(count);
                }
                count += 1;
                let place = format!("{account}, number {}", link.number);
                let shown = || {
                    link.clone().shown().with_context(|| {
                        format!("the entry of {place} is damaged; run `vestibule audit verify`")
                    })
                };
                match format {
                    Format::Jsonl => writeln!(to, "{}", link.line())?,
                    Format::Ocsf => writeln!(to, "{}", ocsf(&shown()?))?,
                    Format::Csv => to.write_all(csv(&shown()?).as_bytes())?,
                }
            }
        }
    }
}

/// Looks whether an export in our own form is whole, with the public key alone.
pub fn verify_export(
    lines: impl Fn() -> Result<Box<dyn BufRead>>,
    key: PublicKey,
    against: &[Signed],
) -> Result<Report> {
    let mut all = values(lines()?);
    let first = all.next().context("the file is empty")??;
    let Ok(First {
        vestibule_audit: 1,
        part,
    }) = serde_json::from_value(first)
    else {
        bail!(
            "this is no export that can be verified: `vestibule audit export --format jsonl` makes one"
        )
    };
    let mut verifier = Verifier::new(key, part.since.is_some() || part.until.is_some());
    // Checkpoints first, wherever they stand: entries are compared with them.
    for line in all {
        if let Ok(signed) = serde_json::from_value::<Signed>(line?) {
            verifier.checkpoint(&signed);
        }
    }
    for signed in against {
        verifier.against(signed);
    }
    if let Some(account) = part.account {
        verifier.only(&account.to_string());
    }
    for line in values(lines()?).skip(1) {
        let line = line?;
        if line.get("checkpoint").is_none() {
            verifier.entry(&line);
        }
    }
    let mut report = verifier.finish();
    if let Some(account) = part.account {
        report
            .unproved
            .push(format!("anything about other accounts than {account}"));
    }
    report
        .unproved
        .push("what happened after the last checkpoint in the file".into());
    Ok(report)
}

fn values(lines: Box<dyn BufRead>) -> impl Iterator<Item = Result<Value>> {
    lines.lines().zip(1_u64..).map(|(line, number)| {
        serde_json::from_str(&line?).with_context(|| format!("line {number} is no JSON"))
    })
}

/// Checkpoints that were kept elsewhere: a line each.
pub fn read_checkpoints(lines: impl BufRead) -> Result<Vec<Signed>> {
    let read = |(line, number): (std::io::Result<String>, u64)| {
        serde_json::from_str(&line?).with_context(|| format!("line {number} is no checkpoint"))
    };
    lines.lines().zip(1..).map(read).collect()
}
