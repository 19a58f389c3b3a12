// What stands before the programs in production: it ends TLS and passes on; here it also remembers what arrived.

import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';

import { folder, run } from './programs.mjs';

/** A key and a certificate for these names that nobody vouches for. */
export async function certificate(...names) {
    const [key, cert] = [join(folder, 'tls.key'), join(folder, 'tls.crt')];
    const made = await run('openssl', [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-subj', '/CN=test', '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`)}`],
        ...['-keyout', key, '-out', cert],
    ]);
    if (made.code !== 0) throw new Error(`openssl: ${made.stderr}`);
    return { key: readFileSync(key), cert: readFileSync(cert) };
}

/** Listens at a free `port`, passes on to the port `to`, and keeps what it has `seen`. */
export async function startProxy(tls) {
    const proxy = { seen: [] };
    const server = createServer(tls, (incoming, answer) => {
        const { method, url, headers } = incoming;
        proxy.seen.push({ method, url, cookies: names(headers.cookie) });
        const passed = request({ host: '127.0.0.1', port: proxy.to, method, path: url, headers }, (response) => {
            answer.writeHead(response.statusCode, response.rawHeaders);
            response.pipe(answer);
        });
        passed.on('error', () => answer.destroy());
        incoming.pipe(passed);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    proxy.port = server.address().port;
    proxy.stop = () => {
        server.close();
        server.closeAllConnections();
    };
    return proxy;
}

const names = (cookies = '') => cookies.split('; ').map((pair) => pair.split('=')[0]);
