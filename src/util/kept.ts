/**
 * One object of each kind that comes and goes. V8 forgets the shape of objects of which none is alive
 * when it collects garbage, and with it all code that is optimized for them: what comes next would run
 * unoptimized at first.
 */
const samples: object[] = [];

/** Keeps an object alive for as long as the process runs. */
export function keepAlive(sample: object): void {
  samples.push(sample);
}
