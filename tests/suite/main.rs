//! The one test binary: each module holds the promises of one area.

// So that clippy takes helpers for the test code they are.
#![cfg(test)]

mod architecture;
