/**
 * Requests that no page of ours sends, made from a right one. Most are drawn from what a schema asks for: a field
 * left out, of another type, too long, named twice; the rest from what HTTP itself lets a stranger write.
 */
import { INJECTIONS } from './injections.ts';

export type Draw = (below: number) => number;
export type Right = {
  method: string;
  path: string;
  headers: readonly string[];
  /** Null where the route takes none. */
  body: Record<string, unknown> | null;
};
export type Bad = { what: string; bytes: Buffer };

const DEPTH = 10_000;
const MEGABYTES_2 = 2_097_152;
const HALF_PAIR = '\ud800';
const NUL = '\u0000';

type Write = { line?: string; headers?: readonly string[]; body?: string | Buffer | null };

/** The bytes of one request. `headers` that begin with `-` take a header of the right request away. */
export function written(right: Right, of: Write = {}): Buffer {
  const body = of.body === undefined ? (right.body === null ? null : JSON.stringify(right.body)) : of.body;
  const bytes = body === null ? null : Buffer.isBuffer(body) ? body : Buffer.from(body, 'utf8');
  const own = of.headers ?? [];
  const isSaid = (header: string) => own.some((one) => nameOf(one) === nameOf(header));
  const defaults = [
    ...right.headers,
    'connection: close',
    ...(bytes === null ? [] : ['content-type: application/json', `content-length: ${bytes.length}`]),
  ].filter((header) => !isSaid(header));
  const head = [
    of.line ?? `${right.method} ${right.path} HTTP/1.1`,
    ...defaults,
    ...own.filter((header) => !header.startsWith('-')),
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), bytes ?? Buffer.alloc(0)]);
}

const nameOf = (header: string) => header.replace(/^-/, '').split(':', 1)[0]?.trim().toLowerCase();

/** Everything wrong that is known here, about one route. */
export function badRequests(right: Right, draw: Draw): Bad[] {
  const bad = [...badHeads(right), ...badPaths(right, draw)];
  if (right.body === null) return bad;
  return [...bad, ...badBodies(right, right.body, draw)];
}

/** Values of every kind that no field of ours asks for, or none asks for in this size. */
function strangeValues(draw: Draw): unknown[] {
  return [
    null,
    true,
    -1,
    1e308,
    -0.5,
    Number.MAX_SAFE_INTEGER,
    '',
    ' ',
    NUL,
    HALF_PAIR,
    '\u202e\u0007',
    'x'.repeat(5000),
    draw(2 ** 31),
    [],
    {},
    [[]],
    { $ne: null },
    { toString: 'x', valueOf: 1 },
    INJECTIONS[draw(INJECTIONS.length)]?.text,
    INJECTIONS[draw(INJECTIONS.length)]?.text,
  ];
}

