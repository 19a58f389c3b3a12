//! What a browser posts to the assertion consumer service: as a form, and as the message within one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule::saml::check::Trace;
use vestibule::saml::form::Form;
use vestibule_fuzz::{STAGE, form};

fuzz_target!(init: STAGE.sow("acs"), |data: &[u8]| {
    for body in [data, &form("SAMLResponse", data)] {
        if let Ok(form) = Form::read(body, &mut Trace::default()) {
            STAGE.judge(&form.xml);
        }
    }
});
