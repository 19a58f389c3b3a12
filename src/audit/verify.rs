//! Whether the chains are whole: every change of an entry, and every one that is missing, put in or in another place.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::entry::person;
use super::report::{Damage, Report};
use super::{Head, Hidden, NOTHING, PublicKey, Record, Signed, beginning, digest, hashes};

/// Takes checkpoints, then entries in the order of their chains, and says what is wrong.
pub struct Verifier {
    key: PublicKey,
    part: bool,
    report: Report,
    checkpoints: BTreeMap<i64, String>,
    expected: BTreeMap<String, BTreeMap<i64, BTreeSet<String>>>,
    chains: BTreeMap<String, Chain>,
    deleted: BTreeSet<(String, String)>,
    deleted_accounts: BTreeSet<String>,
    gone: Vec<(String, i64, String, String)>,
}

struct Chain {
    first: i64,
    before: String,
    last: i64,
    hash: String,
    marks: Vec<Value>,
}

impl Verifier {
    /// With the key that signs; `part` where only a part of the entries is at hand.
    pub fn new(key: PublicKey, part: bool) -> Self {
        Self {
            key,
            part,
            report: Report::default(),
            checkpoints: BTreeMap::new(),
            expected: BTreeMap::new(),
            chains: BTreeMap::new(),
            deleted: BTreeSet::new(),
            deleted_accounts: BTreeSet::new(),
            gone: Vec::new(),
        }
    }

    /// The next checkpoint of their chain.
    pub fn checkpoint(&mut self, signed: &Signed) {
        let checkpoint = &signed.checkpoint;
        self.report.checkpoints += 1;
        if let Some((last, hash)) = self.checkpoints.last_key_value() {
            let (follows, fits) = (last.saturating_add(1), *hash == checkpoint.previous);
            if checkpoint.number != follows {
                self.broken(follows, "the checkpoint is missing");
            } else if !fits {
                self.broken(follows, "the checkpoint does not follow the one before");
            }
        } else if checkpoint.number != 1 && !checkpoint.all {
            self.broken(checkpoint.number, "the checkpoints before it are missing");
        }
        self.signature(signed);
        self.checkpoints
            .insert(checkpoint.number, checkpoint.hash());
        self.expect(&checkpoint.heads);
    }

    /// The next checkpoint is none that we wrote.
    pub fn unreadable(&mut self, number: i64) {
        self.report.checkpoints += 1;
        self.broken(number, "the checkpoint was changed");
    }

    /// A checkpoint that was kept elsewhere; after all of those at hand.
    pub fn against(&mut self, signed: &Signed) {
        let checkpoint = &signed.checkpoint;
        self.signature(signed);
        let first = self.checkpoints.keys().next().copied();
        match self.checkpoints.get(&checkpoint.number) {
            Some(hash) if *hash == checkpoint.hash() => {}
            Some(_) => self.broken(
                checkpoint.number,
                "the checkpoint is another than the one that was kept",
            ),
            None if first.is_some_and(|first| checkpoint.number < first) => {}
            None => self.broken(
                checkpoint.number,
                "the checkpoint that was kept is missing here",
            ),
        }
        self.expect(&checkpoint.heads);
    }

    fn signature(&mut self, signed: &Signed) {
        let checkpoint = &signed.checkpoint;
        if checkpoint.key != self.key.id() {
            self.broken(
                checkpoint.number,
                "the checkpoint was signed with another key",
            );
        } else if !self.key.verifies(&checkpoint.text(), &signed.signature) {
            self.broken(
                checkpoint.number,
                "the checkpoint's signature does not verify",
            );
        }
    }

    /// Chains reach so far at least, by these hashes.
    pub fn expect(&mut self, heads: &[Head]) {
        for head in heads.iter().filter(|head| head.number > 0) {
            let account = self.expected.entry(head.account.clone()).or_default();
            let hashes = account.entry(head.number).or_default();
            hashes.insert(head.hash.clone());
        }
    }

    /// Only these accounts are at hand.
    pub fn only(&mut self, account: &str) {
        self.expected.retain(|name, _| name == account);
    }

    /// The next entry of its account's chain, as a line of an export has it.
    pub fn entry(&mut self, line: &Value) {
        let mut body = line.clone();
        let taken = body.as_object_mut().map(|members| {
            let hash = members.remove("hash").unwrap_or_default();
            (hash, members.remove("personal").unwrap_or_default())
        });
        let (hash, personal) = taken.unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let (account, id) = (text("account").to_owned(), text("id").to_owned());
        let (hash, previous) = (hash.as_str().unwrap_or_default(), text("previous"));
        let number = body
            .get("number")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        self.report.entries += 1;

        let mut wrong = Vec::new();
        if digest(&body) != hash {
            wrong.push("the entry was changed".to_owned());
        }
        let vouched = self.expected.get(&account).and_then(|all| all.get(&number));
        if vouched.is_some_and(|hashes| hashes.iter().any(|vouched| vouched != hash)) {
            wrong.push("the entry is another than the one that was vouched for".to_owned());
        }
        match self.chains.get_mut(&account) {
            None => {
                let chain = Chain {
                    first: number,
                    before: previous.to_owned(),
                    last: number,
                    hash: hash.to_owned(),
                    marks: Vec::new(),
                };
                self.chains.insert(account.clone(), chain);
            }
            Some(chain) => {
                let follows = chain.last.saturating_add(1);
                if number != follows {
                    wrong.push(format!(
                        "{follows} should stand here: entries are missing or in another place"
                    ));
                } else if previous != chain.hash {
                    wrong.push("the entry does not follow the one before".to_owned());
                }
                (chain.last, chain.hash) = (number, hash.to_owned());
            }
        }
        let detail = body.get("detail").unwrap_or(&Value::Null);
        self.explains(&account, text("event"), detail);
        wrong.extend(self.people(&body, &personal, &account, number, &id));
        for what in wrong {
            self.damaged(&account, number, Some(id.clone()), what);
        }
    }

