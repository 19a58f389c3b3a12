//! The road of a client: what is tested at the demo account comes to the live one.

mod promotion;
mod setup;
mod trial;
