/** redis-blaster, with the defaults of its cluster. */
import { runLoops } from '../loops.mjs';

/** A map: neighbouring GETs and SETs of a host are merged. */
export const blasterMap = {
  name: 'redis-blaster map',
  open: ({ cluster }) => openMap(cluster, { autoBatch: true }),
};

/** A map that sends the commands as they are. */
export const blasterPlainMap = {
  name: 'redis-blaster map, autoBatch false',
  open: ({ cluster }) => openMap(cluster, { autoBatch: false }),
};

/** Single commands. */
export const blasterRouting = {
  name: 'redis-blaster routing client',
  open({ cluster }) {
    const client = cluster.getRoutingClient();
    return {
      run: (workload) => runLoops(workload, (key, i) => workload.commands.blaster(client, key, i)),
      close: () => cluster.disconnectPools(),
    };
  },
};

function openMap(cluster, options) {
  return {
    async run({ keys, commands }) {
      const promises = await cluster.map((client) => {
        const issued = new Array(keys.length);
        for (let i = 0; i < keys.length; i++) issued[i] = commands.blaster(client, keys[i], i);
        return issued;
      }, options);
      return promises.map((promise) => promise.value);
    },
    close: () => cluster.disconnectPools(),
  };
}
