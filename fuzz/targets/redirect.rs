//! The query of a request to sign in: where it may lead to.
#![no_main]

use libfuzzer_sys::fuzz_target;
use url::{Url, form_urlencoded};
use vestibule::account::{AllowedReturn, ReturnTo};
use vestibule_fuzz::STAGE;

const ALLOWED: &str = "https://dashboard.acme.test/calls/";

fuzz_target!(init: STAGE.sow("redirect"), |data: &[u8]| {
    let allowed = [AllowedReturn::try_from(ALLOWED.to_owned()).expect("an address")];
    for (_, value) in form_urlencoded::parse(data) {
        let Some(target) = ReturnTo::parse(&value, &allowed) else {
            continue;
        };
        let location = target.as_str();
        assert!(
            location.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'),
            "what a header or a browser reads in another way: {location}"
        );
        let ours = Url::parse("https://sso.test/saml/acme-demo/acs").expect("an address");
        let end = ours.join(location).expect("an address");
        let stays = end.origin() == ours.origin();
        assert!(
            stays || end.as_str().starts_with(ALLOWED),
            "leads to {end} by {location}"
        );
    }
});
