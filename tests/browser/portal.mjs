// The portal: a new client from its metadata to a tried account, and from the demo account to the live one.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { open, signIn, text } from './browser.mjs';
import { check } from './check.mjs';
import { inspect } from './inspect.mjs';
import { audit, empties, mistakes, programs } from './states.mjs';

const STAFF = { account: 'staff' };
const DEMO = '/portal/accounts/acme-demo';

/** Every page of the portal, and the client's road on them. */
export async function portal(browser, demo) {
    for (const person of ['maya', 'chen', 'lina', 'ava', 'uma', 'noor']) {
        await visit(browser, demo, person, {});
    }
    const olga = await open(browser);
    await signIn(olga, demo.site, 'olga', STAFF);
    await every(olga, demo);
    await mistakes(olga, demo.site);
    await programs(olga, demo.site);
    await audit(olga, demo.site);
    await check('a new client comes from its metadata to an account in two steps', () => made(olga, demo));
    await check('the client\'s kit is one zip that holds its groups', () => handedBack(olga, demo));
    await check('the client sets its side up by a link, tries it, and the operator puts it in force', () => setUp(browser, olga, demo));
    await check('the same client goes live: promotion, sign-in, another rule, and back', () => goLive(browser, olga, demo));
    await check('what the form got wrong is said, and nothing that was typed is lost', () => mistaken(olga, demo));
    await check('a change of the rules shows who loses what before it counts', () => changed(olga, demo));
    await check('what was tried at the demo account is asked for at the live one, and the second operator decides', () => promoted(browser, olga, demo));
    await check('the live account is rolled back the same way', () => rolledBack(browser, olga, demo));
    await check('an administrator does their work without a script', () => plain(browser, demo));
    await olga.context().close();
}

async function visit(browser, demo, person, options) {
    const page = await open(browser);
    await signIn(page, demo.site, person, options);
    await page.context().close();
}

/** A person's own page and one of their sign-ins are found by their links. */
async function every(page, { site }) {
    const pages = {
        home: '/portal',
        accounts: '/portal/accounts',
        account: DEMO,
        users: `${DEMO}/users`,
        'users-none': `${DEMO}/users?q=nobody-is-called-so`,
        invite: `${DEMO}/users/new`,
        sessions: `${DEMO}/sessions`,
        attempts: `${DEMO}/attempts`,
        handback: `${DEMO}/handback?maker=S-1-5-21-1-2-3-1101`,
        configuration: `${DEMO}/configuration`,
        edit: `${DEMO}/configuration/edit`,
        rules: `${DEMO}/rules`,
        promotion: `${DEMO}/promotion`,
        setup: `${DEMO}/setup`,
        connection: `${DEMO}/connection`,
        keys: `${DEMO}/keys`,
        'keys-new': `${DEMO}/keys/new`,
        webhooks: `${DEMO}/webhooks`,
        audit: `${DEMO}/audit`,
        new: '/portal/accounts/new',
        policy: '/portal/policy',
        system: '/portal/system',
        app: '/portal/apps/profiles',
    };
    for (const [name, path] of Object.entries(pages)) {
        await page.goto(site + path);
        await inspect(page, `portal-${name}`);
    }
    await page.goto(`${site}/portal/apps/profiles`);
    await page.getByRole('button', { name: 'Try forgeries' }).click();
    await page.locator('#forgeries ~ p').first().waitFor();
    await inspect(page, 'portal-app-probed');
    await page.goto(`${site}${DEMO}/users?q=lina`);
    await page.getByRole('link', { name: 'Lina Link' }).click();
    await inspect(page, 'portal-user');
    await page.getByRole('link', { name: 'Why they may or may not do something' }).click();
    await page.getByLabel('What they want to do').selectOption('profile:review');
    await page.getByLabel('Its call', { exact: true }).selectOption('verified');
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByRole('heading', { name: 'No: profile:review' }).waitFor();
    await inspect(page, 'portal-why');
    await page.getByRole('link', { name: 'Lina Link' }).click();
    await page.getByRole('link', { name: 'Take away' }).click();
    await inspect(page, 'portal-role');
    await page.goto(`${site}${DEMO}/attempts?outcome=refused`);
    await page.locator('tbody a').first().click();
    await inspect(page, 'portal-attempt');
}

