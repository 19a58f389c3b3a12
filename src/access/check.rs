//! One check at the gate, from the credential to the policy.

use std::net::IpAddr;
use std::sync::Arc;

use ::http::HeaderMap;

use super::identity::identity;
use super::present::Answer;
use super::{Access, Error, Present, Refusal, Shown};
use crate::gate::{App, AppGrant, NormalPath, Reach, Route, Routed, Signer};
use crate::id::Token;
use crate::time::{Span, Timestamp};

/// A request that a gateway asks about.
pub struct Asked<'r> {
    /// The number of the app.
    pub app: usize,
    /// The method.
    pub method: &'r str,
    /// The host that the gateway reached the app by.
    pub host: &'r str,
    /// The path, as it came.
    pub path: &'r str,
    /// Whose credential it carries.
    pub credential: Credential,
    /// The account that it names.
    pub account: Option<&'r str>,
    /// Where the browser is, where the gateway said.
    pub address: Option<IpAddr>,
    /// What the browser says of where the request comes from.
    pub fetch: Fetch<'r>,
}

/// A credential of one kind.
pub enum Credential {
    /// None.
    None,
    /// A session cookie.
    Session(Token),
    /// The cookie of a gate, on an app's own host.
    Gate(Token),
    /// The key of a client's server.
    Key(String),
    /// An access token.
    Bearer(String),
}

/// What a browser says of where a request comes from.
#[derive(Debug, Default, Clone, Copy)]
pub struct Fetch<'r> {
    /// `Origin`.
    pub origin: Option<&'r str>,
    /// `Sec-Fetch-Site`.
    pub site: Option<&'r str>,
    /// Whether it wants to become another protocol.
    pub upgrades: bool,
}

/// What the gate says.
#[derive(Debug)]
pub enum Verdict {
    /// Yes; the app hears this.
    Allowed(Arc<HeaderMap>),
    /// Nobody is signed in.
    SignIn,
    /// It cannot be said without the signer; ask again with it.
    Unsigned,
    /// They proved who they are too long ago: at most that many minutes are allowed.
    StepUp(u32),
    /// No.
    Refused(Refusal),
}

impl Access {
    /// Whether a request may pass; what fails on the way is a no.
    pub async fn check(
        &self,
        asked: &Asked<'_>,
        signer: Option<&Signer>,
        now: Timestamp,
    ) -> Result<Verdict, Error> {
        match self.judge(asked, signer, now).await? {
            Ok(verdict) => Ok(verdict),
            Err(refusal) => Ok(Verdict::Refused(refusal)),
        }
    }

