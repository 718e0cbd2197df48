/** Lists as spreadsheets and people make them: what is read, what is refused and why, and that no good row is lost. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Field } from '../../contract/http/people-import.ts';
import { utf8 } from '../../crypto/bytes.ts';
import { judge, type Known } from './judge.ts';
import { type List, type ListAsked, readList } from './list.ts';
import type { Draft } from './values.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
console.log(`HOLDFAST_SEED=${seed}`);

type Asked = Partial<Omit<ListAsked, 'bytes'>>;

const read = (list: string | Uint8Array, asked: Asked = {}): Promise<List> =>
  readList({
    bytes: typeof list === 'string' ? utf8(list) : list,
    header: null,
    fields: null,
    country: null,
    ...asked,
  });

const draftsOf = ({ rows }: List): Draft[] => rows.filter((row) => 'told' in row);
const toldIn = async (list: string | Uint8Array, asked?: Asked) =>
  draftsOf(await read(list, asked)).map(({ told }) => told);
const faultsIn = async (list: string, asked?: Asked) =>
  (await read(list, asked)).rows.flatMap((row) =>
    'faults' in row ? row.faults.map(({ fault }) => fault) : [],
  );

/** One byte a letter; those of Windows-1252 that Latin-1 has not. */
function windows1252(text: string): Uint8Array {
  const above = new Map([...'€‚ƒ„…†‡ˆ‰Š‹Œ'].map((letter, at) => [letter, 0x80 + at] as const));
  above.set('’', 0x92).set('–', 0x96).set('œ', 0x9c);
  return Uint8Array.from([...text], (letter) => above.get(letter) ?? letter.charCodeAt(0));
}
const utf16 = (text: string, big: boolean, mark = true): Uint8Array => {
  const bytes = Buffer.from(`${mark ? '\ufeff' : ''}${text}`, 'utf16le');
  return new Uint8Array(big ? bytes.swap16() : bytes);
};

const ODD = 'Name;Wohnung;E-Mail\r\nZoë Škvorecký;4–B;zoe@x.example\r\nAnaïs D’Or;5;\r\n';
const LATIN = 'Name;Wohnung;E-Mail\r\nZoë Müller;4–B;zoe@x.example\r\nAnaïs D’Or;5;\r\n';

test('each encoding is recognised, said, and read', async () => {
  const names = async (bytes: Uint8Array) => {
    const list = await read(bytes);
    return [list.readAs, ...draftsOf(list).map(({ told }) => told.name)];
  };
  assert.deepEqual(await names(utf8(ODD)), ['utf-8', 'Zoë Škvorecký', 'Anaïs D’Or']);
  assert.deepEqual(await names(utf8(`\ufeff${ODD}`)), ['utf-8', 'Zoë Škvorecký', 'Anaïs D’Or']);
  assert.deepEqual(await names(utf16(ODD, false)), ['utf-16le', 'Zoë Škvorecký', 'Anaïs D’Or']);
  assert.deepEqual(await names(utf16(ODD, true)), ['utf-16be', 'Zoë Škvorecký', 'Anaïs D’Or']);
  assert.deepEqual(await names(utf16(ODD, false, false)), ['utf-16le', 'Zoë Škvorecký', 'Anaïs D’Or']);
  assert.deepEqual(await names(utf16(ODD, true, false)), ['utf-16be', 'Zoë Škvorecký', 'Anaïs D’Or']);
  assert.deepEqual(await names(windows1252(LATIN)), ['windows-1252', 'Zoë Müller', 'Anaïs D’Or']);
});

test('a row pasted in from another encoding spoils itself and not the list', async () => {
  const list = await read(
    new Uint8Array([...utf8(ODD), ...windows1252('Pär;6;\r\n'), ...utf8('Søren;7;\r\n')]),
  );
  assert.equal(list.readAs, 'utf-8');
  assert.deepEqual(
    draftsOf(list).map(({ told }) => told.flat),
    ['4–B', '5', '7'],
  );
  assert.deepEqual(
    list.rows.flatMap((row) => ('faults' in row ? row.faults : [])),
    [{ fault: 'character-lost', column: 0 }],
  );
});

