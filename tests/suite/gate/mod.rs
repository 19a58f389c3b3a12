//! What stands behind the gate, and who may do what there.

mod policy;
mod shell;
mod texts;
