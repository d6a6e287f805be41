/** All faults, in the order of the table. */

import type { Fault } from '../fault.js';
import { blackHole } from './black-hole.js';
import { cut } from './cut.js';
import { dribble } from './dribble.js';
import { endless } from './endless.js';
import { expiredCertificate } from './expired-certificate.js';
import { garble } from './garble.js';
import { halfOpen } from './half-open.js';
import { idle } from './idle.js';
import { kill } from './kill.js';
import { loading } from './loading.js';
import { maxClients } from './max-clients.js';
import { outOfMemory } from './out-of-memory.js';
import { readOnly } from './read-only.js';
import { refuse } from './refuse.js';
import { reset } from './reset.js';
import { scriptFlush } from './script-flush.js';
import { stop } from './stop.js';
import { tooDeep } from './too-deep.js';
import { tooLong } from './too-long.js';
import { wrongPassword } from './wrong-password.js';

export const FAULTS: readonly Fault[] = [
  kill,
  stop,
  refuse,
  blackHole,
  halfOpen,
  reset,
  cut,
  dribble,
  garble,
  endless,
  tooDeep,
  tooLong,
  idle,
  maxClients,
  outOfMemory,
  readOnly,
  loading,
  wrongPassword,
  scriptFlush,
  expiredCertificate,
];