async function metadata({ practice }) {
    const answer = await fetch(`${practice}/FederationMetadata/2007-06/FederationMetadata.xml`);
    const buffer = Buffer.from(`\ufeff${await answer.text()}`, 'utf16le');
    return { name: 'FederationMetadata.xml', mimeType: 'text/xml', buffer };
}

async function made(page, demo) {
    await page.goto(`${demo.site}/portal/accounts`);
    await page.getByRole('link', { name: 'A new account' }).click();
    await page.getByLabel("The client's name").fill('Beta Bank');
    await page.getByLabel("The account's name in addresses").fill('beta-demo');
    await page.getByLabel('A file').setInputFiles(await metadata(demo));
    await page.getByLabel('maker', { exact: true }).fill('vkyc-maker');
    await page.getByRole('button', { name: 'Read it back to me' }).click();
    assert.match(await text(page), /ADFS Signing - localhost/);
    await inspect(page, 'portal-new-review');
    await page.getByRole('button', { name: 'Make the account' }).click();
    assert.match(await text(page), /Nothing was made: compare each new certificate/);
    await page.getByLabel(/I have compared/).check();
    await page.getByRole('button', { name: 'Make the account' }).click();
    await page.getByText('The account is made.').waitFor();
    assert.match(await text(page), /saml\/beta-demo\/login/);
}

async function handedBack(page, { site }) {
    await page.goto(`${site}/portal/accounts/beta-demo/handback`);
    assert.match(await text(page), /no group is named for maker/);
    await page.getByLabel('maker', { exact: true }).fill('BETA\\Makers');
    await page.getByRole('button', { name: 'Write the kit with these' }).click();
    assert.match(await text(page), /add-trust.ps1/);
    assert.doesNotMatch(await text(page), /no group is named/);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'one zip' }).click()]);
    assert.equal(download.suggestedFilename(), 'beta-demo-handback.zip');
    const packed = readFileSync(await download.path());
    assert.equal(packed.subarray(0, 2).toString(), 'PK');
    assert(packed.includes('BETA\\\\Makers'));
}

/** The road of a client that has sent nothing yet: a link, its metadata, our metadata in its AD FS, a test, and the first sign-in. */
async function setUp(browser, page, demo) {
    await page.goto(`${demo.site}/portal/accounts/new`);
    await page.getByLabel("The client's name").fill('Gamma Insurance');
    await page.getByLabel("The account's name in addresses").fill('gamma-demo');
    await page.getByLabel('maker', { exact: true }).fill('vkyc-maker');
    await page.getByRole('button', { name: 'Read it back to me' }).click();
    await page.getByRole('button', { name: 'Make the account' }).click();
    await page.getByText('The account is made.').waitFor();
    await empties(page, demo.site, 'gamma-demo');
    await page.getByRole('link', { name: 'Setup' }).click();
    await inspect(page, 'portal-setup-empty');
    await page.getByRole('button', { name: 'Make a link' }).click();
    await page.getByRole('heading', { name: 'The link for' }).waitFor();
    await inspect(page, 'portal-setup-link');
    const link = await page.locator('.reference code').textContent();

    const client = await open(browser);
    await client.goto(link);
    await inspect(client, 'setup-open');
    await client.getByRole('button', { name: 'Open it' }).click();
    await client.getByRole('heading', { name: '3. Try it' }).waitFor();
    await inspect(client, 'setup-steps-empty');
    await client.getByRole('button', { name: 'Send it' }).click();
    await client.locator('[role=alert]').waitFor();
    await inspect(client, 'setup-steps-error');
    await client.getByLabel('The file').setInputFiles(await metadata(demo));
    await client.getByRole('button', { name: 'Send it' }).click();
    await client.getByText('Your metadata has arrived').waitFor();

    await client.getByRole('button', { name: 'Try the sign-in' }).click();
    await client.getByText('MSIS7007').waitFor();
    await client.goto(`${demo.site}/setup`);
    await client.locator('tbody a').first().click();
    assert.match(await text(client), /has not come back yet/);
    await inspect(client, 'setup-attempt-away');

    await client.getByRole('link', { name: 'Back to the steps' }).click();
    await client.getByRole('link', { name: 'Open the kit' }).click();
    await client.getByLabel('maker', { exact: true }).fill('GAMMA\\Makers');
    await client.getByRole('button', { name: 'Write the kit with these' }).click();
    await client.waitForURL(/maker=GAMMA/);
    await inspect(client, 'setup-kit');
    await imported(client, demo, /saml\/gamma-demo\/acs/);

    for (const [person, expected] of [['noor', /Nothing gives the person a role/], ['maya', /somebody like this would come in/]]) {
        await client.goto(`${demo.site}/setup`);
        await client.getByRole('button', { name: 'Try the sign-in' }).click();
        await client.locator(`button[value="${person}"]`).click();
        await client.getByRole('heading', { name: 'A test of the sign-in' }).waitFor();
        assert.match(await text(client), expected);
        await inspect(client, `setup-attempt-${person}`);
    }
    await client.goto(`${demo.site}/setup`);
    await inspect(client, 'setup-steps');

    await page.goto(`${demo.site}/portal`);
    await page.getByRole('link', { name: 'The client of gamma-demo has sent its metadata' }).click();
    await inspect(page, 'portal-setup-full');
    await page.getByRole('link', { name: 'Look at what it would change' }).click();
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.getByLabel(/I have compared/).check();
    await page.getByRole('button', { name: 'Put it in force' }).click();
    await page.getByText('The configuration is in force.').waitFor();
    await visit(browser, demo, 'maya', { account: 'gamma-demo' });
    await client.goto(`${demo.site}/setup`);
    assert.match(client.url(), /\/setup\/open$/);
    await client.context().close();
}

