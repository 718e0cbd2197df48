/**
 * The far end of the lock board's line: a TCP listener that answers like a board of shut doors and says
 * when the last byte of an unlock frame has arrived.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

const FRAME_BYTES = 5;
const UNLOCK = 0x31;

export class BenchBoard {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #closed = new Map<number, number>([
    [0, 0xffff],
    [1, 0xffff],
  ]);
  #held = Buffer.alloc(0);
  #arrived: ((atMs: number) => void) | null = null;

  static async start(): Promise<BenchBoard> {
    const board = new BenchBoard();
    board.#server.listen(0, '127.0.0.1');
    await once(board.#server, 'listening');
    return board;
  }

  private constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('data', (bytes) => this.#take(socket, bytes));
      // The agent hangs up when it stops; nothing is lost by that.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resolves with the moment at which the next unlock frame is whole. */
  nextUnlock(): Promise<number> {
    return new Promise((resolve) => {
      this.#arrived = resolve;
    });
  }

  shut(board: number, lock: number): void {
    this.#closed.set(board, (this.#closed.get(board) ?? 0) | (1 << lock));
  }

  #take(socket: Socket, bytes: Buffer): void {
    this.#held = Buffer.concat([this.#held, bytes]);
    while (this.#held.length >= FRAME_BYTES) {
      const frame = this.#held.subarray(0, FRAME_BYTES);
      this.#held = this.#held.subarray(FRAME_BYTES);
      const address = frame[1] ?? 0;
      if (frame[2] === UNLOCK) this.#unlocked(address);
      socket.write(this.#status(address));
    }
  }

  #unlocked(address: number): void {
    const atMs = performance.now();
    const board = address >> 4;
    this.#closed.set(board, (this.#closed.get(board) ?? 0) & ~(1 << (address & 15)));
    const told = this.#arrived;
    this.#arrived = null;
    told?.(atMs);
  }

  #status(address: number): Uint8Array {
    const hooks = this.#closed.get(address >> 4) ?? 0;
    const body = [0x02, address, 0x35, hooks & 0xff, hooks >> 8, 0, 0, 0x03];
    return Uint8Array.from([...body, body.reduce((sum, byte) => sum + byte, 0) & 0xff]);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
