import { describe } from 'vitest';
import { tellStory } from '../whole/story.js';
import { sandboxWorld } from './sandbox.js';

// The rig's story at the size that README.md begins with, and at its own size without shells. docs/sandbox.md lists what can't be told here.
describe('three masters, a proxy and two workers, simulated', () => {
  tellStory(() => sandboxWorld({ masters: 3, workers: 2, proxy: true }), { pods: false });
});

describe('one master and one worker without shells', () => {
  tellStory(() => sandboxWorld({ masters: 1, workers: 1, proxy: false, inProcess: true }), { pods: false });
});
