//! `vestibule metadata …`

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Subcommand;
use serde_json::json;

use super::out::{Out, plain};
use crate::app;
use crate::config::Config;
use crate::saml::metadata::{Descriptor, OwnSignature};
use crate::time::{Clock, Timestamp};

#[derive(Subcommand)]
pub(super) enum Command {
    /// What a client's metadata says, and what is wrong with it
    Inspect {
        /// A file, or an https address
        source: String,
    },
}

pub(super) async fn run(command: Command, config: &Config, out: Out) -> Result<ExitCode> {
    let Command::Inspect { source } = command;
    let bytes = if source.starts_with("https://") || source.starts_with("http://") {
        app::fetch(&source, config).await?
    } else {
        std::fs::read(&source).with_context(|| source.clone())?
    };
    let descriptor = Descriptor::read(&bytes).with_context(|| source.clone())?;
    let now = Clock::System.now();
    out.say(
        &json!({ "identity_provider": descriptor, "warnings": descriptor.warnings(now) }),
        || {
            let mut lines = describe(&descriptor, now);
            lines.push(format!("  Claims      {} offered", descriptor.claims.len()));
            lines.extend(
                descriptor
                    .claims
                    .iter()
                    .map(|claim| format!("              {}", plain(claim))),
            );
            if descriptor.warnings(now).is_empty() {
                lines.push("Nothing is wrong with it.".into());
            }
            lines
        },
    )
}

/// The identity provider in lines, with everything that an operator should know of it.
pub(super) fn describe(idp: &Descriptor, now: Timestamp) -> Vec<String> {
    let address = |name: &str, value: &Option<String>| {
        value
            .as_ref()
            .map(|value| format!("  {name:<11} {}", plain(value)))
    };
    let mut lines = vec![format!("  Entity id   {}", plain(&idp.entity_id))];
    lines.extend(
        [
            address("Sign-in", &idp.sso_redirect),
            address("  by POST", &idp.sso_post),
            address("Sign-out", &idp.slo_redirect),
            address("  by POST", &idp.slo_post),
        ]
        .into_iter()
        .flatten(),
    );
    for key in &idp.signing {
        let certificate = &key.certificate;
        lines.push(format!(
            "  Signs with  {} ({}), {} days left, until {}",
            plain(&certificate.subject),
            certificate.key,
            certificate.days_left(now),
            certificate.not_after.for_people()
        ));
        lines.push(format!("    SHA-256   {}", certificate.fingerprint));
    }
    lines.push(format!(
        "  Signature   {}",
        match idp.own_signature {
            OwnSignature::Absent => "the file itself is not signed",
            OwnSignature::Verifies => "the file is as its ADFS made it",
            OwnSignature::Broken => "the file was changed or reformatted after download",
        }
    ));
    lines.extend(
        idp.warnings(now)
            .iter()
            .map(|warning| format!("  ! {}", plain(warning))),
    );
    lines
}