test('commas, semicolons, tabs, bars, a named delimiter, and each line end', async () => {
  for (const delimiter of [',', ';', '\t', '|'])
    for (const end of ['\n', '\r\n', '\r']) {
      const cells = [
        ['Name', 'Flat', 'Mobile'],
        ['"Okafor, Ada; B.A. | B.Sc."', '4B', '+447700900123'],
        ['Bo "Bear" Li', '5C', ''],
      ];
      const list = await read(cells.map((row) => row.join(delimiter)).join(end));
      assert.equal(list.delimiter, delimiter);
      assert.deepEqual(
        draftsOf(list).map(({ told: { name, flat } }) => [name, flat]),
        [
          ['Okafor, Ada; B.A. | B.Sc.', '4B'],
          ['Bo "Bear" Li', '5C'],
        ],
      );
    }
  const named = await read('sep=;\nName;Flat\nAda, the first;1\nBo, the second;2\n');
  assert.deepEqual(
    draftsOf(named).map(({ row, told }) => [row, told.name]),
    [
      [3, 'Ada, the first'],
      [4, 'Bo, the second'],
    ],
  );
});

const HEADINGS: readonly (readonly [string, (Field | null)[]])[] = [
  ['name,flat', ['name', 'flat']],
  ['Full Name,APT #,E-mail Address,Cell Phone', ['name', 'flat', 'email', 'phone']],
  ['First Name,Last Name,Unit,Mobile,Phone', ['first-name', 'last-name', 'flat', 'phone', null]],
  ['First name,Name,Apartment', ['first-name', 'last-name', 'flat']],
  ['Nachname;Vorname;Wohnung;Handy', ['last-name', 'first-name', 'flat', 'phone']],
  ['Nom,Prénom,Appartement,Courriel', ['last-name', 'first-name', 'flat', 'email']],
  [' Resident name (as on lease) ,FLAT NO.,Notes', ['name', 'flat', null]],
  ['Name,Flat,Prefers a door within seated reach', ['name', 'flat', 'accessible']],
  ['Why it was not imported,Name,Flat,Email', [null, 'name', 'flat', 'email']],
];

test('headings are recognised in their common spellings', async () => {
  for (const [heading, fields] of HEADINGS) {
    const delimiter = heading.includes(';') ? ';' : ',';
    const list = await read(`${heading}\n${fields.map((_, at) => at).join(delimiter)}\n`);
    assert.deepEqual(
      list.columns.map(({ field }) => field),
      fields,
      heading,
    );
    assert.deepEqual([list.header, list.asks], [true, []], heading);
  }
});

test('a list without headings is a question, and its answer is taken', async () => {
  const list = 'Ada Okafor,4B,ada@x.example\nBo Lind,5C,\n';
  const asked = await read(list);
  assert.deepEqual([asked.header, asked.asks, asked.rows.length], [null, ['header', 'name', 'flat'], 0]);
  assert.deepEqual(asked.columns[1], { heading: '', field: null, examples: ['4B', '5C'] });
  const fields: Field[] = ['name', 'flat', 'email'];
  assert.deepEqual(
    (await toldIn(list, { header: false, fields })).map(({ name }) => name),
    ['Ada Okafor', 'Bo Lind'],
  );
  assert.deepEqual(
    (await toldIn(list, { header: true, fields })).map(({ name }) => name),
    ['Bo Lind'],
  );
  assert.deepEqual((await read('Name,Town\nAda,X\n')).asks, ['flat']);
});

test('a title above the headings, empty rows, headings again and a total below are no people', async () => {
  const list = await read(
    'Riverside Court,,\n,,\nName,Flat,Email\nAda,1,\n , ,\nName,Flat,Email\nBo,2,\nTotal,,2\n,,\n',
  );
  assert.deepEqual(
    draftsOf(list).map(({ row, told }) => [row, told.name]),
    [
      [4, 'Ada'],
      [7, 'Bo'],
    ],
  );
  assert.deepEqual(
    list.rows.flatMap((row) => ('faults' in row ? row.faults.map(({ fault }) => [row.row, fault]) : [])),
    [
      [1, 'heading-above'],
      [6, 'heading-again'],
      [8, 'totals'],
    ],
  );
  assert.equal(list.emptyRows, 3);
});

