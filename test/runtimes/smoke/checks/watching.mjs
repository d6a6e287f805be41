/** What watches the hosts, and what tells of commands: health, events, channels, the command line. */
import assert from 'node:assert/strict';
import { tracingChannel } from 'node:diagnostics_channel';
import { runCommand, withCluster } from '../tools.mjs';

export const watching = {
  'the health of hosts': (setup) =>
    withCluster(setup, {}, async (cluster) => {
      const states = () => [...cluster.health().values()].map(({ state }) => state);
      assert.deepEqual(states(), ['idle', 'idle', 'idle', 'idle']);
      await cluster.all((client) => client.ping());
      assert.deepEqual(states(), ['up', 'up', 'up', 'up']);
    }),

  'the tracing channel of commands': (setup) =>
    withCluster(setup, {}, async (cluster) => {
      const channel = tracingChannel('redis-blaster:command');
      const seen = [];
      const note = (event) => (trace) => seen.push([event, trace.command, trace.argumentCount]);
      const handlers = { start: note('start'), asyncEnd: note('asyncEnd') };
      channel.subscribe(handlers);
      await cluster.map((client) => {
        client.set('traced', 'value');
        client.strLen('traced');
      });
      channel.unsubscribe(handlers);
      await cluster.getRoutingClient().get('traced');
      assert.deepEqual(seen, [
        ['start', 'SET', 2],
        ['start', 'STRLEN', 1],
        ['asyncEnd', 'SET', 2],
        ['asyncEnd', 'STRLEN', 1],
      ]);
    }),

  async 'the command line'(setup) {
    const hosts = `unix://${setup.servers[0].socketPath}`;
    await runCommand('rb', '--hosts', hosts, 'exec', 'SET', 'from-rb', 'value');
    const reply = await runCommand('rb', '--hosts', hosts, '--json', 'exec', 'GET', 'from-rb');
    assert.equal(JSON.parse(reply), 'value');
  },
};
