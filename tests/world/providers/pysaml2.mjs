// pysaml2: its defaults, SHA-1 and Triple DES, are refused with the reason; its good settings are accepted.

import assert from 'node:assert/strict';
import { join } from 'node:path';

import { check } from '../../browser/check.mjs';
import { run } from '../../browser/programs.mjs';
import { Visitor, keyPair } from './server.mjs';

const ACCOUNT = 'acme-python';
const PYTHON = join(import.meta.dirname, '../../../.cache/python/bin/python');
const PROVIDER = join(import.meta.dirname, 'pysaml2_idp.py');

export async function pysaml2(server) {
    await server.apply(ACCOUNT);
    const { file } = await server.describe(ACCOUNT);
    const pair = await keyPair('pysaml2');
    const python = async (...args) => {
        const { code, stdout, stderr } = await run(PYTHON, [PROVIDER, pair.key, pair.certificate, file, ...args]);
        assert.equal(code, 0, stderr);
        return stdout;
    };
    await server.apply(ACCOUNT, await python('metadata'));
    const answered = async (visitor, ...settings) => {
        const { search } = await visitor.begin(ACCOUNT);
        return JSON.parse(await python('answer', search.slice(1), ...settings));
    };

    for (const settings of [['sha256'], ['sha512'], ['sha256', 'response']]) {
        await check(`pysaml2 with ${settings.join(', ')} signs in`, async () => {
            const visitor = new Visitor(server.site);
            const fields = await answered(visitor, ...settings);
            await visitor.signIn(ACCOUNT, fields, 'maya@client.test', ['maker']);
        });
    }
    for (const [settings, code, found] of [
        [['default'], 'signature', 'rsa-sha1'],
        [['sha256', 'encrypted'], 'decryption', 'tripledes-cbc'],
        [['sha256', 'unsigned'], 'signature', ''],
    ]) {
        await check(`pysaml2 with ${settings.join(', ')} is refused as ${code}`, async () => {
            const visitor = new Visitor(server.site);
            await visitor.isRefused(ACCOUNT, await answered(visitor, ...settings), code, found);
        });
    }
}
