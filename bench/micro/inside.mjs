/**
 * The parts of the library that the benches measure, most of which no package entry exports. Not to
 * be imported as it is: prepare.mjs bundles it.
 */
export {
  CommandContext,
  CommandPromise,
  GetBatch,
  NativeSink,
  SetBatch,
} from '../../src/clients/sinks.ts';
export { ReplyMapping } from '../../src/clients/reply-mapping.ts';
export { Cluster } from '../../src/cluster.ts';
export { specOf } from '../../src/commands/command-spec.ts';
export { definitionOf } from '../../src/commands/upstream.ts';
export { ReplyError } from '../../src/errors.ts';
export { Ring } from '../../src/hash/ketama.ts';
export { RbPromise } from '../../src/promise/rb-promise.ts';
export { ConsistentHashingRouter } from '../../src/routers/consistent-hashing-router.ts';
export { PartitionRouter } from '../../src/routers/partition-router.ts';
export { DecodeMapping } from '../../src/wire/decode-mapping.ts';
export { Decoder } from '../../src/wire/decoder.ts';
export { RespWriter } from '../../src/wire/encoder.ts';
