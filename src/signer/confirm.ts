/** Asks the person at the terminal; nobody there is a refusal with a reason, never a yes. */
import { createInterface } from 'node:readline/promises';
import { HoldfastError } from '../domain/errors.ts';

export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new HoldfastError(
      'input-invalid',
      'nobody is there to confirm; say --yes when the rows above were read elsewhere',
    );
  const line = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await line.question(`\n${question} Type yes: `);
  line.close();
  return answer.trim().toLowerCase() === 'yes';
}
