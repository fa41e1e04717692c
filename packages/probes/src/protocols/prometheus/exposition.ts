import { done, failed, stopped } from '../../steps.ts'
import type { Step } from '../../kind.ts'

// The text formats of Prometheus 0.0.4 and OpenMetrics 1.0, as far as samples go. What they say of a
// metric's type and help does not matter here, nor do exemplars and the samples' own times.

/** One sample. */
export interface Sample {
  readonly metric: string
  readonly labels: ReadonlyMap<string, string>
  /** As it is written; `NaN` and infinities too. */
  readonly value: string
}

/** Samples that are kept of one exposition. */
const SAMPLES_MAX = 50_000
const LABELS_MAX = 64
/** A plain name and what follows it, or the brace before one that is not plain. */
const BEGIN = /^(?:([a-zA-Z_:][a-zA-Z0-9_:]*)[ \t{]|\{)/
const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const QUOTED = /"((?:[^"\\\n]|\\.)*)"/y
const SPACE = /[ \t]*/y
const VALUE = /[^ \t#]+/y

/**
 * Reads an exposition's samples of the metrics that are wanted.
 *
 * A line of them that is none of the format makes all of it untrue, as it does for Prometheus; of the
 * other lines, mostly nearly all, no more than their beginning is looked at.
 */
export function readSamples(text: string, wanted: ReadonlySet<string>): Step<readonly Sample[]> {
  const samples: Sample[] = []
  let lines = 0
  for (const line of text.split('\n')) {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    if (++lines > SAMPLES_MAX) return stopped(failed('too-large', `${SAMPLES_MAX} samples`))
    const begin = BEGIN.exec(trimmed)
    const name = begin?.[1]
    if (begin !== null && name !== undefined && !wanted.has(name)) continue
    const sample = begin === null ? undefined : readSample(trimmed)
    if (sample === undefined) {
      return stopped(failed('protocol', `no sample: ${trimmed.slice(0, 80)}`))
    }
    if (wanted.has(sample.metric)) samples.push(sample)
  }
  return lines > 0 ? done(samples) : stopped(failed('protocol', 'no sample at all'))
}

function readSample(line: string): Sample | undefined {
  let at = 0

  function take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = at
    const match = pattern.exec(line)
    if (match === null) return undefined
    at += match[0].length
    return match
  }

  function takeText(text: string): boolean {
    take(SPACE)
    if (!line.startsWith(text, at)) return false
    at += text.length
    take(SPACE)
    return true
  }

  let metric = take(NAME)?.[0]
  const labels = new Map<string, string>()
  if (takeText('{')) {
    while (!takeText('}')) {
      if (labels.size === LABELS_MAX) return undefined
      const quoted = take(QUOTED)?.[1]
      const name = quoted === undefined ? take(NAME)?.[0] : unescape(quoted)
      if (name === undefined) return undefined
      if (takeText('=')) {
        const value = take(QUOTED)?.[1]
        if (value === undefined) return undefined
        labels.set(name, unescape(value))
      } else if (metric === undefined) {
        // The name of a metric that is no plain one stands first among the labels.
        metric = name
      } else return undefined
      if (!takeText(',') && line[at] !== '}') return undefined
    }
  }
  take(SPACE)
  const value = take(VALUE)?.[0]
  return metric === undefined || value === undefined ? undefined : { metric, labels, value }
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter))
}
