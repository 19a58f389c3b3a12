//! The only place with SQL: one text for SQLite and PostgreSQL, one transaction for what belongs together.
//!
//! What belongs to an account is reached through [`Tx::of`] alone, so that no query can forget whose rows it means.

mod account;
mod answer;
mod attempt;
mod audit;
mod batch;
mod chain;
mod credential;
mod db;
mod grant;
mod group;
mod handoff;
mod key;
mod link;
mod login_link;
mod made;
mod message;
mod news;
mod node;
mod pages;
mod place;
mod proposal;
mod queue;
mod search;
mod session;
mod setup_link;
mod source;
mod token_key;
mod used;
mod user;
mod webhook;

pub use account::NewRevision;
pub use answer::Given;
pub use attempt::{Refused, Tally};
pub use batch::Changes;
pub use chain::Vouched;
pub use db::{Error, Of, Store, Tx};
pub use handoff::{Handoff, Parent};
pub use message::Tried;
pub use news::{Commits, Ear, Edition, News};
pub use node::Node;
pub use pages::Glance;
pub use place::Place;
pub use search::{Name, Wanted};
pub use source::{Freshness, Watched};
pub use used::OneTime;
pub use webhook::{Hold, Secrets};
