/**
 * The `watchfire` command line: run, join, inspect, verify.
 *
 * @packageDocumentation
 */
export { createProgram } from './program.ts'
