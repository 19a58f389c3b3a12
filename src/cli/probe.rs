//! `vestibule gate probe`: forgeries through a gateway as it is deployed, each judged by what comes back.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use super::out::{Out, plain, table};
use crate::app::{self, Finding};

/// An address to try forgeries at.
#[derive(Args)]
#[command(after_help = "\
It asks with GET and HEAD alone. As nobody: nothing that is forged may open what is closed.
With --credentials also as somebody: nothing may make the gate judge another path than the app serves.
With --echo also: nothing that is forged, and no secret, may arrive at the app.

Examples:
  vestibule gate probe https://api.platform.example/v2/profiles
  vestibule gate probe https://api.platform.example/v2/echo --credentials somebody.txt --echo

The file has header lines: `Cookie: __Host-vestibule=…`, or `Account-Id: …` and `Api-Key: …`.

Exit codes: 0 all is safe; 1 something is not (the lines say what to change), or it cannot be told.")]
pub(super) struct Probe {
    /// An address of an app behind the gateway, which opens only to whoever is signed in
    address: Url,
    /// A file with the header lines of somebody to whom it opens
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,
    /// The address answers with the headers that the app received
    #[arg(long, requires = "credentials")]
    echo: bool,
}

/// Runs the probe.
pub(super) async fn run(probe: &Probe, out: Out) -> Result<ExitCode> {
    let who = probe.credentials.as_deref().map(credentials).transpose()?;
    let findings = app::Probe {
        address: &probe.address,
        who: who.as_ref(),
        echoes: probe.echo,
    };
    let findings = findings.run().await?;
    let unsafe_ones = findings.iter().filter(|finding| !finding.safe).count();
    out.say(
        &json!({ "address": probe.address.as_str(), "safe": unsafe_ones == 0, "findings": findings }),
        || lines(&findings, unsafe_ones, probe),
    )?;
    Ok(ExitCode::from(u8::from(unsafe_ones > 0)))
}

/// The header lines of a file.
fn credentials(file: &Path) -> Result<HeaderMap> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let mut headers = HeaderMap::new();
    for (number, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        // The line may hold a secret, so it is not quoted.
        let read = line.split_once(':').and_then(|(name, value)| {
            let name: HeaderName = name.trim().parse().ok()?;
            let mut value: HeaderValue = value.trim().parse().ok()?;
            value.set_sensitive(true);
            Some((name, value))
        });
        let Some((name, value)) = read else {
            bail!(
                "line {} of {} is not `Name: value`",
                number + 1,
                file.display()
            );
        };
        headers.append(name, value);
    }
    if headers.is_empty() {
        bail!("{} has no header lines", file.display());
    }
    Ok(headers)
}

fn lines(findings: &[Finding], unsafe_ones: usize, probe: &Probe) -> Vec<String> {
    let row = |finding: &Finding| {
        let word = if finding.safe { "safe" } else { "UNSAFE" };
        let sent = format!("as {}, {}", finding.r#as, finding.sent);
        vec![word.to_owned(), sent, plain(&finding.answer)]
    };
    let rows: Vec<Vec<String>> = findings.iter().map(row).collect();
    let mut lines = Vec::new();
    for (line, finding) in table(&rows).into_iter().zip(findings) {
        lines.push(line);
        lines.extend(finding.note.as_ref().map(|note| format!("        {note}")));
    }
    let all = findings.len();
    lines.push(String::new());
    lines.push(if unsafe_ones == 0 {
        format!("All {all} attempts were answered safely.")
    } else {
        format!("{unsafe_ones} of {all} attempts were not answered safely.")
    });
    if !probe.echo {
        lines.push(
            "What arrives at the app was not looked at; --credentials and --echo do.".to_owned(),
        );
    }
    lines
}
