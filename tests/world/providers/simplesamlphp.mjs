// SimpleSAMLphp, whose sign-in page is filled in by Chromium.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { launch, open } from '../../browser/browser.mjs';
import { check } from '../../browser/check.mjs';
import { folder, freePorts } from '../../browser/programs.mjs';
import { attempt, keyPair, refusedFor } from './server.mjs';

const ACCOUNT = 'acme-php';
const PACKAGE = join(import.meta.dirname, '../../../.cache/simplesamlphp');
const HOME = join(folder, 'simplesamlphp');
const SHA1 = 'http://www.w3.org/2000/09/xmldsig#rsa-sha1';
const BOTH = { 'saml20.sign.response': true, 'signature.algorithm': 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512' };

export async function simplesamlphp(server) {
    await server.apply(ACCOUNT);
    const { file } = await server.describe(ACCOUNT);
    const idp = await start(file);
    await server.apply(ACCOUNT, await (await fetch(`${idp.site}/saml2/idp/metadata.php`)).text());
    const browser = await launch();

    for (const [name, options] of [
        ['a signed assertion', {}],
        ['an encrypted assertion', { 'assertion.encryption': true }],
        ['both signed', { 'saml20.sign.response': true }],
        ['both signed with SHA-512 and encrypted', { ...BOTH, 'assertion.encryption': true }],
    ]) {
        await check(`SimpleSAMLphp with ${name} signs in`, () => signsIn(browser, server, idp, options));
    }
    for (const [name, person, options, code, found] of [
        ['SHA-1', 'maya', { 'signature.algorithm': SHA1 }, 'signature', 'rsa-sha1'],
        ['a person without a role', 'noor', {}, 'roles', 'none'],
    ]) {
        await check(`SimpleSAMLphp with ${name} is refused as ${code}`, () =>
            isRefused(browser, server, idp, person, options, code, found));
    }
    await check('who signs out here is signed out at SimpleSAMLphp', () => signsOutHere(browser, server, idp));
    await check('who signs out at SimpleSAMLphp is signed out here', () => signsOutThere(browser, server, idp));
    await browser.close();
    idp.stop();
}

async function signsOutHere(browser, server, idp) {
    const page = await arrive(browser, server, idp, 'maya', {});
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText("so has the one at your company's own sign-in").waitFor();
    await isNobody(page, server);
}

async function signsOutThere(browser, server, idp) {
    const page = await arrive(browser, server, idp, 'maya', {});
    const start = new URL('/saml2/idp/initSLO.php', idp.site);
    start.searchParams.set('RelayState', `${idp.site}/signed-out`);
    await page.goto(start.href);
    await page.waitForURL((url) => url.origin === idp.site);
    await isNobody(page, server);
}

/** There is no session here, and none at the identity provider: it asks for the password. */
async function isNobody(page, server) {
    assert.equal((await page.request.get(`${server.site}/session`)).status(), 401);
    await page.goto(`${server.site}/saml/${ACCOUNT}/login`);
    await page.locator('input[name="password"]').waitFor();
    await page.context().close();
}

async function signsIn(browser, server, idp, options) {
    const page = await arrive(browser, server, idp, 'maya', options);
    const session = await (await page.request.get(`${server.site}/session`)).json();
    assert.deepEqual(
        [session.account, session.subject, session.name, session.roles],
        [ACCOUNT, 'maya@client.test', 'Maya Maker', ['maker']],
        await page.locator('body').innerText(),
    );
    await page.context().close();
}

async function isRefused(browser, server, idp, person, options, code, found) {
    const page = await arrive(browser, server, idp, person, options);
    refusedFor(await attempt(await page.content()), code, found);
    assert.equal((await page.request.get(`${server.site}/session`)).status(), 401);
    await page.context().close();
}

/** Signs in there, and comes back with what it answers. */
async function arrive(browser, server, idp, person, options) {
    idp.answer(options);
    const page = await open(browser);
    await page.goto(`${server.site}/saml/${ACCOUNT}/login`);
    await page.locator('input[name="username"]').fill(person);
    await page.locator('input[name="password"]').fill('pw');
    await page.locator('input[name="password"]').press('Enter');
    await page.waitForURL((url) => url.origin === server.site);
    return page;
}

/** Starts it with the metadata of its one service provider. */
async function start(sp) {
    const [port] = await freePorts(1);
    const site = `http://localhost:${port}`;
    const { key, certificate } = await keyPair('simplesamlphp');
    ['metadata', 'cert', 'log', 'data', 'sessions'].forEach((name) => mkdirSync(join(HOME, name), { recursive: true }));
    cpSync(key, join(HOME, 'cert/idp.pem'));
    cpSync(certificate, join(HOME, 'cert/idp.crt'));
    cpSync(join(PACKAGE, 'etc/simplesamlphp/attributemap'), join(HOME, 'attributemap'), { recursive: true });
    configure(site, sp);
    const answer = (options) => write('metadata/saml20-idp-hosted.php', `$metadata['http://simplesamlphp.test/adfs/services/trust'] = ${php(hosted(options))};`);
    answer({});
    const child = spawn('php', arguments_(port), {
        stdio: ['ignore', 'ignore', 'ignore'],
        env: { PATH: process.env.PATH, SIMPLESAMLPHP_CONFIG_DIR: HOME },
    });
    process.on('exit', () => child.kill('SIGKILL'));
    for (let tries = 0; !(await fetch(`${site}/saml2/idp/metadata.php`).catch(() => null))?.ok; tries += 1) {
        if (tries === 100) throw new Error('SimpleSAMLphp does not listen');
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return { site, answer, stop: () => child.kill() };
}

/** PHP's own server gives what follows a script's name to the script only through a router. */
function arguments_(port) {
    const router = join(HOME, 'router.php');
    const lines = [
        "if (!preg_match('~^(/.*?\\.php)(/.*)?$~', parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH), $parts)) return false;",
        "$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = $parts[1];",
        "$_SERVER['PATH_INFO'] = $parts[2] ?? '';",
        "$_SERVER['SCRIPT_FILENAME'] = $_SERVER['DOCUMENT_ROOT'] . $parts[1];",
        "chdir(dirname($_SERVER['SCRIPT_FILENAME']));",
        "require $_SERVER['SCRIPT_FILENAME'];",
    ];
    write('router.php', lines.join('\n'));
    // It is older than this PHP, whose notes about that would stand in its pages.
    const quiet = ['-d', 'error_reporting=24575', '-d', 'display_errors=0'];
    // What a test has just changed is read anew.
    const settings = ['-d', 'opcache.enable=0', '-d', `session.save_path=${join(HOME, 'sessions')}`];
    return [...quiet, ...settings, '-S', `localhost:${port}`, '-t', join(PACKAGE, 'usr/share/simplesamlphp/www'), router];
}

function configure(site, sp) {
    const packaged = readFileSync(join(PACKAGE, 'etc/simplesamlphp/config.php'), 'utf8');
    const options = {
        baseurlpath: `${site}/`,
        certdir: join(HOME, 'cert/'),
        loggingdir: join(HOME, 'log/'),
        datadir: join(HOME, 'data/'),
        tempdir: join(HOME, 'data/'),
        metadatadir: join(HOME, 'metadata/'),
        attributenamemapdir: join(HOME, 'attributemap/'),
        secretsalt: 'nothing here is secret',
        'auth.adminpassword': 'nobody is admin here',
        'logging.handler': 'file',
        'enable.saml20-idp': true,
        'module.enable': { exampleauth: true, core: true, saml: true },
        'session.cookie.secure': false,
        'session.cookie.samesite': 'Lax',
        'language.cookie.secure': false,
        'language.cookie.samesite': 'Lax',
        'metadata.sources': [{ type: 'flatfile' }, { type: 'xml', file: sp }],
    };
    const own = `$config = array_merge($config, ${php(options)});`;
    write('config.php', packaged.replace('<?php', '').replace(/^require_once.*$/m, '') + own);
    const maya = { uid: ['maya'], givenName: ['Maya'], sn: ['Maker'], mail: ['maya@client.test'], memberOf: ['APP-Makers'] };
    const noor = { ...maya, uid: ['noor'], mail: ['noor@client.test'], memberOf: ['APP-Readers'] };
    const people = { 0: 'exampleauth:UserPass', 'maya:pw': maya, 'noor:pw': noor };
    write('authsources.php', `$config = ${php({ staff: people })};`);
}

/** What the identity provider does, as far as no test wants something else. */
const hosted = (options) => ({
    host: '__DEFAULT__',
    privatekey: 'idp.pem',
    certificate: 'idp.crt',
    auth: 'staff',
    NameIDFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
    'saml20.sign.response': false,
    'saml20.sign.assertion': true,
    'assertion.encryption': false,
    'redirect.sign': true,
    'redirect.validate': true,
    'attributes.NameFormat': 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
    authproc: {
        2: { class: 'saml:AttributeNameID', attribute: 'mail', Format: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress' },
        100: { class: 'core:AttributeMap', 0: 'name2claim' },
    },
    ...options,
});

function write(name, code) {
    writeFileSync(join(HOME, name), `<?php\n${code}\n`);
}

/** A value as PHP writes it; what JSON quotes, PHP reads, apart from `$`, which none of these has. */
function php(value) {
    if (value === null || typeof value !== 'object') return JSON.stringify(value).replaceAll('\\/', '/');
    const numbered = (name) => (/^\d+$/.test(name) ? name : JSON.stringify(name));
    const entries = Object.entries(value).map(([name, inner]) => `${numbered(name)} => ${php(inner)}`);
    return `[${entries.join(', ')}]`;
}