function badBodies(right: Right, body: Record<string, unknown>, draw: Draw): Bad[] {
  const json = (what: string, value: unknown): Bad => text(what, JSON.stringify(value));
  const text = (what: string, raw: string | Buffer): Bad => ({ what, bytes: written(right, { body: raw }) });
  const whole = JSON.stringify(body);
  const [name = 'x'] = Object.keys(body);
  const quoted = JSON.stringify(name);
  const fields = Object.keys(body).flatMap((field) => [
    json(`no ${field}`, Object.fromEntries(Object.entries(body).filter(([key]) => key !== field))),
    ...strangeValues(draw).map((value, n) => json(`${field} is strange (${n})`, { ...body, [field]: value })),
    // What JSON.stringify cannot write.
    text(`${field} is 1e400`, replaceValue(body, field, '1e400')),
    text(`${field} is a number of many digits`, replaceValue(body, field, '9'.repeat(400))),
  ]);
  return [
    ...fields,
    text(`${name} twice`, whole.replace(/^\{/, `{${quoted}:${JSON.stringify(body[name])},`)),
    text(`${name} twice, once escaped`, whole.replace(/^\{/, `{"\\u${hex4(name)}${name.slice(1)}":1,`)),
    text('__proto__', whole.replace(/^\{/, '{"__proto__":{"admin":true},')),
    text('constructor', whole.replace(/^\{/, '{"constructor":{"prototype":{"admin":true}},')),
    json('one more', { ...body, tenant: 'tenant_other', role: 'super-admin' }),
    text('deep array', `{${quoted}:${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}}`),
    text('deep object', `${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`),
    ...['[]', 'null', '0', '"x"', 'true', `[${whole}]`, '{}'].map((raw) =>
      text(`root is ${raw.slice(0, 8)}`, raw),
    ),
    ...['', ' ', '{', whole.slice(0, -1), `${whole}x`, `${whole}${whole}`, `\ufeff${whole}`, "{'a':1}"].map(
      (raw) => text(`no JSON: ${raw.slice(0, 5)}`, raw),
    ),
    text(
      'no UTF-8 in it',
      Buffer.concat([Buffer.from(`{${quoted}:"`), Buffer.from([0xff, 0xc0, 0x80]), Buffer.from('"}')]),
    ),
    text(
      'overlong UTF-8',
      Buffer.concat([Buffer.from(`{${quoted}:"`), Buffer.from([0xe0, 0x80, 0xaf]), Buffer.from('"}')]),
    ),
    text('UTF-16', Buffer.from(whole, 'utf16le')),
    json('two megabytes', { ...body, [name]: 'x'.repeat(MEGABYTES_2) }),
    ...badForms(right, whole),
    flipped(right, whole, draw),
    flipped(right, whole, draw),
  ];
}

const hex4 = (name: string) => name.charCodeAt(0).toString(16).padStart(4, '0');

function replaceValue(body: Record<string, unknown>, field: string, raw: string): string {
  const mark = '"@@here@@"';
  return JSON.stringify({ ...body, [field]: '@@here@@' }).replace(mark, raw);
}

/** The same body under another name, length or coding. */
function badForms(right: Right, body: string): Bad[] {
  const { length } = Buffer.from(body);
  const sent = (what: string, headers: readonly string[], raw: string = body): Bad => ({
    what,
    bytes: written(right, { headers, body: raw }),
  });
  return [
    ...[
      'text/plain',
      'application/xml',
      'multipart/form-data',
      'application/x-www-form-urlencoded',
      'nonsense',
      '*/*',
    ].map((type) => sent(`as ${type}`, [`content-type: ${type}`])),
    sent('as nothing', ['-content-type:']),
    sent('said twice', ['content-type: text/plain', 'content-type: application/json']),
    sent('said to be packed', ['content-encoding: gzip']),
    sent('a length that is too short', [`content-length: ${length - 1}`]),
    sent('a length below zero', ['content-length: -1']),
    sent('a length of many digits', [`content-length: ${'9'.repeat(30)}`]),
    sent('two lengths', [`content-length: ${length}`, `content-length: ${length + 5}`]),
    sent('length and chunks', [`content-length: ${length}`, 'transfer-encoding: chunked'], '0\r\n\r\n'),
    sent('chunks of nonsense', ['-content-length:', 'transfer-encoding: chunked'], 'zz\r\n{}\r\n0\r\n\r\n'),
    sent(
      'a chunk without end',
      ['-content-length:', 'transfer-encoding: chunked'],
      'fffffffffffffffff\r\n{}',
    ),
    sent('an unknown coding', ['-content-length:', 'transfer-encoding: gzip, nonsense']),
    sent('an expectation', ['expect: the-unexpected']),
  ];
}

function flipped(right: Right, body: string, draw: Draw): Bad {
  const bytes = Buffer.from(body);
  for (let n = draw(3) + 1; n > 0; n--) {
    const at = draw(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << draw(8));
  }
  return {
    what: `bits flipped: ${bytes.toString('latin1').slice(0, 60)}`,
    bytes: written(right, { body: bytes }),
  };
}

/** Request lines and headers. */
function badHeads(right: Right): Bad[] {
  const { method, path } = right;
  const line = (text: string): Bad => ({ what: text.slice(0, 40), bytes: written(right, { line: text }) });
  const head = (what: string, headers: readonly string[]): Bad => ({
    what,
    bytes: written(right, { headers }),
  });
  const cookies = right.headers.find((header) => header.startsWith('cookie:')) ?? 'cookie: a=b';
  return [
    line(`${method} ${path} HTTP/3.0`),
    line(`${method} ${path}`),
    line(`${method}  ${path} HTTP/1.1`),
    line(`NONSENSE ${path} HTTP/1.1`),
    line(`PROPFIND ${path} HTTP/1.1`),
    line(`TRACE ${path} HTTP/1.1`),
    line(`${method} * HTTP/1.1`),
    line('CONNECT localhost:443 HTTP/1.1'),
    line(`${method} ${path}\x00 HTTP/1.1`),
    line(`${method} ${path}\xff\xfe HTTP/1.1`),
    line(`${method} http://evil.example${path} HTTP/1.1`),
    head('another host', ['host: evil.example']),
    head('a host with more in it', ['host: localhost\t.evil.example']),
    head('two hosts', ['host: localhost', 'host: evil.example']),
    head('no host', ['-host:']),
    head('a header without a name', [': x']),
    head('a NUL in a header', ['x-a: a\x00b']),
    head('a folded header', ['x-a: a\r\n b']),
    head('a bare CR in a header', ['x-a: a\rset-cookie: canary=1']),
    head('a header of 100 kB', [`x-a: ${'x'.repeat(100_000)}`]),
    head(
      '3000 headers',
      Array.from({ length: 3000 }, (_, n) => `x-${n}: ${n}`),
    ),
    head('cookies of nonsense', [`${cookies}; %E0%A4%A; =; ;;; __proto__=1; a="b`]),
    head('a foreign sign-in before ours', [
      `cookie: holdfast_admin=${'A'.repeat(43)}; holdfast_resident=x; holdfast_courier=%ff`,
    ]),
    head('a bearer of nonsense', [`authorization: Bearer ${'x'.repeat(8000)}`]),
    head('another origin', ['origin: null', 'sec-fetch-site: cross-site']),
    head('an upgrade', ['connection: upgrade', 'upgrade: h2c', 'http2-settings: AAA']),
    head('another method within', ['x-http-method-override: DELETE', 'x-forwarded-host: evil.example']),
  ];
}

function strangeThings(draw: Draw): string[] {
  return [
    ...[
      '%00',
      '%ff',
      '%',
      '%zz',
      '..',
      '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
      '..%5c..',
      '%252e%252e',
      '__proto__',
    ],
    ...['constructor', '%F0%9F%92%A5', '%ED%A0%80', '-1', "'%20or%20'1'='1", '%0d%0aset-cookie:canary=1', ''],
    'x'.repeat(65),
    'x'.repeat(9000),
    encodeURIComponent(INJECTIONS[draw(INJECTIONS.length)]?.text.slice(0, 60).toWellFormed() ?? ''),
  ];
}

const ASKS: readonly string[] = [
  ...[
    'limit=1e309',
    'limit=-1',
    'limit=0',
    'limit=NaN',
    'limit=999999999999999999999',
    'limit=',
    'limit=1&limit=2',
  ],
  ...[
    'limit[]=1',
    'limit=%00',
    'cursor=',
    'cursor=%00',
    'cursor=-1',
    'cursor=1e400',
    'cursor=__proto__',
    'cursor=%ff',
  ],
  ...[
    'cursor=9007199254740993',
    'cursor=NaN',
    'cursor=0x10',
    'cursor=1.5',
    'cursor=%27%20or%201=1--',
    'cursor[a]=1',
  ],
  ...[
    '__proto__=1',
    'constructor=x',
    'bank=%00',
    "bank='",
    'state=nonsense',
    'role=nonsense',
    'role=admin&role=x',
    '%',
    '&&&=&=',
  ],
  ...[
    'cursor=eyJhIjoxfQ',
    'cursor=99999999999999999999',
    'cursor=Infinity',
    'cursor=%20',
    'cursor=-9007199254740991',
  ],
  Array.from({ length: 1500 }, (_, n) => `a${n}=${n}`).join('&'),
  `cursor=${'x'.repeat(201)}`,
];

/** What a path names, and what it asks. */
function badPaths(right: Right, draw: Draw): Bad[] {
  const to = (path: string): Bad => ({
    what: `${right.method} ${path.slice(0, 80)}`,
    bytes: written(right, { line: `${right.method} ${path} HTTP/1.1` }),
  });
  const parts = right.path.split('/');
  const named = parts.findIndex((part) => /_[a-z2-7]{26}$/.test(part));
  const things =
    named < 0
      ? []
      : strangeThings(draw).map((thing) =>
          to(parts.map((part, at) => (at === named ? thing : part)).join('/')),
        );
  const asks = ASKS.map((query) => to(`${right.path}?${query}`));
  const around = [
    `/${right.path}`,
    `${right.path}/`,
    `${right.path}//`,
    `${right.path};a=b`,
    `${right.path}%00`,
    `${right.path}#x`,
  ].map(to);
  return [...things, ...asks, ...around];
}
