// The app behind the gateways: it answers with what it received.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, request } from 'node:http';

const IDENTITY = ['User', 'Account', 'Roles', 'Scope', 'Email', 'Name', 'Token'].map((name) => `X-Vestibule-${name}`);

/** What a client could say about itself or its request in the names of gateways, which take it off. */
export const FORGED = {
    ...Object.fromEntries([...IDENTITY, 'X-Vestibule-Gateway-Key'].map((name) => [name, 'forged'])),
    ...Object.fromEntries(['For', 'Host', 'Proto', 'Method', 'Uri', 'Prefix'].map((name) => [`X-Forwarded-${name}`, 'forged'])),
    ...Object.fromEntries(['Method', 'Host', 'URI', 'Address'].map((name) => [`X-Original-${name}`, 'forged'])),
    'X-Real-IP': 'forged',
    Forwarded: 'forged',
};

/** What apps could read as one of these or as another request; gateways take it off, or the gate refuses it. */
export const ALIASES = [
    ...[...IDENTITY, 'Account-Id'].flatMap((name) => [name.replaceAll('-', '_'), name.replace(/-([^-]*)$/, '_$1'), name.replaceAll('-', '.'), name.replaceAll('-', '~')]),
    ...['X-Original-URL', 'X-Rewrite-URL', 'X-HTTP-Method-Override', 'X_HTTP_Method_Override', 'X-Method-Override', 'X-HTTP-Method'],
];

/** Starts it on a port. */
export async function serveApp(port) {
    const server = createServer(async (asked, answer) => {
        const hash = createHash('sha256');
        for await (const part of asked) hash.update(part);
        const seen = { method: asked.method, url: asked.url, headers: asked.rawHeaders, body: hash.digest('hex') };
        answer.setHeader('content-type', 'application/json').end(JSON.stringify(seen));
    });
    server.on('upgrade', (asked, socket) => {
        socket.end(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    });
    await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
    return server;
}

/** Sends a request as it is written, path and all. */
export function send(port, { method = 'GET', path, headers = {}, body, host }) {
    return new Promise((resolve, reject) => {
        const all = { host: host ?? `127.0.0.1:${port}`, ...headers };
        const asked = request({ host: '127.0.0.1', port, method, path, headers: all, agent: false }, async (answer) => {
            let text = '';
            for await (const part of answer) text += part;
            const { statusCode: status } = answer;
            const seen = status === 200 && text.startsWith('{') ? JSON.parse(text) : undefined;
            resolve({ status, headers: answer.headers, text, seen });
        });
        asked.on('upgrade', (answer, socket) => {
            socket.destroy();
            resolve({ status: answer.statusCode, headers: answer.headers, text: '' });
        });
        asked.on('error', reject);
        asked.end(body);
    });
}

/** The values of a header that the app received. */
export function received(seen, name) {
    const raw = seen.headers;
    return raw.filter((value, index) => index % 2 === 1 && raw[index - 1].toLowerCase() === name.toLowerCase());
}

/** The app heard exactly this of whoever asked, with a token, and no secret nor anything that was forged. */
export function heard(seen, expected) {
    for (const [name, value] of Object.entries(expected)) {
        // Some gateways leave out what is empty.
        const said = received(seen, `X-Vestibule-${name}`);
        if (value instanceof RegExp) assert.match(said.join(), value);
        else assert.deepEqual(said.filter(Boolean), value === '' ? [] : [value], name);
    }
    assert.deepEqual(received(seen, 'Account-Id'), [expected.Account]);
    assert.equal(received(seen, 'X-Vestibule-Token').join().split('.').length, 3);
    for (const secret of ['Api-Key', 'Cookie', 'Authorization']) assert.equal(received(seen, secret).join(''), '', secret);
    assert.ok(!seen.headers.some((text) => text.includes('forged')), seen.headers.join(' '));
}
