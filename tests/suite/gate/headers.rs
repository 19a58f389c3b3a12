//! Headers by which a client could talk an app, not the gate, into something.

use vestibule::access::IDENTITY;
use vestibule::practice::persona::MAYA;

use super::desk::{Ask, Desk};

async fn said(desk: &Desk, header: &str) -> Vec<String> {
    let mut browser = desk.test.browser();
    browser.sign_in(&MAYA).await;
    let mut words = Vec::new();
    for family in ["nginx", "forward", "envoy"] {
        let ask = Ask::new(family, "POST", "/v2/profiles/prf_1/call/accept")
            .header("sec-fetch-site", "same-origin")
            .header(header, "forged");
        words.push(desk.ask(&browser, ask).await.word());
    }
    words
}

#[tokio::test]
async fn rule_34_what_an_app_could_read_as_a_header_of_the_gateway_is_refused() {
    let desk = Desk::new().await;

    for name in IDENTITY {
        for other in ["_", ".", "~"] {
            let all = name.replace('-', other);
            let last = name.rsplit_once('-').unwrap();
            let last = format!("{}{other}{}", last.0, last.1);
            for alias in [all, last] {
                assert_eq!(said(&desk, &alias).await, ["header_alias"; 3], "{alias}");
            }
        }
    }
    assert_eq!(
        said(&desk, "x_http_method_override").await,
        ["header_alias"; 3]
    );
    for own in ["my_header", "x.vestibules.user", "x-vestibule-unknown"] {
        assert_eq!(said(&desk, own).await, ["all"; 3], "{own}");
    }
}

#[tokio::test]
async fn rule_40_what_asks_an_app_to_read_the_request_as_another_is_refused() {
    let desk = Desk::new().await;

    for name in [
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
        "x-original-url",
        "x-rewrite-url",
    ] {
        assert_eq!(said(&desk, name).await, ["request_override"; 3], "{name}");
    }
}
