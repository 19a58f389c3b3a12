// What takes two people: somebody asks at the shell, an administrator decides on a page.

import assert from 'node:assert/strict';

import { open, signIn, text } from './browser.mjs';
import { check } from './check.mjs';
import { inspect } from './inspect.mjs';

const LINA = 'lina@corp.acme.example';
const LIVE = { account: 'acme-live' };

/** A role of the live account is taken, asked back, and given back by a second person. */
export async function proposals(browser, demo) {
    const page = await open(browser);
    await check('what somebody asks for waits, and the administrator finds it from the first page', () => asked(page, browser, demo));
    await inspect(page, 'proposals');
    await page.locator('main a strong').first().click();
    await inspect(page, 'proposal');
    await check('the administrator approves it, and it has happened', () => approved(page, demo));
    await check('whoever is not signed in comes back to the page after the sign-in', () => ledBack(browser, demo));
    await page.context().close();
}

async function asked(page, browser, demo) {
    const lina = await open(browser);
    await signIn(lina, demo.site, 'lina', LIVE);
    await lina.context().close();
    await demo.user('roles', 'acme-live', LINA, '--take', 'link_creator', '--reason', 'leave');
    const said = await demo.user('roles', 'acme-live', LINA, '--lift', 'link_creator');
    assert.match(said, /nothing has changed yet/);

    await signIn(page, demo.site, 'uma', LIVE);
    await page.getByRole('link', { name: 'Portal' }).click();
    await page.getByRole('link', { name: 'One decision waits for a second person' }).click();
    assert.match(await text(page), /Lina Link \(lina@corp\.acme\.example\) gets the role link_creator back/);
}

async function approved(page, demo) {
    assert.match(await text(page), /Roles no role → becomes link_creator/);
    await page.getByLabel('Comment').fill('She is back');
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByText('Nothing waits at the moment').waitFor();
    assert.match(await demo.user('roles', 'acme-live', LINA), /Role +link_creator/);
}

async function ledBack(browser, demo) {
    const page = await open(browser);
    await page.goto(`${demo.site}/portal/proposals`);
    await page.getByLabel('Account name').fill('acme-live');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.locator('button[value="uma"]').click();
    await page.waitForURL(`${demo.site}/portal/proposals`);
    await page.context().close();
}
