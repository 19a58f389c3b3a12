// scim2-tester, against an account that a directory keeps, by each of the three things that may link: `node main.mjs PROGRAM`.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { check, isWell } from '../../browser/check.mjs';
import { folder, run, vestibule } from '../../browser/programs.mjs';
import { CONFIGURATION, serve, shell } from '../providers/server.mjs';

const PYTHON = join(import.meta.dirname, '../../../.cache/python/bin/python');
const PROGRAM = join(import.meta.dirname, 'check_scim.py');

/** So many checks the tester makes at least: fewer, and it did not find what it tests. */
const FEWEST = 60;

/** Makes an account that a directory keeps, and its token. */
async function kept(link) {
    const account = `acme-${link.replace('_', '-')}`;
    const file = join(folder, `${account}.toml`);
    const lines = [
        `account = "${account}"`,
        'client = "Acme Bank"',
        'stage = "demo"',
        'uam = true',
        '[claims]',
        'external_id = "http://acme.test/claims/employee"',
        '[users]',
        'provisioning = "scim"',
        `link = "${link}"`,
        '[[roles]]',
        'role = "maker"',
        'group = "APP-Makers"',
    ];
    writeFileSync(file, lines.join('\n'));
    const { code, stderr } = await vestibule('account', 'apply', file, '--config', CONFIGURATION);
    assert.equal(code, 0, stderr);
    const { secret } = await shell('token', 'create', '--account', account, '--scope', 'scim');
    return { account, secret };
}

await check('the run comes to its end', async () => {
    const server = await serve();
    for (const link of ['external_id', 'user_name', 'email']) {
        const { account, secret } = await kept(link);
        const address = `${server.site}/scim/v2/${account}`;
        const { code, stdout, stderr } = await run(PYTHON, [PROGRAM, address], { TOKEN: secret });
        await check(`scim2-tester comes to its end (${link})`, async () => assert.equal(code, 0, stderr));
        const results = stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
        for (const { title, status, reason } of results) {
            await check(`${title} (${link}): ${reason ?? ''}`, async () => assert.equal(status, 'SUCCESS', reason));
        }
        await check(`scim2-tester makes all of its checks (${link})`, async () => {
            assert(results.length >= FEWEST, `${results.length}`);
        });
    }
    await server.stop();
});
process.exit(isWell() ? 0 : 1);
