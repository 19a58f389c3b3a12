//! The messages of a logout: as the query of an address, as a form, and as the message within one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule::saml::binding::Message;
use vestibule_fuzz::{STAGE, form};

fuzz_target!(init: STAGE.sow("logout"), |data: &[u8]| {
    let query = std::str::from_utf8(data).ok().map(Message::from_query);
    let forms = [
        data.to_vec(),
        form("SAMLRequest", data),
        form("SAMLResponse", data),
    ];
    let forms = forms.iter().map(|body| Message::from_form(body));
    for message in query.into_iter().chain(forms).flatten() {
        STAGE.judge_logout(&message);
    }
});
