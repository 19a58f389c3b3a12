//! Figures for monitoring, in the text form that Prometheus reads; no user and no address is ever a label.

use std::sync::atomic::AtomicU64;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::gauges::Gauges;
use super::{Error, Shared};
use crate::gate::AppSlug;

/// The figures of one server.
pub(super) struct Metrics {
    registry: Registry,
    starts: Counter,
    logins: Family<Login, Counter<u64, AtomicU64>>,
    checks: Family<Check, Counter<u64, AtomicU64>>,
    passed: Counter<u64, AtomicU64>,
    decisions: Family<Decided, Counter<u64, AtomicU64>>,
    gauges: Gauges,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Login {
    result: Label,
    reason: Label,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Check {
    outcome: Label,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Decided {
    app: String,
    decision: Label,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Label(&'static str);

impl prometheus_client::encoding::EncodeLabelValue for Label {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.0.encode(encoder)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let (mut registry, starts, logins) = (
            Registry::with_prefix("vestibule"),
            Counter::default(),
            Family::default(),
        );
        registry.register("login_starts", "Sign-ins begun", starts.clone());
        registry.register(
            "logins",
            "Sign-ins ended, by result and reason",
            logins.clone(),
        );
        let decisions = Family::default();
        registry.register(
            "decisions",
            "Decisions for programs that asked, by app",
            decisions.clone(),
        );
        registry.register(
            "build",
            "The version that runs",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        let checks = Family::<Check, Counter<u64, AtomicU64>>::default();
        registry.register(
            "gate_checks",
            "Checks at the gate, by outcome",
            checks.clone(),
        );
        let passed = checks.get_or_create_owned(&Check {
            outcome: Label("allowed"),
        });
        let gauges = Gauges::default();
        gauges.register(&mut registry);
        Self {
            registry,
            starts,
            logins,
            checks,
            passed,
            decisions,
            gauges,
        }
    }
}

impl Metrics {
    /// Counts a sign-in that began.
    pub(super) fn started(&self) {
        self.starts.inc();
    }

    /// Counts a check at the gate that allowed.
    pub(super) fn passed(&self) {
        self.passed.inc();
    }

    /// Counts a check at the gate.
    pub(super) fn gate(&self, outcome: &'static str) {
        let outcome = Label(outcome);
        self.checks.get_or_create(&Check { outcome }).inc();
    }

    /// Counts a decision for a program that speaks for an app.
    pub(super) fn decided(&self, app: &AppSlug, is_allowed: bool) {
        let decision = Label(if is_allowed { "permit" } else { "deny" });
        let app = app.to_string();
        self.decisions
            .get_or_create(&Decided { app, decision })
            .inc();
    }

    /// Counts a sign-in that ended well.
    pub(super) fn accepted(&self) {
        self.logins
            .get_or_create(&Login {
                result: Label("accepted"),
                reason: Label(""),
            })
            .inc();
    }

    /// Counts a sign-in that was refused.
    pub(super) fn refused(&self, reason: &'static str) {
        self.logins
            .get_or_create(&Login {
                result: Label("refused"),
                reason: Label(reason),
            })
            .inc();
    }
}

/// `GET /metrics`, on the internal listener.
pub(super) async fn show(State(shared): State<Shared>) -> Result<impl IntoResponse, Error> {
    shared.metrics.gauges.fill(&shared.app).await?;
    let mut text = String::new();
    if encode(&mut text, &shared.metrics.registry).is_err() {
        return Err(Error::new(
            axum::http::StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The figures cannot be written.",
        ));
    }
    Ok((
        [(
            header::CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        )],
        text,
    ))
}
