import { fileURLToPath } from 'node:url';

/** The folder of this installation of pai, absolute. From chunks/ of a bundle, where this file is then, it is the same. */
export const INSTALLATION = fileURLToPath(new URL('../..', import.meta.url));
