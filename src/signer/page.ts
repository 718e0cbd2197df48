/**
 * `holdfast sign`: the signer's own page on its own loopback origin, apart from everything that the cloud
 * serves. Staff orders and rosters on authenticators will be read and signed here; until then it says how
 * rosters are signed today.
 */
import { createServer } from 'node:http';
import { HoldfastError } from '../domain/errors.ts';
import { runUntilStopped } from '../platform/process.ts';

const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Holdfast signer</title><meta name="viewport" content="width=device-width"></head>
<body><main>
<h1>Holdfast signer</h1>
<p>This place is the signer's. It is served by a program of its own, which the cloud can neither write nor see.</p>
<p>Today the site root is a key file, and rosters are signed in a terminal:</p>
<pre><code>npm run holdfast -- admin roster sign</code></pre>
<p>The command shows every change before it signs. Orders on authenticators are signed here once staff have order keys.</p>
</main></body></html>
`;

function portTaken(port: number, cause: Error): HoldfastError {
  return new HoldfastError('unavailable', `port ${port} is in use; choose another with --port`, { cause });
}

export async function runSigner(given: { port: number }): Promise<number> {
  const server = createServer((request, response) => {
    const own = /^(localhost|127\.0\.0\.1|signer\.localhost)(:\d+)?$/.test(request.headers.host ?? '');
    const status = !own ? 421 : request.method === 'GET' && request.url === '/' ? 200 : 404;
    response.writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    response.end(status === 200 ? PAGE : `${status}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(cause.code === 'EADDRINUSE' ? portTaken(given.port, cause) : cause),
    );
    server.listen({ host: '127.0.0.1', port: given.port }, resolve);
  });
  const stop = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return new Promise((resolve) => {
    runUntilStopped({ stop }, { onStopped: resolve });
  });
}
