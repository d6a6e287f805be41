import { inspect, type InspectOptionsStylized } from 'node:util';

/** What is shown of a promise. */
interface Inspectable {
  readonly isPending: boolean;
  readonly isRejected: boolean;
  readonly value: unknown;
  readonly reason: unknown;
}

/** The promises whose text is just being made: one of them may hold itself. */
const underInspection = new Set<Inspectable>();

/** `RbPromise { 'x' }`, in the depth, the colours and the line breaks that Node asks for. */
export function inspectPromise(
  promise: Inspectable,
  depth: number | null,
  options: InspectOptionsStylized,
): string {
  if (depth !== null && depth < 0) return options.stylize('[RbPromise]', 'special');
  if (underInspection.has(promise)) return options.stylize('[Circular]', 'special');
  underInspection.add(promise);
  try {
    const text = stateText(promise, { ...options, depth: depth === null ? null : depth - 1 });
    if (!text.includes('\n')) return `RbPromise { ${text} }`;
    return `RbPromise {\n  ${text.replaceAll('\n', '\n  ')}\n}`;
  } finally {
    underInspection.delete(promise);
  }
}

function stateText(promise: Inspectable, options: InspectOptionsStylized): string {
  if (promise.isPending) return options.stylize('<pending>', 'special');
  if (!promise.isRejected) return inspect(promise.value, options);
  return `${options.stylize('<rejected>', 'special')} ${inspect(promise.reason, options)}`;
}
