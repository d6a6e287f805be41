/** Tests of your own code against real servers, here with Node's test runner. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeTestCluster, TestSetup } from 'redis-blaster/testing';

/** The code under test: remembers which names were seen before. */
async function firstSeen(cluster, names) {
  const added = await cluster.map((client) =>
    names.map((name) => client.setNX(`seen:${name}`, '')),
  );
  return names.filter((_, index) => added[index].value === 1);
}

// One call: servers, a cluster over them, and their end, also when the test fails.
test('remembers names', () =>
  makeTestCluster({ servers: 2, databasesEach: 2 }, async (cluster) => {
    assert.deepEqual(await firstSeen(cluster, ['ada', 'bob']), ['ada', 'bob']);
    assert.deepEqual(await firstSeen(cluster, ['bob', 'eve']), ['eve']);
  }));

// Or servers that several tests share.
const setup = new TestSetup({ servers: 2, databasesEach: 2 });
let cluster;

before(async () => {
  cluster = await setup.makeCluster({ poolOptions: { commandTimeout: 5000 } });
});

after(() => setup.close());

test('spreads names over the hosts', async () => {
  await firstSeen(cluster, ['ada', 'bob', 'eve', 'joe', 'kim', 'lea', 'max', 'zoe']);
  const sizes = await cluster.all((client) => client.dbSize());
  assert.equal(sizes.size, 4);
  assert.ok([...sizes.values()].filter((size) => size > 0).length > 1);
});

test('works with one server more', async () => {
  setup.spawnServer();
  const larger = await setup.makeCluster();
  assert.equal(larger.hosts.size, 6);
  await larger.all((client) => client.flushDb());
  assert.deepEqual(await firstSeen(larger, ['ada']), ['ada']);
});
