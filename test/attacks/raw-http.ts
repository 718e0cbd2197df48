/** HTTP by hand: the bytes of a request as they are given, and what came back. `fetch` sends only what is right. */
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

export type Place = { port: number; tls: boolean };
export type Answered = { status: number; type: string; text: string; headers: string };

const WAIT_MS = 8_000;
const ANSWER_BYTES_MAX = 4_000_000;

/** Sends and reads until the far side closes. Null when it closed without a word. */
export function sendRaw({ port, tls }: Place, bytes: Uint8Array): Promise<Answered | null> {
  return new Promise((resolve, reject) => {
    const to = { host: '127.0.0.1', port };
    const socket = tls ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
    const parts: Buffer[] = [];
    let length = 0;
    let late = false;
    socket.setTimeout(WAIT_MS, () => {
      late = true;
      socket.destroy();
    });
    socket.on('data', (part: Buffer) => {
      parts.push(part);
      length += part.length;
      // A stream of events has no end of its own, and a line that is kept no end of the answer.
      if (length > ANSWER_BYTES_MAX || isWhole(Buffer.concat(parts).toString('latin1'))) socket.destroy();
    });
    // A server that has refused a body may reset the line while the rest of it is on its way.
    socket.on('error', () => {});
    socket.on('close', () => {
      if (late)
        return reject(new Error(`no answer: ${Buffer.from(bytes.subarray(0, 300)).toString('latin1')}`));
      resolve(readAnswer(Buffer.concat(parts)));
    });
    socket.write(bytes);
  });
}

function isWhole(bytes: string): boolean {
  const split = bytes.indexOf('\r\n\r\n');
  const said = /\r\ncontent-length: (\d+)/i.exec(bytes.slice(0, split))?.[1];
  if (split < 0) return false;
  if (/^HTTP\/1\.1 (204|304)/.test(bytes) || bytes.includes('text/event-stream')) return true;
  return said !== undefined && bytes.length >= split + 4 + Number(said);
}

function readAnswer(bytes: Buffer): Answered | null {
  let whole = bytes.toString('utf8');
  // "100 Continue" is no answer yet (RFC 9110 section 15.2.1).
  while (/^HTTP\/1\.1 1\d\d /.test(whole)) whole = whole.slice(whole.indexOf('\r\n\r\n') + 4);
  const split = whole.indexOf('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(whole)?.[1] ?? Number.NaN);
  if (split < 0 || Number.isNaN(status)) return null;
  const headers = whole.slice(0, split).toLowerCase();
  const said = /\r\ncontent-length: (\d+)/.exec(headers)?.[1];
  const rest = Buffer.from(whole.slice(split + 4), 'utf8');
  // A line may hold a second answer, where one request was taken for two.
  const text = rest.subarray(0, said === undefined ? rest.length : Number(said)).toString('utf8');
  return { status, headers, text, type: /\r\ncontent-type: ([^\r]*)/.exec(headers)?.[1] ?? '' };
}
