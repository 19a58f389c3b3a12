//! The chains of the audit: what is sealed, where each ends, and what vouches for that.

use std::collections::BTreeMap;

use super::audit::Row;
use super::batch::{Changes, statement};
use super::db::{Error, Of, Tx, sql};
use crate::audit::{Checkpoint, Head, Link, Record, Signed};
use crate::time::Timestamp;

/// Where a chain ends, and up to where a checkpoint vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// The end.
    pub head: Head,
    /// The number up to which a checkpoint vouches.
    pub through: i64,
}

impl Tx {
    /// Entries of all accounts that no chain holds yet, oldest first.
    pub async fn unsealed(&mut self, limit: i64) -> Result<Vec<Record>, Error> {
        let rows = sql!(
            self,
            all Row,
            "SELECT account, id, at, actor, address, request, event, outcome, target, detail, number, previous, hash FROM audit
             WHERE number IS NULL ORDER BY id LIMIT $1",
            limit
        )?;
        Ok(rows.into_iter().map(Row::record).collect())
    }

    /// How many entries no chain holds yet, by account.
    pub async fn count_unsealed(&mut self) -> Result<BTreeMap<String, i64>, Error> {
        let rows = sql!(
            self,
            all(String, i64),
            "SELECT account, COUNT(*) FROM audit WHERE number IS NULL GROUP BY account"
        )?;
        Ok(rows.into_iter().collect())
    }

    /// Where every account's chain ends.
    pub async fn audit_heads(&mut self) -> Result<Vec<Vouched>, Error> {
        let rows = sql!(
            self,
            all(String, i64, String, i64),
            "SELECT account, number, hash, vouched FROM audit_heads"
        )?;
        let vouched = rows
            .into_iter()
            .map(|(account, number, hash, through)| Vouched {
                head: Head {
                    account,
                    number,
                    hash,
                },
                through,
            });
        Ok(vouched.collect())
    }

    /// Whether a chain went on since a checkpoint vouched for it.
    pub async fn awaits_checkpoint(&mut self) -> Result<bool, Error> {
        let row = sql!(
            self,
            optional(i64,),
            "SELECT number FROM audit_heads WHERE vouched <> number LIMIT 1"
        )?;
        Ok(row.is_some())
    }

    /// Checkpoints after a number, in their order; none in the place of one that is not as we write them.
    pub async fn checkpoints(
        &mut self,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, Option<Signed>)>, Error> {
        let rows = sql!(
            self,
            all(i64, String, String),
            "SELECT number, content, signature FROM audit_checkpoints WHERE number > $1 ORDER BY number LIMIT $2",
            after,
            limit
        )?;
        Ok(rows
            .into_iter()
            .map(|row| (row.0, signed(row).ok()))
            .collect())
    }

    /// The latest checkpoint.
    pub async fn last_checkpoint(&mut self) -> Result<Option<Signed>, Error> {
        let row = sql!(
            self,
            optional(i64, String, String),
            "SELECT number, content, signature FROM audit_checkpoints ORDER BY number DESC LIMIT 1"
        )?;
        row.map(signed).transpose()
    }

    /// Keeps a checkpoint; says false where another node has made the one of that number.
    pub async fn save_checkpoint(&mut self, made: &Signed) -> Result<bool, Error> {
        let saved = sql!(
            self,
            execute,
            "INSERT INTO audit_checkpoints (number, content, signature) VALUES ($1, $2, $3) ON CONFLICT (number) DO NOTHING",
            made.checkpoint.number,
            made.checkpoint.text(),
            made.signature.as_str()
        )?;
        for head in &made.checkpoint.heads {
            sql!(
                self,
                execute,
                "UPDATE audit_heads SET vouched = $2 WHERE account = $1 AND vouched < $2",
                &head.account,
                head.number
            )?;
        }
        Ok(saved == 1)
    }

    /// Removes the checkpoints before a number.
    pub async fn delete_checkpoints_before(&mut self, number: i64) -> Result<u64, Error> {
        sql!(
            self,
            execute,
            "DELETE FROM audit_checkpoints WHERE number < $1",
            number
        )
    }
}

