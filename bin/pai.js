#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { main } from '../dist/cli/main.js';

// What packages use that Node will drop (punycode, on Node 22 and later) is nothing that who runs pai could change.
process.noDeprecation ??= true;
// src/cli/optimizer.ts says why, and allows it again.
setFlagsFromString('--no-opt');
process.exitCode = await main(process.argv.slice(2));
// Stopped by a signal: an action that does not end when it is told to must not keep the process.
if (process.exitCode > 128) setTimeout(() => process.exit(), 1000).unref();
