import { IN_PROCESS } from './hosts-fixture.js';
import { scriptStory } from './hosts-scripts-story.js';

scriptStory('host scripts on simulated hosts without a shell', 'where needed', IN_PROCESS);
