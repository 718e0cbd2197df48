#!/usr/bin/env node
/**
 * The first step of every command. It runs under any Node from 20 on, with nothing installed but npm:
 * it installs what the lockfile says, finds Node 24, builds the web apps where a command needs them, and
 * hands over. When all of that is in place it is silent and takes a few milliseconds.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNode, install, isInstalled, makeLinks, needsLinks } from '../tools/setup/install.mjs';
import { alone } from '../tools/setup/lock.mjs';
import { handOver, Interrupted, SetupError } from '../tools/setup/process.mjs';
import { buildWeb, webIsBuilt } from '../tools/setup/web.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** The developer's commands; every other one belongs to the program itself. */
const TOOLS = {
  test: 'test.ts',
  tidy: 'tidy.ts',
  check: 'check.ts',
  sbom: 'sbom.ts',
  configuration: 'configuration.ts',
  screens: 'screens.ts',
};
const SHOWS_WEB = ['up', 'demo', 'test', 'bench', 'build-web', 'screens'];
const ENDS_HERE = ['setup', 'build-web'];

async function main([command = '', ...rest]) {
  const node = await setUp({ web: SHOWS_WEB.includes(command) });
  if (ENDS_HERE.includes(command)) return 0;
  const tool = TOOLS[command];
  const program = tool ? join(ROOT, 'tools', tool) : join(ROOT, 'bin', 'holdfast.ts');
  const args = tool ? rest : [command, ...rest].filter((_, index) => index > 0 || command !== '');
  // Without this, any process of this user could open the inspector of the supervisor by a signal.
  return await handOver(node, ['--disable-sigusr1', program, ...args], {});
}

/** Looks without the lock first: a finished set-up needs no write, so a read-only checkout works. */
async function setUp({ web }) {
  const isReady = () => isInstalled(ROOT) && !needsLinks(ROOT) && (!web || webIsBuilt(ROOT));
  if (isReady()) return findNode(ROOT);
  return await alone(ROOT, async () => {
    if (!isInstalled(ROOT)) await install(ROOT);
    const node = findNode(ROOT);
    if (needsLinks(ROOT)) await makeLinks(ROOT, node);
    if (web && !webIsBuilt(ROOT)) await buildWeb(ROOT, node);
    return node;
  });
}

/** One line where a person can act on it; everything else is a fault of ours and keeps its stack. */
function lineFor(error) {
  if (error instanceof SetupError || error instanceof Interrupted) return error.message;
  if (error?.code === 'ENOSPC') return `the disk is full (${error.path ?? ROOT})`;
  if (['EACCES', 'EROFS', 'EPERM'].includes(error?.code))
    return `${error.path ?? ROOT} cannot be written (${error.code})`;
  return error?.stack ?? String(error);
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error) => {
    process.stderr.write(`holdfast: ${lineFor(error)}\n`);
    process.exitCode = error instanceof Interrupted ? error.status : 1;
  },
);