/** What the kit on this page holds of us is imported at the practice ADFS. */
async function imported(page, demo, expected) {
    const ours = page.getByRole('link', { name: 'Take sp-metadata.xml' });
    const [download] = await Promise.all([page.waitForEvent('download'), ours.click()]);
    await page.goto(`${demo.practice}/adfs/trusts`);
    await page.getByLabel(/sp-metadata.xml/).fill(readFileSync(await download.path(), 'utf8'));
    await page.getByRole('button', { name: 'Import it' }).click();
    await page.getByText(expected).waitFor();
}

/** The rest of that client's road: its live account, the promotion, a live sign-in, a changed rule, and back. */
async function goLive(browser, page, demo) {
    const live = `${demo.site}/portal/accounts/gamma-live`;
    await visit(browser, demo, 'noor', { account: 'gamma-demo' });
    await page.goto(`${demo.site}/portal/accounts/new?stage=live`);
    await page.getByLabel("The client's name").fill('Gamma Insurance');
    await page.getByLabel("The account's name in addresses").fill('gamma-live');
    await page.getByLabel('A file').setInputFiles(await metadata(demo));
    await page.getByRole('button', { name: 'Read it back to me' }).click();
    await page.getByLabel(/I have compared/).check();
    await page.getByRole('button', { name: 'Make the account' }).click();
    await page.getByText('The account is made.').waitFor();
    await page.goto(`${live}/handback`);
    await imported(page, demo, /saml\/gamma-live\/acs/);

    await page.goto(`${demo.site}/portal/accounts/gamma-demo/promotion`);
    await inspect(page, 'portal-promotion-ready');
    await page.getByRole('button', { name: 'Ask for the promotion' }).click();
    await page.getByText('a second person decides').first().waitFor();
    await decided(browser, demo, /vkyc-maker/);
    await visit(browser, demo, 'maya', { account: 'gamma-live' });

    await page.goto(`${live}/rules`);
    await page.getByRole('group', { name: 'Rule 1' }).getByLabel('Values, one in a line').fill('vkyc-maker\nvkyc-checker');
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.getByRole('button', { name: 'Ask for it' }).click();
    await page.getByText('a second person decides').first().waitFor();
    await decided(browser, demo, /vkyc-checker/);
    await visit(browser, demo, 'chen', { account: 'gamma-live' });

    await page.goto(`${live}/configuration`);
    await page.getByRole('link', { name: 'roll back to revision 2' }).click();
    assert.match(await text(page), /1 lose maker/);
    await page.getByRole('button', { name: 'Ask for it' }).click();
    await decided(browser, demo, /vkyc-checker/);
    await page.goto(`${live}/users`);
    assert.match(await text(page), /Chen Checker/);
    await page.goto(`${live}/rules`);
    assert.doesNotMatch(await page.getByLabel('Values, one in a line').first().inputValue(), /checker/);
}

