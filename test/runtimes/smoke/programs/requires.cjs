/** Loads the entry points by `require`. */
const { argv, stdout } = require('node:process');

for (const [entry, names] of Object.entries(JSON.parse(argv[2]))) {
  const api = require(entry);
  for (const name of names) if (api[name] === undefined) throw new Error(`${entry}: no ${name}`);
}
stdout.write('all there\n');