test('what spreadsheets leave around a cell is taken off, and a formula is text', async () => {
  const told = await toldIn(
    'Name\tFlat\tEmail\tMobile\n' +
      '\u00a0 Ada\u2007\u00a0 Okafor\u200b \t="0042"\t Ada <ADA@X.example> \t\'+447700900123\n' +
      "'t Hart\t'007\tmailto:hart@x.example\t447700900124.0\n" +
      "'=1+1\t-1\t n/a \t–\n",
    { country: 'GB' },
  );
  const row = (name: string, flat: string, email: string | null, phone: string | null) => ({
    name,
    flat,
    email,
    phone,
    accessible: null,
  });
  assert.deepEqual(told, [
    row('Ada Okafor', '0042', 'ada@x.example', '+447700900123'),
    row("'t Hart", '007', 'hart@x.example', '+447700900124'),
    row('=1+1', '-1', null, null),
  ]);
  const [formula] = draftsOf(await read('Name,Flat\n=HYPERLINK(1),2\n'));
  assert.deepEqual(formula?.cautions, ['formula-text']);
});

/** As written, the country of the list, and what is made of it. */
const PHONES: readonly (readonly [string, string | null, string])[] = [
  ['07700 900123', 'GB', '+447700900123'],
  ['7700900123', 'GB', '+447700900123'],
  ['(0) 7700-900.123', 'GB', '+447700900123'],
  ['0044 7700 900123', null, '+447700900123'],
  ['+44 (0)7700 900123', null, '+447700900123'],
  ['tel:+44-7700-900123', null, '+447700900123'],
  ['\uff0b\uff14\uff14 7700 900123', null, '+447700900123'],
  ['+44 7700 900–123', null, '+447700900123'],
  ['0151/23456789', 'DE', '+4915123456789'],
  ['+15550100', null, '+15550100'],
  ['(415) 555-2671', 'US', '+14155552671'],
  ['07700 900123', null, 'phone-country'],
  ['1.23E+11', 'GB', 'phone-shortened'],
  ['4,47701E+11', 'GB', 'phone-shortened'],
  ['07700900123 / 07700900124', 'GB', 'phone-several'],
  ['+447700900123, +447700900124', null, 'phone-several'],
  ['415 555 2671 ext 5', 'US', 'phone-extension'],
  ['ask the porter', 'GB', 'phone-shape'],
  ['12', 'GB', 'phone-shape'],
  ['+0700900123', null, 'phone-shape'],
  ['07700 900123 (home)', 'GB', 'phone-shape'],
];

test('numbers become E.164 by the country of the list, or say what is wrong', async () => {
  for (const [written, country, made] of PHONES) {
    const list = await read(`Name;Flat;Mobile\nAda;1;"${written}"\n`, { country });
    const [row] = list.rows;
    assert.ok(row);
    assert.equal('told' in row ? row.told.phone : row.faults[0]?.fault, made, written);
  }
  const cautions = async (phone: string) =>
    draftsOf(await read(`Name,Flat,Phone\nA,1,${phone}\n`))[0]?.cautions;
  assert.deepEqual(await cautions('+442079460958'), ['phone-landline']);
  assert.deepEqual(await cautions('+15550100'), ['phone-unusual']);
});

test('every other fault has its name', async () => {
  const one = (row: string) => faultsIn(`Name,Flat,Email,Reach,Note\n${row}\n`);
  assert.deepEqual(await one(',1,,,'), ['name-missing']);
  assert.deepEqual(await one('Ada,,,,'), ['flat-missing']);
  assert.deepEqual(await one(`${'x'.repeat(121)},1,,,`), ['name-long']);
  assert.deepEqual(await one(`Ada,${'x'.repeat(41)},,,`), ['flat-long']);
  assert.deepEqual(await one('Ada,室,,,'), ['flat-untypeable']);
  assert.deepEqual(await one('Ada,1,ada@x,,'), ['email-shape']);
  assert.deepEqual(await one('Ada,1,a@x.example b@x.example,,'), ['email-several']);
  assert.deepEqual(await one('Ada,1,,perhaps,'), ['accessible-word']);
  assert.deepEqual(await one('#N/A,1,,,'), ['cell-error']);
  assert.deepEqual(await one('A\u0007da,1,,,'), ['character-control']);
  assert.deepEqual(await one('Okafor, Ada,1,,,,'), ['email-shape']);
  assert.deepEqual(await one('Okafor, Ada,1,,,note'), ['cells-too-many']);
  assert.deepEqual(await one('Ada,1,ada@x,perhaps,'), ['email-shape', 'accessible-word'], 'each reason');
});

