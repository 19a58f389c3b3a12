// Every page that a person may see, one after the other.

import { choose, open, signIn } from './browser.mjs';
import { inspect, stayingAt } from './inspect.mjs';

/** The pages of the demonstration, ours and the practice ADFS's. */
export async function pages(browser, demo) {
    const page = await open(browser);
    await strangers(page, demo);
    await practice(page, demo);
    await people(page, demo);
    await refusals(page, demo);
    await page.context().close();
}

async function strangers(page, { site }) {
    const addresses = {
        door: '/login',
        'door-wrong': '/login?account=Acme%20Bank',
        'not-connected': '/saml/nowhere/login',
        'not-found': '/nothing',
        'not-signed-in': '/sessions',
    };
    for (const [name, address] of Object.entries(addresses)) {
        await page.goto(site + address);
        await inspect(page, name);
    }
    await stayingAt(page, '**/saml/acme-demo/login', () => page.goto(`${site}/login?account=acme-demo`));
    await inspect(page, 'onward');
}

async function practice(page, demo) {
    await page.goto(`${demo.practice}/adfs/ls/idpinitiatedsignon.aspx`);
    await inspect(page, 'practice-bookmark');
    await page.goto(`${demo.site}/saml/acme-demo/login`);
    await inspect(page, 'practice-sign-in');
    await page.locator('summary').click();
    await inspect(page, 'practice-mishaps');
    await stayingAt(page, '**/acs', () => page.locator('button[value="zoe"]').click());
    await inspect(page, 'practice-answer');
    await page.goto(`${demo.practice}/adfs/ls/?wa=wsignout1.0`);
    await inspect(page, 'practice-signed-out');
    await page.goto(`${demo.practice}/adfs/ls/?SAMLRequest=nonsense`);
    await inspect(page, 'practice-error');
}

async function people(page, demo) {
    await signIn(page, demo.site, 'zoe');
    await inspect(page, 'home');
    const other = await open(page.context().browser());
    await signIn(other, demo.site, 'zoe');
    await page.goto(`${demo.site}/sessions`);
    await inspect(page, 'sessions');
    await other.context().close();
    await signIn(page, demo.site, 'chen');
    await inspect(page, 'continue-instead');
    await page.goto(demo.site);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    await inspect(page, 'signed-out');
    await page.goto(`${demo.practice}/adfs/ls/idpinitiatedsignon.aspx`);
    await choose(page, demo.site, 'zoe');
    await inspect(page, 'continue');
    await page.locator('[name=ticket]').evaluate((field) => (field.value = 'old'));
    await page.getByRole('button', { name: 'Continue as Zoë' }).click();
    await page.getByRole('heading', { name: 'Too late' }).waitFor();
    await inspect(page, 'too-late');
}

async function refusals(page, demo) {
    await signIn(page, demo.site, 'sam');
    await inspect(page, 'refused');
    await signIn(page, demo.site, 'noor');
    await inspect(page, 'no-role');
}
