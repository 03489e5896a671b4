import { describe } from 'vitest';
import { tellBadServices } from '../whole/bad-services.js';
import { rigWorld } from './world.js';

/** On a cluster of h1 and h2: the one that is there, else a new one. Needs `npm run rig:up`. */
describe('an image or a service with bad input, on real hosts', () => {
  tellBadServices(() => rigWorld('up.sh', 'h1', 'h2'), { pods: true });
});
