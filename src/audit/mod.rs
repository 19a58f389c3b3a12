//! The audit: what was changed or refused, by whom, from where and to whom, and how that is proved afterwards.

mod actor;
mod canonical;
mod chain;
mod entry;
mod event;
mod export;
mod key;
mod personal;
mod report;
mod verify;

pub use actor::Actor;
pub use canonical::{canonical, digest};
pub use chain::{Checkpoint, Head, Link, NOTHING, Signed, beginning};
pub use entry::{Entry, Filter, Outcome, Record, Written};
pub use event::Event;
pub use export::{COLUMNS, csv, ocsf};
pub use key::{PublicKey, SigningKey};
pub use personal::{ERASED, Hidden, Salted, hashes, reveal};
pub use report::{Damage, Report};
pub use verify::Verifier;
