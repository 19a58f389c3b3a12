// What people meet who sign in to the demonstration: who they are, why they are refused, and how it is explained.

import assert from 'node:assert/strict';

import { open, reference, signIn, text } from './browser.mjs';
import { check } from './check.mjs';

const PERSONAS = [
    ['maya', 'Maya Maker', ['maker']],
    ['chen', 'Chen Checker', ['checker']],
    ['ava', 'Ava Auditor', ['auditor']],
    ['lina', 'Lina Link', ['link_creator']],
    ['uma', 'Uma Uam', ['uam_admin']],
    ['zoe', "Zoë Müller-O'Hara", ['maker', 'link_creator']],
];

/** A mishap, the code of the check that fails, and what the administrator of the ADFS is told. */
const REFUSALS = [
    ['unsigned', 'signature', '-SamlResponseSignature AssertionOnly'],
    ['sha1', 'signature', '-SignatureAlgorithm http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'],
    ['altered', 'signature', 'the content is not what was signed'],
    ['unknown-key', 'signature', 'its certificate was probably renewed'],
    ['encrypted-for-other', 'decryption', 'Update-AdfsRelyingPartyTrust'],
    ['wrong-audience', 'audience', '-Identifier http://localhost:'],
    ['clock-ahead', 'root', 'seconds ahead of ours'],
    ['clock-behind', 'root', 'seconds before it arrived'],
    ['request-denied', 'status', 'its access control policy'],
    ['near-miss-claim', 'roles (no_role)', 'https for http'],
];

/** Everything that begins with a sign-in. */
export async function signIns(browser, demo) {
    for (const [person, name, roles] of PERSONAS) {
        await check(`${name} signs in, is told who they are and why, and signs out`, () =>
            signInAndOut(browser, demo, person, name, roles),
        );
    }
    await check('the live account is an account of its own', () => live(browser, demo));
    await check('somebody without a role is told so, and whom to ask', () => withoutRole(browser, demo));
    await check('a suspended person is refused, and only the explanation says why', () => suspended(browser, demo));
    for (const [mishap, code, sentence] of REFUSALS) {
        await check(`${mishap} is refused as ${code}, and explained`, () =>
            refused(browser, demo, mishap, code, sentence),
        );
    }
    for (const mishap of ['encrypted', 'both-signed']) {
        await check(`${mishap} works`, () => works(browser, demo, mishap));
    }
}

async function signInAndOut(browser, demo, person, name, roles) {
    const page = await open(browser);
    await signIn(page, demo.site, person);
    const home = await text(page);
    for (const told of [name, 'Acme Bank', 'acme-demo', 'demo', 'claims/role equals "vkyc-']) {
        assert(home.includes(told), `${told} is not in: ${home}`);
    }
    assert.deepEqual(await page.locator('.roles dt').allInnerTexts(), roles);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    assert.equal((await page.request.get(`${demo.site}/session`)).status(), 401);
    await page.context().close();
}

async function live(browser, demo) {
    const page = await open(browser);
    await signIn(page, demo.site, 'maya', { account: 'acme-live' });
    const session = await (await page.request.get(`${demo.site}/session`)).json();
    assert.equal(session.account, 'acme-live');
    assert.deepEqual(session.permissions, ['call:accept', 'call:conclude']);
    await page.context().close();
}

async function withoutRole(browser, demo) {
    const page = await open(browser);
    await signIn(page, demo.site, 'noor');
    assert.match(await text(page), /no role here.* Ask the people who manage your access at your company/);
    assert.match(await demo.explain(await reference(page)), /refused: roles \(no_role\)/);
    await page.context().close();
}

async function suspended(browser, demo) {
    const page = await open(browser);
    await signIn(page, demo.site, 'sam');
    const said = await text(page);
    assert.match(said, /^Sign-in did not work/);
    assert(!said.includes('suspended'), said);
    assert.match(await demo.explain(await reference(page)), /refused: admit \(suspended\)\nWhat to do: .*user restore/);
    await page.context().close();
}

async function refused(browser, demo, mishap, code, sentence) {
    const page = await open(browser);
    await signIn(page, demo.site, 'zoe', { mishap });
    const heading = code.includes('no_role') ? 'You have no role here yet' : 'Sign-in did not work';
    assert.equal(await page.locator('h1').innerText(), heading);
    await explained(page, demo, code, sentence);
    await page.context().close();
}

/** The page shows a reference, by which the client's administrator is told what to do. */
export async function explained(page, demo, code, sentence) {
    const explanation = await demo.explain(await reference(page));
    assert(explanation.includes(`refused: ${code}\n`), explanation);
    const told = explanation.split('\n').find((line) => line.startsWith("For the client's ADFS administrator: "));
    assert(told?.includes(sentence), explanation);
}

async function works(browser, demo, mishap) {
    const page = await open(browser);
    await signIn(page, demo.site, 'chen', { mishap });
    assert.match(await text(page), /^You are signed in Chen Checker/);
    await page.context().close();
}
