//! Changes as values: those of one account are made together or not at all, and those of several callers in one trip.

use std::fmt::Write;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, PgConnection, Sqlite, SqliteConnection};

use super::db::{Error, Of, Tx};
use crate::id::AccountId;

/// What nodes listen to on PostgreSQL.
pub(super) const CHANNEL: &str = "vestibule_news";

/// What is to change in one account, together or not at all.
#[derive(Debug)]
pub struct Changes {
    pub(super) account: String,
    pub(super) id: AccountId,
    pub(super) announces: bool,
    statements: Vec<Statement>,
}

/// One change: its text, and the values of `$1`, `$2` …
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) text: &'static str,
    pub(super) values: Vec<Value>,
}

/// A value of one of the two kinds of columns.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(Option<String>),
    Number(Option<i64>),
}

impl Changes {
    /// No change yet, in that account.
    pub fn new(account: AccountId) -> Self {
        Self {
            account: account.to_string(),
            id: account,
            announces: false,
            statements: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, statement: Statement) {
        self.statements.push(statement);
    }

    pub(super) const fn are_none(&self) -> bool {
        self.statements.is_empty()
    }

    /// PostgreSQL takes them one by one.
    pub(super) async fn run_postgres(&self, connection: &mut PgConnection) -> Result<(), Error> {
        for Statement { text, values } in &self.statements {
            let query = values
                .iter()
                .fold(sqlx::query(*text), |query, value| match value {
                    Value::Text(text) => query.bind(text.as_deref()),
                    Value::Number(number) => query.bind(number),
                });
            query.execute(&mut *connection).await?;
        }
        if self.announces {
            let told = sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL);
            told.execute(&mut *connection).await?;
        }
        Ok(())
    }
}

impl Of<'_> {
    /// Makes all of the changes, in order.
    pub(super) async fn run(&mut self, changes: &Changes) -> Result<(), Error> {
        match self.tx {
            Tx::Sqlite(transaction, _) => run_sqlite(transaction, [changes], ["", ""]).await,
            Tx::Postgres(transaction, _) => changes.run_postgres(transaction).await,
            Tx::SqliteLook(_) => Err(Error::Stored("change in a transaction that only looks")),
        }
    }
}

/// Makes everybody's changes or none, in a transaction of their own.
pub(super) async fn commit_sqlite(
    connection: &mut PoolConnection<Sqlite>,
    all: impl IntoIterator<Item = &Changes>,
) -> Result<(), Error> {
    run_sqlite(connection, all, ["BEGIN IMMEDIATE;", "COMMIT;"]).await
}

/// SQLite takes all of them as one text, since each trip to its thread costs as much as a statement.
async fn run_sqlite(
    connection: &mut SqliteConnection,
    all: impl IntoIterator<Item = &Changes>,
    [before, after]: [&str; 2],
) -> Result<(), Error> {
    let statements = all.into_iter().flat_map(|changes| &changes.statements);
    let (text, values) = joined(statements)?;
    sqlx::query_with(AssertSqlSafe(format!("{before}{text}{after}")), values)
        .execute(connection)
        .await?;
    Ok(())
}

/// One text with the parameters numbered through.
fn joined<'s>(
    statements: impl Iterator<Item = &'s Statement>,
) -> Result<(String, SqliteArguments), Error> {
    let (mut text, mut values) = (String::new(), SqliteArguments::default());
    for statement in statements {
        let before = values.len();
        for (index, piece) in statement.text.split('$').enumerate() {
            let digits = piece.len() - piece.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, rest) = piece.split_at(digits);
            match (index, number.parse::<usize>()) {
                (0, _) | (_, Err(_)) => text.push_str(piece),
                (_, Ok(number)) => {
                    let _ = write!(text, "${}{rest}", number + before);
                }
            }
        }
        text.push(';');
        for value in &statement.values {
            let added = match value {
                Value::Text(text) => values.add(text.as_deref()),
                Value::Number(number) => values.add(number),
            };
            added.map_err(|_| Error::Stored("value"))?;
        }
    }
    Ok((text, values))
}

macro_rules! values {
    ($($kind:ty => $variant:ident($value:ident) $made:expr;)+) => {$(
        impl From<$kind> for Value {
            fn from($value: $kind) -> Self {
                Self::$variant($made)
            }
        }
    )+};
}

values! {
    String => Text(value) Some(value);
    &String => Text(value) Some(value.clone());
    &str => Text(value) Some(value.to_owned());
    Option<String> => Text(value) value;
    Option<&str> => Text(value) value.map(str::to_owned);
    i64 => Number(value) Some(value);
    Option<i64> => Number(value) value;
}

/// `statement!("…", values…)` is a change that has not happened yet.
macro_rules! statement {
    ($text:literal $(, $value:expr)* $(,)?) => {
        $crate::store::batch::Statement { text: $text, values: vec![$($crate::store::batch::Value::from($value)),*] }
    };
}
pub(super) use statement;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_through() {
        let first = statement!("INSERT INTO a VALUES ($1, $2)", "x", 1);
        let second = statement!("UPDATE b SET c = $2 WHERE d = $1 AND e <> $2", "y", 2);

        let (text, values) = joined([&first, &second].into_iter()).unwrap();

        assert_eq!(
            text,
            "INSERT INTO a VALUES ($1, $2);UPDATE b SET c = $4 WHERE d = $3 AND e <> $4;"
        );
        assert_eq!(values.len(), 4);
    }
}
