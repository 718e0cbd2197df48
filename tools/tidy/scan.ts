/**
 * A scanner for TypeScript and JSX: it cuts source into tokens, so that the rules see code where there is
 * code and words where there are words. It knows strings, templates with code inside, comments, regular
 * expressions and JSX text; it does not parse. What it cannot read it reports: nothing passes unread.
 */

export type TokenKind =
  | 'name'
  | 'number'
  | 'string'
  | 'template'
  | 'regex'
  | 'text'
  | 'tag'
  | 'punct'
  | 'comment';

/** `text` of a string, template or comment is what stands between its marks, as written. */
export type Token = { kind: TokenKind; text: string; line: number };

export class ScanError extends Error {
  readonly line: number;
  constructor(what: string, line: number) {
    super(what);
    this.line = line;
  }
}

const NAME_START = /[\p{ID_Start}$_#\\]/u;
const NAME = /[#]?[\p{ID_Continue}$\u200c\u200d]+/uy;
const NUMBER = /[0-9][\w.]*/y;
const SPACE = /\s/;
const JOINED = ['=>', '...', '?.', '++', '--', '**'];
/** After these words a value begins, so a slash begins a regular expression. */
const VALUE_FOLLOWS = new Set(
  'return typeof instanceof in of new delete void throw case do else yield await default'.split(' '),
);

export function scan(source: string, options: { jsx: boolean }): Token[] {
  return new Scanner(source, options.jsx).run();
}

class Scanner {
  readonly #source: string;
  readonly #jsx: boolean;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;

  constructor(source: string, jsx: boolean) {
    this.#source = source;
    this.#jsx = jsx;
  }

  run(): Token[] {
    if (this.#source.startsWith('#!')) this.#take('comment', this.#lineEnd());
    this.#code(false);
    return this.#tokens;
  }

  /** Scans code to the end, or to the brace that closes the one before it. */
  #code(inBraces: boolean): void {
    for (let depth = 0; this.#at < this.#source.length; ) {
      const char = this.#here();
      if (char === '}' && depth === 0 && inBraces) return;
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      this.#next(char);
    }
    if (inBraces) throw new ScanError('a brace is not closed', this.#line);
  }

  #next(char: string): void {
    if (SPACE.test(char)) this.#skip(1);
    else if (this.#starts('//')) this.#take('comment', this.#lineEnd());
    else if (this.#starts('/*')) this.#take('comment', this.#endAfter('*/', 2));
    else if (char === '"' || char === "'") this.#string(char);
    else if (char === '`') this.#template();
    else if (/[0-9]/.test(char)) this.#take('number', this.#matchEnd(NUMBER));
    else if (NAME_START.test(char)) this.#take('name', this.#matchEnd(NAME));
    else if (char === '/' && this.#valueMayFollow() && this.#regexEnd() > 0)
      this.#take('regex', this.#regexEnd());
    else if (char === '<' && this.#jsx && this.#elementMayFollow()) this.#element();
    else this.#punct();
  }

  #punct(): void {
    const joined = JOINED.find((mark) => this.#starts(mark));
    // `a?.5:b` is a choice, not a chain.
    const isChain = joined !== '?.' || !/[0-9]/.test(this.#source[this.#at + 2] ?? '');
    this.#take('punct', this.#at + (joined && isChain ? joined.length : 1));
  }

  #string(quote: string): void {
    const startLine = this.#line;
    let end = this.#at + 1;
    for (; this.#source[end] !== quote; end++) {
      if (this.#source[end] === '\\') end += 1;
      else if (end >= this.#source.length || this.#source[end] === '\n') {
        throw new ScanError('a string is not closed', startLine);
      }
    }
    this.#push('string', this.#source.slice(this.#at + 1, end), startLine);
    this.#skip(end + 1 - this.#at);
  }

  #template(): void {
    const startLine = this.#line;
    this.#skip(1);
    for (let from = this.#at; ; ) {
      const char = this.#here();
      if (char === '') throw new ScanError('a template is not closed', startLine);
      if (char === '\\') this.#skip(2);
      else if (char === '`' || this.#starts('${')) {
        this.#push('template', this.#source.slice(from, this.#at), this.#line);
        this.#skip(1);
        if (char === '`') return;
        this.#braces();
        from = this.#at;
      } else this.#skip(1);
    }
  }

  /** From an opening brace to its closing one, both included. */
  #braces(): void {
    this.#take('punct', this.#at + 1);
    this.#code(true);
    this.#take('punct', this.#at + 1);
  }

  /** The end of a regular expression that starts here, or 0 when its line ends first (it is a division). */
  #regexEnd(): number {
    let inClass = false;
    for (let end = this.#at + 1; end < this.#source.length; end++) {
      const char = this.#source[end];
      if (char === '\n') return 0;
      if (char === '\\') end += 1;
      else if (char === '[') inClass = true;
      else if (char === ']') inClass = false;
      else if (char === '/' && !inClass) {
        while (/[a-z]/.test(this.#source[end + 1] ?? '')) end += 1;
        return end + 1;
      }
    }
    return 0;
  }

  #valueMayFollow(): boolean {
    const last = this.#lastCode();
    if (!last) return true;
    if (last.kind === 'name') return VALUE_FOLLOWS.has(last.text);
    return last.kind === 'punct' && ![')', ']', '++', '--'].includes(last.text);
  }

  /** A `<` where a value may stand, before a name or `>`; `<T,>` and `<T extends` open a generic arrow. */
  #elementMayFollow(): boolean {
    if (!this.#valueMayFollow() || this.#lastCode()?.text === '}') return false;
    const rest = this.#source.slice(this.#at + 1, this.#at + 80);
    return /^(>|[A-Za-z_$])/.test(rest) && !/^[\w$]+\s*(,|extends\b)/.test(rest);
  }

  /** A JSX element or fragment, from its `<` to the end of its closing tag. */
  #element(): void {
    const startLine = this.#line;
    this.#take('tag', this.#at + 1);
    if (this.#attributes(startLine)) this.#children(startLine);
    this.#push('tag', '/>', this.#line);
  }

  /** Up to the tag's end. True when children follow, false when it closed itself. */
  #attributes(startLine: number): boolean {
    for (;;) {
      const char = this.#here();
      if (char === '') throw new ScanError('a JSX tag is not closed', startLine);
      if (this.#starts('/>')) {
        this.#skip(2);
        return false;
      }
      if (char === '>') {
        this.#skip(1);
        return true;
      }
      if (char === '{') this.#braces();
      else if (char === '"' || char === "'") this.#attributeString(char);
      else if (char === '<') this.#element();
      else if (char === '/') this.#next(char);
      else if (/[A-Za-z_$]/.test(char)) this.#take('name', this.#matchEnd(/[\w$.:-]+/y));
      else this.#skip(1);
    }
  }

  /** An attribute's string has no escapes and may span lines. */
  #attributeString(quote: string): void {
    const end = this.#source.indexOf(quote, this.#at + 1);
    if (end < 0) throw new ScanError('an attribute is not closed', this.#line);
    this.#push('string', this.#source.slice(this.#at + 1, end), this.#line);
    this.#skip(end + 1 - this.#at);
  }

  #children(startLine: number): void {
    for (;;) {
      const end = this.#source.slice(this.#at).search(/[<{]/);
      if (end < 0) throw new ScanError('a JSX element is not closed', startLine);
      const text = this.#source.slice(this.#at, this.#at + end);
      if (text.trim() !== '')
        this.#push('text', text, this.#line + (text.match(/^\s*/)?.[0].split('\n').length ?? 1) - 1);
      this.#skip(end);
      if (this.#starts('</')) {
        this.#skip(this.#endAfter('>', 2) - this.#at);
        return;
      }
      if (this.#here() === '{') this.#braces();
      else this.#element();
    }
  }

  #lastCode(): Token | undefined {
    return this.#tokens.findLast((token) => token.kind !== 'comment');
  }

  #here(): string {
    return this.#source[this.#at] ?? '';
  }

  #starts(mark: string): boolean {
    return this.#source.startsWith(mark, this.#at);
  }

  #lineEnd(): number {
    const end = this.#source.indexOf('\n', this.#at);
    return end < 0 ? this.#source.length : end;
  }

  #endAfter(mark: string, skip: number): number {
    const end = this.#source.indexOf(mark, this.#at + skip);
    if (end < 0) throw new ScanError(`${mark} is missing`, this.#line);
    return end + mark.length;
  }

  #matchEnd(pattern: RegExp): number {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    return this.#at + (found?.[0].length || 1);
  }

  #take(kind: TokenKind, end: number): void {
    this.#push(kind, this.#source.slice(this.#at, end), this.#line);
    this.#skip(end - this.#at);
  }

  #push(kind: TokenKind, text: string, line: number): void {
    this.#tokens.push({ kind, text, line });
  }

  #skip(count: number): void {
    const end = Math.min(this.#at + count, this.#source.length);
    for (; this.#at < end; this.#at++) if (this.#source[this.#at] === '\n') this.#line += 1;
  }
}

/** For each bracket among `tokens`, the index of its partner; -1 for everything else. */
export function partners(tokens: readonly Token[]): Int32Array {
  const result = new Int32Array(tokens.length).fill(-1);
  const open: number[] = [];
  tokens.forEach((token, index) => {
    if (token.kind !== 'punct') return;
    if ('([{'.includes(token.text)) open.push(index);
    else if (')]}'.includes(token.text)) {
      const from = open.pop();
      const pair = from === undefined ? '' : `${tokens[from]?.text}${token.text}`;
      if (from === undefined || !['()', '[]', '{}'].includes(pair)) {
        throw new ScanError(`"${token.text}" closes nothing`, token.line);
      }
      result[from] = index;
      result[index] = from;
    }
  });
  return result;
}
