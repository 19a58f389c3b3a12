// The programs under test: started, waited for, and always ended.

import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const binary = process.argv[2];
const running = new Set();

const ports = new Set();

/** What the programs write lies here. */
export const folder = mkdtempSync(join(tmpdir(), 'vestibule-browser-'));

/** They find no configuration of this machine's. */
const surroundings = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VESTIBULE_')));

process.on('exit', () => {
    running.forEach((child) => child.kill('SIGKILL'));
    rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => process.exit(130));
}

/** Ports that nobody uses, each given once. */
export async function freePorts(count) {
    const found = [];
    while (found.length < count) {
        const server = createServer();
        await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
        const { port } = server.address();
        await new Promise((resolve) => server.close(resolve));
        if (!ports.has(port)) found.push(port);
        ports.add(port);
    }
    return found;
}

/** Runs a command to its end; a failure is an answer like any other. */
export async function run(file, args, environment = {}) {
    const options = { cwd: folder, env: { ...surroundings, ...environment } };
    return promisify(execFile)(file, args, options).then(
        ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
        ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    );
}

/** The same with our own program. */
export const vestibule = (...args) => run(binary, args);

/** Starts our program and waits until it listens. */
export async function start(args, environment = {}) {
    const child = spawn(binary, args, { cwd: folder, env: { ...surroundings, TMPDIR: folder, ...environment } });
    running.add(child);
    const program = { output: '' };
    const ended = new Promise((resolve) => child.once('exit', resolve)).finally(() => running.delete(child));
    const listens = new Promise((resolve) => {
        const read = (text) => {
            program.output += text;
            if (program.output.includes('INFO listening')) resolve(true);
        };
        child.stdout.setEncoding('utf8').on('data', read);
        child.stderr.setEncoding('utf8').on('data', read);
    });
    if ((await Promise.race([listens, ended])) !== true) {
        throw new Error(`vestibule ${args.join(' ')} ended:\n${program.output}`);
    }
    program.stop = async () => {
        child.kill('SIGTERM');
        return ended;
    };
    return program;
}

/** The demonstration: its addresses, and the commands beside it, as it prints them. */
export async function startDemo(...options) {
    const [ours, practice, integration, internal] = await freePorts(4);
    const listens = { listen: ours, practice, integration };
    const addresses = Object.entries(listens).flatMap(([name, port]) => [`--${name}`, `127.0.0.1:${port}`]);
    const program = await start(['demo', ...addresses, ...options], {
        VESTIBULE_SERVER_INTERNAL_LISTEN: `127.0.0.1:${internal}`,
    });
    const explain = /^ +(VESTIBULE_DATABASE_URL=.* explain) att_…$/m.exec(program.output)[1];
    const user = /^ +(VESTIBULE_DATABASE_URL=.* user) suspend /m.exec(program.output)[1];
    return {
        ...program,
        site: `http://localhost:${ours}`,
        practice: `http://localhost:${practice}`,
        integration: `http://localhost:${integration}`,
        explain: (reference) => copied(`${explain} ${reference}`),
        user: (...words) => copied(`${user} ${words.join(' ')}`),
    };
}

/** What a command that was copied says, and nothing beside it. */
async function copied(command) {
    const { stdout, stderr } = await run('sh', ['-c', command]);
    if (stderr !== '') throw new Error(stderr);
    return stdout;
}
