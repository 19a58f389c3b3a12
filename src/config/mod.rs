//! What the operator writes: the server's configuration, the files of accounts and apps, and the policies.

mod account;
mod gate;
mod load;
mod read;
mod server;

pub use account::{AccountFile, parse_account, read_account, write_account};
pub use read::{Error, nearest};
pub use server::{
    Audit, Config, Database, Format, Gate, Limits, Log, Outbound, Retention, Secrets, Server, Staff,
};
