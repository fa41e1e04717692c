/**
 * How far this machine's clock is off, in one line for the operator.
 *
 * @param offsetMs ours less the other
 * @param whose such as `the committee's`
 */
export function formatClockOffset(offsetMs: number, whose = "the committee's"): string {
  const seconds = (Math.abs(offsetMs) / 1000).toFixed(1)
  const way = offsetMs > 0 ? 'ahead of' : 'behind'
  return `this machine's clock is ${seconds} s ${way} ${whose}: check its time service`
}
