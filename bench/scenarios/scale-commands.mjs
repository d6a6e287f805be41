/** What a command costs in maps of few and of many: GET, merged and not. */
import { map, plainMap } from '../contenders.mjs';
import { perCommand } from '../harness/columns.mjs';
import { scenario as get } from './get.mjs';

const SIZES = [1_000, 10_000, 100_000, 1_000_000];
const SMOKE_SIZES = [100, 1_000];
/** So many commands in each run: the collector has as much to do in small maps as in large ones. */
const COMMANDS_EACH = 1_000_000;

function entry(contender, size, { smoke }) {
  const repeats = smoke ? 1 : Math.max(1, COMMANDS_EACH / size);
  return {
    ...contender,
    name: `${contender.name}, ${size.toLocaleString('en-US')} commands`,
    group: contender.name,
    size,
    params: { repeats },
  };
}

export const scenario = {
  ...get,
  title: 'GET in maps of different sizes',
  columns: perCommand,
  contenders: [map, plainMap],
  tables(options) {
    const sizes = options.smoke ? SMOKE_SIZES : SIZES;
    const entries = options.contenders.flatMap((contender) =>
      sizes.map((size) => entry(contender, size, options)),
    );
    return [{ size: Math.max(...sizes), contenders: entries }];
  },
};
