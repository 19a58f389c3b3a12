//! What was refused to somebody who is known stands in the audit.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use super::super::address::Address;
use super::super::{Error, Shared};
use super::caller::Caller;
use crate::audit::Event;
use crate::id::UserId;

/// The longest path that is kept, in bytes.
const LONGEST: usize = 300;

/// Keeps what a rule or a missing right refused; so many a minute from one address, since whoever asks must not fill our disk.
pub(super) async fn refused(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, &shared).await?;
    let Ok(Address(address)) = Address::from_request_parts(&mut parts, &shared).await;
    let (method, mut path) = (parts.method.to_string(), parts.uri.path().to_owned());
    let response = next.run(Request::from_parts(parts, body)).await;
    let is_refused = matches!(
        response.status(),
        StatusCode::FORBIDDEN | StatusCode::CONFLICT
    );
    if is_refused && shared.limits.allow_refusal(address, "what the API refused") {
        let user = path.split('/').find(|part| UserId::parse(part).is_some());
        let user = user.map(str::to_owned);
        path.truncate(path.floor_char_boundary(LONGEST));
        let code = response.extensions().get::<Error>().map(Error::code);
        let event = Event::RequestRefused {
            method,
            path,
            code: code.unwrap_or_default().to_owned(),
            user,
        };
        let (app, account) = (&shared.app, caller.present().subject.account);
        let mut tx = app.store.write().await?;
        let (now, entropy) = (app.clock.now(), &app.entropy);
        let mut of = tx.of(account);
        of.audit(caller.actor(), event, now, entropy).await?;
        tx.commit().await?;
    }
    Ok(response)
}
