import 'reflect-metadata';
import { guardOutputs, outliveReaders, startWatchdog } from '#platform';
import { serveAlone } from '#queue';
import { openSolitary } from './open-solitary.js';
import type { SolitarySetup } from './solitary-setup.js';

// What it logs goes where its worker's log goes.
guardOutputs();
outliveReaders();
await startWatchdog({ parentPid: process.ppid });
serveAlone((setup, warder) => openSolitary(setup as SolitarySetup, warder));
