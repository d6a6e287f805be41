/** What Python rb does, as its source has it: `rb/clients.py` at commit 2982698. */

export const PYTHON_RB = {
  lost:
    'a map raises, what it has no answer to stays pending; a routed command is sent again, a write ' +
    'too',
  silent: 'waits for ever, or as long as `join` is told; then it raises, and all stays pending',
  partial: 'a reply that has begun is waited for, whatever time `join` was given',
  broken: 'a map raises, what it has no answer to stays pending',
  unlimited: 'reads on: it has no limits of its own',
  answer: 'a map raises at the first such answer, what comes behind it stays pending',
  connect: 'the call raises, promises of other hosts stay pending',
  script: 'a list raises at a NOSCRIPT, what comes behind it stays pending',
} as const;
