// What people meet at the practice integration, whose every button asks the gate.

import assert from 'node:assert/strict';

import { choose, open, signIn, text } from './browser.mjs';
import { check } from './check.mjs';
import { inspect } from './inspect.mjs';

const LIST = '/v2/profiles';

/** Each role in turn; what one does changes what the next one finds. */
export async function integration(browser, demo) {
    await check('whoever is not signed in signs in, and is back where they were going', () => arrives(browser, demo));
    await check('a link creator sees what they created, and nothing else', () => linkCreator(browser, demo));
    await check('a maker accepts and concludes a call, and may not list', () => maker(browser, demo));
    await check('a checker creates, lists and reviews', () => checker(browser, demo));
    await check('nobody reviews what they concluded', () => fourEyes(browser, demo));
    await check('an auditor looks, and no more', () => auditor(browser, demo));
    await check('whoever is suspended is sent to sign in by the next button', () => suspended(browser, demo));
}

/** Comes from the integration's own page to the sign-in, and back. */
async function enter(browser, demo, person) {
    const page = await open(browser);
    await page.goto(demo.integration);
    await page.getByRole('link', { name: 'Sign in as somebody' }).click();
    await choose(page, demo.integration, person);
    return page;
}

const heading = (page, name) => page.getByRole('heading', { name, exact: true }).waitFor();

/** The part of the page about one customer. */
const about = (page, customer) =>
    page.locator('section').filter({ has: page.getByRole('heading', { name: customer }) });

/** Presses a button and meets the gate's page, which leads back. */
async function refused(page, button, sentence = 'Nothing that you hold allows this.') {
    await button.click();
    await heading(page, 'This is not possible');
    assert((await text(page)).includes(sentence), await text(page));
}

async function create(page, customer) {
    await page.getByLabel('A new customer').fill(customer);
    await page.getByRole('button', { name: 'Create' }).click();
}

async function arrives(browser, demo) {
    const page = await open(browser);
    await page.goto(demo.integration);
    await inspect(page, 'integration');
    await signIn(page, demo.site, 'chen');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();

    await page.goto(demo.integration + LIST);
    assert.equal(new URL(page.url()).origin, demo.practice, 'the account that was used last is known');
    await choose(page, demo.integration, 'chen');
    assert.equal(page.url(), demo.integration + LIST);
    await heading(page, 'Profiles');
    await page.context().close();
}

async function linkCreator(browser, demo) {
    const page = await enter(browser, demo, 'lina');
    await page.getByRole('link', { name: 'Profiles' }).first().click();
    assert.match(await text(page), /what you created yourself.* There are none\./i);
    await create(page, 'Linus Lang');
    await heading(page, 'Linus Lang prf_3');
    await inspect(page, 'integration-own');
    await about(page, 'Linus Lang').getByRole('link', { name: 'Copy link' }).click();
    assert.match(await page.locator('.link').innerText(), /^https:\/\/capture\.example\/[0-9a-f]{32}$/);
    await inspect(page, 'integration-link');
    await page.goto(`${demo.integration}${LIST}/prf_1`);
    assert.match(await text(page), /with profiles that you created/);
    await inspect(page, 'integration-refused-app');
    await page.context().close();
}

async function maker(browser, demo) {
    const page = await enter(browser, demo, 'maya');
    await refused(page, page.getByRole('link', { name: 'Profiles' }).first());
    await inspect(page, 'integration-refused-gate');
    await page.getByRole('link', { name: 'Start page' }).click();
    await page.getByRole('link', { name: 'Calls' }).first().click();
    await inspect(page, 'integration-calls');
    await about(page, 'Linus Lang').getByRole('button', { name: 'Accept call' }).click();
    await page.getByText('accepted by Maya Maker').waitFor();
    await about(page, 'Linus Lang').getByRole('button', { name: 'Verified' }).click();
    await about(page, 'Linus Lang').waitFor({ state: 'detached' });
    await refused(page, about(page, 'Ada Example').getByRole('button', { name: 'Review' }));
    await page.context().close();
}

async function checker(browser, demo) {
    const page = await enter(browser, demo, 'chen');
    await page.getByRole('link', { name: 'Profiles' }).first().click();
    await create(page, 'Cem Çelik');
    await heading(page, 'Cem Çelik prf_4');
    await about(page, 'Linus Lang').getByRole('button', { name: 'Review' }).click();
    await about(page, 'Linus Lang').getByText('Chen Checker').waitFor();
    await inspect(page, 'integration-profiles');
    await about(page, 'Cem Çelik').getByRole('button', { name: 'Review' }).click();
    await heading(page, 'This is not possible');
    await page.goBack();
    await refused(page, about(page, 'Cem Çelik').getByRole('button', { name: 'Accept call' }));
    await page.goBack();
    await refused(page, about(page, 'Cem Çelik').getByRole('link', { name: 'Copy link' }));
    await page.context().close();
}

async function fourEyes(browser, demo) {
    const page = await enter(browser, demo, 'bo');
    await page.getByRole('link', { name: 'Calls' }).first().click();
    await about(page, 'Ada Example').getByRole('button', { name: 'Accept call' }).click();
    await about(page, 'Ada Example').getByRole('button', { name: 'Rejected' }).click();
    await page.getByRole('link', { name: 'Profiles' }).first().click();
    await refused(
        page,
        about(page, 'Ada Example').getByRole('button', { name: 'Review' }),
        'Nobody reviews a profile whose call they concluded',
    );
    await inspect(page, 'integration-four-eyes');
    await page.context().close();
}

async function auditor(browser, demo) {
    const page = await enter(browser, demo, 'ava');
    await page.getByRole('link', { name: 'Profiles' }).first().click();
    await heading(page, 'Profiles');
    const buttons = about(page, 'Linus Lang').locator('.buttons a, .buttons button');
    const names = await buttons.evaluateAll((all) => all.map((one) => one.firstChild.data));
    assert.deepEqual(names, ['Open', 'Copy link', 'Accept call', 'Verified', 'Rejected', 'Review']);
    for (const place of names.keys()) {
        if (place === 0) {
            await buttons.nth(place).click();
            await heading(page, 'Linus Lang prf_3');
            await inspect(page, 'integration-profile');
        } else {
            await refused(page, buttons.nth(place));
        }
        await page.goto(demo.integration + LIST);
    }
    await create(page, 'Nobody');
    await heading(page, 'This is not possible');
    await page.context().close();
}

async function suspended(browser, demo) {
    const page = await enter(browser, demo, 'chen');
    await page.getByRole('link', { name: 'Profiles' }).first().click();
    await demo.user('suspend', 'acme-demo', 'chen@corp.acme.example');
    const start = Date.now();
    while ((await page.request.get(demo.integration + LIST, { maxRedirects: 0 })).ok()) {
        assert(Date.now() - start < 1_000, 'still there after a second');
    }
    await about(page, 'Ben Beispiel').getByRole('button', { name: 'Review' }).click();
    await heading(page, 'You are not signed in');
    await inspect(page, 'integration-signed-out');
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.waitForURL(`${demo.practice}/**`);
    await page.goto(demo.integration + LIST);
    assert.equal(new URL(page.url()).origin, demo.practice);
    await choose(page, demo.site, 'chen');
    await page.getByRole('heading', { name: 'Sign-in did not work' }).waitFor();
    await demo.user('restore', 'acme-demo', 'chen@corp.acme.example');
    await page.context().close();
}
