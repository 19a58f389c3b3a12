//! The form that a browser posts to the assertion consumer service (SAML Bindings 3.5.4).

use url::form_urlencoded;

use super::advice::Advice;
use super::check::{Code, Rejection, Trace};
use super::decode;

/// The most that a posted form may hold, in bytes.
pub const LARGEST: usize = 256 * 1024;

/// What was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The document, decoded.
    pub xml: String,
    /// What the identity provider echoed, or chose in a sign-in that it started.
    pub relay_state: Option<String>,
}

impl Form {
    /// Reads the body of the post: exactly one `SAMLResponse`, at most one `RelayState`, strict base64 of UTF-8.
    pub fn read(body: &[u8], trace: &mut Trace) -> Result<Self, Rejection> {
        let (mut response, mut relay_state, mut federation) = (Vec::new(), Vec::new(), false);
        for (name, value) in form_urlencoded::parse(body) {
            match name.as_ref() {
                "SAMLResponse" => response.push(value.into_owned()),
                "RelayState" => relay_state.push(value.into_owned()),
                "wresult" | "wa" => federation = true,
                _ => {}
            }
        }
        if response.is_empty() && federation {
            return Err(trace.fail(
                Code::Form,
                "Posted form",
                "a WS-Federation answer (wresult)",
                Some(Advice::WsFederation),
            ));
        }
        let found = format!(
            "{} SAMLResponse, {} RelayState",
            response.len(),
            relay_state.len()
        );
        trace.demand(
            response.len() == 1 && relay_state.len() <= 1,
            Code::Form,
            "Posted form",
            Code::Form.rule(),
            &found,
        )?;
        let packed = response.concat();
        let Some(bytes) = decode::base64(&packed) else {
            return trace.refuse(
                Code::Base64,
                "SAMLResponse",
                &format!("{} characters that are not base64", packed.len()),
            );
        };
        trace.pass(
            Code::Base64,
            "SAMLResponse",
            &format!("{} bytes", bytes.len()),
        );
        let Ok(xml) = String::from_utf8(bytes) else {
            return trace.refuse(Code::Xml, "SAMLResponse", "not UTF-8");
        };
        Ok(Self {
            xml,
            relay_state: relay_state.pop().filter(|value| !value.is_empty()),
        })
    }
}
