//! What administrators said about the roles of people, and what the claims of people gave.

use std::collections::BTreeMap;

use sqlx::FromRow;

use super::batch::{Changes, statement};
use super::db::{Error, Of, sql};
use crate::account::Document;
use crate::claims::Claimed;
use crate::grant::{Kind, Order};
use crate::id::UserId;
use crate::role::Role;
use crate::time::Timestamp;

#[derive(FromRow)]
struct Row {
    user_id: String,
    role: String,
    kind: String,
    author: String,
    reason: String,
    created_at: i64,
    ends_at: Option<i64>,
}

impl Row {
    fn order(self) -> Result<Order, Error> {
        let broken = || Error::Stored("grant");
        Ok(Order {
            role: Role::parse(&self.role).ok_or_else(broken)?,
            kind: Kind::parse(&self.kind).ok_or_else(broken)?,
            author: self.author,
            reason: self.reason,
            created_at: Timestamp::from_millis(self.created_at),
            ends_at: self.ends_at.map(Timestamp::from_millis),
        })
    }
}

impl Changes {
    /// Keeps what the claims of a user gave at the sign-in that is made.
    pub fn claim(&mut self, user: UserId, claimed: &[Claimed]) -> Result<(), Error> {
        let text = serde_json::to_string(claimed).map_err(|_| Error::Stored("user"))?;
        self.add(statement!(
            "UPDATE users SET claimed = $3 WHERE account = $1 AND id = $2",
            &self.account,
            user.to_string(),
            text,
        ));
        self.hold(user, claimed);
        Ok(())
    }
}

impl Of<'_> {
    /// Grants or denies somebody a role, in place of what was said of that kind before.
    pub async fn save_order(&mut self, user: UserId, order: &Order) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "INSERT INTO grants (account, user_id, role, kind, author, reason, created_at, ends_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (account, user_id, role, kind) DO UPDATE SET author = excluded.author, reason = excluded.reason,
             created_at = excluded.created_at, ends_at = excluded.ends_at",
            &self.account,
            user.to_string(),
            order.role.as_str(),
            order.kind.as_str(),
            &order.author,
            &order.reason,
            order.created_at.millis(),
            order.ends_at.map(Timestamp::millis),
        )?;
        self.announce(Some(&user.to_string())).await
    }

    /// Forgets what was said of that kind about a role of somebody.
    pub async fn delete_order(
        &mut self,
        user: UserId,
        role: Role,
        kind: Kind,
    ) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "DELETE FROM grants WHERE account = $1 AND user_id = $2 AND role = $3 AND kind = $4",
            &self.account,
            user.to_string(),
            role.as_str(),
            kind.as_str(),
        )?;
        self.announce(Some(&user.to_string())).await
    }

    /// Those of whom somebody has approved what a group gives.
    pub async fn approved_people(&mut self) -> Result<Vec<UserId>, Error> {
        let rows = sql!(
            self.tx,
            all(String,),
            "SELECT DISTINCT user_id FROM grants WHERE account = $1 AND kind = 'approval'",
            &self.account
        )?;
        let parse = |(id,): (String,)| UserId::parse(&id).ok_or(Error::Stored("grant"));
        rows.into_iter().map(parse).collect()
    }

    /// What was said about the people from one id to another, by their ids.
    pub(super) async fn orders(
        &mut self,
        first: &str,
        last: &str,
    ) -> Result<BTreeMap<String, Vec<Order>>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT user_id, role, kind, author, reason, created_at, ends_at FROM grants
             WHERE account = $1 AND user_id >= $2 AND user_id <= $3",
            &self.account,
            first,
            last,
        )?;
        by_user(rows)
    }

    /// What was said about each of these people, by their ids.
    pub(super) async fn orders_of(
        &mut self,
        ids: &[&str],
    ) -> Result<BTreeMap<String, Vec<Order>>, Error> {
        let mut all = Vec::new();
        for ids in ids.chunks(10) {
            let id = |at: usize| ids.get(at).copied().unwrap_or_default();
            all.extend(sql!(
                self.tx,
                all Row,
                "SELECT user_id, role, kind, author, reason, created_at, ends_at FROM grants
                 WHERE account = $1 AND user_id IN ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                &self.account,
                id(0),
                id(1),
                id(2),
                id(3),
                id(4),
                id(5),
                id(6),
                id(7),
                id(8),
                id(9),
            )?);
        }
        by_user(all)
    }

    /// The configuration in force.
    pub async fn document(&mut self) -> Result<Option<Document>, Error> {
        let row = sql!(
            self.tx,
            optional(String,),
            "SELECT document FROM revisions WHERE account = $1 AND number = (SELECT active FROM accounts WHERE id = $1)",
            &self.account,
        )?;
        let read = |(text,): (String,)| serde_json::from_str(&text);
        row.map(read)
            .transpose()
            .map_err(|_| Error::Stored("revision"))
    }
}

fn by_user(rows: Vec<Row>) -> Result<BTreeMap<String, Vec<Order>>, Error> {
    let mut orders = BTreeMap::<String, Vec<Order>>::new();
    for row in rows {
        let of = orders.entry(row.user_id.clone()).or_default();
        of.push(row.order()?);
    }
    Ok(orders)
}
