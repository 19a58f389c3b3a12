//! Hands a session on to a host of its own: cookies do not cross, a code does, once and within a minute.

use openssl::memcmp;

use super::{Access, Error};
use crate::account::{Account, ReturnTo, Stage};
use crate::gate::App;
use crate::id::{Entropy, Token};
use crate::session::Session;
use crate::store::Handoff;
use crate::time::{Span, Timestamp};

/// So long a code can be used.
const USABLE: Span = Span::seconds(60);

/// What a browser gets on the other host.
pub struct Handed {
    /// The secret of its cookie there.
    pub token: Token,
    /// Where it wanted to go.
    pub target: ReturnTo,
}

impl Access {
    /// The app that has that host and takes people of the account.
    pub fn takes(&self, host: &str, stage: Stage, account: &Account) -> Option<&App> {
        self.apps()
            .find(|app| app.has_host(host) && app.serves(stage, &account.slug))
    }

    /// A code for the browser that keeps a nonce on the other host.
    pub async fn hand_off(
        &self,
        session: &Session,
        handoff: &Handoff,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Result<Token, Error> {
        let code = Token::new(entropy);
        let mut tx = self.store.write().await?;
        let mut of = tx.of(session.account);
        of.save_handoff(session, &code.digest(), handoff, now.plus(USABLE))
            .await?;
        tx.commit().await?;
        Ok(code)
    }

    /// Makes a code the cookie of that host; it is used up in any case.
    pub async fn take_over(
        &self,
        code: &Token,
        nonce: &Token,
        app: &App,
        host: &str,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Result<Option<Handed>, Error> {
        let mut tx = self.store.write().await?;
        let found = tx.take_handoff(&code.digest(), now).await?;
        let fits = |handoff: &Handoff| {
            let (kept, brought) = (handoff.nonce.as_bytes(), nonce.digest());
            let same = kept.len() == brought.len() && memcmp::eq(kept, brought.as_bytes());
            same && handoff.host == host && app.has_host(host)
        };
        let handed = match found.filter(|(_, handoff)| fits(handoff)) {
            Some((parent, handoff)) => {
                let token = Token::new(entropy);
                let mut of = tx.of(parent.account);
                of.save_gate_cookie(&parent, &token.digest(), host, now)
                    .await?;
                ReturnTo::parse(&handoff.target, &[]).map(|target| Handed { token, target })
            }
            None => None,
        };
        tx.commit().await?;
        Ok(handed)
    }
}
