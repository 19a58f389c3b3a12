// `vestibule serve` and an ADFS over https, each under a name of its own: how a client is connected, and what
// browsers do with the cookies of a sign-in that crosses sites.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { choose, launch, open, signIn, text } from './browser.mjs';
import { check } from './check.mjs';
import { inspect, stayingAt } from './inspect.mjs';
import { folder, freePorts, start, startDemo, vestibule } from './programs.mjs';
import { certificate, startProxy } from './proxy.mjs';

const [OURS, THEIRS] = ['sso.vestibule.test', 'adfs.acme.example'];
const CONFIGURATION = join(folder, 'vestibule.toml');
const ROLE = 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role';
const SESSION = '__Host-vestibule';
const LOGIN = /^__Host-vestibule-login-/;

/** Everything that is otherwise than on localhost. */
export async function https() {
    const tls = await certificate(OURS, THEIRS);
    const [ours, theirs] = [await startProxy(tls), await startProxy(tls)];
    const world = { site: `https://${OURS}:${ours.port}`, adfs: `https://${THEIRS}:${theirs.port}`, seen: ours.seen };
    const hosts = `--host-resolver-rules=MAP ${OURS} 127.0.0.1, MAP ${THEIRS} 127.0.0.1`;
    const browser = await launch(hosts, '--ignore-certificate-errors');

    const server = await serve(world, ours);
    await check('an account without metadata looks like one that does not exist', () => unconnected(browser, world));
    const demo = await connect(world, ours, theirs);
    await check('a sign-in crosses sites, with the cookies that it needs', () => crosses(browser, world));
    await check('so does one whose request is posted', () => posted(browser, world));
    await check('a copied answer opens nothing in another browser', () => copied(browser, world));
    await check('a sign-in as somebody else asks, though no session arrives with it', () => asks(browser, world));
    await check('a sign-in that the ADFS began asks beside a session', () => asksBeside(browser, world));
    await check('a second sign-in of the same person ends the first session', () => replaces(browser, world));

    await Promise.all([server.stop(), demo.stop(), browser.close()]);
    [ours, theirs].forEach((proxy) => proxy.stop());
}

/** A server with two accounts that have no metadata yet. */
async function serve({ site }, proxy) {
    const [port, internal] = await freePorts(2);
    proxy.to = port;
    const listens = `listen = "127.0.0.1:${port}"\ninternal_listen = "127.0.0.1:${internal}"`;
    const database = `[database]\nurl = "sqlite://${join(folder, 'data', 'vestibule.db')}"`;
    writeFileSync(CONFIGURATION, `[server]\npublic_url = "${site}"\n${listens}\n${database}\n`);
    await apply('acme-demo', '');
    await apply('acme-post', '');
    return start(['serve', '--config', CONFIGURATION]);
}

async function apply(account, options) {
    const file = join(folder, `${account}.toml`);
    const saml = `[saml]\nallow_idp_initiated = true\n${options}`;
    const rule = `[[roles]]\nrole = "maker"\nclaim = "${ROLE}"\nmatches = "vkyc-*"`;
    writeFileSync(file, `account = "${account}"\nclient = "Acme Bank"\nstage = "demo"\n${saml}\n${rule}\n`);
    const { code, stderr } = await vestibule('account', 'apply', file, '--config', CONFIGURATION);
    assert.equal(code, 0, stderr);
}

/** Both sides get each other's metadata; for `acme-post` the ADFS offers no redirect binding. */
async function connect(world, ours, theirs) {
    const trusts = ['acme-demo', 'acme-post'].map(async (account) => {
        const file = join(folder, `${account}.xml`);
        writeFileSync(file, await read(`http://127.0.0.1:${ours.to}/saml/${account}/metadata`));
        return ['--trust', file];
    });
    const demo = await startDemo('--practice-url', world.adfs, ...(await Promise.all(trusts)).flat());
    theirs.to = new URL(demo.practice).port;
    const metadata = await read(`${demo.practice}/FederationMetadata/2007-06/FederationMetadata.xml`);
    writeFileSync(join(folder, 'idp.xml'), metadata);
    const redirect = /<SingleSignOnService [^>]*HTTP-Redirect"[^>]*>|<ds:Signature .*?<\/ds:Signature>/gs;
    writeFileSync(join(folder, 'idp-post.xml'), metadata.replace(redirect, ''));
    await apply('acme-demo', 'idp_metadata = "idp.xml"');
    await apply('acme-post', 'idp_metadata = "idp-post.xml"');
    return demo;
}

