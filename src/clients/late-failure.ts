/** A warning of what failed when its call had ended, where no join would tell of it any more. */

import { RbError } from '../errors.js';
import { isInstance } from '../util/foreign.js';
import { describeType } from '../util/validate.js';

/** Warns by Node's way, with the stack as its detail: that of a refused command leads to its call. */
export function warnOfLateFailure(reason: unknown): void {
  const what = isInstance(reason, RbError)
    ? `${reason.command === undefined ? '' : `${reason.command}: `}${reason.message}`
    : describeType(reason);
  process.emitWarning(
    `After a map or fan-out had ended, a failure in it was handled by nobody (${what}). ` +
      'Is an await missing in its callback?',
    { type: 'RedisBlasterWarning', code: 'RB_LATE_FAILURE', ...detailOf(reason) },
  );
}

function detailOf(reason: unknown): { detail?: string } {
  const stack = isInstance(reason, Error) ? reason.stack : undefined;
  return typeof stack === 'string' ? { detail: stack } : {};
}
