"""Checks a token with PyJWT, as its documentation says: JWKS ISSUER AUDIENCE AFTER TOKEN."""

import json
import sys
import time

import jwt

jwks, issuer, audience, after, token = sys.argv[1:]
try:
    key = jwt.PyJWKClient(jwks).get_signing_key_from_jwt(token)
    required = {"require": ["exp", "iat", "aud", "iss", "sub"]}
    claims = jwt.decode(token, key, algorithms=["ES256"], audience=audience, issuer=issuer, options=required)
    # PyJWT reads the clock itself.
    if claims["exp"] <= time.time() + int(after):
        raise jwt.ExpiredSignatureError("it is over by then")
    print(json.dumps({"claims": claims}))
except jwt.PyJWTError as error:
    print(json.dumps({"refused": f"{type(error).__name__}: {error}"}))
