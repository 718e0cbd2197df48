/**
 * Searches files of any size for many texts in every form, in one pass over the bytes: an automaton after
 * Aho and Corasick (1975) that keeps its state from one read to the next, so that no edge between two reads
 * can hide a text. What is searched for, and in which forms, stands in `byte-scan.ts`.
 */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join, relative } from 'node:path';
import { formsOfBytes, formsOfText, type Hit, type Planted } from './byte-scan.ts';

const READ_BYTES = 1 << 20;
const LETTERS = 256;

export type Searched = { hits: Hit[]; files: { file: string; bytes: number }[] };
type Wanted = { what: string; form: string };

/** Every file under `dir` but those that `leaveOut` names, each form once a file. */
export function searchFolder(
  planted: readonly Planted[],
  dir: string,
  leaveOut: (file: string) => boolean = () => false,
): Searched {
  const automaton = new Automaton(planted);
  const names = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((file) => !leaveOut(file));
  const searched: Searched = { hits: [], files: [] };
  for (const file of names) {
    const { bytes, found } = automaton.read(join(dir, file));
    searched.files.push({ file, bytes });
    for (const [{ what, form }, at] of found) searched.hits.push({ what, form, file, at });
  }
  return searched;
}

/** Node 0 is the root, and in the trie no step leads to it: 0 is "none". `next` holds the step for every node and byte, so a read never goes back. */
class Automaton {
  readonly #next: Int32Array;
  /** What ends at a node, what ends at shorter ends of it included. */
  readonly #ends: (Wanted & { length: number })[][];

  constructor(planted: readonly Planted[]) {
    const patterns = planted.flatMap(({ what, text, raw }) =>
      [...formsOfText(text), ...(raw ? formsOfBytes(Buffer.from(raw), 'raw ') : [])].map(
        ({ form, pattern }) => ({ what, form, pattern }),
      ),
    );
    const nodesMax = 1 + patterns.reduce((sum, { pattern }) => sum + pattern.length, 0);
    this.#next = new Int32Array(nodesMax * LETTERS);
    this.#ends = [[]];
    for (const { what, form, pattern } of patterns) {
      if (pattern.length < 6) throw new Error(`${what} as ${form} is too short to be found for sure`);
      let node = 0;
      for (const byte of pattern) {
        const slot = node * LETTERS + byte;
        if (this.#next[slot] === 0) this.#next[slot] = this.#ends.push([]) - 1;
        node = this.#next[slot] as number;
      }
      this.#ends[node]?.push({ what, form, length: pattern.length });
    }
    this.#link();
  }

  /** Breadth first: where a byte leads nowhere, the longest end that begins a pattern goes on. */
  #link(): void {
    const next = this.#next;
    const fallback = new Int32Array(this.#ends.length);
    const queue: number[] = [];
    for (let byte = 0; byte < LETTERS; byte++) {
      if (next[byte] !== 0) queue.push(next[byte] as number);
    }
    for (let at = 0; at < queue.length; at++) {
      const node = queue[at] as number;
      const back = fallback[node] as number;
      this.#ends[node]?.push(...(this.#ends[back] ?? []));
      for (let byte = 0; byte < LETTERS; byte++) {
        const slot = node * LETTERS + byte;
        const beyond = next[back * LETTERS + byte] as number;
        if (next[slot] === 0) next[slot] = beyond;
        else {
          fallback[next[slot] as number] = beyond;
          queue.push(next[slot] as number);
        }
      }
    }
  }

  read(path: string): { bytes: number; found: Map<Wanted, number> } {
    const next = this.#next;
    const ends = this.#ends;
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    const found = new Map<Wanted, number>();
    const file = openSync(path, 'r');
    let bytes = 0;
    let node = 0;
    try {
      for (;;) {
        const length = readSync(file, buffer, 0, READ_BYTES, null);
        if (length === 0) return { bytes, found };
        for (let at = 0; at < length; at++) {
          node = next[node * LETTERS + (buffer[at] as number)] as number;
          if (node === 0 || ends[node]?.length === 0) continue;
          for (const end of ends[node] ?? [])
            if (!found.has(end)) found.set(end, bytes + at + 1 - end.length);
        }
        bytes += length;
      }
    } finally {
      closeSync(file);
    }
  }
}
