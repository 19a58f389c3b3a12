// A real server with an account, an app, a key for a client's server and one for the app.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { folder } from '../../browser/programs.mjs';
import { serve as start, shell } from '../providers/server.mjs';

const ACCOUNT = 'acme-demo';
export const AUDIENCE = 'https://api.demo.test/';

const APP = `app = "profiles"
audience = "${AUDIENCE}"
stage = "demo"
gateway = "nginx"
gateways = ["127.0.0.0/8"]
hosts = ["api.demo.test"]
[[routes]]
methods = ["GET"]
path = "/v2/profiles/{id}"
action = "profile:view"
`;

/** Starts the server. */
export async function serve() {
    mkdirSync(join(folder, 'apps'));
    writeFileSync(join(folder, 'apps', 'profiles.toml'), APP);
    const { site, apply, stop } = await start();
    await apply(ACCOUNT);
    const create = ['key', 'create', '--account', ACCOUNT, '--name'];
    const own = await shell(...create, 'server', '--scope', 'profile:view');
    const apps = await shell(...create, 'profiles', '--decides-for', 'profiles');
    const post = (path, headers, form) =>
        fetch(`${site}${path}`, { method: 'POST', headers, body: new URLSearchParams(form) });
    const client = { authorization: `Basic ${btoa(`${ACCOUNT}:${own.secret}`)}` };
    return {
        site,
        stop,
        rotate: async () => {
            await shell('keys', 'rotate-tokens', '--now');
            // A running server follows within a second.
            await new Promise((resolve) => setTimeout(resolve, 1100));
        },
        token: async () => {
            const answer = await post('/token', client, { grant_type: 'client_credentials', resource: AUDIENCE });
            assert.equal(answer.status, 200, await answer.clone().text());
            return (await answer.json()).access_token;
        },
        introspect: async (token) =>
            (await post('/introspect', { authorization: `Bearer ${apps.secret}` }, { token })).json(),
        revoke: async (token) => assert.equal((await post('/revoke', client, { token })).status, 200),
    };
}
