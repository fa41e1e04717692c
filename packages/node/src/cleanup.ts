import type { Log } from './ports.ts'

/** A part that does not stop in this time is left behind. */
const stopMsMax = 5000

/** Things to end, in the reverse order of their beginning. */
export interface Cleanup {
  /** @param name of the part, for the log */
  add(name: string, end: () => void | Promise<void>): void
  /** Ends them all, once, whatever any of them does. */
  run(): Promise<void>
}

export function makeCleanup(log: Log): Cleanup {
  const ends: { name: string; end: () => void | Promise<void> }[] = []
  return {
    add: (name, end) => {
      ends.push({ name, end })
    },
    async run() {
      for (const { name, end } of ends.splice(0).toReversed()) {
        const late = Promise.withResolvers<'late'>()
        const timer = setTimeout(() => late.resolve('late'), stopMsMax)
        try {
          const outcome = await Promise.race([Promise.resolve(end()), late.promise])
          if (outcome === 'late') log.warn({ part: name }, `${name} did not stop in time`)
        } catch (error) {
          log.warn({ part: name, error: String(error) }, `stopping ${name} failed`)
        } finally {
          clearTimeout(timer)
        }
      }
    },
  }
}
