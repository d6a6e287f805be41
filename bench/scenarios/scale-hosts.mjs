/**
 * What a command costs over few and over many hosts: GET, merged and not. The program in C shows how
 * much of the difference is the machine's.
 */
import { hiredis, map, plainMap } from '../contenders.mjs';
import { perCommand } from '../harness/columns.mjs';
import { scenario as get } from './get.mjs';

const HOSTS = [1, 8, 64, 256];
const SMOKE_HOSTS = [1, 8];
/** So many maps in a run: in a single one, a collection more or less would be a third of the time. */
const REPEATS = 10;

function entry(contender, hosts) {
  const name = `${contender.name}, ${hosts} ${hosts === 1 ? 'host' : 'hosts'}`;
  return { ...contender, name, group: contender.name, hosts };
}

export const scenario = {
  ...get,
  title: 'GET over different numbers of hosts',
  columns: perCommand,
  contenders: [map, plainMap, hiredis],
  tables(options) {
    const counts = options.smoke ? SMOKE_HOSTS : HOSTS;
    const entries = options.contenders.flatMap((contender) =>
      counts.map((hosts) => entry(contender, hosts)),
    );
    const params = { repeats: options.smoke ? 1 : REPEATS };
    return [{ hosts: Math.max(...counts), contenders: entries, params }];
  },
};
