import { spawnSync } from 'node:child_process';
import { describe } from 'vitest';
import { scriptStory } from './hosts-scripts-story.js';

const hasPerl = spawnSync('perl', ['-e', 'use Digest::SHA; use POSIX']).status === 0;

describe.skipIf(!hasPerl)(`stand-ins${hasPerl ? '' : ' (skipped: perl is not installed)'}`, () => {
  scriptStory("host scripts on simulated hosts, with stand-ins for Linux's own tools as on macOS", 'always');
});
