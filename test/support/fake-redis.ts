import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** Answers commands on a free port of this host the way a test wants, in Redis' protocol; `null` for no answer at all. */
export class FakeRedis {
  answer: (command: readonly string[]) => string | null = () => '-ERR unknown command\r\n';
  readonly commands: (readonly string[])[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => {
    this.#sockets.add(socket);
    let text = '';
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk) => {
      text += chunk.toString();
      for (let next = parse(text); next !== null; next = parse(text)) {
        text = text.slice(next.length);
        this.commands.push(next.words);
        const answer = this.answer(next.words);
        if (answer !== null) socket.write(answer);
      }
    });
  });

  static async start(): Promise<FakeRedis> {
    const fake = new FakeRedis();
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** The first whole command: `*2\r\n$4\r\nLLEN\r\n$4\r\njobs\r\n`. */
function parse(text: string): { words: string[]; length: number } | null {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (head === null) return null;
  let length = head[0].length;
  const words: string[] = [];
  for (let index = 0; index < Number(head[1]); index += 1) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(length));
    if (size === null) return null;
    const start = length + size[0].length;
    const end = start + Number(size[1]);
    if (text.length < end + 2) return null;
    words.push(text.slice(start, end));
    length = end + 2;
  }
  return { words, length };
}
