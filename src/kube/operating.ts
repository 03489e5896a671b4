// What operations on services ask of Kubernetes; loaded by the first of them, so that runs do without.
export { podLogs } from './pod-logs.js';
export { relabelFor, restartTarget, stopTarget } from './stop-and-restart.js';
export { appliedTargets, targetStates } from './target-states.js';
