/** Asks the cloud process of this container whether it lives, where its configuration says that it listens. Status 0: it does. */
import { readFileSync } from 'node:fs';

/** Less than the supervisor gives to this program. */
const ANSWER_MS_MAX = 3_000;

const [, , file = ''] = process.argv;
const { http } = JSON.parse(readFileSync(file, 'utf8'));
try {
  const answer = await fetch(`http://127.0.0.1:${http.port}/api/health`, {
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  });
  const { state } = await answer.json();
  process.exitCode = answer.ok && state === 'alive' ? 0 : 1;
} catch {
  // Nobody answers, or with something else: that is what was asked, and no fault of this program.
  process.exitCode = 1;
}
