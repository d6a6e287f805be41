/** GET of short strings over TLS. */
import { scenario as get } from './get.mjs';

export const scenario = { ...get, title: 'GET over TLS', transport: 'tls' };
