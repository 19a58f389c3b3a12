//! Encrypted assertions: the text that anybody may encrypt for us, the octets in its place, and the element around them.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use vestibule::id::Entropy;
use vestibule::practice::encrypt::{ContentCipher, Encryption, encrypt};
use vestibule_fuzz::STAGE;

fuzz_target!(init: STAGE.sow("decryption"), |data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else {
        return;
    };
    let element = match (kind, std::str::from_utf8(rest)) {
        (0, Ok(text)) => encrypted(text, ContentCipher::Aes256Cbc),
        (1, Ok(text)) => encrypted(text, ContentCipher::Aes128Gcm),
        (2, Ok(element)) => element.to_owned(),
        (kind, _) => replaced(*kind, rest),
    };
    STAGE.judge(&STAGE.around(&element));
});

fn encrypted(text: &str, content: ContentCipher) -> String {
    let how = Encryption {
        content,
        ..Encryption::default()
    };
    encrypt(text, STAGE.recipient(), &how, &Entropy::fixed()).expect("anything can be encrypted")
}

/// An honest element with other octets in the place of its content, by a key that is ours.
fn replaced(kind: u8, octets: &[u8]) -> String {
    let content = if kind % 2 == 0 {
        ContentCipher::Aes256Gcm
    } else {
        ContentCipher::Aes128Cbc
    };
    let element = encrypted("x", content);
    let (head, tail) = element
        .rsplit_once("<xenc:CipherValue>")
        .expect("a place for the octets");
    let (_, tail) = tail.split_once('<').expect("the end of that place");
    format!("{head}<xenc:CipherValue>{}<{tail}", STANDARD.encode(octets))
}
