/** What the clients need of their cluster, and of the pool of a host. */

import type { AddedCommandTable } from '../commands/added-commands.js';
import type {
  RedisFunctions,
  RedisModules,
  RedisScripts,
  RespVersions,
  TypeMapping,
} from '../commands/upstream.js';
import type { HostInfo } from '../hosts.js';
import type { Routing } from '../routers/routing.js';
import type { Pipeline } from '../wire/pipeline.js';
import type { BufferSizes } from './buffer-sizes.js';
import type { BusyPoll } from './busy-poll.js';

/** The cluster, as its clients see it. */
export interface Backend<
  RESP extends RespVersions = RespVersions,
  TM extends TypeMapping = TypeMapping,
> {
  readonly hosts: ReadonlyMap<number, HostInfo>;
  readonly protocol: RESP;
  readonly typeMapping: TM | undefined;
  /** The commands of the cluster's own modules, functions and scripts. */
  readonly addedCommands: AddedCommandTable | undefined;
  /** How long a command may take, in ms. */
  readonly commandTimeout: number | undefined;
  /** Keeps the event loop turning while a single reply is on its way; undefined for never. */
  readonly busyPoll: BusyPoll | undefined;
  /** How long the buffers of commands get. */
  readonly bufferSizes: BufferSizes;
  /** Grows when the hosts change, and when the cluster closes or opens. */
  readonly topologyVersion: number;
  /** Whether the cluster takes no commands because it is being disposed of. */
  readonly isClosing: boolean;
  /** How often it was disposed of. */
  readonly closings: number;
  /** That of the hosts as they are now. */
  getRouting(): Routing;
  /** The pool of a host; throws `BadHostSetup` for an unknown id, `ClosedError` while closing. */
  poolOf(hostId: number): CommandPool;
}

/** Where a cluster keeps its {@link Backend} for the clients that are made for it. */
export const BACKEND: unique symbol = Symbol('backend');

/** Names the types of a cluster's own commands; there is no such property at run time. */
declare const ADDED: unique symbol;

/** What a client can be made for: a `Cluster`. */
export interface ClientCluster<
  RESP extends RespVersions,
  TM extends TypeMapping,
  M extends RedisModules,
  F extends RedisFunctions,
  S extends RedisScripts,
> {
  readonly [BACKEND]: Backend<RESP, TM>;
  readonly [ADDED]?: { M: M; F: F; S: S };
}

/** The pool of a host, as the lanes of its clients see it. */
export interface CommandPool {
  readonly host: HostInfo;
  readonly counters: CommandCounters;
  /** Whether the bounds of the pool leave room for a command. */
  readonly hasRoom: boolean;
  /** Whether a command without room waits; else it is rejected. */
  readonly waitsForRoom: boolean;
  /** Whether so much that will wait for room is to be a piece of its own: several have room at once. */
  isPiece(commands: number, bytes: number): boolean;
  /** Whether there is room for such a piece now. */
  hasRoomFor(commands: number, bytes: number): boolean;
  /** Whether the host was removed since: nothing may be sent any more. */
  readonly isRemoved: boolean;
  /** What a command is rejected with that is not taken. */
  refusal(): Error;
  /** What those are rejected with that block, while the pool drains. */
  readonly blockingRefusal: Error | undefined;
  /** One ordered stream of commands for a caller to keep to. */
  openChannel(): CommandChannel;
  /** The same channel, or another one where it would refuse what is sent now and the other would not. */
  usableChannel(channel: CommandChannel): CommandChannel;
  /** A connection that nobody else uses; given back with `closeBlockingChannel`. */
  openBlockingChannel(): CommandChannel;
  closeBlockingChannel(channel: CommandChannel, isClean: boolean): void;
  /** Counts commands and bytes that are not answered yet. */
  occupy(commands: number, bytes: number): void;
  release(commands: number, bytes: number): void;
  /** Calls `lane.onRoom` when there is room again. */
  awaitRoom(lane: RoomWaiter): void;
  stopAwaitingRoom(lane: RoomWaiter): void;
  /** Calls them in a moment: a lane that waits has less to send than before. */
  callWaitersSoon(): void;
  /** Lanes that hold commands which no channel has: a disconnect reaches them too. */
  addHolder(holder: CommandHolder): void;
  removeHolder(holder: CommandHolder): void;
}

/** Counts what becomes of the commands for a host. */
export interface CommandCounters {
  /** Commands of callers. */
  commands: number;
  /** What they were merged to. */
  requests: number;
  batches: number;
  /** Commands of callers that get no answer. */
  failures: number;
  /** In ms: from sending a batch to its last answer. */
  recordLatency(latency: number): void;
}

export interface RoomWaiter {
  /** Whether there is room for what waits. */
  readonly hasRoom: boolean;
  onRoom(): void;
}

export interface CommandHolder {
  /** Its place among the holders of its pool, which keeps it; -1 while it is none of them. */
  holderIndex: number;
  /** Whether it issues more when what it issued before is answered or rejected. */
  readonly goesOn: boolean;
  /** Rejects all that it holds. */
  rejectHeld(error: Error): void;
  /** Rejects the commands that block among it. */
  rejectBlocking?(error: Error): void;
}

/** One ordered stream of commands. */
export interface CommandChannel {
  send(pipeline: Pipeline): void;
  withdraw(pipeline: Pipeline): boolean;
  expectTraffic(): void;
}
