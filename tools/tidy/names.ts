/** Calls that have one place each. A rule is a row; the row's reason is what the reader is told. */
import { isMember, says } from './imports.ts';
import { matches, type Problem, type Source } from './model.ts';

type Limit = {
  rule: string;
  /** A bare name (`setTimeout`), a member (`Date.now`), or words in a row (`new Date ( )`). */
  uses: readonly string[];
  within: readonly string[];
  except: readonly string[];
  reason: string;
};

const EVERYWHERE: readonly string[] = ['src/', 'rig/', 'web/', 'bin/', 'tools/', 'test/', 'bench/'];

export const LIMITS: readonly Limit[] = [
  {
    rule: 'one-clock',
    uses: [
      ...[
        'Date.now',
        'performance.now',
        'process.hrtime',
        'process.uptime',
        'new Date ( )',
        'AbortSignal.timeout',
      ],
      ...['setTimeout', 'setInterval', 'setImmediate', 'Temporal.Now'],
    ],
    within: ['src/', 'rig/'],
    except: ['src/platform/clock.ts'],
    reason: 'take a Clock (src/platform/clock.ts): a test has to be able to move all time by hand',
  },
  {
    rule: 'one-random',
    uses: ['Math.random'],
    within: EVERYWHERE,
    except: [],
    reason: 'take a Random (src/platform/random.ts): this one can be predicted',
  },
  {
    rule: 'one-crypto',
    uses: ['crypto.subtle', 'crypto.getRandomValues', 'crypto.randomUUID', 'crypto.randomBytes'],
    within: ['src/', 'rig/', 'web/'],
    except: ['src/crypto/', 'src/platform/random.ts', 'web/kit/'],
    reason: 'use src/crypto, or web/kit in a browser: one module holds all cryptography',
  },
  {
    rule: 'one-config',
    uses: ['process.env'],
    within: EVERYWHERE,
    except: [
      'src/platform/config.ts',
      'src/platform/test-postgres.ts',
      'bin/',
      'tools/',
      'test/',
      '*.test.ts',
    ],
    reason: 'read it in src/platform/config.ts and hand it in: settings are seen in one place',
  },
  {
    rule: 'no-exit',
    uses: ['process.exit', 'process.abort', 'process.reallyExit'],
    within: EVERYWHERE,
    except: ['bin/', 'tools/'],
    reason:
      'return or throw: an exit skips what still has to be written; only an entry point ends the process',
  },
  {
    rule: 'no-console',
    uses: ['console.*'],
    within: EVERYWHERE,
    except: ['bin/', 'tools/', 'bench/', 'test/', 'src/up/', 'src/signer/', 'src/admin/', '*.test.ts'],
    reason: 'take a Log (src/platform/log.ts): its fields are closed, so that no personal data slips in',
  },
  {
    rule: 'no-side-door',
    uses: ['require', 'createRequire', 'process.getBuiltinModule', 'process.binding', 'eval', 'new Function'],
    within: ['src/', 'rig/', 'web/'],
    except: [],
    reason: 'use import: what loads code in another way passes the import table unseen',
  },
  {
    rule: 'one-address',
    uses: ['people.patchPerson'],
    within: ['src/'],
    except: ['src/cloud/signin/', '*.test.ts'],
    reason: 'use signin.patchPerson: with another mail address it ends what was signed in by the one before',
  },
];

export function checkNames(source: Source): Problem[] {
  const { code, path } = source;
  return LIMITS.filter(({ within, except }) => matches(path, within) && !matches(path, except)).flatMap(
    ({ rule, uses, reason }) =>
      code.flatMap((token, index) => {
        if (token.kind !== 'name') return [];
        const use = uses.find((wanted) => isUse(source, index, wanted));
        return use ? [{ file: path, line: token.line, rule, advice: `${use}: ${reason}` }] : [];
      }),
  );
}

function isUse({ code }: Source, index: number, use: string): boolean {
  if (use.includes(' ')) return says(code, index, use.split(' '));
  const [object = '', member] = use.split('.');
  if (code[index]?.text !== object) return false;
  // `socket.setTimeout` is the socket's own; `globalThis.setTimeout` is the one meant here.
  const isGlobal =
    !isMember(code, index) || ['globalThis', 'window', 'self'].includes(code[index - 2]?.text ?? '');
  if (!isGlobal) return false;
  if (member === undefined) return isBareUse(code, index);
  const next = code[index + 1]?.text;
  const named = code[index + 2];
  if (next === '.' || next === '?.') return member === '*' ? named?.kind === 'name' : named?.text === member;
  if (next === '[') return member === '*' || named?.text === member;
  return member !== '*' && takesApart(code, index, member);
}

/** `const { now } = Date`, as good as `Date.now`. */
function takesApart(code: Source['code'], index: number, member: string): boolean {
  if (code[index - 1]?.text !== '=' || code[index - 2]?.text !== '}') return false;
  for (let at = index - 3; at >= 0 && code[at]?.text !== '{'; at--)
    if (code[at]?.text === member) return true;
  return false;
}

/** A bare name in use: not the key of an object, nor a method or member that is being declared. */
function isBareUse(code: Source['code'], index: number): boolean {
  const next = code[index + 1]?.text;
  if (next === ':') return false;
  const before = code[index - 1]?.text;
  return !['function', 'const', 'let', 'import', 'type'].includes(before ?? '');
}
