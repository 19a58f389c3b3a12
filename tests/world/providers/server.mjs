// A real server with accounts made from the shell, and what a browser without script does with it.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { folder, freePorts, run, start, vestibule } from '../../browser/programs.mjs';

export const ROLE = 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role';
export const CONFIGURATION = join(folder, 'vestibule.toml');

/** Starts the server, with more configuration where that is given. */
export async function serve(more = '') {
    const [port, internal] = await freePorts(2);
    const site = `http://localhost:${port}`;
    const listens = `listen = "127.0.0.1:${port}"\ninternal_listen = "127.0.0.1:${internal}"`;
    const database = `[database]\nurl = "sqlite://${join(folder, 'data', 'vestibule.db')}"`;
    writeFileSync(CONFIGURATION, `[server]\npublic_url = "${site}"\n${listens}\n${database}\n${more}`);
    const program = await start(['serve', '--config', CONFIGURATION]);
    return { site, internal, apply, describe: (account) => describe(site, account), stop: program.stop };
}

/** Makes an account or changes it; `idp` is the metadata of its identity provider. */
async function apply(account, idp, options = '') {
    const file = join(folder, `${account}.toml`);
    let saml = `[saml]\n${options}\n`;
    if (idp) {
        writeFileSync(join(folder, `${account}-idp.xml`), idp);
        saml += `idp_metadata = "${account}-idp.xml"\n`;
    }
    const rule = `[[roles]]\nrole = "maker"\nclaim = "${ROLE}"\nequals = "APP-Makers"\n`;
    writeFileSync(file, `account = "${account}"\nclient = "Acme Bank"\nstage = "demo"\n${saml}\n${rule}`);
    const { code, stderr } = await vestibule('account', 'apply', file, '--config', CONFIGURATION);
    assert.equal(code, 0, stderr);
}

/** What a command answers. */
export async function shell(...words) {
    const { code, stdout, stderr } = await vestibule(...words, '--json', '--config', CONFIGURATION);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
}

/** Our metadata, as the identity provider is given it; in a file for those that want one. */
async function describe(site, account) {
    const xml = await (await fetch(`${site}/saml/${account}/metadata`)).text();
    const file = join(folder, `${account}.xml`);
    writeFileSync(file, xml);
    return { xml, file };
}

/** A browser without script: it keeps cookies and goes where it is sent when it is told to. */
export class Visitor {
    #cookies = new Map();

    constructor(site) {
        this.site = site;
    }

    /** What it would send with its next request. */
    get cookie() {
        return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    }

    /** Starts a sign-in; the address at the identity provider to which that leads. */
    async begin(account) {
        const answer = await this.#send(`/saml/${account}/login`);
        assert.equal(answer.status, 303, await answer.text());
        return new URL(answer.headers.get('location'));
    }

    /** Posts what the identity provider has answered. */
    async post(account, fields) {
        const headers = { origin: 'http://localhost:1', 'sec-fetch-site': 'same-site' };
        return this.#send(`/saml/${account}/acs`, { method: 'POST', headers, body: new URLSearchParams(fields) });
    }

    /** Posts it, and is signed in with these roles. */
    async signIn(account, fields, subject, roles) {
        const answer = await this.post(account, fields);
        assert.equal(answer.status, 303, await explained(answer));
        const session = await (await this.#send('/session')).json();
        assert.deepEqual([session.account, session.subject, session.roles], [account, subject, roles]);
    }

    /** Posts it, and is refused by this check for this reason. */
    async isRefused(account, fields, code, found) {
        const answer = await this.post(account, fields);
        assert.equal(answer.status, 403);
        refusedFor(await attempt(await answer.text()), code, found);
        assert.equal((await this.#send('/session')).status, 401);
    }

    /** Where a page of ours sends it. */
    async sentTo(path) {
        const answer = await this.#send(path);
        assert.equal(answer.status, 303, await answer.text());
        return answer.headers.get('location');
    }

    async #send(path, options = {}) {
        const headers = { accept: 'text/html', ...options.headers, cookie: this.cookie };
        const answer = await fetch(`${this.site}${path}`, { ...options, headers, redirect: 'manual' });
        for (const line of answer.headers.getSetCookie()) {
            const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
            if (/max-age=0/i.test(line)) this.#cookies.delete(name);
            else this.#cookies.set(name, value);
        }
        return answer;
    }
}

/** What `vestibule explain` says of the reference on a page. */
export async function attempt(page) {
    const reference = /att_[0-9a-f-]+/.exec(page)?.[0];
    assert(reference, `no reference on: ${page}`);
    return (await shell('explain', reference)).attempt;
}

/** The first check that failed is this one, and found this. */
export function refusedFor(attempt, code, found) {
    const row = attempt.rows.find((row) => row.outcome === 'failed');
    assert.equal(row?.code, code, JSON.stringify(row));
    assert(`${row.what}: ${row.found}`.includes(found), JSON.stringify(row));
}

async function explained(answer) {
    const page = await answer.text();
    return /att_/.test(page) ? JSON.stringify((await attempt(page)).rows.filter((row) => row.outcome === 'failed')) : page;
}

/** A key and its certificate for an identity provider, as files and as texts. */
export async function keyPair(name) {
    const [key, certificate] = [join(folder, `${name}.pem`), join(folder, `${name}.crt`)];
    const subject = ['-subj', `/CN=${name}`, '-days', '2', '-keyout', key, '-out', certificate];
    const made = await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject]);
    assert.equal(made.code, 0, made.stderr);
    return { key, certificate };
}
