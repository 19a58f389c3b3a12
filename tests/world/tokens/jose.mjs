// jose, as its documentation says.

import { createRemoteJWKSet, jwtVerify } from 'jose';

/** Whether jose takes a token. */
export async function jose(token, { issuer, jwks, audience, after }) {
    const keys = createRemoteJWKSet(new URL(jwks));
    const currentDate = new Date(Date.now() + after * 1000);
    const options = { issuer, audience, algorithms: ['ES256'], typ: 'at+jwt', currentDate };
    return jwtVerify(token, keys, options).then(
        ({ payload }) => ({ claims: payload }),
        ({ code }) => ({ refused: code }),
    );
}
