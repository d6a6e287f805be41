/** Listening to channels, and no longer. */

import { subscribe, type TracingChannel, unsubscribe } from 'node:diagnostics_channel';

/** Ends the listening. */
export type Stop = () => void;

/** Calls the listener with what is published on a channel of that name. */
export function listen(name: string | symbol, onMessage: (message: unknown) => void): Stop {
  subscribe(name, onMessage);
  return () => {
    unsubscribe(name, onMessage);
  };
}

/** Calls the listeners when what a tracing channel is about begins, and when it has ended. */
export function listenTo<T extends object>(
  { start, asyncEnd }: TracingChannel<unknown, T>,
  onStart: (trace: T) => void,
  onEnd: (trace: T) => void,
): Stop {
  // On a channel of the library there is but one type.
  const stops = [
    listen(start.name, (trace) => onStart(trace as T)),
    listen(asyncEnd.name, (trace) => onEnd(trace as T)),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
