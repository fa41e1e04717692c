/**
 * What is decided: the agreement core, aggregation, verdicts and the state they make. Pure.
 *
 * @packageDocumentation
 */
export * from './core.ts'