test('a quotation mark that is missing costs its own row and no other', async () => {
  const read1 = async (rows: string) => {
    const list = await read(`Name,Flat,Email,Note\n${rows}`);
    return list.rows.map((row) => ('told' in row ? row.told.name : row.faults[0]?.fault));
  };
  assert.deepEqual(await read1('"Ada,1,,\nBo,2,,\nCy,3,,\n'), ['quote-open', 'Bo', 'Cy']);
  assert.deepEqual(await read1('Ada,1,,"x\nBo,2,,\n"Cy","3",,\n'), ['quote-open', 'Bo', 'Cy']);
  assert.deepEqual(await read1('Ada,1,,"x\nBo,2,,\nCy,3,,y"\nDi,4,,\n'), ['quote-open', 'Bo', 'Cy', 'Di']);
  assert.deepEqual(await read1('"Ada",1,,"x\nBo,2,,y"\n"Cy, jr",3,,\n'), ['quote-open', 'Bo', 'Cy, jr']);
  assert.deepEqual(await read1('"Ada"x,1,,\nBo,2,,\n'), ['quote-open', 'Bo']);
  assert.deepEqual(
    await read1('"Ada\nOkafor",1,,\nBo,2,,\n'),
    ['quote-open', 'flat-missing', 'Bo'].map((word, at) => (at === 1 ? 'Okafor"' : word)),
  );
  assert.deepEqual(await read1('Ada,1,,"a dog, big\nand a cat"\nBo,2,,\n'), ['Ada', 'Bo']);
});

type Line = { good: { name: string; flat: string } | null; text: string };

const DELIMITERS = [',', ';', '\t'] as const;
const FLAT_SHAPES = [(n: number) => `${n}`, (n: number) => `Flat ${n}`, (n: number) => `${n}B`];
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

function goodLine(n: number, draw: fc.GeneratorValue, delimiter: string): Line {
  const pick = <T>(from: readonly T[]): T => draw(fc.constantFrom, ...from) as T;
  const name = pick([`Ada Nr ${n}`, `Zoë O’Brien ${n}`, `Okafor${delimiter} Ada ${n}`, `Bo "Bear" ${n}`]);
  const flat = pick(FLAT_SHAPES)(n);
  const phone = pick(['', '07700 900123', "'+447700900124", '="07700900125"']);
  const email = pick(['', `p${n}@x.example`, ` P${n}@X.example `]);
  const note = pick(['', 'x', '5" screws', `"two\nlines${delimiter} here"`, '"say ""x"""']);
  const mustQuote = name.includes(delimiter) || name.includes('"');
  const cells = [
    mustQuote || pick([true, false]) ? quoted(name) : ` ${name}\u00a0`,
    pick([true, false]) ? quoted(flat) : flat,
    email,
    phone,
    note,
  ];
  // A tab within a cell is a space.
  return { good: { name: name.replaceAll('\t ', ' '), flat }, text: cells.join(delimiter) };
}

/** Rows of which none may be imported, and none may take another with it. */
const DIRT: readonly ((d: string) => string)[] = [
  (d) => `"Dirt${d}1${d}${d}${d}`,
  (d) => `Dirt${d}1${d}${d}${d}"open`,
  (d) => `Dirt${d}${d}${d}${d}closed"`,
  (d) => `"Dirt"x${d}1${d}${d}${d}`,
  (d) => `Dirt${d}"1${d}${d}"x${d}`,
  (d) => `Dirt${d}1${d}no address${d}${d}`,
  (d) => `Dirt${d}1${d}${d}1.23E+11${d}`,
  (d) => `Dirt${d}1${d}${d}${d}${d}${d}one too many`,
  (d) => `Total${d}${d}${d}${d}57`,
  (d) => `Name${d}Flat${d}Email${d}Mobile${d}Note`,
  (d) => `Di\u0000rt${d}1${d}${d}${d}`,
  (d) => `${d}1${d}${d}${d}`,
  (d) => `Dirt${d}#REF!${d}${d}${d}`,
  () => 'Dirt',
];
const EMPTY: readonly ((d: string) => string)[] = [
  () => '',
  (d) => d.repeat(4),
  (d) => ` ${d}\u00a0${d}""${d}${d}`,
];

