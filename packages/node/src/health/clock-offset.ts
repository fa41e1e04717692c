/**
 * How far this machine's clock is off, in one line for the operator.
 *
 * @param offsetMs ours less the committee's
 */
export function formatClockOffset(offsetMs: number): string {
  const seconds = (Math.abs(offsetMs) / 1000).toFixed(1)
  const way = offsetMs > 0 ? 'ahead of' : 'behind'
  return `this machine's clock is ${seconds} s ${way} the committee's: check its time service`
}
