//! The use cases of the gate: who it is that asks, and whether they may.

pub mod authzen;
