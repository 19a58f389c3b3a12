// A person with a session at Vestibule, at an app on a host of its own.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { check } from '../../browser/check.mjs';
import { Visitor, shell } from '../providers/server.mjs';
import { FORGED, heard } from './app.mjs';

const SUBJECT = 'maya@client.test';
const PAGE = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate' };

export async function person({ name, account, host, ask, site, answered }) {
    const visitor = new Visitor(site);
    await visitor.signIn(account, await answered(visitor), SUBJECT, ['maker']);
    let Cookie;
    const own = (headers) => ({ Cookie, ...headers });
    /** The way of a visitor's session to this host. */
    const enter = async (visitor) => {
        const first = await ask({ path: '/v2/calls?a=b', headers: PAGE });
        assert.equal(first.status, 302, first.text);
        const begun = await ask({ path: local(first.headers.location, host), headers: PAGE });
        const nonce = begun.headers['set-cookie'].map((line) => line.split(';')[0]).join('; ');
        const code = await visitor.sentTo(local(begun.headers.location, new URL(site).host));
        const done = await ask({ path: local(code, host), headers: { ...PAGE, Cookie: nonce } });
        assert.deepEqual([done.status, done.headers.location], [303, '/v2/calls?a=b'], done.text);
        assert.equal((await ask({ path: local(code, host), headers: { ...PAGE, Cookie: nonce } })).status, 403);
        const lines = done.headers['set-cookie'].map((line) => line.split(';')[0]);
        return lines.find((line) => line.startsWith('vestibule-gate='));
    };

    await check(`${name}: a person comes back from signing in with a cookie of this host`, async () => {
        Cookie = await enter(visitor);
    });
    await check(`${name}: the app hears who the person is, and nothing that they forged`, async () => {
        const headers = { ...FORGED, Cookie: `one=1; ${Cookie}; two=2` };
        const { status, text, seen } = await ask({ path: '/v2/calls', headers });
        assert.equal(status, 200, text);
        heard(seen, { User: /^usr_[0-9a-f-]+$/, Account: account, Roles: 'maker', Scope: 'all', Email: '' });
    });
    await check(`${name}: a person is refused what they may not, and two sessions at once`, async () => {
        assert.equal((await ask({ path: '/v2/profiles/prf_1', headers: own() })).status, 403);
        assert.equal((await ask({ path: '/v2/calls', headers: own({ 'Account-Id': 'another' }) })).status, 403);
        const { status } = await ask({ path: '/v2/calls', headers: { Cookie: `${Cookie}; ${Cookie}` } });
        assert.ok(status === 400 || (name === 'nginx' && status === 500), `${status}`);
    });
    await check(`${name}: only the app's own pages change something with the cookie`, async () => {
        const post = (headers) => ask({ method: 'POST', path: '/v2/calls', headers: own({ 'Content-Length': 0, ...headers }) });
        assert.equal((await post({})).status, 403);
        assert.equal((await post({ Origin: 'http://evil.test' })).status, 403);
        assert.equal((await post({ 'Sec-Fetch-Site': 'cross-site' })).status, 403);
        assert.equal((await post({ Origin: `http://${host}` })).status, 200);
        const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' };
        const { status } = await ask({ path: '/v2/calls', headers: own({ ...upgrade, Origin: 'http://evil.test' }) });
        assert.equal(status, name === 'traefik' ? 404 : 403);
    });
    await check(`${name}: a session that is over opens nothing more`, async () => {
        const visitor = new Visitor(site);
        await visitor.signIn(account, await answered(visitor, { seconds: 4 }), SUBJECT, ['maker']);
        const brief = { Cookie: await enter(visitor) };
        assert.equal((await ask({ path: '/v2/calls', headers: brief })).status, 200);
        await sleep(4000);
        assert.ok([302, 401].includes((await ask({ path: '/v2/calls', headers: brief })).status));
        assert.equal((await ask({ path: '/v2/calls', headers: own() })).status, 200);
    });
    await check(`${name}: whoever is suspended is out within a second`, async () => {
        await shell('user', 'suspend', account, SUBJECT);
        await sleep(1000);
        assert.ok([302, 401].includes((await ask({ path: '/v2/calls', headers: own() })).status));
        assert.equal((await ask({ path: '/v2/calls', headers: own(PAGE) })).status, 302);
        await shell('user', 'restore', account, SUBJECT);
        assert.ok([302, 401].includes((await ask({ path: '/v2/calls', headers: own() })).status));
    });
}

/** The path of an address, which is on that host. */
function local(address, host) {
    const url = new URL(address);
    assert.equal(url.host, host);
    return url.pathname + url.search;
}
