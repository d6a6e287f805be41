/** What can go wrong in a call, and how to be told: failures, timeouts, cancelling. */
import { MapError, RbPromise, ReplyError, TimeoutError } from 'redis-blaster';
import { makeTestCluster } from 'redis-blaster/testing';

await makeTestCluster({ servers: 2, databasesEach: 1 }, async (cluster) => {
  const client = cluster.getRoutingClient();
  await client.set('text', 'hello');
  await client.set('number', '41');

  // One failure that nobody handled: the call rejects with its reason.
  try {
    await cluster.map((map) => {
      map.incr('text');
      map.incr('number');
    });
  } catch (error) {
    console.log(error instanceof ReplyError, error.command, error.message);
  }
  console.log('the other command ran:', await client.get('number'));

  // Several: a MapError with all reasons.
  try {
    await cluster.map((map) => {
      map.incr('text');
      map.lPush('text', 'x');
      map.incr('number');
    });
  } catch (error) {
    console.log(error instanceof MapError, `${error.failed} of ${error.total} failed`);
  }

  // Handled failures do not concern the call.
  const answer = await cluster.map((map) =>
    RbPromise.all([map.incr('text').catch(() => 'no number'), map.incr('number')]),
  );
  console.log('handled:', answer.join(', '));

  // A host that does not answer: its writes have to wait.
  const slow = cluster.getRouter().getHostForKey('text');
  await cluster.fanout((fanout) => fanout.clientPause(60_000, 'WRITE'), { hosts: [slow] });
  let write;
  try {
    await cluster.map(
      (map) => {
        write = map.append('text', '!');
      },
      { timeout: 100 },
    );
  } catch (error) {
    console.log(error instanceof TimeoutError, error.hosts[0] === slow);
    console.log('may have run:', write.reason.maybeExecuted);
  }

  // An AbortSignal gives a call up from outside. The call rejects with the signal's reason.
  const controller = new AbortController();
  const call = cluster.map((map) => map.append('text', '?'), { signal: controller.signal });
  controller.abort(new Error('nobody waits any more'));
  console.log('aborted:', (await call.catch((error) => error)).message);

  // cancel() gives up what is unanswered, and lets the call go on.
  const state = await cluster.map((map) => {
    const promise = map.get('text');
    map.cancel();
    return { promise, name: promise.reason.name };
  });
  console.log('cancelled:', state.name);

  // The shared connection waits behind the paused write. The local client has one of its own.
  await cluster.getLocalClient(slow).clientUnpause();
  console.log('and on it goes:', await client.get('number'));
});
