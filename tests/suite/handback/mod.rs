//! What a client gets back: its texts are read by machines that do what they say.

mod encoders;
mod kit;
