/** Passwords, which nothing that is printed may hold. */
import assert from 'node:assert/strict';
import { runProgram } from '../tools.mjs';
import { withServer } from '../servers.mjs';

const PASSWORD = 'Tr0ub4dor-and-3';

export const secrets = {
  'nothing that is printed shows a password': () =>
    withServer(['--requirepass', 'another one'], async ({ socketPath }) => {
      const output = await runProgram('prints.mjs', socketPath, PASSWORD);
      assert.match(output, /Cluster/);
      assert.match(output, /HostInfo/);
      assert.match(output, /WRONGPASS/);
      assert.ok(!output.includes(PASSWORD), output);
    }),
};