const read = async (address) => (await fetch(address)).text();

async function unconnected(browser, { site }) {
    const page = await open(browser);
    const told = async (account) => {
        const answer = await page.goto(`${site}/saml/${account}/login`);
        return [answer.status(), (await text(page)).replace(/req_\w+/, '')];
    };
    assert.deepEqual(await told('acme-demo'), await told('nowhere'));
    await page.context().close();
}

async function crosses(browser, world) {
    const page = await open(browser);
    await page.goto(`${world.site}/saml/acme-demo/login`);
    const [login] = await cookies(page, (name) => LOGIN.test(name));
    assert.deepEqual(login, { domain: OURS, path: '/', httpOnly: true, secure: true, sameSite: 'None' });
    await choose(page, world.site, 'zoe');
    assert.match(await text(page), /^You are signed in Zoë/);
    const [session] = await cookies(page, (name) => name === SESSION);
    assert.deepEqual(session, { domain: OURS, path: '/', httpOnly: true, secure: true, sameSite: 'Lax' });

    await signIn(page, world.site, 'zoe');
    const arrived = world.seen.filter(({ url }) => url === '/saml/acme-demo/acs').map((request) => request.cookies);
    assert.equal(arrived.length, 2);
    for (const names of arrived) {
        assert(names.some((name) => LOGIN.test(name)), `no login cookie among ${names}`);
        assert(!names.includes(SESSION), 'the session cookie crossed sites');
    }
    assert(world.seen.at(-1).cookies.includes(SESSION));
    await page.context().close();
}

/** The attributes of the page's cookies of that name. */
async function cookies(page, isMeant) {
    const all = await page.context().cookies();
    return all
        .filter(({ name }) => isMeant(name))
        .map(({ domain, path, httpOnly, secure, sameSite }) => ({ domain, path, httpOnly, secure, sameSite }));
}

async function posted(browser, world) {
    const page = await open(browser);
    await stayingAt(page, '**/adfs/ls/', () =>
        page.goto(`${world.site}/saml/acme-post/login`, { waitUntil: 'commit' }),
    );
    await inspect(page, 'to-adfs');
    await signIn(page, world.site, 'maya', { account: 'acme-post' });
    assert.match(await text(page), /^You are signed in Maya/);
    await page.context().close();
}

async function copied(browser, world) {
    const [page, thief] = [await open(browser), await open(browser)];
    await page.goto(`${world.site}/saml/acme-demo/login`);
    await stayingAt(page, '**/acs', () => page.locator('button[value="uma"]').click());
    const answer = await page.locator('[name=SAMLResponse]').inputValue();

    await thief.goto(`${world.adfs}/adfs/ls/?wa=wsignout1.0`);
    await thief.evaluate(post, [`${world.site}/saml/acme-demo/acs`, answer]);
    await thief.waitForURL(`${world.site}/**`);
    assert.match(await text(thief), /^Sign-in did not work/);
    assert.equal((await thief.goto(`${world.site}/session`)).status(), 401);

    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
    await page.context().close();
    await thief.context().close();
}

/** Runs in the page: a form that sends itself. */
function post([action, value]) {
    const form = Object.assign(document.createElement('form'), { method: 'post', action });
    form.append(Object.assign(document.createElement('input'), { name: 'SAMLResponse', value }));
    document.body.append(form);
    form.submit();
}

async function asks(browser, { site }) {
    const page = await open(browser);
    await signIn(page, site, 'maya');
    await signIn(page, site, 'chen');
    assert.match(await text(page), /^Continue as Chen Checker of Acme Bank\? .*signed in as Maya Maker/);
    await page.getByRole('button', { name: 'Continue as Chen' }).click();
    await page.getByText('Chen Checker at Acme Bank').waitFor();
    await page.context().close();
}

async function asksBeside(browser, { site, adfs }) {
    const page = await open(browser);
    await signIn(page, site, 'maya');
    await page.goto(`${adfs}/adfs/ls/idpinitiatedsignon.aspx`);
    await page.getByLabel('Sign in to this site').selectOption(`${site}/saml/acme-demo/metadata`);
    await choose(page, site, 'maya');
    await page.getByRole('button', { name: 'Continue as Maya' }).click();
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
    await page.context().close();
}

async function replaces(browser, { site }) {
    const page = await open(browser);
    await signIn(page, site, 'lina');
    await signIn(page, site, 'lina');
    await page.goto(`${site}/sessions`);
    await page.getByText('1 session').waitFor();
    await page.context().close();
}
