// The real gateways with the configurations that we ship, before an app that tells what it received: `node main.mjs PROGRAM`.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';

import { check, isWell } from '../../browser/check.mjs';
import { folder, freePorts } from '../../browser/programs.mjs';
import { serve, shell } from '../providers/server.mjs';
import { trusted } from '../providers/samlify.mjs';
import { ALIASES, FORGED, heard, received, send, serveApp } from './app.mjs';
import { startGateway } from './gateways.mjs';
import { person } from './person.mjs';
import { probe, probeOfASpoiltOne } from './probe.mjs';

const ACCOUNT = 'acme-demo';
const FAMILIES = { nginx: 'nginx', caddy: 'forward', traefik: 'forward', envoy: 'envoy' };
const SHIPPED = `
[[routes]]
methods = ["GET", "POST"]
path = "/v2/profiles"
action = "profile:create"
[[routes]]
methods = ["GET"]
path = "/v2/profiles/{id}"
action = "profile:view"
[[routes]]
methods = ["POST"]
path = "/v2/profiles/{id}/review"
action = "profile:review"
facts = "app"
[[routes]]
methods = ["GET", "POST"]
path = "/v2/calls"
action = "call:accept"
`;

const names = Object.keys(FAMILIES);
const [app, ...gateways] = await freePorts(1 + names.length);
mkdirSync(join(folder, 'apps'));
for (const [index, name] of names.entries()) {
    const text = `app = "${name}"\naudience = "https://${name}.test/"\nstage = "demo"\ngateway = "${FAMILIES[name]}"\ngateways = ["127.0.0.0/8"]\nhosts = ["127.0.0.1:${gateways[index]}"]\n`;
    writeFileSync(join(folder, 'apps', `${name}.toml`), text + SHIPPED);
}
const stub = await serveApp(app);
const server = await serve();
const { site, internal: gate } = server;
const answered = await trusted(server, ACCOUNT);

