/** Whether memory grows: maps, fan-outs and abandoned calls for minutes. */
import { map } from '../contenders.mjs';
import { soaked } from '../harness/columns.mjs';
import { range } from '../worker/checks.mjs';

const SMOKE_MINUTES = 0.01;
const fields = range(10, (field) => `field${field}`);
const kinds = ['text', 'hash', 'number', 'set'];
const value = (i) => Object.fromEntries(fields.map((field, j) => [field, `value:${i}:${j}`]));
const keysOf = (size) => range(size, (i) => `${kinds[i % 4]}:${i >> 2}`);

export const scenario = {
  title: 'Soak: memory at a quarter of the time and at its end',
  size: 10_000,
  smokeSize: 400,
  mostKeys: 100_000,
  columns: soaked,
  contenders: [map],
  driver: 'soak',
  tables({ smoke, minutes }) {
    return [{ rounds: 1, warmUps: 0, params: { minutes: smoke ? SMOKE_MINUTES : minutes } }];
  },
  fill(reference, size) {
    return reference.send(keysOf(size), (client, key, i) => {
      if (i % 4 === 1) return client.hSet(key, value(i));
      if (i % 4 === 3) return client.zAdd(key, { score: i, value: 'member' });
      return client.set(key, String(i));
    });
  },
  workload(size) {
    let run = 0;
    return {
      keys: keysOf(size),
      commands: {
        blaster(client, key, i) {
          if (i % 4 === 0) return client.set(key, `${run}:${i}`);
          if (i % 4 === 1) return client.hGetAll(key);
          return i % 4 === 2 ? client.get(key) : client.zScore(key, 'member');
        },
      },
      before(next) {
        run = next;
      },
      expected(i) {
        if (i % 4 === 0) return 'OK';
        if (i % 4 === 1) return value(i);
        return i % 4 === 2 ? String(i) : i;
      },
    };
  },
};
