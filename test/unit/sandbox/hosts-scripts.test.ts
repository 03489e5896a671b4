import { scriptStory } from './hosts-scripts-story.js';

scriptStory('host scripts on simulated hosts', 'where needed');
