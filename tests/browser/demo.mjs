// What the demonstration does for one browser alone: the last answer again, its messages, its end.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';

import { choose, open } from './browser.mjs';
import { check } from './check.mjs';
import { folder, vestibule } from './programs.mjs';
import { explained } from './sign_in.mjs';

/** The checks during which nobody else signs in, up to the end of the demonstration. */
export async function alone(browser, demo) {
    await check('an answer that was used before is refused', () => replayed(browser, demo));
    await check('a second demonstration says at once which option helps', () => second(demo));
    await check('the demonstration ends when it is told to, and nothing stays', () => ends(demo));
}

async function replayed(browser, demo) {
    const page = await open(browser);
    const bookmark = `${demo.practice}/adfs/ls/idpinitiatedsignon.aspx`;
    await page.goto(bookmark);
    await choose(page, demo.site, 'maya');
    await page.goto(bookmark);
    await choose(page, demo.site, 'maya', 'replay');
    await explained(page, demo, 'replay', 'This answer was used before');
    await page.context().close();
}

async function second(demo) {
    const { code, stdout, stderr } = await vestibule('demo', '--listen', `127.0.0.1:${new URL(demo.site).port}`);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /another program may use it already; --listen chooses another address/);
}

async function ends(demo) {
    assert.equal(await demo.stop(), 0);
    const left = readdirSync(folder).filter((name) => name.startsWith('vestibule-demo'));
    assert.deepEqual(left, []);
}
