/** Part of every test file: vitest.config.ts says so. */

import { expectNoLeaks } from './leaks.js';

// Its hooks come before those of the file itself: what is set up first is torn down last.
expectNoLeaks();
