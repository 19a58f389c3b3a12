//! `vestibule keys tokens` and `vestibule keys rotate-tokens`

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use super::out::{Out, table};
use super::{actor, out};
use crate::app::App;
use crate::gate::TokenKey;

pub(super) async fn show(app: &App, out: Out) -> Result<ExitCode> {
    say(app, &app.token_keys().await?, out)
}

pub(super) async fn rotate(app: &App, leaked: bool, out: Out) -> Result<ExitCode> {
    let keys = app.rotate_tokens(leaked, &actor()).await?;
    if !out.json {
        out::note(if leaked {
            "every token signed before has ended here; services that check tokens themselves follow when they read the keys anew, five minutes at most"
        } else {
            "the next key is published; it signs by itself from a day on"
        });
    }
    say(app, &keys, out)
}

fn say(app: &App, keys: &[TokenKey], out: Out) -> Result<ExitCode> {
    let standings = TokenKey::standings(keys, app.clock.now());
    let values: Vec<_> = standings
        .iter()
        .map(|(key, standing)| {
            json!({ "kid": key.jwk().kid, "state": standing, "created_at": key.created_at, "signs_from": key.signs_from })
        })
        .collect();
    out.say(&values, || {
        if standings.is_empty() {
            return vec![
                "No token was asked for yet; the first one makes the first key.".to_owned(),
            ];
        }
        let rows = standings.iter().map(|(key, standing)| {
            vec![
                standing.as_str().to_owned(),
                format!("signs from {}", key.signs_from.for_people()),
                key.jwk().kid.clone(),
            ]
        });
        table(&rows.collect::<Vec<_>>())
    })
}
