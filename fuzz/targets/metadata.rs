//! What a client sends as the metadata of its identity provider.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule::saml::metadata::Descriptor;
use vestibule_fuzz::STAGE;

fuzz_target!(init: STAGE.sow("metadata"), |data: &[u8]| {
    let Ok(read) = Descriptor::read(data) else {
        return;
    };
    assert!(!read.entity_id.is_empty(), "no entity id");
    assert!(!read.signing.is_empty(), "nothing to verify with");
    assert!(
        read.signing.iter().all(|key| key.weakness().is_none()),
        "a weak key verifies"
    );
    assert!(
        read.sso_redirect.is_some() || read.sso_post.is_some(),
        "nowhere to sign in"
    );
});
