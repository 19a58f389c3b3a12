//! `vestibule purge`

use std::process::ExitCode;

use anyhow::Result;

use super::out::{Out, table};
use crate::app::App;

pub(super) async fn run(dry_run: bool, app: &App, out: Out) -> Result<ExitCode> {
    app.seal_audit().await?;
    let purged = app.purge(app.clock.now(), i64::MAX, dry_run).await?;
    out.say(&purged, || {
        let head = ["ACCOUNT", "PEOPLE", "SIGN-INS", "AUDIT ENTRIES"];
        let rows = purged.iter().map(|of| {
            let counts = [of.users, of.attempts, of.audit].map(|count| count.to_string());
            [vec![of.account.clone()], counts.to_vec()].concat()
        });
        let all: Vec<_> = std::iter::once(head.map(String::from).to_vec())
            .chain(rows)
            .collect();
        let mut lines = table(&all);
        if dry_run {
            lines.push("Nothing was removed: without --dry-run this would be.".into());
        }
        lines
    })
}
