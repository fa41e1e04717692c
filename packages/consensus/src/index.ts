/**
 * What is decided: the agreement core, aggregation, verdicts and the state they make. Pure.
 *
 * @packageDocumentation
 */
export * from './core.ts'
export * from './aggregate.ts'
export * from './evidence.ts'
export * from './state.ts'
export { getRawVerdict, settleVerdict } from './verdict.ts'