async function mistaken(page, { site }) {
    await page.goto(`${site}/portal/accounts/new`);
    await page.getByLabel("The client's name").fill('Beta Bank');
    await page.getByLabel("The account's name in addresses").fill('beta-live');
    await page.getByLabel('Or its text').fill('<html><p>Sign in</p></html>');
    await page.getByRole('button', { name: 'Read it back to me' }).click();
    await page.locator('[role=alert]').waitFor();
    await inspect(page, 'portal-new-error');
    assert.equal(await page.getByLabel("The client's name").inputValue(), 'Beta Bank');
    assert.match(await page.getByLabel('Or its text').inputValue(), /Sign in/);
}

async function changed(page, { site }) {
    await page.goto(`${site}${DEMO}/configuration`);
    await page.getByRole('link', { name: 'Change it as text' }).click();
    const written = await page.getByLabel('The configuration').inputValue();
    await page.getByLabel('The configuration').fill(written.replace('equals = "vkyc-auditor"', 'equals = "vkyc-auditors"'));
    await page.getByRole('button', { name: 'See what it would do' }).click();
    assert.match(await text(page), /1 of \d+ people would hold other roles; 1 lose auditor/);
    assert.match(await text(page), /Ava Auditor auditor no role/);
    await inspect(page, 'portal-review');
    await page.getByRole('button', { name: 'Change the rules further' }).click();
    await page.getByRole('heading', { name: 'Role rules' }).waitFor();
    const values = page.getByRole('group', { name: 'Rule 3' }).getByLabel('Values, one in a line');
    assert.equal(await values.inputValue(), 'vkyc-auditors');
    await values.fill('');
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.getByRole('heading', { name: 'What it would do', exact: true }).waitFor();
    assert.match(await text(page), /Ava Auditor auditor no role/);
    await page.getByRole('link', { name: 'Leave it' }).click();
}

async function promoted(browser, page, demo) {
    await page.goto(`${demo.site}${DEMO}/promotion`);
    assert.match(await text(page), /saml.allow_idp_initiated false true/);
    await page.getByRole('button', { name: 'Ask for the promotion' }).click();
    await page.getByText('a second person decides').first().waitFor();
    await decided(browser, demo, /allow_idp_initiated false → becomes true/);
    await page.goto(`${demo.site}/portal/accounts/acme-live/configuration`);
    assert.match(await text(page), /allow_idp_initiated = true/);
    await visit(browser, demo, 'maya', { account: 'acme-live' });
}

/** Otto looks at what Olga asked for, and approves it. */
async function decided(browser, demo, expected) {
    const otto = await open(browser);
    await signIn(otto, demo.site, 'otto', STAFF);
    await otto.goto(`${demo.site}/portal`);
    await otto.getByRole('link', { name: /decision.* second person/ }).click();
    await otto.locator('main .rows a').first().click();
    assert.match(await text(otto), expected);
    await otto.getByRole('button', { name: 'Approve' }).click();
    await otto.getByText('Nothing waits at the moment').waitFor();
    await otto.context().close();
}

async function rolledBack(browser, page, demo) {
    await page.goto(`${demo.site}/portal/accounts/acme-live/configuration`);
    await page.getByRole('link', { name: 'roll back to revision 1' }).click();
    await inspect(page, 'portal-rollback');
    await page.getByRole('button', { name: 'Ask for it' }).click();
    await decided(browser, demo, /allow_idp_initiated true → becomes false/);
    await page.goto(`${demo.site}/portal/accounts/acme-live/configuration`);
    assert.match(await text(page), /allow_idp_initiated = false/);
}

async function plain(browser, demo) {
    const page = await open(browser, { javaScriptEnabled: false });
    await page.goto(`${demo.site}/saml/acme-demo/login`);
    const next = page.getByRole('button', { name: 'Continue' });
    if (await next.count()) await next.click();
    await page.locator('button[value="uma"]').click();
    while (await next.count()) await next.click();
    await page.goto(`${demo.site}/portal`);
    await page.getByRole('link', { name: 'People' }).click();
    await page.getByRole('link', { name: 'Chen Checker' }).click();
    await page.getByRole('button', { name: /Suspend/ }).click();
    assert.match(await text(page), /They are kept out from now on/);
    await page.getByRole('button', { name: /Restore/ }).click();
    assert.match(await text(page), /They can sign in again/);
    await page.context().close();
}
