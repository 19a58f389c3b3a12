//! `vestibule account handback`

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;

use super::out::Out;
use crate::app::{App, Refused};
use crate::handback::{Group, zip};
use crate::role::Role;

#[derive(Args)]
pub(super) struct Handback {
    /// The account's name
    account: String,
    /// The folder that the files go to; it is made where it is missing
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// The group of the client's directory that stands for a role, by its SID or its name (DOMAIN\name); one for each
    #[arg(long, value_name = "ROLE=GROUP", value_parser = group)]
    group: Vec<(Role, Group)>,
    /// One zip instead of files
    #[arg(long)]
    zip: bool,
    /// Write over files that say something else
    #[arg(long)]
    force: bool,
}

fn group(text: &str) -> Result<(Role, Group), String> {
    let (role, group) = text
        .split_once('=')
        .ok_or("say ROLE=GROUP, such as maker=S-1-5-21-1-2-3-1101")?;
    let role = Role::parse(role).ok_or_else(|| format!("`{role}` is no role"))?;
    let group = Group::parse(group).ok_or("name the group")?;
    Ok((role, group))
}

pub(super) async fn run(asked: Handback, app: &App, out: Out) -> Result<ExitCode> {
    let account = app.find_account(&asked.account).await?;
    let groups = asked.group.into_iter().collect::<BTreeMap<_, _>>();
    let kit = app.handback(&account, groups).await?;
    let folder = &asked.out;
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let files: Vec<(String, Vec<u8>)> = if asked.zip {
        vec![(format!("{}-handback.zip", account.slug), zip(&kit)?)]
    } else {
        let bytes =
            |file: &crate::handback::File| (file.name.to_owned(), file.text.clone().into_bytes());
        kit.files.iter().map(bytes).collect()
    };
    for (name, bytes) in &files {
        let path = folder.join(name);
        let known = fs::read(&path).ok();
        if known.is_some_and(|known| known != *bytes) && !asked.force {
            return Err(Refused(format!(
                "{} says something else; --force writes over it",
                path.display()
            ))
            .into());
        }
    }
    for (name, bytes) in &files {
        let path = folder.join(name);
        fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
    }
    let digests: BTreeMap<_, _> = kit
        .files
        .iter()
        .map(|file| (file.name, file.digest()))
        .collect();
    let value = json!({ "account": account.slug, "folder": folder, "sha256": digests, "warnings": kit.warnings });
    out.say(&value, || {
        let mut lines: Vec<String> = kit
            .files
            .iter()
            .map(|file| format!("{}  {}", file.digest(), file.name))
            .collect();
        lines.extend(kit.warnings.iter().map(|warning| format!("  ! {warning}")));
        lines.push(format!("Written to {}.", folder.display()));
        lines
    })
}
