// The browser, and what a person does with it.

import { chromium } from 'playwright-core';

/** Debian's Chromium, which asks nobody but the addresses under test. */
export const launch = (...args) =>
    chromium.launch({
        executablePath: '/usr/bin/chromium',
        args: [
            '--no-sandbox',
            '--disable-gpu',
            '--disable-quic',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
            ...args,
        ],
    });

/** A page in a browser profile of its own. */
export async function open(browser, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, ...options });
    context.setDefaultTimeout(20_000);
    return context.newPage();
}

/** Goes to the sign-in page of the practice ADFS and comes back as this person. */
export async function signIn(page, site, person, { account = 'acme-demo', mishap } = {}) {
    await page.goto(`${site}/saml/${account}/login`);
    await choose(page, site, person, mishap);
}

/** At the practice ADFS, chooses what goes wrong and who to be, and waits until that leads to the site. */
export async function choose(page, site, person, mishap) {
    if (mishap) {
        await page.locator('summary').click();
        await page.locator(`input[value="${mishap}"]`).check();
    }
    await page.locator(`button[value="${person}"]`).click();
    await page.waitForURL((url) => url.origin === site);
}

/** What the page says, in one line. */
export async function text(page) {
    return (await page.locator('main').innerText()).replace(/\s+/g, ' ');
}

/** The reference that the page shows. */
export const reference = (page) => page.locator('.reference').innerText();
