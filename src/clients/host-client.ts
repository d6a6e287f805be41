/** Sends raw commands to one host, whatever their keys are: `Pool.executeCommand`. */

import type { CommandSpec } from '../commands/command-spec.js';
import type { RawArgument } from '../commands/key-table.js';
import { MisuseError, RbError } from '../errors.js';
import type { Backend } from './backend.js';
import { CommandClient, sendTo } from './command-client.js';
import { refusedCommand } from './command-error.js';
import type { CommandWriter } from './command-writer.js';
import type { Dispatch } from './dispatch.js';
import { ISSUE, REFUSE, RUN_RAW } from './members.js';
import type { ReplyMapping } from './reply-mapping.js';
import { NativeSink } from './sinks.js';

export class HostClient extends CommandClient {
  readonly #backend: Backend;
  readonly #dispatch: Dispatch;
  readonly #mapping: ReplyMapping;
  readonly #hostId: number;

  constructor(backend: Backend, dispatch: Dispatch, mapping: ReplyMapping, hostId: number) {
    super();
    this.#backend = backend;
    this.#dispatch = dispatch;
    this.#mapping = mapping;
    this.#hostId = hostId;
  }

  executeCommand(name: string, args: readonly RawArgument[]): Promise<unknown> {
    return this[RUN_RAW](name, args) as Promise<unknown>;
  }

  protected override [ISSUE](command: CommandWriter, spec: CommandSpec): Promise<unknown> {
    const sink = new NativeSink(spec, this.#mapping);
    sendTo(this.#dispatch.lane(this.#hostId), command, sink);
    return sink.promise;
  }

  protected override [REFUSE](error: unknown, command: string | undefined): Promise<never> {
    const refused = refusedCommand(error, command);
    const host = this.#backend.hosts.get(this.#hostId);
    if (refused instanceof RbError || refused instanceof MisuseError) {
      refused.hostId ??= this.#hostId;
      if (host !== undefined) refused.address ??= host.address;
    }
    return Promise.reject(refused);
  }
}
