// Identity providers that somebody else wrote, and a server that trusts them: `node main.mjs PROGRAM`.

import { check, isWell } from '../../browser/check.mjs';
import { samlify } from './samlify.mjs';
import { serve } from './server.mjs';
import { simplesamlphp } from './simplesamlphp.mjs';
import { pysaml2 } from './pysaml2.mjs';

await check('the run comes to its end', async () => {
    const server = await serve();
    await simplesamlphp(server);
    await samlify(server);
    await pysaml2(server);
    await server.stop();
});
process.exit(isWell() ? 0 : 1);
