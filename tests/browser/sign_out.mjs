// What people meet who sign out, here or at the practice ADFS. Nobody else may sign in meanwhile: the newest session is meant.

import assert from 'node:assert/strict';

import { open, signIn, text } from './browser.mjs';
import { check } from './check.mjs';
import { inspect, stayingAt } from './inspect.mjs';

/** Both directions, both bindings. */
export async function signOuts(browser, demo) {
    await check('signing out here ends the session at the ADFS too', () => here(browser, demo));
    await check('where the ADFS does not know the session, the page says so', () => unknown(browser, demo));
    for (const binding of ['redirect', 'form']) {
        await check(`signing out at the ADFS ends the session here, by ${binding}`, () => there(browser, demo, binding));
    }
    await check('an address that is for messages says so', () => noMessage(browser, demo));
}

const status = async (page, { site }) => (await page.request.get(`${site}/session`)).status();

async function here(browser, demo) {
    const page = await open(browser);
    await signIn(page, demo.site, 'maya');
    await stayingAt(page, `${demo.practice}/**`, () => page.getByRole('button', { name: 'Sign out' }).click());
    await page.getByRole('heading', { name: 'One moment' }).waitFor();
    assert.equal(await status(page, demo), 401, 'the session here waits for nobody');
    await page.getByRole('link', { name: 'Continue' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    assert.match(await text(page), /has ended, and so has the one at your company's own sign-in/);
    await inspect(page, 'signed-out-everywhere');
    await page.context().close();
}

async function unknown(browser, demo) {
    const [page, other] = [await open(browser), await open(browser)];
    await signIn(page, demo.site, 'maya');
    await other.goto(`${demo.practice}/adfs/ls/idpinitiatedsignon.aspx`);
    await stayingAt(other, `${demo.site}/**`, () => everywhere(other, 'form').click());
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    assert.match(await text(page), /did not recognise it/);
    await inspect(page, 'signed-out-here-only');
    await page.context().close();
    await other.context().close();
}

/** The button of the newest session. */
const everywhere = (page, binding) =>
    page.getByRole('button', { name: `Sign out everywhere, by ${binding}` }).first();

async function there(browser, demo, binding) {
    const page = await open(browser);
    await signIn(page, demo.site, 'chen');
    assert.equal(await status(page, demo), 200);
    await page.goto(`${demo.practice}/adfs/ls/idpinitiatedsignon.aspx`);
    if (binding === 'redirect') await inspect(page, 'practice-sessions');
    await everywhere(page, binding).click();
    await page.getByText('You have successfully signed out.').waitFor();
    assert.equal(await status(page, demo), 401);
    await page.context().close();
}

async function noMessage(browser, demo) {
    const page = await open(browser);
    await page.goto(`${demo.site}/saml/acme-demo/logout`);
    assert.match(await text(page), /when somebody signs out there/);
    await inspect(page, 'logout-address');
    await page.goto(`${demo.site}/saml/acme-demo/logout?SAMLRequest=nonsense`);
    assert.match(await text(page), /nothing was changed/);
    await page.context().close();
}
