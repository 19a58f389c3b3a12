// What people meet who have a session, or come without knowing where to go.

import assert from 'node:assert/strict';

import { choose, open, signIn, text } from './browser.mjs';
import { check } from './check.mjs';

/** Sessions, questions, the door, and all of it without script. */
export async function sessions(browser, demo) {
    await check('a sign-in that the ADFS began asks first', () => asksFirst(browser, demo));
    await check('a sign-in as somebody else asks, and can be left', () => asksBeforeReplacing(browser, demo));
    await check('the sessions page ends another session', () => endsAnother(browser, demo));
    await check('the door takes a typed account, and says what is wrong with a name', () => door(browser, demo));
    await check('everything works without script', () => withoutScript(browser, demo));
}

async function asksFirst(browser, demo) {
    const page = await open(browser);
    await page.goto(`${demo.practice}/adfs/ls/idpinitiatedsignon.aspx`);
    await choose(page, demo.site, 'zoe');
    assert.match(await text(page), /^Continue as Zoë Müller-O'Hara of Acme Bank\?/);
    assert.equal((await page.request.get(`${demo.site}/session`)).status(), 401);
    await page.getByRole('button', { name: 'Continue as Zoë' }).click();
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
    await page.context().close();
}

async function asksBeforeReplacing(browser, demo) {
    const page = await open(browser);
    const who = async () => (await (await page.request.get(`${demo.site}/session`)).json()).name;
    await signIn(page, demo.site, 'maya');
    await signIn(page, demo.site, 'chen');
    assert.match(await text(page), /^Continue as Chen Checker of Acme Bank\? .*signed in as Maya Maker of Acme Bank/);
    await page.getByRole('link', { name: 'Leave it as it is' }).click();
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
    assert.equal(await who(), 'Maya Maker');

    await signIn(page, demo.site, 'chen');
    await page.getByRole('button', { name: 'Continue as Chen' }).click();
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
    assert.equal(await who(), 'Chen Checker');
    await page.context().close();
}

async function endsAnother(browser, demo) {
    const [page, other] = [await open(browser), await open(browser)];
    await signIn(other, demo.site, 'uma', { account: 'acme-live' });
    await signIn(page, demo.site, 'uma', { account: 'acme-live' });
    await page.getByRole('link', { name: 'Your sessions' }).click();
    await page.getByText('2 sessions').waitFor();
    await page.getByRole('button', { name: /^End/ }).click();
    await page.getByText('1 session').waitFor();
    await other.goto(`${demo.site}/sessions`);
    assert.match(await text(other), /^You are not signed in/);
    assert.equal((await page.request.get(`${demo.site}/session`)).status(), 200);
    await page.context().close();
    await other.context().close();
}

async function door(browser, demo) {
    const page = await open(browser);
    const type = async (name) => {
        await page.context().clearCookies();
        await page.goto(`${demo.site}/login`);
        await page.getByLabel('Account name').fill(name);
        await page.getByRole('button', { name: 'Continue' }).click();
    };
    await type('acme bank!');
    const field = page.getByLabel('Account name');
    await page.getByRole('alert').waitFor();
    assert.equal(await field.inputValue(), 'acme bank!');
    assert.equal(await field.getAttribute('aria-invalid'), 'true');

    await type('nowhere-at-all');
    await page.getByRole('heading', { name: 'Not connected yet' }).waitFor();
    await type('Acme-Live');
    await page.waitForURL(`${demo.practice}/**`);
    await choose(page, demo.site, 'maya');
    assert.match(await text(page), /acme-live/);
    await page.context().close();
}

async function withoutScript(browser, demo) {
    const page = await open(browser, { javaScriptEnabled: false });
    const answer = async (person) => {
        await page.locator(`button[value="${person}"]`).click();
        await page.getByRole('button', { name: 'Continue' }).click();
    };
    await page.goto(`${demo.site}/login`);
    await page.getByLabel('Account name').fill('acme-demo');
    await page.getByRole('button', { name: 'Continue' }).click();
    await answer('maya');
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();

    await page.goto(`${demo.practice}/adfs/ls/idpinitiatedsignon.aspx`);
    await page.getByLabel('Sign in to this site').selectOption({ index: 0 });
    await answer('chen');
    await page.getByRole('button', { name: 'Continue as Chen' }).click();
    await page.getByRole('link', { name: 'Your sessions' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    await page.context().close();
}
