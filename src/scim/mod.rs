//! What a client's directory says of people and groups: SCIM 2.0 (RFC 7643, RFC 7644) without HTTP and without the database.

mod discovery;
mod error;
mod filter;
mod group;
mod lexer;
mod list;
mod matching;
mod patch;
mod path;
mod person;
mod schema;
mod select;
mod shape;

pub use discovery::{resource_types, schemas, service_provider};
pub use error::{Error, Kind};
pub use filter::{Filter, Key};
pub use group::{Group, GroupChange, Membership, NewGroup};
pub use list::{List, MOST, Page, answer};
pub use patch::Patch;
pub use person::{Person, person};
pub use schema::{GROUP, Schema, USER};
pub use select::Selection;
