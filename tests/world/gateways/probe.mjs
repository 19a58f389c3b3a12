// `vestibule gate probe` through the gateways: all is well with what we ship, and what is not is named.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { check } from '../../browser/check.mjs';
import { folder, vestibule } from '../../browser/programs.mjs';
import { shell } from '../providers/server.mjs';
import { startGateway } from './gateways.mjs';

/** What it finds, and its exit code. */
async function probed(at, key) {
    const file = join(folder, 'somebody.txt');
    writeFileSync(file, Object.entries(key).map(([name, value]) => `${name}: ${value}\n`).join(''));
    const address = `http://127.0.0.1:${at}/v2/profiles/prf_1`;
    const { code, stdout, stderr } = await vestibule('gate', 'probe', address, '--credentials', file, '--echo', '--json');
    return { code, ...JSON.parse(stdout || stderr) };
}

const flaws = ({ findings }) => findings.filter(({ safe }) => !safe).map((found) => `${found.as}: ${found.sent} ${found.answer}`);

export async function probe({ name, at, key }) {
    await check(`${name}: a probe finds nothing wrong`, async () => {
        const found = await probed(at, key);
        assert.equal(found.code, 0, found.detail ?? flaws(found).join('\n'));
        assert.ok(found.findings.length > 100, `${found.findings.length}`);
    });
}

/** nginx with a line that believes the client, and with some lines forgotten. */
export async function probeOfASpoiltOne({ at, gate, app, account }) {
    const { secret } = await shell('key', 'create', '--account', account, '--name', 'probe', '--scope', 'profile:view');
    const key = { 'Account-Id': account, 'Api-Key': secret };
    const places = { gate, app, family: 'nginx', host: `127.0.0.1:${at}` };
    const said = 'set $said $request_uri; if ($http_x_original_uri) { set $said $http_x_original_uri; } proxy_set_header X-Original-URI $said;';
    for (const [good, bad, expected] of [
        [/proxy_set_header X-Original-URI +\$request_uri;/, () => said, ['GET /forged, x-original-uri']],
        [/proxy_set_header X-Vestibule-(Name|Email) .*/g, '', ['x-vestibule-email', 'x-vestibule-name']],
        [/proxy_set_header Api-Key .*/g, '', ['the credentials']],
        [/auth_request \/.*/g, '', ['nothing']],
    ]) {
        const gateway = await startGateway('nginx', at, places, (text) => text.replace(good, bad));
        const found = await probed(at, key);
        await gateway.stop();
        assert.equal(found.code, 1, found.detail);
        assert.deepEqual(found.findings.filter(({ safe }) => !safe).map(({ sent }) => sent.split(':')[0].replace(/forged-\w+/, 'forged')), expected);
    }
}