const ENCODERS = {
  utf8: (text: string) => utf8(text),
  bom: (text: string) => utf8(`\ufeff${text}`),
  utf16le: (text: string) => utf16(text, false),
  utf16be: (text: string) => utf16(text, true),
};

const list = fc
  .tuple(fc.gen(), fc.constantFrom(...DELIMITERS), fc.array(fc.nat(5), { minLength: 1, maxLength: 40 }))
  .map(([draw, delimiter, kinds]) => {
    let zeros = 0;
    const lines = kinds.map((kind, n): Line => {
      if (kind > 2) return goodLine(n, draw, delimiter);
      const from = kind === 2 ? EMPTY : DIRT;
      const text = (draw(fc.constantFrom, ...from) as (d: string) => string)(delimiter);
      if (text.includes('\0') && ++zeros > 3) return goodLine(n, draw, delimiter);
      return { good: null, text };
    });
    const end = draw(fc.constantFrom, '\n', '\r\n', '\r');
    const encode = draw(fc.constantFrom, 'utf8', 'bom', 'utf16le', 'utf16be') as keyof typeof ENCODERS;
    return { lines, delimiter, end, encode };
  });

test('no good row is ever lost, whatever the dirt: rows in are new, unchanged, changed, duplicate or bad', async () => {
  const counts: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(list, fc.nat(3), async ({ lines, delimiter, end, encode }, every) => {
      const heading = ['Name', 'Flat', 'Email', 'Mobile', 'Note'].join(delimiter);
      const text = [heading, ...lines.map((line) => line.text)].join('\n').replaceAll('\n', end);
      const bytes = ENCODERS[encode](text);
      const { rows, emptyRows, ...found } = await read(bytes, { country: 'GB' });
      assert.deepEqual(found.asks, []);
      const isBlank = ({ text: line }: Line) => /^[\s\u00a0"]*$/.test(line.replaceAll(delimiter, ''));
      const expected = lines.filter((line) => !isBlank(line));
      assert.equal(rows.length, expected.length, 'every row is there, once');
      // A line end at the very end begins no row.
      assert.ok(emptyRows <= lines.length - expected.length);
      const drafts = rows.filter((row): row is Draft => 'told' in row);
      const good = expected.flatMap((line) => line.good ?? []);
      const told = new Set(drafts.map((draft) => `${draft.told.name}\n${draft.told.flat}`));
      for (const { name, flat } of good)
        assert.ok(told.has(`${name}\n${flat}`), `${name} of ${flat} was lost`);
      assert.ok(
        drafts.every((draft) => !draft.told.name.includes('Dirt')),
        'no dirt is a person',
      );
      const people = good.flatMap(({ name, flat }, n): Known[] =>
        every > 0 && n % (every + 1) === 0
          ? [{ person: `p${n}`, name: name.toUpperCase(), flat, email: null, phone: null, accessible: false }]
          : [],
      );
      const judged = judge(drafts, people);
      assert.equal(judged.rows.size, drafts.length);
      for (const { is } of judged.rows.values()) counts[is] = (counts[is] ?? 0) + 1;
      for (const draft of drafts) {
        const is = judged.rows.get(draft.row)?.is;
        assert.ok(is === 'new' || is === 'same' || is === 'change', `${draft.told.name}: ${is}`);
      }
      assert.deepEqual(judged.absent, []);
    }),
    { seed, numRuns: 300 },
  );
  console.log(JSON.stringify(counts));
  assert.ok((counts.new ?? 0) > 100 && (counts.same ?? 0) > 3 && (counts.change ?? 0) > 20);
});
