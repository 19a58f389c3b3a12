// The states of the portal's pages: with nothing in them, with much, and after a mistake.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { text } from './browser.mjs';
import { check } from './check.mjs';
import { inspect } from './inspect.mjs';

const DEMO = '/portal/accounts/acme-demo';

/** Every page of an account nobody has been in. */
export async function empties(page, site, slug) {
    for (const place of ['', 'users', 'sessions', 'attempts', 'keys', 'webhooks', 'connection', 'configuration', 'promotion', 'audit']) {
        await page.goto(`${site}/portal/accounts/${slug}/${place}`.replace(/\/$/, ''));
        await inspect(page, `portal-${place || 'account'}-empty`);
    }
}

/** Every form with a mistake: it says what is wrong, and keeps what was typed. */
export async function mistakes(page, site) {
    const wrong = (name, path, fields, button, says) => check(`a mistake is said: ${name}`, async () => {
        await page.goto(site + path);
        for (const [label, value] of Object.entries(fields)) {
            const field = page.getByLabel(label, { exact: true });
            await page.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = true; }));
            await field.fill(value);
        }
        await page.getByRole('button', { name: button, exact: true }).first().click();
        const alert = page.locator('[role=alert]').first();
        await alert.waitFor();
        assert.match(await alert.textContent(), says);
        assert.match(await page.title(), /^Error: /);
        await inspect(page, `portal-${name}-error`);
    });
    await wrong('key', `${DEMO}/keys/new`, { 'What people call it': 'backend', 'For how many days': '9999' }, 'Make it', /3650/);
    await wrong('webhook', `${DEMO}/webhooks`, { 'What people call it': 'crm', 'Its address': 'ftp://crm.example', 'Of what it is told': '*' }, 'Tell it from now on', /https/);
    await wrong('invite', `${DEMO}/users/new`, { 'Given name': 'Nobody' }, 'Invite', /Nobody was invited/);
    await wrong('edit', `${DEMO}/configuration/edit`, { 'The configuration': 'account = acme' }, 'See what it would do', /the configuration:1: string values must be quoted/);
    await wrong('connection', `${DEMO}/connection`, { 'Its SHA-256': 'AB12', Why: 'stolen' }, 'Trust it no more', /holds a signing key/);
    await wrong('handback', `${DEMO}/handback`, { maker: 'S-1-1-0' }, 'Write the kit with these', /S-1-1-0/);
    const person = await link(page, `${site}${DEMO}/users?q=maya`, 'Maya Maker');
    await wrong('delete', `${person}/delete`, { [`Type maya@corp.acme.example to delete them`]: 'maya' }, 'Delete for good', /not what they are known as/);
    await wrong('role', `${person}/roles?change=take&role=maker`, { Why: 'a test', Until: 'soon' }, 'Take it away', /soon|day/);
    await page.goto(`${site}/portal/attempts?reference=att_0`);
    await inspect(page, 'portal-reference-unknown');
    await page.goto(`${site}/portal/accounts/nobody`);
    await inspect(page, 'portal-account-unknown');
}

async function link(page, list, name) {
    await page.goto(list);
    return page.getByRole('link', { name }).getAttribute('href');
}

/** The audit is taken as a file from its page. */
export async function audit(page, site) {
    await check('the audit of an account is taken as a table', async () => {
        await page.goto(`${site}${DEMO}/audit`);
        const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Take it' }).click()]);
        assert.equal(download.suggestedFilename(), 'acme-demo-audit.csv');
        assert.match(readFileSync(await download.path(), 'utf8'), /signed_in/);
    });
}

/** A key and a webhook: each shown once, then in its list, then gone. */
export async function programs(page, site) {
    await check('a key is shown once, listed, and taken back', async () => {
        await page.goto(`${site}${DEMO}/keys/new`);
        await page.getByLabel('What people call it').fill('backend');
        await page.getByRole('button', { name: 'Make it' }).click();
        await page.getByRole('link', { name: 'I have it' }).waitFor();
        await inspect(page, 'portal-key-shown');
        await page.getByRole('link', { name: 'I have it' }).click();
        await inspect(page, 'portal-keys-full');
        await page.getByRole('button', { name: /Take back backend/ }).click();
        await page.getByText('opens nothing from now on').waitFor();
    });
    await check('a webhook is made, looked at, and deleted', async () => {
        await page.goto(`${site}${DEMO}/webhooks`);
        await page.getByLabel('What people call it').fill('crm');
        await page.getByLabel('Its address').fill('https://crm.example/hook');
        await page.getByLabel('Of what it is told').fill('user.*');
        await page.getByRole('button', { name: 'Tell it from now on' }).click();
        await page.getByRole('link', { name: 'I have it' }).click();
        await page.getByRole('heading', { name: 'crm' }).waitFor();
        await inspect(page, 'portal-webhook');
        await page.goto(`${site}${DEMO}/webhooks`);
        await inspect(page, 'portal-webhooks-full');
        await page.getByRole('link', { name: 'crm' }).click();
        await page.getByRole('button', { name: 'Delete' }).click();
        assert.match(await text(page), /Nobody is told yet/);
    });
}