    async fn judge(
        &self,
        asked: &Asked<'_>,
        signer: Option<&Signer>,
        now: Timestamp,
    ) -> Result<Result<Verdict, Refusal>, Error> {
        let Some(behind) = self.behind.get(asked.app) else {
            return Ok(Err(Refusal::NoRoute));
        };
        let app = &behind.app;
        let (number, route) = match route(app, asked) {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let access;
        let shown = match &asked.credential {
            Credential::None => return Ok(Ok(Verdict::SignIn)),
            Credential::Session(_) | Credential::Gate(_) if !is_own(asked, app) => {
                return Ok(Err(Refusal::Origin));
            }
            Credential::Session(token) => Shown::Session(token),
            Credential::Gate(token) => Shown::Gate(token, asked.host),
            Credential::Key(_) if asked.account.is_none() => return Ok(Err(Refusal::Account)),
            Credential::Key(text) => Shown::Key(text),
            Credential::Bearer(text) => {
                let known = self.live.known(text, now).await?;
                let token = known.as_ref().and_then(|known| known.token.as_ref());
                access = match (token, signer) {
                    (Some(token), _) if token.aud == app.audience => Arc::clone(token),
                    (_, None) => return Ok(Ok(Verdict::Unsigned)),
                    (_, Some(signer)) => match signer.verify(text, &app.audience, app.stage, now) {
                        Ok(read) => Arc::new(read),
                        Err(_) => return Ok(Err(Refusal::Credential)),
                    },
                };
                Shown::Bearer(text, &access)
            }
        };
        let Some(present) = self.live.find(&shown, now).await? else {
            return Ok(match shown {
                Shown::Session(_) | Shown::Gate(..) => Ok(Verdict::SignIn),
                Shown::Key(_) | Shown::Bearer(..) => Err(Refusal::Credential),
            });
        };
        if !present.uses_apps() {
            return Ok(Err(Refusal::Credential));
        }
        if let Err(refusal) = belongs(asked, app, route, &present) {
            return Ok(Err(refusal));
        }
        match (route.max_auth_age_minutes, present.age(now)) {
            // A key proves nobody.
            (Some(_), None) => return Ok(Err(Refusal::Forbidden)),
            (Some(minutes), Some(age)) if age > Span::minutes(i64::from(minutes)) => {
                return Ok(Ok(Verdict::StepUp(minutes)));
            }
            (None, _) | (Some(_), Some(_)) => {}
        }
        let answer = match (present.answer(asked.app, number, now), signer) {
            (Some(answer), _) => answer,
            (None, None) => return Ok(Ok(Verdict::Unsigned)),
            (None, Some(signer)) => {
                let reach = self.policy.reach(&present.subject, &route.action)?;
                let token = signer.app(&grant(app, &present), now)?;
                let answer = Answer {
                    app: asked.app,
                    route: number,
                    reach,
                    identity: Arc::new(identity(&present, reach, token)),
                    fresh: now.plus(FRESH),
                };
                present.remember(answer.clone());
                answer
            }
        };
        Ok(match (answer.reach, route.facts) {
            (Reach::All, _) | (Reach::Own | Reach::Facts, Some(_)) => {
                Ok(Verdict::Allowed(answer.identity))
            }
            (Reach::Own | Reach::Facts, None) => Err(Refusal::Facts),
            (Reach::Nothing, _) => Err(Refusal::Forbidden),
        })
    }
}

/// So long an answer is given again: the app's token in it lives a minute, and has at least half of it left.
const FRESH: Span = Span::seconds(30);

/// What the app's token says.
fn grant(app: &App, present: &Present) -> AppGrant {
    AppGrant {
        stage: app.stage,
        audience: app.audience.clone(),
        subject: present.subject.id(),
        account: present.subject.account,
        roles: present.subject.roles().collect(),
    }
}

/// The route that the request takes.
fn route<'a>(app: &'a App, asked: &Asked<'_>) -> Result<(usize, &'a Route), Refusal> {
    if !app.has_host(asked.host) {
        return Err(Refusal::Host);
    }
    let path = NormalPath::parse(asked.path).map_err(|_| Refusal::Path)?;
    match app.route(asked.method, &path) {
        Routed::To(number, route) => Ok((number, route)),
        Routed::OtherMethod => Err(Refusal::Method),
        Routed::Nowhere => Err(Refusal::NoRoute),
    }
}

/// Whether a request that a cookie authenticates comes from the app's own pages, where it could change something.
fn is_own(asked: &Asked<'_>, app: &App) -> bool {
    let looks = matches!(asked.method, "GET" | "HEAD" | "OPTIONS") && !asked.fetch.upgrades;
    if looks || asked.fetch.site == Some("same-origin") {
        return true;
    }
    let host = asked
        .fetch
        .origin
        .and_then(|origin| origin.split_once("://"));
    asked.fetch.site.is_none() && host.is_some_and(|(_, host)| app.has_host(host))
}

/// Whether the app is for whoever asks, from where they ask, and the credential for what they ask.
fn belongs(asked: &Asked<'_>, app: &App, route: &Route, present: &Present) -> Result<(), Refusal> {
    let account = &present.environment.account;
    if asked
        .account
        .is_some_and(|named| named != account.slug.as_str() && named != account.id.to_string())
    {
        Err(Refusal::Account)
    } else if !app.serves(present.subject.stage, &account.slug) {
        Err(Refusal::Stage)
    } else if !present.may_come_from(asked.address) {
        Err(Refusal::Network)
    } else if !present.is_meant_for(&route.action) {
        Err(Refusal::Scope)
    } else {
        Ok(())
    }
}
