#!/usr/bin/env node
import { main } from '../dist/cli/main.js';

process.exitCode = await main(process.argv.slice(2));
// Stopped by a signal: an action that does not end when it is told to must not keep the process.
if (process.exitCode > 128) setTimeout(() => process.exit(), 1000).unref();
