/**
 * What a user of a client without sharding writes: route each key, keep the replies in the order
 * of the keys.
 */

/** Fills a pipeline for each host, executes all of them, and puts the replies in order. */
export async function runPipelines({ keys }, router, { pipelines, issue, execute }) {
  const places = pipelines.map(() => []);
  for (let i = 0; i < keys.length; i++) {
    const hostId = router.getHostForKey(keys[i]);
    issue(pipelines[hostId], keys[i], i);
    places[hostId].push(i);
  }
  const replies = await Promise.all(pipelines.map(execute));
  const results = new Array(keys.length);
  for (const [hostId, indexes] of places.entries()) {
    for (let j = 0; j < indexes.length; j++) results[indexes[j]] = replies[hostId][j];
  }
  return results;
}

/** Issues every command at once on its host's client, and awaits all. */
export function runPromises({ keys }, router, { clients, issue }) {
  const promises = new Array(keys.length);
  for (let i = 0; i < keys.length; i++) {
    promises[i] = issue(clients[router.getHostForKey(keys[i])], keys[i], i);
  }
  return Promise.all(promises);
}
