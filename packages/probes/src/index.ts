/**
 * How targets are asked: one plug-in per kind behind one interface.
 *
 * @packageDocumentation
 */
export {}
