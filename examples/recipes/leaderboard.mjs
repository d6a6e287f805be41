/**
 * A leaderboard of any size: the players are divided among many sorted sets, which live on all hosts.
 * The best of all are the best of the best of each; a rank is the sum of the ranks in each.
 */
import { Ketama, RbPromise } from 'redis-blaster';
import { makeTestCluster } from 'redis-blaster/testing';

// #region recipe
/** Choose the number once, larger than the cluster will ever be: it decides where players are. */
const BOARDS = Array.from({ length: 32 }, (_, index) => `board:${index}`);
const ring = new Ketama(BOARDS);
const boardOf = (player) => ring.getNode(player);

/** Adds points to many players at once, and answers their new scores. */
export function addPoints(cluster, points) {
  return cluster.map((client) =>
    RbPromise.all(
      new Map(
        [...points].map(([player, gain]) => [
          player,
          client.zIncrBy(boardOf(player), gain, player),
        ]),
      ),
    ),
  );
}

/**
 * Best first. Players of one score come in the order in which each board was cut: by the bytes of
 * their names, the last one first. In another order the best two need not be the first of the best four.
 */
const byRank = (a, b) =>
  b.score - a.score || Buffer.compare(Buffer.from(b.value), Buffer.from(a.value));

/** The best `count` players, best first: `{ value, score }`. */
export async function best(cluster, count) {
  const boards = await cluster.map((client) =>
    RbPromise.all(
      BOARDS.map((board) => client.zRangeWithScores(board, 0, count - 1, { REV: true })),
    ),
  );
  return boards.flat().sort(byRank).slice(0, count);
}

/** The rank of a player, from 1, and its score; null for one who never played. */
export function rankOf(cluster, player) {
  return cluster.map(async (client) => {
    const score = await client.zScore(boardOf(player), player);
    if (score === null) return null;
    const better = await RbPromise.all(
      BOARDS.map((board) => client.zCount(board, `(${score}`, '+inf')),
    );
    return { score, rank: 1 + better.reduce((sum, count) => sum + count, 0) };
  });
}
// #endregion recipe

// #region demo
await makeTestCluster({ servers: 2, databasesEach: 4 }, async (cluster) => {
  const points = new Map(
    Array.from({ length: 10_000 }, (_, index) => [`player-${index}`, (index * 7919) % 10_000]),
  );
  await addPoints(cluster, points);
  for (const { value, score } of await best(cluster, 3)) console.log(`${value}: ${score}`);

  await addPoints(cluster, new Map([['player-1', 2080]]));
  console.log('player-1:', await rankOf(cluster, 'player-1'));
  console.log('player-0:', await rankOf(cluster, 'player-0'));
  console.log('nobody:', await rankOf(cluster, 'nobody'));

  const equals = ['🦊', 'ｆｏｘ', ...Array.from({ length: 100 }, (_, index) => `twin-${index}`)];
  await addPoints(cluster, new Map(equals.map((player) => [player, 20_000])));
  for (const count of [2, 4]) {
    const players = await best(cluster, count);
    console.log(`the best ${count}:`, players.map(({ value }) => value).join(' '));
  }

  const sizes = await cluster.all((client) => client.dbSize());
  console.log('boards on each host:', [...sizes.values()].join(' '));
});
// #endregion demo
