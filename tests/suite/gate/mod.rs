//! What stands behind the gate, and who may do what there.

pub(crate) mod desk;
mod forward;
mod handoff;
mod headers;
mod keys;
mod policy;
mod probe;
mod revoked;
mod shell;
mod shipped;
mod texts;
