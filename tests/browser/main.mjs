// Every check: `node main.mjs PROGRAM FOLDER-FOR-SCREENSHOTS`.

import { launch } from './browser.mjs';
import { check, isWell } from './check.mjs';
import { alone } from './demo.mjs';
import { https } from './https.mjs';
import { integration } from './integration.mjs';
import { pages } from './pages.mjs';
import { startDemo } from './programs.mjs';
import { portal } from './portal.mjs';
import { proposals } from './proposals.mjs';
import { sessions } from './sessions.mjs';
import { signIns } from './sign_in.mjs';
import { signOuts } from './sign_out.mjs';

await check('the run comes to its end', async () => {
    const [browser, demo] = await Promise.all([launch(), startDemo()]);
    const people = signIns(browser, demo).then(() => sessions(browser, demo));
    await Promise.all([people, pages(browser, demo), https()]);
    await proposals(browser, demo);
    await portal(browser, demo);
    await integration(browser, demo);
    await signOuts(browser, demo);
    await alone(browser, demo);
    await browser.close();
});
process.exit(isWell() ? 0 : 1);
