/**
 * Whose cosignatures this cloud asks for, and how many are enough: a flat k of n of C2SP tlog-policy (section
 * "Defining a witness group"), with where each witness takes checkpoints. One policy for the logs of all tenants.
 */
import { z } from 'zod';
import { parseVkey } from '../ledger/log/vkey.ts';

const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];
/** As many as C2SP tlog-policy asks of a reader (section "Implementation limits"). */
const WITNESSES_MAX = 32;

/** A checkpoint is no secret and an answer is verified, so what TLS keeps out is who would make witnesses seem silent. */
function isPrefix(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(text);
  if (username !== '' || password !== '' || search !== '' || hash !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.includes(hostname));
}

function isWitnessKey(text: string): boolean {
  const key = parseVkey(text);
  return key.ok && key.value.type === 'cosignature';
}

const witness = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,39}$/, 'small letters, digits, points and hyphens')
    .describe('What it is called on screens and in metrics'),
  vkey: z
    .string()
    .refine(isWitnessKey, 'the vkey of a witness, as `holdfast witness init` prints it')
    .describe('The key that its cosignatures are verified with; from the witness itself'),
  url: z
    .string()
    .refine(isPrefix, 'https without user, query and fragment; http on loopback only')
    .describe('Its submission prefix: `/add-checkpoint` comes behind it'),
  caPem: z
    .string()
    .min(1)
    .optional()
    .describe('Who signed its certificate, PEM; the authorities that Node trusts when left out'),
});

export const witnessing = z
  .strictObject({
    witnesses: z.array(witness).min(1).max(WITNESSES_MAX).describe('Who is asked to cosign'),
    quorum: z
      .int()
      .min(1)
      .max(WITNESSES_MAX)
      .describe('How many of them have to have cosigned a checkpoint before it is the one that is served'),
    pauseMs: z
      .int()
      .min(100)
      .max(3_600_000)
      .default(1_000)
      .describe('A witness is asked once in this time at most, in ms'),
    alarmAfterMs: z
      .int()
      .min(1_000)
      .max(604_800_000)
      .default(900_000)
      .describe('After so long without enough cosignatures administrators are told, in ms'),
  })
  .superRefine(({ witnesses, quorum }, context) => {
    const complain = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    if (quorum > witnesses.length) complain(['quorum'], 'more than there are witnesses');
    for (const [at, { name, vkey }] of witnesses.entries()) {
      const before = witnesses.slice(0, at);
      if (before.some((other) => other.name === name)) complain(['witnesses', at, 'name'], 'is there twice');
      if (before.some((other) => materialOf(other.vkey) === materialOf(vkey)))
        complain(['witnesses', at, 'vkey'], 'this key is there twice, under whatever name');
    }
  });

/** What a witness signs does not hold its name, so that one key under two names would count twice. */
function materialOf(vkey: string): string {
  return vkey.slice(vkey.indexOf('+', vkey.indexOf('+') + 1));
}

export type Witnessing = z.output<typeof witnessing>;
export type WitnessConfig = Witnessing['witnesses'][number];
