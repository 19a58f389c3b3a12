"""pysaml2 as an identity provider, one answer a run: KEY CERTIFICATE SP-METADATA metadata | answer QUERY SETTINGS…"""

import json
import sys
from base64 import b64encode
from urllib.parse import parse_qs

from saml2 import BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAMEID_FORMAT_EMAILADDRESS, NAME_FORMAT_URI, NameID
from saml2.server import Server

CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"

key, certificate, metadata, what, *rest = sys.argv[1:]
config = IdPConfig().load(
    {
        "entityid": "http://pysaml2.test/adfs/services/trust",
        "key_file": key,
        "cert_file": certificate,
        "xmlsec_binary": "/usr/bin/xmlsec1",
        "metadata": {"local": [metadata]},
        "service": {
            "idp": {
                "endpoints": {"single_sign_on_service": [("http://localhost:1/sso", BINDING_HTTP_REDIRECT)]},
                "want_authn_requests_signed": True,
                "policy": {"default": {"attribute_restrictions": None, "name_form": NAME_FORMAT_URI}},
            }
        },
    }
)
if what == "metadata":
    print(entity_descriptor(config))
    sys.exit()

query = {name: values[0] for name, values in parse_qs(rest[0]).items()}
settings = set(rest[1:])
server = Server(config=config)
request = server.parse_authn_request(
    query["SAMLRequest"],
    BINDING_HTTP_REDIRECT,
    relay_state=query.get("RelayState"),
    sigalg=query["SigAlg"],
    signature=query["Signature"],
).message
algorithms = {}
for name in ("sha256", "sha512"):
    if name in settings:
        algorithms["sign_alg"] = f"http://www.w3.org/2001/04/xmldsig-more#rsa-{name}"
        algorithms["digest_alg"] = f"http://www.w3.org/2001/04/xmlenc#{name}"
response = server.create_authn_response(
    {ROLE: ["APP-Makers"], CLAIMS + "emailaddress": ["maya@client.test"]},
    in_response_to=request.id,
    destination=request.assertion_consumer_service_url,
    sp_entity_id=request.issuer.text,
    name_id=NameID(format=NAMEID_FORMAT_EMAILADDRESS, text="maya@client.test"),
    authn={"class_ref": PASSWORD},
    sign_assertion="unsigned" not in settings,
    sign_response="response" in settings,
    encrypt_assertion="encrypted" in settings,
    **algorithms,
)
print(json.dumps({"SAMLResponse": b64encode(str(response).encode()).decode()}))
