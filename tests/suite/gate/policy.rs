//! The policy: the whole of it as a table, and what an installation may say instead.

use std::fmt::Write;

use vestibule::account::Stage;
use vestibule::gate::{Policy, Reach, Subject, Texts, Who};
use vestibule::id::{AccountId, CredentialId, Entropy, UserId};
use vestibule::role::Role;

use crate::app::NOW;

fn person(roles: impl IntoIterator<Item = Role>) -> Subject {
    let entropy = Entropy::fixed();
    Subject {
        account: AccountId::new(NOW, &entropy),
        stage: Stage::Live,
        who: Who::Person(UserId::new(NOW, &entropy), roles.into_iter().collect()),
    }
}

fn key() -> Subject {
    let who = Who::Key(CredentialId::new(NOW, &Entropy::fixed()));
    Subject { who, ..person([]) }
}

fn shipped() -> Policy {
    Policy::read(&Texts::default()).unwrap()
}

#[test]
fn the_shipped_policy_is_this_table() {
    let policy = shipped();
    let mut columns: Vec<(&str, Subject)> = Role::ALL
        .into_iter()
        .map(|role| (role.as_str(), person([role])))
        .collect();
    columns.push(("key", key()));
    columns.push(("nobody", person([])));
    let mut table = format!("{:14}", "");
    for (name, _) in &columns {
        write!(table, " {name:12}").unwrap();
    }
    for action in policy.actions() {
        write!(table, "\n{action:14}").unwrap();
        for (_, subject) in &columns {
            let reach = match policy.reach(subject, action).unwrap() {
                Reach::All => "all",
                Reach::Own => "own",
                Reach::Facts => "by facts",
                Reach::Nothing => "-",
            };
            write!(table, " {reach:12}").unwrap();
        }
    }

    let table: Vec<&str> = table.lines().map(str::trim_end).collect();
    insta::assert_snapshot!(table.join("\n"));
}
