//! Changes as values, so that several reach the database in one trip.

use std::fmt::Write;

use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe};

use super::db::{Error, Of, Tx};

/// One change: its text, and the values of `$1`, `$2` …
#[derive(Debug)]
pub struct Statement {
    pub(super) text: &'static str,
    pub(super) values: Vec<Value>,
}

/// A value of one of the two kinds of columns.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(Option<String>),
    Number(Option<i64>),
}

impl Of<'_> {
    /// Makes all of the changes, in order.
    pub async fn run(&mut self, statements: Vec<Statement>) -> Result<(), Error> {
        self.tx.run(statements).await
    }
}

impl Tx {
    /// SQLite takes all of them as one text, since each trip to its thread costs as much as a statement; PostgreSQL one by one.
    async fn run(&mut self, statements: Vec<Statement>) -> Result<(), Error> {
        match self {
            Self::Sqlite(transaction) => {
                let (text, values) = joined(statements)?;
                sqlx::query_with(AssertSqlSafe(text), values)
                    .execute(&mut **transaction)
                    .await?;
            }
            Self::Postgres(transaction) => {
                for Statement { text, values } in statements {
                    let query =
                        values
                            .into_iter()
                            .fold(sqlx::query(text), |query, value| match value {
                                Value::Text(text) => query.bind(text),
                                Value::Number(number) => query.bind(number),
                            });
                    query.execute(&mut **transaction).await?;
                }
            }
            Self::SqliteLook(_) => {
                return Err(Error::Stored("change in a transaction that only looks"));
            }
        }
        Ok(())
    }
}

/// One text with the parameters numbered through.
fn joined(statements: Vec<Statement>) -> Result<(String, SqliteArguments), Error> {
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
        for value in statement.values {
            let added = match value {
                Value::Text(text) => values.add(text),
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

        let (text, values) = joined(vec![first, second]).unwrap();

        assert_eq!(
            text,
            "INSERT INTO a VALUES ($1, $2);UPDATE b SET c = $4 WHERE d = $3 AND e <> $4;"
        );
        assert_eq!(values.len(), 4);
    }
}
