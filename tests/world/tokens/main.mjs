// jose and PyJWT check our tokens by the keys of a running server: `node main.mjs PROGRAM`.

import assert from 'node:assert/strict';
import { join } from 'node:path';

import { check, isWell } from '../../browser/check.mjs';
import { run } from '../../browser/programs.mjs';
import { jose } from './jose.mjs';
import { AUDIENCE, serve } from './server.mjs';

const PYTHON = join(import.meta.dirname, '../../../.cache/python/bin/python');
const PROGRAM = join(import.meta.dirname, 'check_token.py');

/** Whether PyJWT takes a token. */
async function pyjwt(token, { issuer, jwks, audience, after }) {
    const { code, stdout, stderr } = await run(PYTHON, [PROGRAM, jwks, issuer, audience, `${after}`, token]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
}

/** The token with another part in the place of one of its three. */
function withPart(token, at, part) {
    return token.split('.').map((own, index) => (index === at ? part : own)).join('.');
}

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decoded = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());

await check('the run comes to its end', async () => {
    const server = await serve();
    const token = await server.token();
    const metadata = await (await fetch(`${server.site}/.well-known/oauth-authorization-server/demo`)).json();
    const honest = { issuer: metadata.issuer, jwks: metadata.jwks_uri, audience: AUDIENCE, after: 0 };
    const [header, claims] = token.split('.').map((part, index) => (index < 2 ? decoded(part) : part));
    for (const [name, verify] of Object.entries({ jose, pyjwt })) {
        await check(`${name} accepts our token`, async () => {
            const { claims, refused } = await verify(token, honest);
            assert.equal(refused, undefined);
            assert.equal(claims.scope, 'profile:view');
            assert.equal(claims.exp - claims.iat, 300);
        });
        for (const [what, bad, demands] of [
            ['for another audience', token, { audience: 'https://other.test/' }],
            ['of another stage', token, { issuer: metadata.issuer.replace(/demo$/, 'live') }],
            ['whose time is over', token, { after: 301 }],
            ['with more permissions', withPart(token, 1, encoded({ ...claims, permissions: ['call:accept'] }))],
            ['without a signature', withPart(withPart(token, 0, encoded({ ...header, alg: 'none' })), 2, '')],
            ['of a key that is not ours', withPart(token, 0, encoded({ ...header, kid: 'x' }))],
            ['that calls itself HS256', withPart(token, 0, encoded({ ...header, alg: 'HS256' }))],
        ]) {
            await check(`${name} refuses a token ${what}`, async () => {
                const { refused } = await verify(bad, { ...honest, ...demands });
                assert(refused, 'it was accepted');
            });
        }
    }
    await server.rotate();
    const fresh = await server.token();
    for (const [name, verify] of Object.entries({ jose, pyjwt })) {
        await check(`${name} follows when a leaked key is destroyed`, async () => {
            assert((await verify(token, honest)).refused);
            assert.equal((await verify(fresh, honest)).refused, undefined);
        });
    }
    await check('a token that was taken back is not active any more', async () => {
        assert.equal((await server.introspect(fresh)).active, true);
        await server.revoke(fresh);
        assert.deepEqual(await server.introspect(fresh), { active: false });
    });
    await server.stop();
});
process.exit(isWell() ? 0 : 1);
