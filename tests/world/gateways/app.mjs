// The app behind the gateways: it answers with what it received.

import { createHash } from 'node:crypto';
import { createServer, request } from 'node:http';

/** Starts it on a port. */
export async function serveApp(port) {
    const server = createServer(async (asked, answer) => {
        const hash = createHash('sha256');
        for await (const part of asked) hash.update(part);
        const seen = { method: asked.method, url: asked.url, headers: asked.rawHeaders, body: hash.digest('hex') };
        answer.setHeader('content-type', 'application/json').end(JSON.stringify(seen));
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
        asked.on('error', reject);
        asked.end(body);
    });
}

/** The values of a header that the app received. */
export function received(seen, name) {
    const raw = seen.headers;
    return raw.filter((value, index) => index % 2 === 1 && raw[index - 1].toLowerCase() === name.toLowerCase());
}
