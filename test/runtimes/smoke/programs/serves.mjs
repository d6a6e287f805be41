/** Starts servers, says which, and then waits to be ended, or crashes. */
import { dirname } from 'node:path';
import { TestSetup } from 'redis-blaster/testing';

const setup = new TestSetup({ servers: 2, databasesEach: 1 });
await setup.waitForServers(5000);
const folder = dirname(dirname(setup.servers[0].socketPath));
console.log(JSON.stringify({ pids: setup.servers.map(({ pid }) => pid), folder }));
const crashes = process.argv[2] === 'crashes';
setTimeout(
  () => {
    if (crashes) throw new Error('on purpose');
  },
  crashes ? 200 : 20_000,
);
