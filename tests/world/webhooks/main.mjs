// standardwebhooks verifies what receivers get, honest ones beside one that hangs, one that refuses and one that leads elsewhere: `node main.mjs PROGRAM`.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { Webhook } from 'standardwebhooks';

import { check, isWell } from '../../browser/check.mjs';
import { folder, vestibule } from '../../browser/programs.mjs';
import { CONFIGURATION, serve, shell } from '../providers/server.mjs';

const ACCOUNT = 'acme-demo';

/** Longer than a message to somebody who is well takes, with the second that an entry may take to its chain. */
const SOON = 5_000;

/** A server that keeps what it gets and answers as it is told to. */
async function receiver(answer) {
    const got = [];
    const server = createServer((request, response) => {
        let body = '';
        request.on('data', (part) => (body += part));
        request.on('end', () => {
            got.push({ headers: request.headers, body, at: Date.now() });
            answer(response);
        });
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${server.address().port}/hook`;
    return { got, url, close: () => server.closeAllConnections() || server.close() };
}

const well = (response) => response.writeHead(204).end();

async function until(condition, milliseconds) {
    const end = Date.now() + milliseconds;
    while (!condition() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
    assert(condition(), 'nothing came in time');
}

async function told(url, ...types) {
    const words = types.flatMap((type) => ['--type', type]);
    return shell('webhook', 'create', '--account', ACCOUNT, '--url', url, ...words);
}

await check('the run comes to its end', async () => {
    const server = await serve();
    const file = join(folder, `${ACCOUNT}.toml`);
    writeFileSync(file, `account = "${ACCOUNT}"\nclient = "Acme Bank"\nstage = "demo"\n`);
    const applied = await vestibule('account', 'apply', file, '--config', CONFIGURATION);
    assert.equal(applied.code, 0, applied.stderr);

    const honest = await receiver(well);
    const { webhook, secret } = await told(honest.url, 'user.*');
    const invite = (subject) => shell('user', 'create', ACCOUNT, '--subject', subject);
    const maya = await invite('maya@client.test');

    await check('a message is verified by standardwebhooks and says whom it is about', async () => {
        await until(() => honest.got.length === 1, SOON);
        const [{ headers, body }] = honest.got;
        const said = new Webhook(secret).verify(body, headers);
        assert.equal(said.type, 'user.created');
        assert.equal(said.data.user, maya.id);
        assert(!body.includes('maya'), body);
    });

    await check('a changed body, another id and another secret are refused by it', async () => {
        const [{ headers, body }] = honest.got;
        const ours = new Webhook(secret);
        assert.throws(() => ours.verify(body.replace('user.created', 'user.deleted'), headers));
        assert.throws(() => ours.verify(body, { ...headers, 'webhook-id': 'msg_other' }));
        const other = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
        assert.throws(() => new Webhook(other).verify(body, headers));
    });

    await check('after a rotation both secrets verify', async () => {
        const { secret: next } = await shell('webhook', 'rotate', webhook.id);
        await shell('user', 'suspend', ACCOUNT, maya.id);
        await until(() => honest.got.length === 2, SOON);
        const { headers, body } = honest.got[1];
        for (const known of [secret, next]) assert.equal(new Webhook(known).verify(body, headers).type, 'user.suspended');
    });

    await check('one that hangs, one that refuses and one that leads elsewhere cost nobody else anything', async () => {
        const elsewhere = await receiver(well);
        const hangs = await receiver(() => {});
        const refuses = await receiver((response) => response.writeHead(500).end());
        const leads = await receiver((response) => response.writeHead(307, { location: elsewhere.url }).end());
        for (const one of [hangs, refuses, leads]) await told(one.url, 'user.*');
        await told('http://127.0.0.1:9/', 'user.*');
        const before = honest.got.length;
        const began = Date.now();
        for (let count = 0; count < 10; count += 1) await invite(`agent-${count}@client.test`);
        await until(() => honest.got.length === before + 10, SOON);
        assert(honest.got.every(({ at }) => at - began < 20_000));
        assert.equal(elsewhere.got.length, 0);
        assert.equal(hangs.got.length, 1);
        assert(refuses.got.length >= 1);
        [elsewhere, hangs, refuses, leads].forEach((one) => one.close());
    });

    await check('what a person sees at the shell says how each is doing', async () => {
        const all = await shell('webhook', 'list');
        assert.equal(all.length, 5);
        const failing = all.filter((one) => one.webhook.failing_since);
        assert(failing.length >= 2, JSON.stringify(all));
        const messages = await shell('webhook', 'messages', webhook.id);
        assert(messages.every(({ state, last_status }) => state === 'delivered' && last_status === 204));
    });

    await check('a message is sent again under the same id', async () => {
        const [{ headers }] = honest.got;
        await shell('webhook', 'replay', webhook.id, headers['webhook-id']);
        await until(() => honest.got.filter((one) => one.headers['webhook-id'] === headers['webhook-id']).length === 2, SOON);
    });

    honest.close();
    await server.stop();
});
process.exit(isWell() ? 0 : 1);