impl Of<'_> {
    /// Adds records to the end of the account's chain, where that still is `from`; says none, and is not to be committed, where somebody else was there before.
    pub async fn seal(&mut self, from: &Head, records: &[Record]) -> Result<Option<Head>, Error> {
        let mut changes = Changes::new(self.id);
        let mut head = from.clone();
        for record in records {
            let next = head.then(record);
            changes.add(statement!(
                "UPDATE audit SET number = $3, previous = $4, hash = $5 WHERE account = $1 AND id = $2 AND number IS NULL",
                &self.account,
                &record.id,
                next.number,
                &head.hash,
                &next.hash,
            ));
            head = next;
        }
        if from.number == 0 {
            sql!(
                self.tx,
                execute,
                "INSERT INTO audit_heads (account, number, hash, vouched) VALUES ($1, 0, $2, 0) ON CONFLICT (account) DO NOTHING",
                &self.account,
                &from.hash
            )?;
        }
        // Of two sealers the second waits here for the first, and then finds another end.
        let moved = sql!(
            self.tx,
            execute,
            "UPDATE audit_heads SET number = $2, hash = $3 WHERE account = $1 AND number = $4 AND hash = $5",
            &self.account,
            head.number,
            &head.hash,
            from.number,
            &from.hash
        )?;
        if moved == 0 {
            return Ok(None);
        }
        self.run(&changes).await?;
        let row = sql!(
            self.tx,
            optional(i64,),
            "SELECT COUNT(*) FROM audit WHERE account = $1 AND number > $2",
            &self.account,
            from.number
        )?;
        let added = head.number.saturating_sub(from.number);
        Ok(row.filter(|(count,)| *count == added).map(|_| head))
    }

    /// A page of the account's chain after a number, in its order.
    pub async fn chain(&mut self, after: i64, limit: i64) -> Result<Vec<Link>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT account, id, at, actor, address, request, event, outcome, target, detail, number, previous, hash FROM audit
             WHERE account = $1 AND number > $2 ORDER BY number LIMIT $3",
            &self.account,
            after,
            limit
        )?;
        let ids = || rows.iter().map(Row::id);
        let (first, last) = (ids().min().unwrap_or(""), ids().max().unwrap_or(""));
        let mut personal = BTreeMap::<String, Vec<(String, String)>>::new();
        for (entry, person, content) in self.personal(first, last).await? {
            personal.entry(entry).or_default().push((person, content));
        }
        let links = rows.into_iter().map(|row| row.link(&mut personal));
        Ok(links.collect())
    }

    /// The first number since an instant, and the last before another.
    pub async fn chain_between(
        &mut self,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Option<(i64, i64)>, Error> {
        let row = sql!(
            self.tx,
            optional(Option<i64>, Option<i64>),
            "SELECT MIN(CASE WHEN at >= $2 THEN number END), MAX(CASE WHEN at < $3 THEN number END) FROM audit WHERE account = $1 AND number IS NOT NULL",
            &self.account,
            since.millis(),
            until.millis()
        )?;
        Ok(row.and_then(|(first, last)| Some((first?, last?))))
    }

    /// The last entry of the beginning of the chain in which everything happened before an instant.
    pub async fn chain_before(&mut self, before: Timestamp) -> Result<Option<Head>, Error> {
        let row = sql!(
            self.tx,
            optional(i64, String),
            "SELECT number, hash FROM audit WHERE account = $1 AND number IS NOT NULL AND number <
             COALESCE((SELECT MIN(number) FROM audit WHERE account = $1 AND number IS NOT NULL AND at >= $2),
                      (SELECT MAX(number) + 1 FROM audit WHERE account = $1))
             ORDER BY number DESC LIMIT 1",
            &self.account,
            before.millis()
        )?;
        Ok(row.map(|(number, hash)| Head {
            account: self.account.clone(),
            number,
            hash,
        }))
    }

    /// Removes the chain up to a number, with what names people there.
    pub async fn delete_chain(&mut self, through: i64) -> Result<u64, Error> {
        sql!(
            self.tx,
            execute,
            "DELETE FROM audit_personal WHERE account = $1 AND entry IN (SELECT id FROM audit WHERE account = $1 AND number <= $2)",
            &self.account,
            through
        )?;
        sql!(
            self.tx,
            execute,
            "DELETE FROM audit WHERE account = $1 AND number <= $2",
            &self.account,
            through
        )
    }
}

fn signed((number, content, signature): (i64, String, String)) -> Result<Signed, Error> {
    let checkpoint: Checkpoint =
        serde_json::from_str(&content).map_err(|_| Error::Stored("audit checkpoint"))?;
    if checkpoint.number != number || checkpoint.text() != content {
        return Err(Error::Stored("audit checkpoint"));
    }
    Ok(Signed {
        checkpoint,
        signature,
    })
}
