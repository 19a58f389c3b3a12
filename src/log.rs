//! What the server says of itself while it runs.

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

use crate::config::{Format, Log};

/// Starts the log, on standard error.
pub fn start(log: &Log) -> Result<()> {
    let filter = EnvFilter::try_new(&log.level)
        .with_context(|| format!("`log.level` = \"{}\" is no level and no filter", log.level))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    match log.format {
        Format::Text => lines
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .init(),
        Format::Json => lines.json().init(),
    }
    Ok(())
}
