/** What a server tells of itself in INFO. */

/** What `rb status` takes from INFO. */
export interface ServerInfo {
  /** Tells servers apart, whatever their addresses are. */
  readonly runId: string;
  /** `7.0.15`, `valkey 8.1.0` */
  readonly version: string;
  /** `master` or `slave`, as the server names them. */
  readonly role: string;
  readonly isLoading: boolean;
  /** The keys of the database that was asked for. */
  readonly keys: number;
  readonly memoryBytes: number;
  readonly clients: number;
  readonly commandsPerSecond: number;
  readonly hits: number;
  readonly misses: number;
}

/** Reads the text of INFO for one of the server's databases. */
export function parseInfo(text: string, db: number): ServerInfo {
  const fields = new Map<string, string>();
  for (const [, name = '', value = ''] of text.matchAll(/^(\w[^:\r\n]*):([^\r\n]*)/gm)) {
    fields.set(name, value);
  }
  const number = (name: string): number => Number(fields.get(name) ?? 0) || 0;
  const keyspace = fields.get(`db${db}`) ?? '';
  return {
    runId: fields.get('run_id') ?? '',
    version: versionOf(fields),
    role: fields.get('role') ?? 'unknown',
    isLoading: fields.get('loading') === '1',
    keys: Number(/(?:^|,)keys=(\d+)/.exec(keyspace)?.[1] ?? 0),
    memoryBytes: number('used_memory'),
    clients: number('connected_clients'),
    commandsPerSecond: number('instantaneous_ops_per_sec'),
    hits: number('keyspace_hits'),
    misses: number('keyspace_misses'),
  };
}

function versionOf(fields: ReadonlyMap<string, string>): string {
  const valkey = fields.get('valkey_version');
  return valkey === undefined ? (fields.get('redis_version') ?? 'unknown') : `valkey ${valkey}`;
}
