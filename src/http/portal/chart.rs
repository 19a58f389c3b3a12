//! Sign-ins and refusals over time, drawn on the server and readable without colour.

use crate::app::DAYS;
use crate::store::Tally;
use crate::time::{Span, Timestamp};

/// So high the tallest bar is, in the units of the drawing.
const HEIGHT: i64 = 100;

/// The bars of some days, and what was refused in them.
#[derive(Debug, Default)]
pub(super) struct Chart {
    /// A bar for each day, the oldest first.
    pub(super) bars: Vec<Bar>,
    /// How many sign-ins there were on the day that had most.
    pub(super) most: i64,
    /// How many came in, in all.
    pub(super) accepted: i64,
    /// How many were refused for what, the most frequent first.
    pub(super) refused: Vec<(String, i64)>,
}

/// A day.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) day: String,
    pub(super) accepted: i64,
    pub(super) refused: i64,
    /// Where it stands, and its middle.
    pub(super) x: i64,
    pub(super) middle: i64,
    /// The day of the month.
    pub(super) label: String,
    pub(super) accepted_y: i64,
    pub(super) accepted_height: i64,
    pub(super) refused_y: i64,
    pub(super) refused_height: i64,
}

impl Chart {
    /// Draws what was counted up to today.
    pub(super) fn new(tallies: &[Tally], now: Timestamp) -> Self {
        let of = |day: i64, is_in: bool| -> i64 {
            let those = tallies.iter();
            let those = those.filter(|one| one.day == day && (one.outcome == "accepted") == is_in);
            those.map(|one| one.count).sum()
        };
        let days = (now.day() - DAYS + 1)..=now.day();
        let counted: Vec<(i64, i64, i64)> = days
            .map(|day| (day, of(day, true), of(day, false)))
            .collect();
        let most = counted
            .iter()
            .map(|(_, accepted, refused)| accepted + refused);
        let most = most.max().unwrap_or_default();
        let high = |count: i64| (count * HEIGHT).checked_div(most).unwrap_or_default();
        let bar = |(place, (day, accepted, refused)): (i64, (i64, i64, i64))| {
            let (accepted_height, refused_height) = (high(accepted), high(refused));
            let at = Timestamp::from_millis(day * Span::days(1).as_millis()).for_people();
            let date = at.get(..10).unwrap_or_default().to_owned();
            Bar {
                label: date.get(8..).unwrap_or_default().to_owned(),
                day: date,
                accepted,
                refused,
                x: 40 + place * 32,
                middle: 51 + place * 32,
                accepted_y: 10 + HEIGHT - accepted_height,
                accepted_height,
                refused_y: 10 + HEIGHT - accepted_height - refused_height,
                refused_height,
            }
        };
        let bars = (0..).zip(counted.iter().copied()).map(bar).collect();
        Self {
            bars,
            most,
            accepted: counted.iter().map(|(_, accepted, _)| accepted).sum(),
            refused: refused(tallies),
        }
    }

    /// Whether anybody tried to sign in.
    pub(super) fn is_empty(&self) -> bool {
        self.most == 0
    }
}

fn refused(tallies: &[Tally]) -> Vec<(String, i64)> {
    let mut codes: Vec<(String, i64)> = Vec::new();
    for one in tallies.iter().filter(|one| one.outcome != "accepted") {
        match codes.iter_mut().find(|(code, _)| *code == one.outcome) {
            Some((_, count)) => *count += one.count,
            None => codes.push((one.outcome.clone(), one.count)),
        }
    }
    codes.sort_by(|(a, one), (b, other)| other.cmp(one).then(a.cmp(b)));
    codes
}