for (const [index, name] of names.entries()) {
    await check(`${name} runs through`, async () => {
        const at = gateways[index];
        const gateway = await startGateway(name, at, { gate, app, family: name, host: `127.0.0.1:${at}` });
        const own = await shell('key', 'create', '--account', ACCOUNT, '--name', name, '--scope', 'profile:create', '--scope', 'profile:view');
        const key = { 'Account-Id': ACCOUNT, 'Api-Key': own.secret };
        const ask = (asked) => send(at, asked);

        await check(`${name}: a key opens what it was made for, and the app hears who that is and nothing else`, async () => {
            const credentials = { ...key, Cookie: 'vestibule-other=1', 'User-Agent': 'test' };
            const { status, text, seen } = await ask({ path: '/v2/profiles/prf_1?a=b%2Fc', headers: { ...credentials, ...FORGED } });
            assert.equal(status, 200, text);
            assert.deepEqual([seen.method, seen.url], ['GET', '/v2/profiles/prf_1?a=b%2Fc']);
            heard(seen, { User: /^crd_[0-9a-f]{32}$/, Account: ACCOUNT, Roles: '', Scope: 'all', Email: '', Name: name });
        });
        await check(`${name}: what an app could read as something else does not reach it`, async () => {
            for (const header of ALIASES) {
                const { status, seen } = await ask({ path: '/v2/profiles/prf_1', headers: { ...key, [header]: 'forged' } });
                assert.ok(status === 403 || !seen.headers.includes('forged'), `${header}: ${status}`);
            }
        });
        await check(`${name}: what a client says of itself opens nothing`, async () => {
            for (const headers of [{}, FORGED, { ...FORGED, 'Account-Id': ACCOUNT }, { ...key, 'Api-Key': own.secret.replace(/.$/, (last) => (last === '0' ? '1' : '0')) }]) {
                for (const path of ['/v2/profiles/prf_1', '/', '/public', '/v2/profiles/prf_1?/public']) {
                    const { status, text } = await ask({ path, headers });
                    assert.ok([302, 401, 403].includes(status), `${path}: ${status} ${text}`);
                }
            }
        });
        await check(`${name}: a page leads to the way to sign in`, async () => {
            const { status, headers } = await ask({ path: '/v2/profiles/prf_1?a=b', headers: { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate' } });
            assert.equal(status, 302);
            assert.match(headers.location, /\/\.vestibule\/start\?to=%2Fv2%2Fprofiles%2Fprf_1%3Fa%3Db$/);
            const start = await ask({ path: new URL(headers.location, site).pathname + new URL(headers.location, site).search });
            assert.equal(start.status, 303, start.text);
            assert.ok(start.headers.location.startsWith(`${site}/handoff?`), start.headers.location);
            assert.match(start.headers['set-cookie'].join(), /^vestibule-nonce=/);
        });
        await check(`${name}: a body arrives as it was sent`, async () => {
            const body = randomBytes(100 * 1024);
            const { status, text, seen } = await ask({ method: 'POST', path: '/v2/profiles', headers: { ...key, 'Content-Length': body.length }, body });
            assert.equal(status, 200, text);
            assert.deepEqual([seen.method, seen.body], ['POST', createHash('sha256').update(body).digest('hex')]);
        });
        await check(`${name}: no other method, no odd path, no other host`, async () => {
            for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
                const { status } = await ask({ method, path: '/v2/profiles', headers: key });
                assert.equal(status, 403, method);
            }
            assert.equal((await ask({ method: 'POST', path: '/v2/profiles/prf_1/review', headers: key })).status, 403);
            const override = { ...key, 'X-HTTP-Method-Override': 'DELETE' };
            assert.equal((await ask({ method: 'POST', path: '/v2/profiles', headers: override })).status, 403);
            for (const path of ['/v2/profiles/..%2f..%2fadmin', '/v2/profiles/%2e%2e/admin', '/v2/profiles;a=b', '/v2//profiles', '/v2/profiles/a%00', '/v2/profiles/%252e', '/admin/../v2/profiles', '/admin']) {
                const { status, seen } = await ask({ path, headers: key });
                // Traefik makes one slash of two before it asks: what the app sees is what the gate was asked about.
                assert.ok([400, 403, 404].includes(status) || seen?.url === '/v2/profiles', `${path}: ${status} ${JSON.stringify(seen)}`);
            }
            const { seen } = await ask({ path: '/v2/profiles/prf_1', headers: { ...key, 'X-Forwarded-Host': 'evil.test' }, host: 'evil.test' });
            // nginx has one server and says its own name to the gate and to the app; the others know no such host.
            assert.equal(seen === undefined, name !== 'nginx', JSON.stringify(seen));
        });
        await check(`${name}: nothing but the hand-off is reached by the way to it`, async () => {
            for (const path of ['/.vestibule/../../metrics', '/.vestibule/..%2f..%2fmetrics', '/.vestibule/%2e%2e/%2e%2e/metrics', `/.vestibule/../../gate/${name}/${FAMILIES[name]}`]) {
                const { status, text } = await ask({ path, headers: key });
                assert.ok([400, 403, 404].includes(status), `${path}: ${status} ${text}`);
            }
        });
        await check(`${name}: a websocket begins for whoever may`, async () => {
            const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' };
            const asked = (headers) => ask({ path: '/v2/profiles/prf_1', headers: { ...upgrade, ...headers } });
            // Traefik would not tell the gate of it.
            assert.equal((await asked(key)).status, name === 'traefik' ? 404 : 101);
            assert.ok([302, 401, 404].includes((await asked({})).status));
        });
        await check(`${name}: two credentials are none`, async () => {
            const { status } = await ask({ path: '/v2/profiles/prf_1', headers: { ...key, Authorization: 'Bearer x' } });
            assert.ok(status === 400 || (name === 'nginx' && status === 500), `${status}`);
        });
        await person({ name, account: ACCOUNT, host: `127.0.0.1:${at}`, ask, site, answered });
        await probe({ name, at, key });
        await check(`${name}: a key that was taken back is gone within a second`, async () => {
            await shell('key', 'revoke', own.id);
            await sleep(1000);
            const { status } = await ask({ path: '/v2/profiles/prf_1', headers: key });
            assert.ok([401, 403].includes(status), `${status}`);
        });
        await gateway.stop();
    });
}
await check('the probe tells what is wrong with a bad configuration', () => probeOfASpoiltOne({ at: gateways[0], gate, app, account: ACCOUNT }));
await server.stop();
stub.close();
process.exit(isWell() ? 0 : 1);
