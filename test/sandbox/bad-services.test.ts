import { describe } from 'vitest';
import { tellBadServices } from '../whole/bad-services.js';
import { sandboxWorld } from './sandbox.js';

describe('an image or a service with bad input, on the sandbox', () => {
  tellBadServices(() => sandboxWorld({ masters: 1, workers: 1, proxy: false }), { pods: false });
});
