/** GET of short strings over TCP. */
import { scenario as get } from './get.mjs';

export const scenario = { ...get, title: 'GET over TCP', transport: 'tcp' };
