// The real gateways, each with the configuration that we ship: only names, addresses and TLS are those of the test.

import { readFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';

import { folder } from '../../browser/programs.mjs';
import { send } from './app.mjs';

const ROOT = join(import.meta.dirname, '../../..');
const PYTHON = join(ROOT, '.cache/python/bin');
const shipped = (name) => readFileSync(join(ROOT, 'docs/gateways', name), 'utf8');

/** The text with each of the pairs changed; one that is not there would test something else. */
function changed(text, pairs) {
    return pairs.reduce((text, [from, to]) => {
        if (!text.includes(from)) throw new Error(`${from} is not in the shipped configuration`);
        return text.replaceAll(from, to);
    }, text);
}

/** What every configuration needs changed. */
const usual = ({ gate, app, family, host }) => [
    ['127.0.0.1:8090', `127.0.0.1:${gate}`],
    ['127.0.0.1:9000', `127.0.0.1:${app}`],
    ['/profiles', `/${family}`],
    ['api.platform.example', host],
];

const GATEWAYS = {
    nginx(port, places, spoil = (text) => text) {
        const own = [
            ['listen 443 ssl;', `listen 127.0.0.1:${port};`],
            ['    server_name api.platform.example;\n', ''],
            ['    ssl_certificate     /etc/ssl/certs/api.platform.example.pem;\n', ''],
            ['    ssl_certificate_key /etc/ssl/private/api.platform.example.key;\n', ''],
        ];
        const server = spoil(changed(shipped('nginx.conf'), [...own, ...usual(places)]));
        const logs = `error_log ${join(folder, 'nginx.log')}; access_log off;`;
        const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${join(folder, `nginx-${kind}`)};`);
        const file = join(folder, 'nginx.conf');
        writeFileSync(file, `${process.getuid() === 0 ? 'user root; ' : ''}daemon off; pid ${join(folder, 'nginx.pid')}; error_log stderr;\nevents {}\nhttp { ${logs} ${paths.join(' ')}\n${server}\n}\n`);
        return [join(ROOT, '.cache/nginx/usr/sbin/nginx'), ['-c', file, '-p', folder]];
    },
    caddy(port, places) {
        const text = changed(shipped('Caddyfile'), [['api.platform.example {', `http://127.0.0.1:${port} {`], ...usual(places).slice(0, 3)]);
        const file = join(folder, 'Caddyfile');
        writeFileSync(file, `{\n\tadmin off\n\tauto_https off\n}\n${text}`);
        return [join(PYTHON, 'caddy'), ['run', '--config', file, '--adapter', 'caddyfile']];
    },
    traefik(port, places) {
        const own = [['      tls: {}\n', ''], ['websecure', 'web'], ['Host(`api.platform.example`)', 'Host(`127.0.0.1`)']];
        const text = changed(shipped('traefik.yaml'), [...own, ...usual(places).slice(0, 3)]);
        const rules = join(folder, 'traefik-rules');
        mkdirSync(rules);
        writeFileSync(join(rules, 'rules.yaml'), text);
        const file = join(folder, 'traefik.yaml');
        writeFileSync(file, `entryPoints: { web: { address: "127.0.0.1:${port}" } }\nproviders: { file: { directory: ${rules} } }\nglobal: { checkNewVersion: false, sendAnonymousUsage: false }\n`);
        return [join(PYTHON, 'traefik'), [`--configFile=${file}`]];
    },
    envoy(port, places) {
        const { gate, app } = places;
        const own = [
            ['address: 0.0.0.0, port_value: 8443', `address: 127.0.0.1, port_value: ${port}`],
            ['address: 127.0.0.1, port_value: 8090', `address: 127.0.0.1, port_value: ${gate}`],
            ['address: 127.0.0.1, port_value: 9000', `address: 127.0.0.1, port_value: ${app}`],
            ['http://127.0.0.1:8090', `http://127.0.0.1:${gate}`],
            ['/profiles', '/envoy'],
            ['api.platform.example', places.host],
        ];
        const file = join(folder, 'envoy.yaml');
        writeFileSync(file, changed(shipped('envoy.yaml'), own));
        return [join(PYTHON, 'envoy'), ['--config-path', file, '--use-dynamic-base-id', '--concurrency', '1', '--log-level', 'warning']];
    },
};

/** Starts one and waits until it answers; `spoil` makes a bad configuration of a good one. */
export async function startGateway(name, port, places, spoil) {
    const [program, args] = GATEWAYS[name](port, places, spoil);
    const child = spawn(program, args, { cwd: folder, env: { PATH: process.env.PATH, HOME: folder } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    process.once('exit', () => child.kill('SIGKILL'));
    for (const deadline = Date.now() + 20_000; ; await sleep(100)) {
        const answered = await send(port, { path: '/' }).then(({ status }) => status, () => undefined);
        if (answered !== undefined && answered !== 404) break;
        if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${name} did not begin to answer:\n${output.slice(-2000)}`);
    }
    return { output: () => output, stop: () => (child.kill('SIGTERM'), ended) };
}