    /// Whether what is kept of people is what the hashes say.
    fn people(
        &mut self,
        body: &Value,
        personal: &Value,
        account: &str,
        number: i64,
        id: &str,
    ) -> Vec<String> {
        let empty = Value::Null;
        let detail = body.get("detail").unwrap_or(&empty);
        let actor = body
            .get("actor")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let mut expected = hashes(detail);
        let address = body.get("address").and_then(Value::as_str);
        expected.extend(address.map(|hash| ("/address".to_owned(), hash.to_owned())));
        let mut wrong = Vec::new();
        let kept = personal.as_object().into_iter().flatten();
        for (who, values) in kept {
            let Ok(values) = serde_json::from_value::<Hidden>(values.clone()) else {
                wrong.push("what is kept of a person cannot be read".to_owned());
                continue;
            };
            for (at, salted) in values {
                let hash = expected.remove(&at);
                if hash.as_deref() != Some(&salted.hash()) || person(&at, actor, detail) != who {
                    wrong.push(format!("what is kept of a person was changed: {at}"));
                }
            }
        }
        for at in expected.into_keys() {
            let who = person(&at, actor, detail).to_owned();
            self.gone
                .push((account.to_owned(), number, id.to_owned(), who));
        }
        wrong
    }

    /// What an entry that no chain holds yet explains: that somebody was deleted, or that a beginning was removed.
    pub fn unsealed(&mut self, record: &Record) {
        self.explains(&record.account, &record.event, &record.detail);
    }

    fn explains(&mut self, account: &str, event: &str, detail: &Value) {
        if event == "audit_purged"
            && let Some(chain) = self.chains.get_mut(account)
        {
            chain.marks.push(detail.clone());
        }
        if event == "account_deleted" {
            self.deleted_accounts.insert(account.to_owned());
        }
        if event == "user_deleted"
            && let Some(user) = detail.get("user").and_then(Value::as_str)
        {
            self.deleted.insert((account.to_owned(), user.to_owned()));
        }
    }

    /// Chains end there at most.
    pub fn at_most(&mut self, heads: &[Head]) {
        let beyond: Vec<(String, i64)> = self
            .chains
            .iter()
            .filter(|(account, chain)| {
                let head = heads.iter().find(|head| head.account == **account);
                head.is_none_or(|head| chain.last > head.number)
            })
            .map(|(account, chain)| (account.clone(), chain.last))
            .collect();
        for (account, number) in beyond {
            self.damaged(
                &account,
                number,
                None,
                "the entry stands behind the end of its chain",
            );
        }
    }

    /// Where the chain that is read ended, so that what came meanwhile can be read on.
    pub fn last(&self, account: &str) -> i64 {
        self.chains.get(account).map_or(0, |chain| chain.last)
    }

    /// What was found.
    pub fn finish(mut self) -> Report {
        for (account, chain) in std::mem::take(&mut self.chains) {
            self.begins(&account, &chain);
            let expected = self.expected.remove(&account).unwrap_or_default();
            if let Some(number) = expected.into_keys().find(|number| *number > chain.last) {
                self.ends_early(&account, number);
            }
        }
        for (account, numbers) in std::mem::take(&mut self.expected) {
            if let Some(number) = numbers.into_keys().next_back() {
                self.ends_early(&account, number);
            }
        }
        for (account, number, entry, who) in std::mem::take(&mut self.gone) {
            let is_explained = self.deleted_accounts.contains(&account)
                || self.deleted.contains(&(account.clone(), who));
            if is_explained {
                self.report.erased += 1;
            } else if self.part {
                self.unproved(
                    "values of people are gone, and the entries that may say why are not at hand",
                );
            } else {
                self.damaged(
                    &account,
                    number,
                    Some(entry),
                    "what is kept of a person is gone, and no entry says that they were deleted",
                );
            }
        }
        self.report
    }

    fn begins(&mut self, account: &str, chain: &Chain) {
        if chain.first == 1 && chain.before == NOTHING {
            return;
        }
        let through = chain.first.saturating_sub(1);
        let signed = beginning(account, through, &chain.before);
        let marked = chain.marks.iter().any(|mark| {
            let signature = mark.get("signature").and_then(Value::as_str);
            self.key.verifies(&signed, signature.unwrap_or_default())
        });
        if marked {
            return;
        }
        if self.part {
            self.unproved("what was before the first entry at hand");
        } else {
            self.damaged(account, chain.first, None, "the entries before it are missing, and no signed mark says that their time was over");
        }
    }

    fn ends_early(&mut self, account: &str, number: i64) {
        if self.part {
            self.unproved("what comes after the last entry at hand");
        } else {
            self.damaged(
                account,
                number,
                None,
                "the chain ends before an entry that was vouched for",
            );
        }
    }

    fn unproved(&mut self, what: &str) {
        if !self.report.unproved.iter().any(|known| known == what) {
            self.report.unproved.push(what.to_owned());
        }
    }

    fn broken(&mut self, number: i64, what: &str) {
        self.report.damage.push(Damage {
            account: None,
            number,
            entry: None,
            what: what.to_owned(),
        });
    }

    /// Notes damage of an account's chain.
    pub fn damaged(
        &mut self,
        account: &str,
        number: i64,
        entry: Option<String>,
        what: impl Into<String>,
    ) {
        self.report.damage.push(Damage {
            account: Some(account.to_owned()),
            number,
            entry,
            what: what.into(),
        });
    }
}
