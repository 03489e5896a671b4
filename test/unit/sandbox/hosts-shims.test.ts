import { scriptStory } from './hosts-scripts-story.js';

scriptStory("host scripts on simulated hosts, with stand-ins for Linux's own tools as on macOS", 'always');
