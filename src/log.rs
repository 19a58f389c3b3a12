//! What the server says of itself while it runs.

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

use crate::config::{Format, Log};

/// Which lines are written; the operator's own word about a library comes last and counts.
///
/// The session library warns of each cookie that it cannot read or find, and any stranger can send those for ever.
pub fn filter(level: &str) -> Result<EnvFilter> {
    EnvFilter::try_new(format!("tower_sessions=error,{level}"))
        .with_context(|| format!("`log.level` = \"{level}\" is no level and no filter"))
}

/// Starts the log, on standard error.
pub fn start(log: &Log) -> Result<()> {
    let filter = filter(&log.level)?;
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
