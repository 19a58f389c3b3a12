// samlify: an assertion in the exact form of ADFS, signed and then encrypted with AES-256-CBC in an unsigned response.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import saml from 'samlify';

import { check } from '../../browser/check.mjs';
import { ROLE, Visitor, keyPair } from './server.mjs';

const ACCOUNT = 'acme-node';
const EMAIL = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
const XENC = 'http://www.w3.org/2001/04/xmlenc#';
const CIPHERS = {
    'AES-256-CBC': `${XENC}aes256-cbc`,
    'AES-128-CBC': `${XENC}aes128-cbc`,
    'AES-128-GCM': 'http://www.w3.org/2009/xmlenc11#aes128-gcm',
};

/** What it answers to a visitor's request, once an account trusts it. */
export async function trusted(server, account) {
    // It checks no schema of its own; what it reads is our own request.
    saml.setSchemaValidator({ validate: () => Promise.resolve('skipped') });
    await server.apply(account);
    const pair = await keyPair('samlify');
    const provider = (options) =>
        saml.IdentityProvider({
            entityID: 'http://samlify.test/adfs/services/trust',
            privateKey: readFileSync(pair.key),
            signingCert: readFileSync(pair.certificate),
            wantAuthnRequestsSigned: true,
            messageSigningOrder: 'sign-then-encrypt',
            requestSignatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
            nameIDFormat: [EMAIL],
            singleSignOnService: [{ Binding: REDIRECT, Location: 'http://localhost:1/sso' }],
            singleLogoutService: [{ Binding: REDIRECT, Location: 'http://localhost:1/slo' }],
            loginResponseTemplate: template(),
            ...options,
        });
    await server.apply(account, provider({}).getMetadata());
    const { xml } = await server.describe(account);
    return async (visitor, { seconds, ...options } = {}) =>
        answer(provider(options), saml.ServiceProvider({ metadata: xml }), await visitor.begin(account), seconds);
}

export async function samlify(server) {
    const answered = await trusted(server, ACCOUNT);

    for (const [name, dataEncryptionAlgorithm] of Object.entries(CIPHERS)) {
        await check(`samlify with ${name} signs in`, async () => {
            const visitor = new Visitor(server.site);
            const fields = await answered(visitor, { isAssertionEncrypted: true, dataEncryptionAlgorithm });
            assert.match(Buffer.from(fields.SAMLResponse, 'base64').toString(), new RegExp(dataEncryptionAlgorithm));
            await visitor.signIn(ACCOUNT, fields, 'maya@client.test', ['maker']);
        });
    }
    await check('samlify in the clear signs in', async () => {
        const visitor = new Visitor(server.site);
        await visitor.signIn(ACCOUNT, await answered(visitor), 'maya@client.test', ['maker']);
    });
    await check('samlify whose answer was changed is refused as signature', async () => {
        const visitor = new Visitor(server.site);
        const fields = await answered(visitor);
        const told = Buffer.from(fields.SAMLResponse, 'base64').toString().replace('APP-Makers', 'APP-Rulers');
        const changed = { SAMLResponse: Buffer.from(told).toString('base64') };
        await visitor.isRefused(ACCOUNT, changed, 'signature', 'changed after signing');
    });
}

/** What it answers to our request, whose signature it has verified; the session may last so many seconds. */
async function answer(idp, sp, address, seconds = 8 * 60 * 60) {
    const query = Object.fromEntries(address.searchParams);
    const octetString = address.search.slice(1).replace(/&Signature=.*/, '');
    const { extract } = await idp.parseLoginRequest(sp, 'redirect', { query, octetString });
    const now = Date.now();
    const later = new Date(now + 5 * 60_000).toISOString();
    const values = {
        ID: `_${crypto.randomUUID()}`,
        AssertionID: `_${crypto.randomUUID()}`,
        Destination: extract.request.assertionConsumerServiceUrl,
        SubjectRecipient: extract.request.assertionConsumerServiceUrl,
        AssertionConsumerServiceURL: extract.request.assertionConsumerServiceUrl,
        Audience: extract.issuer,
        Issuer: idp.entityMeta.getEntityID(),
        IssueInstant: new Date(now).toISOString(),
        ConditionsNotBefore: new Date(now).toISOString(),
        ConditionsNotOnOrAfter: later,
        SubjectConfirmationDataNotOnOrAfter: later,
        SessionNotOnOrAfter: new Date(now + seconds * 1000).toISOString(),
        NameIDFormat: EMAIL,
        NameID: 'maya@client.test',
        InResponseTo: extract.request.id,
        StatusCode: 'urn:oasis:names:tc:SAML:2.0:status:Success',
        attrRole: 'APP-Makers',
    };
    const fill = (context) => ({ id: values.ID, context: saml.SamlLib.replaceTagsByValue(context, values) });
    const { context } = await idp.createLoginResponse(sp, { extract }, 'post', { email: values.NameID }, fill);
    return { SAMLResponse: context };
}

/** Its own template, with the statement of how the person signed in that every identity provider sends. */
function template() {
    const { context } = saml.SamlLib.defaultLoginResponseTemplate;
    const password = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';
    const statement =
        '<saml:AuthnStatement AuthnInstant="{IssueInstant}" SessionNotOnOrAfter="{SessionNotOnOrAfter}"><saml:AuthnContext>' +
        `<saml:AuthnContextClassRef>${password}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`;
    return {
        context: context.replace('{AuthnStatement}', statement),
        attributes: [{ name: ROLE, nameFormat: 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri', valueTag: 'role', valueXsiType: 'xs:string' }],
    };
}
