/** A connection straight to a server, past every fault, for those who strike and those who audit. */

import { createClient } from '@redis/client';
import type { NetConnectOpts } from 'node:net';

export interface Control {
  /** Sends one raw command. */
  send(...command: readonly string[]): Promise<unknown>;
  /** Sends raw commands in one go. */
  sendAll(commands: readonly (readonly string[])[]): Promise<unknown[]>;
  /** One number of INFO; 0 where it is missing. */
  stat(section: string, pattern: RegExp): Promise<number>;
  close(): void;
}

/** Logs in at a server. */
export async function connectControl(target: NetConnectOpts, password: string): Promise<Control> {
  const client = createClient({
    RESP: 3,
    password,
    socket: { ...target, reconnectStrategy: false },
  });
  client.on('error', () => {});
  await client.connect();
  const send = (...command: readonly string[]) => client.sendCommand<unknown>(command);
  return {
    send,
    sendAll: (commands) => Promise.all(commands.map((command) => send(...command))),
    stat: async (section, pattern) =>
      Number(pattern.exec(String(await send('INFO', section)))?.[1] ?? 0),
    close: () => client.destroy(),
  };
}
