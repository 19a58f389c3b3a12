//! Rule 34: the configurations that we ship for gateways set or clear every header that an app may believe.

use std::path::Path;

use vestibule::access::IDENTITY;

#[test]
fn rule_34_every_shipped_configuration_names_every_identity_header() {
    for name in ["nginx.conf", "Caddyfile", "traefik.yaml", "envoy.yaml"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("docs/gateways")
            .join(name);
        let text = std::fs::read_to_string(file).unwrap().to_lowercase();

        for header in IDENTITY {
            assert!(text.contains(header), "{header} in {name}");
            // The other gateways drop every name with an underscore.
            let twin = header.replace('-', "_");
            assert!(
                name != "traefik.yaml" || text.contains(&twin),
                "{twin} in {name}"
            );
        }
        assert!(
            name != "envoy.yaml" || text.contains("headers_with_underscores_action: drop_header")
        );
        for credential in ["api-key", "cookie", "authorization"] {
            assert!(text.contains(credential), "{credential} in {name}");
        }
        assert!(
            text.contains("/handoff/profiles"),
            "the way of a session in {name}"
        );
    }
}
