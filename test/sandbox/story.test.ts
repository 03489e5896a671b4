import { describe } from 'vitest';
import { tellStory } from '../whole/story.js';
import { sandboxWorld } from './sandbox.js';

// The rig's own story, and one of the size that README.md begins with. docs/sandbox.md lists what can't be told here.
describe('one master and one worker, simulated', () => {
  tellStory(() => sandboxWorld({ masters: 1, workers: 1, proxy: false }), { pods: false });
});

describe('three masters, a proxy and two workers, simulated', () => {
  tellStory(() => sandboxWorld({ masters: 3, workers: 2, proxy: true }), { pods: false });
});

describe('three masters, a proxy and two workers without shells', () => {
  tellStory(() => sandboxWorld({ masters: 3, workers: 2, proxy: true, inProcess: true }), { pods: false });
});
