// One line for each check, and their count at the end.

let passed = 0;
let failed = 0;

/** Runs one check; whatever it throws is its failure. */
export async function check(name, run) {
    try {
        await run();
        passed += 1;
        console.log(`ok      ${name}`);
    } catch (error) {
        failed += 1;
        console.log(`FAILED  ${name}\n${error.message.replace(/^/gm, '        ')}`);
    }
}

/** Says the count, and whether all is well. */
export function isWell() {
    console.log(`${passed} passed, ${failed} failed`);
    return failed === 0;
}
