//! Vestibule: the SAML service provider, user access management and gate of a platform.
//!
//! A module may use what stands above it in this table, never below (`tests/suite/architecture.rs` judges):
//!
//! | module | what it knows |
//! | --- | --- |
//! | [`time`], [`id`] | instants and the clock; ids, one-time secrets and randomness |

pub mod id;
pub mod time;
