// Schemathesis tries the API by its own description, as everybody who may ask: `node main.mjs PROGRAM`.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { check, isWell } from '../../browser/check.mjs';
import { folder, run } from '../../browser/programs.mjs';
import { trusted } from '../providers/samlify.mjs';
import { Visitor, serve, shell } from '../providers/server.mjs';

const SCHEMATHESIS = process.env.ST ?? join(import.meta.dirname, '../../../.cache/python/bin/schemathesis');
const [ACCOUNT, OTHER] = ['acme-demo', 'other-demo'];
const PERSON = 'maya@client.test';
const NOUNS = ['user:*', 'role:*', 'session:*', 'key:*', 'account:view', 'revision:view', 'audit:view'];

// What Schemathesis is kept from, and why.
const EMPTIED = ['end_all_sessions', 'end_sessions_of_user'];
const EXCEPTIONS = {
    // Whoever asks would take their own credential away, and be a stranger for the rest of the run; the programs try these.
    session: [...EMPTIED, 'end_my_sessions', 'end_my_session', 'end_session', 'suspend_user', 'delete_user'],
    token: ['revoke_credential'],
    // A list that was emptied is still there.
    chain: ['revoke_credential', ...EMPTIED],
};

// Values that fit each other, which a schema does not say: keys of one kind, and days that every month has.
const FITTING = {
    NewKey: { kind: { enum: ['api', 'integration'] }, networks: { type: 'array', items: { enum: ['203.0.113.0/24'] } } },
    Wish: { until: { type: ['string', 'null'], pattern: '^20[3-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$' } },
};

// Cursors come from pages alone; of one key of idempotency with many bodies all but the first are refused (rule 54).
const LEFT_OUT = ['cursor', 'Idempotency-Key'];

// Who leaves the version out, or names another one, is told with the statuses that are made for that (RFC 6585, 3; RFC 9110, 13.1.1).
const CONFIGURATION = `[checks.missing_required_header]
expected-statuses = [400, 401, 403, 406, 415, 422, 428]
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 415, 422, 428, 429]
`;

/**
 * The description for one kind of credential, since a request with two is refused (rule 33), with accounts and people that are
 * there and the one version that fits everything. A cookie is sent with every request, so nothing is said of it.
 */
function described(whole, scheme, users) {
    const values = { account: [ACCOUNT, OTHER], user: users, 'If-Match': ['*'], number: [1] };
    const copy = structuredClone(whole);
    copy.security = scheme ? [{ [scheme]: [] }] : [];
    for (const [name, properties] of Object.entries(FITTING)) Object.assign(copy.components.schemas[name].properties, properties);
    delete copy.components.schemas.NewKey.properties.app;
    const others = Object.entries(copy.components.securitySchemes).filter(([name]) => name === scheme);
    copy.components.securitySchemes = Object.fromEntries(others);
    for (const operation of Object.values(copy.paths).flatMap((item) => Object.values(item))) {
        operation.parameters = operation.parameters?.filter(({ name }) => !LEFT_OUT.includes(name));
        for (const parameter of operation.parameters ?? []) {
            if (values[parameter.name]) parameter.schema.enum = values[parameter.name];
        }
    }
    return copy;
}

async function trial({ name, site, whole, scheme, users, headers, phases, seconds, excluded = [] }) {
    await check(`Schemathesis finds nothing as ${name}`, async () => {
        const file = join(folder, `${name.replaceAll(' ', '-')}.json`);
        const configuration = join(folder, 'schemathesis.toml');
        writeFileSync(configuration, CONFIGURATION);
        writeFileSync(file, JSON.stringify(described(whole, scheme, users)));
        const options = ['--checks', 'all', '--phases', phases, '--max-time', `${seconds}`, '--seed', '1'];
        const heads = headers.flatMap((header) => ['-H', header]);
        const without = excluded.flatMap((id) => ['--exclude-operation-id', id]);
        const database = ['--generation-database', ':memory:', '--no-color'];
        const words = ['--config-file', configuration, 'run', file, '--url', `${site}/api/v1`, ...heads, ...options, ...without, ...database];
        const { code, stdout, stderr } = await run(SCHEMATHESIS, words);
        assert.equal(code, 0, `${stdout}\n${stderr}`);
    });
}

/** Lets administrators of an account manage its people. */
async function managed(account) {
    const file = join(folder, `${account}.toml`);
    const text = readFileSync(file, 'utf8').replace('stage = "demo"', 'stage = "demo"\nuam = true');
    writeFileSync(file, `${text}\n[users]\nroles_from = "both"\n`);
    await shell('account', 'apply', file);
}

await check('the run comes to its end', async () => {
    // So many wrong credentials come from nowhere else.
    const server = await serve('[limits]\nrefusals_per_minute = 0\n');
    const { site } = server;
    const answered = await trusted(server, ACCOUNT);
    await managed(ACCOUNT);
    await server.apply(OTHER);
    await managed(OTHER);
    const signedIn = async () => {
        const visitor = new Visitor(site);
        const answer = await visitor.post(ACCOUNT, await answered(visitor));
        assert.equal(answer.status, 303, await answer.text());
        return [`Cookie: ${visitor.cookie}`, `Origin: ${site}`];
    };
    await signedIn();
    const ids = [];
    for (const subject of ['one', 'two', 'three']) {
        const made = await shell('user', 'create', ACCOUNT, '--subject', subject, '--email', `${subject}@client.test`);
        ids.push(made.id);
    }
    const scopes = NOUNS.flatMap((scope) => ['--scope', scope]);
    const token = async (...words) => [`Authorization: Bearer ${(await shell('token', 'create', ...words, ...scopes)).secret}`];
    const whole = await (await fetch(`${site}/api/v1/openapi.json`)).json();
    const own = { site, whole, users: ids, phases: 'examples,coverage,fuzzing', excluded: EXCEPTIONS.session };

    const nobody = { phases: 'coverage', seconds: 20, excluded: [] };
    await trial({ ...own, ...nobody, name: 'a stranger', headers: [`Origin: ${site}`] });
    await trial({ ...own, name: 'an agent', headers: await signedIn(), seconds: 30 });
    await shell('user', 'roles', ACCOUNT, PERSON, '--grant', 'uam_admin', '--reason', 'tries everything');
    await trial({ ...own, name: 'a UAM admin', headers: await signedIn(), seconds: 50 });
    const programs = { ...own, scheme: 'token', excluded: EXCEPTIONS.token };
    await trial({ ...programs, name: 'a program of the account', headers: await token('--account', ACCOUNT), seconds: 40 });
    const operators = { ...programs, headers: await token('--operator') };
    await trial({ ...operators, name: 'a program of operators', seconds: 50 });
    const chain = { phases: 'stateful', excluded: EXCEPTIONS.chain };
    await trial({ ...operators, ...chain, name: 'a program of operators step by step', seconds: 30 });
    await server.stop();
});
process.exit(isWell() ? 0 : 1);
