/** Asks a server by a connection of its own whether it is there. */

import { connect } from 'node:net';
import type { NetConnectOpts } from 'node:net';

const answers = ['+PONG\r\n', '-NOAUTH'];

/**
 * Sends one PING.
 *
 * @param signal - Gives up when it is aborted.
 * @returns Whether the server answered that it takes commands. Asking for a password is such an
 * answer, being still busy with loading is not.
 */
export function ping(target: NetConnectOpts, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(target);
    const giveUp = () => socket.destroy();
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp);
    socket.setEncoding('latin1');
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (text: string) => {
      received += text;
      if (received.includes('\n')) socket.destroy();
    });
    // 'close' follows, and says all that matters.
    socket.on('error', () => {});
    socket.on('close', () => {
      signal.removeEventListener('abort', giveUp);
      resolve(answers.some((answer) => received.startsWith(answer)));
    });
  });
}
