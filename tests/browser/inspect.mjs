// What every page owes to every reader: no accessibility violation, in light, dark and forced colours, on small screens, by keyboard.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

import { check } from './check.mjs';

const screenshots = resolve(process.argv[3]);
mkdirSync(screenshots, { recursive: true });

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Checks the page as it stands, and keeps pictures of it. */
export async function inspect(page, name) {
    await check(`page ${name}: keyboard, light, dark, forced colours, 320 and 768 px`, async () => {
        await keyboard(page);
        for (const colorScheme of ['light', 'dark']) {
            await page.emulateMedia({ colorScheme });
            await picture(page, `${name}-${colorScheme}`);
            assert.deepEqual(await violations(page), [], `in ${colorScheme}`);
        }
        await page.emulateMedia({ colorScheme: 'light' });
        await forced(page, name);
        await narrow(page, name);
    });
}

const picture = (page, name) => page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });

/** Injected by evaluation, since the page's own policy forbids any other way. */
async function violations(page) {
    await page.evaluate(axe);
    const { violations } = await page.evaluate((values) => axe.run({ runOnly: { type: 'tag', values } }), RULES);
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
}

/** Every stop shows where the focus is; on our own pages the first one skips to the content. */
async function keyboard(page) {
    const found = await stops(page);
    for (const stop of found) {
        assert(stop.isVisible, `the focus is not seen on ${stop.html}`);
    }
    const skip = page.locator('.skip');
    if ((await skip.count()) === 0) return;
    assert.match(found[0].html, /class="skip"/, 'the first stop');
    await skip.focus();
    assert((await skip.boundingBox()).x >= 0, 'the skip link stays hidden');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
}

/** What the tabulator key stops at, until it leaves the page or begins again. */
async function stops(page) {
    const found = [];
    while (found.length < 100) {
        await page.keyboard.press('Tab');
        const stop = await page.evaluate(() => {
            const at = document.activeElement;
            const { outlineStyle, outlineWidth } = getComputedStyle(at);
            const isVisible = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
            return at === document.body ? null : { html: at.outerHTML.slice(0, 160), isVisible };
        });
        if (stop === null || stop.html === found[0]?.html) return found;
        found.push(stop);
    }
    return found;
}

/** Where the reader's system chooses the colours, what can be pressed still has an edge. */
async function forced(page, name) {
    await page.emulateMedia({ forcedColors: 'active' });
    await picture(page, `${name}-forced`);
    const flat = await page.evaluate(() => {
        const all = [...document.querySelectorAll('button, .button, input:not([type=hidden]), select, textarea:not([hidden])')];
        const isFlat = (one) => one.checkVisibility() && parseFloat(getComputedStyle(one).borderTopWidth) === 0;
        return all.filter((one) => isFlat(one) && !['checkbox', 'radio', 'file'].includes(one.type)).map((one) => one.outerHTML.slice(0, 160));
    });
    await page.emulateMedia({ forcedColors: 'none' });
    assert.deepEqual(flat, [], 'without an edge in forced colours');
}

/** At 320 CSS pixels nothing has to be scrolled sideways (WCAG 1.4.10), nor on a tablet. */
async function narrow(page, name) {
    const before = page.viewportSize();
    for (const wide of [768, 320]) {
        await page.setViewportSize({ width: wide, height: 2 * wide });
        await picture(page, `${name}-${wide}`);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert(width <= wide, `at ${wide} px the page is ${width} px wide`);
    }
    await page.setViewportSize(before);
}

/** Does something that would lead away at once, and stays. */
export async function stayingAt(page, away, leave) {
    const left = page.waitForEvent('requestfailed');
    await page.route(away, (route) => route.abort('aborted'));
    await leave();
    await left;
    await page.unroute(away);
}
