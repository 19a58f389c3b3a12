//! What the operator writes: the server's configuration and the files of the accounts.

mod account;
mod load;
mod read;
mod server;

pub use account::{AccountFile, read_account};
pub use read::Error;
pub use server::{
    Config, Database, Format, Limits, Log, Outbound, Retention, Secrets, Server, Staff,
};
